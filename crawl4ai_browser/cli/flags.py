"""Flags: options of the command line declared as a table, each naming the field of a model that it sets.

Types, limits, choices and defaults come from the models and are not repeated here; so `--help` can't disagree with what
happens. `config_flags` holds the tables.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from operator import attrgetter
from types import UnionType
from typing import Literal, TypeVar, Union, cast, get_args, get_origin

import click
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.frozen import Frozen

SETTINGS_TITLE = "Settings and messages"
"""The title above what every command has, `--help` included."""

Model = TypeVar("Model", bound=Frozen)


@dataclass(frozen=True)
class Flag:
    """A flag that sets a field of a model."""

    name: str
    """As typed: `--max-depth`."""
    field: str
    """The path of the field below the model: `politeness.min_delay`."""
    help: str
    metavar: str = ""
    """What the value is, with its unit: SECONDS, N, FILE. Empty: the choices of the field, or a switch."""
    sets: object = None
    """What a switch sets. None: the flag takes a value."""
    parse: Callable[[str], object] | None = None
    """Makes the value of what was typed, where the field's own type doesn't. May raise `ConfigError`."""
    default: str = ""
    """What the model's default means, where showing the value would not say it."""
    is_secret: bool = False
    """Whether what was typed may hold a password, so that no message repeats it."""

    @property
    def parameter(self) -> str:
        """The name under which click hands the value to the command."""
        return self.name.removeprefix("--").replace("-", "_")


@dataclass(frozen=True)
class FlagGroup:
    """Flags that belong together, under a title of the help."""

    title: str
    model: type[Frozen]
    """The model whose fields they set."""
    flags: tuple[Flag, ...]

    def options(self) -> list[click.Option]:
        """The flags as click has them."""
        return [_option(flag, _field(self.model, flag.field), group=self.title) for flag in self.flags]


class GroupedOption(click.Option):
    """An option that the help shows under a title."""

    def __init__(self, declarations: Sequence[str], *, group: str, **attributes: object) -> None:
        super().__init__(declarations, **attributes)  # type: ignore[arg-type]  # click's own keywords, handed through
        self.group = group


class GroupedCommand(click.Command):
    """A command whose help shows its options by group, in the order in which they were declared."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the groups."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                title = parameter.group if isinstance(parameter, GroupedOption) else SETTINGS_TITLE
                groups.setdefault(title, []).append(record)
        for title, records in groups.items():
            with formatter.section(title):
                formatter.write_dl(records, col_max=34)


def deferred(module: str) -> Callable[..., int]:
    """The function `run` of a module, which is imported when it is called: `--help` must not wait for Playwright."""

    def call(**values: object) -> int:
        run: Callable[..., int] = import_module(module).run
        if not gc.isenabled():
            # `main` let the collector rest until here. What is loaded lives as long as the process: never looked at
            # again, it costs a page 0.3 ms less.
            gc.freeze()
            gc.enable()
        return run(**values)

    return call


def applied(model: Model, flags: Iterable[Flag], values: Mapping[str, object]) -> Model:
    """The model with the fields set whose flags were given. `values` is what click gave the command.

    Flags that set the same field, each with several values, set it together.

    Raises:
        ConfigError: a value is wrong; the message names the flag and the value.
    """
    fields: set[str] = set()
    for flag in flags:
        given = values.get(flag.parameter)
        if given is None or given is False or given == ():
            continue
        try:
            value = _value(flag, given, model)
            if flag.field in fields and isinstance(value, list):
                value = [*attrgetter(flag.field)(model), *cast("list[object]", value)]
            model = _with_field(model, flag.field, value)
            fields.add(flag.field)
        except ValidationError as error:
            raise ConfigError(f"{_shown(flag, given)}: {reason(error)}") from error
        except ConfigError as error:
            raise ConfigError(f"{_shown(flag, given)}: {error.message}") from error
    return model


def reason(error: ValidationError) -> str:
    """The first of the reasons, as part of a sentence."""
    text = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
    return text[:1].lower() + text[1:]


def _option(flag: Flag, field: FieldInfo, *, group: str) -> GroupedOption:
    if flag.sets is not None:
        return GroupedOption([flag.name], group=group, is_flag=True, help=flag.help)
    return GroupedOption(
        [flag.name],
        group=group,
        metavar=flag.metavar or f"[{'|'.join(_choices(field))}]",
        multiple=_is_repeatable(field),
        help=" ".join(filter(None, [flag.help, _default_note(flag, field)])),
    )


def _default_note(flag: Flag, field: FieldInfo) -> str:
    default = field.get_default(call_default_factory=True)
    if flag.default:
        return f"[default: {flag.default}]"
    if default in (None, "", (), {}, frozenset()):
        return ""
    unit = f" {flag.metavar.lower()}" if flag.metavar.isupper() and flag.metavar.endswith("S") else ""
    return f"[default: {default:g}{unit}]" if isinstance(default, float) else f"[default: {default}]"


def _choices(field: FieldInfo) -> tuple[str, ...]:
    annotation = field.annotation
    if get_origin(annotation) is not Literal:
        raise TypeError(f"a flag without metavar needs a field with choices, not {annotation!r}")
    return get_args(annotation)


def _is_repeatable(field: FieldInfo) -> bool:
    """Whether several values fit; a single one may fit, too."""
    annotation = field.annotation
    kinds = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    return any(get_origin(kind) in (tuple, frozenset, dict) for kind in kinds)


def _field(model: type[Frozen], path: str) -> FieldInfo:
    head, _, rest = path.partition(".")
    field = model.model_fields[head]
    if not rest:
        return field
    inner = field.annotation
    assert isinstance(inner, type)
    assert issubclass(inner, Frozen)
    return _field(inner, rest)


def _value(flag: Flag, given: object, model: Frozen) -> object:
    """What the field becomes. Pairs are added to those that the model has; anything else takes its place."""
    if flag.sets is not None:
        return flag.sets
    parse = flag.parse or str
    if not isinstance(given, tuple):
        return parse(str(given))
    values = [parse(str(each)) for each in cast("tuple[object, ...]", given)]
    if get_origin(_field(type(model), flag.field).annotation) is not dict:
        return list(_one_after_the_other(values))
    return {**attrgetter(flag.field)(model), **dict(cast("list[tuple[str, str]]", values))}


def _one_after_the_other(values: Iterable[object]) -> Iterator[object]:
    """The values, with those of a file, which are a tuple, in its place."""
    for value in values:
        if isinstance(value, tuple):
            yield from cast("tuple[object, ...]", value)
        else:
            yield value


def _with_field(model: Model, path: str, value: object) -> Model:
    """A copy with one field replaced and checked."""
    head, _, rest = path.partition(".")
    if rest:
        value = _with_field(getattr(model, head), rest, value)
    return type(model).model_validate({**dict(model), head: value})


def _shown(flag: Flag, given: object) -> str:
    if flag.is_secret:
        return flag.name
    values = cast("tuple[object, ...]", given) if isinstance(given, tuple) else (given,)
    return " ".join([flag.name, *map(repr, values)])
