"""What is done to the text that a selector found, as values: `Css(".price", then=(Match("EUR (.*)"), Number()))`.

Each takes what the one before it gave. Empty text, or a `Match` that doesn't, means that nothing was found. In a schema
file one without settings is its kind alone: `then = ["number"]`. `extract.transform` applies them.
"""

from dataclasses import field
from importlib import import_module
from typing import Annotated, Literal, cast

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Discriminator, Field, Tag
from pydantic.dataclasses import dataclass

STRICT = ConfigDict(extra="forbid", defer_build=True)
"""Of values that are written as calls. Built at first use, as most crawls use few of them.

Pydantic then looks annotations that are strings up among the variables of whoever makes the first value, before it does
in the module. So modules with such values do without `from __future__ import annotations`, and a type that is defined
after its use has a private name for it, which nobody else's variable has.
"""


def _check_regex(source: str) -> str:
    import_module("crawl4ai_browser.selector_syntax").compiled_regex(source)
    return source


Regex = Annotated[str, AfterValidator(_check_regex)]
"""An expression of RE2 (https://github.com/google/re2/wiki/Syntax)."""


@dataclass(frozen=True, config=STRICT)
class Strip:
    """The text without these characters at its ends. White space goes by itself where `take` is `text`."""

    characters: str = ""
    """Empty: white space."""
    kind: Literal["strip"] = field(default="strip", kw_only=True, repr=False)


@dataclass(frozen=True, config=STRICT)
class Match:
    """The part of the text that the expression's first group matches, or all of the match where it has no group."""

    pattern: Regex
    kind: Literal["match"] = field(default="match", kw_only=True, repr=False)


@dataclass(frozen=True, config=STRICT)
class Replace:
    r"""The text with each match of the expression replaced; `\1` is what the first group matched."""

    pattern: Regex
    by: str = ""
    kind: Literal["replace"] = field(default="replace", kw_only=True, repr=False)


@dataclass(frozen=True, config=STRICT)
class Split:
    """A list of the parts between separators, stripped, without empty ones."""

    separator: str = Field(default=",", min_length=1)
    kind: Literal["split"] = field(default="split", kw_only=True, repr=False)


@dataclass(frozen=True, config=STRICT)
class Number:
    """The first number in the text, whatever stands around it: `£1,299.00 each`, `1 299,- Kč`.

    It is read as a decimal, so a model's `Decimal` field gets every digit.
    """

    decimal: Literal["auto", ".", ","] = "auto"
    """The decimal mark; the other one, spaces and apostrophes then part thousands. auto: of two different marks the
    last; a comma before exactly three digits parts thousands (1,299), a point never does unless it is repeated. Say
    "," where pages write 1.299 for a thousand."""
    exact: bool = False
    """Give plain items the digits as text (`"1299.00"`), as numbers of JSON are floats to most readers."""
    kind: Literal["number"] = field(default="number", kw_only=True, repr=False)


@dataclass(frozen=True, config=STRICT)
class Date:
    """The day that the text names."""

    format: str | None = None
    """As `datetime.strptime` has it, such as `%d/%m/%Y`. None: ISO 8601, RFC 5322, or the month in English words."""
    kind: Literal["date"] = field(default="date", kw_only=True, repr=False)


@dataclass(frozen=True, config=STRICT)
class DateTime:
    """The moment that the text names, in UTC; one without an offset is taken as UTC."""

    format: str | None = None
    """As in `Date`."""
    kind: Literal["datetime"] = field(default="datetime", kw_only=True, repr=False)


@dataclass(frozen=True, config=STRICT)
class Url:
    """The absolute form of a relative address of the page."""

    kind: Literal["url"] = field(default="url", kw_only=True, repr=False)


@dataclass(frozen=True, config=STRICT)
class Json:
    """What the text says as JSON, such as the state that an application leaves in a script element."""

    path: tuple[str | int, ...] = ()
    """Keys and indexes to follow from the top. A key that is not there: nothing was found."""
    kind: Literal["json"] = field(default="json", kw_only=True, repr=False)


def _from_kind(given: object) -> object:
    return {"kind": given} if isinstance(given, str) else given


Transform = Annotated[
    Annotated[
        Strip | Match | Replace | Split | Number | Date | DateTime | Url | Json,
        Field(discriminator="kind"),
    ],
    BeforeValidator(_from_kind),
]


def _as_tuple(given: object) -> object:
    return cast("object", given) if isinstance(given, list | tuple) else (given,)


Transforms = Annotated[
    Annotated[Transform, Tag("one")] | Annotated[tuple[Transform, ...], Tag("several")],
    Discriminator(lambda _: "several"),
    BeforeValidator(_as_tuple),
]
"""One, or several in their order; kept as a tuple."""
