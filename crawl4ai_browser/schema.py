"""Css, XPath, Column and Schema: which parts of a page make an item. Values only; `extract` reads pages with them."""

import types
from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from importlib import import_module
from typing import Annotated, TypeAlias, Union, cast, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Discriminator,
    Field,
    JsonValue,
    StringConstraints,
    Tag,
    field_validator,
    model_validator,
)
from pydantic.dataclasses import dataclass
from pydantic.fields import FieldInfo

from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.frozen import Frozen
from crawl4ai_browser.transforms import STRICT, Transform, Transforms


def _check_css(selector: str) -> str:
    import_module("crawl4ai_browser.selector_syntax").check_css(selector)
    return selector


def _check_xpath(expression: str) -> str:
    import_module("crawl4ai_browser.selector_syntax").check_xpath(expression)
    return expression


Take = Annotated[str, StringConstraints(pattern=r"^(text|raw|html|outer_html|@[^\s@]+)$")]
"""What of an element is the value: its visible text on one line, the text as it stands, its html, itself as html, or
an attribute (`@href`)."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class _Field:
    """How what a selector finds becomes a value."""

    take: Take = "text"
    then: Transforms = ()
    """What is done to the text, in this order."""
    many: bool = False
    """A list of the values of all elements found. Else: that of the first element that has one."""
    fields: dict[str, "_FieldSelector"] | None = None
    """Each element found is an item of its own, with these fields, which are looked for in it."""
    required: bool = False
    """Whether it is an error when nothing is found."""
    default: JsonValue = None
    """The value when nothing is found (where `many`: an empty list)."""

    @property
    def transforms(self) -> tuple[Transform, ...]:
        """`then`, also where it is one."""
        return self.then if isinstance(self.then, tuple) else (self.then,)

    @model_validator(mode="after")
    def _fits_together(self) -> "_Field":
        if self.required and self.default is not None:
            raise ValueError("a required field has no default")
        if self.fields is not None and (self.take != "text" or self.transforms):
            raise ValueError("a field with fields has neither take nor then")
        if self.fields == {}:
            raise ValueError("fields is empty")
        return self


@dataclass(frozen=True, config=STRICT)
class Css(_Field):
    """What a CSS selector finds within the page, or within the item: `Css("h2 a", take="@href", then=Url())`.

    Elements below the item alone are matched; `:scope` is the item's own element.
    """

    css: Annotated[str, AfterValidator(_check_css)]

    def __str__(self) -> str:
        """The selector, and what is taken."""
        return self.css if self.take == "text" else f"{self.css} {self.take}"


@dataclass(frozen=True, config=STRICT)
class XPath(_Field):
    """What an XPath 1.0 expression finds: elements, or text at once (`.//a/@href`).

    Within an item write a leading point, as `//` begins at the page.
    """

    xpath: Annotated[str, AfterValidator(_check_xpath)]

    def __str__(self) -> str:
        """The expression, and what is taken."""
        return self.xpath if self.take == "text" else f"{self.xpath} {self.take}"


@dataclass(frozen=True, config=STRICT)
class Column:
    """A column of a table, for a field of `Table.records`: `Annotated[Decimal, Column("Price", then=Number())]`.

    Fields without one take the column that has their name, whatever its case, spaces and punctuation.
    """

    header: str
    then: Transforms = field(default=(), kw_only=True)

    @property
    def transforms(self) -> tuple[Transform, ...]:
        """`then`, also where it is one."""
        return self.then if isinstance(self.then, tuple) else (self.then,)


def _from_text(given: object) -> object:
    return {"css": given} if isinstance(given, str) else given


_KINDS = {"css": "a CSS field", "xpath": "an XPath field"}
"""Which key says which kind it is. The names of the kinds are no keys: they show up in the places of errors."""


def _kind_of(given: object) -> str | None:
    names = cast("Mapping[object, object]", given) if isinstance(given, Mapping) else getattr(given, "__dict__", {})
    return next((kind for name, kind in _KINDS.items() if name in names), None)


Selector: TypeAlias = Annotated[
    Annotated[
        Annotated[Css, Tag("a CSS field")] | Annotated[XPath, Tag("an XPath field")],
        Discriminator(
            _kind_of, custom_error_type="selector", custom_error_message="a field has a `css` or an `xpath` selector"
        ),
    ],
    BeforeValidator(_from_text),
]
"""A string is a CSS selector."""

_FieldSelector: TypeAlias = Selector
# The name for fields within fields: see `STRICT`.


class Schema(Frozen):
    """Items of a page: what they are made of, and which elements are items.

        Schema(each=Css(".card"), fields={"name": Css("h2"), "price": Css(".price", then=Number())})

    It is a plain value: it reads from and writes to JSON, and works in the content workers.
    """

    fields: dict[str, Selector] = Field(min_length=1)
    each: Selector | None = None
    """Each element it finds is an item. None: the page is one item, or none where no field finds anything."""

    @field_validator("each")
    @classmethod
    def _each_is_elements(cls, each: Selector | None) -> Selector | None:
        if each is not None and (each.take != "text" or each.transforms or each.fields or each.default is not None):
            raise ValueError("`each` is a selector alone; what is taken stands in `fields`")
        return each

    @classmethod
    def of(cls, model: type[BaseModel], *, each: Css | XPath | str | None = None) -> "Schema":
        """The schema of a pydantic model whose fields carry selectors: `price: Annotated[Decimal, Css(".price")]`.

        A field without a default is required, unless it may be None; a list takes all that is found; a field whose type
        is such a model in turn is looked for within each element.

        Raises:
            ConfigError: a required field has no selector, or the model contains itself.
        """
        return cls(fields=_fields_of(model, ()), each=Css(each) if isinstance(each, str) else each)


def _fields_of(model: type[BaseModel], above: tuple[type[BaseModel], ...]) -> dict[str, Selector]:
    if model in above:
        raise ConfigError(f"{model.__name__} contains itself: a schema has an end")
    found: dict[str, Selector] = {}
    for name, info in model.model_fields.items():
        selector = _selector_in(info)
        if selector is not None:
            found[name] = _completed(selector, info, (*above, model))
        elif info.is_required():
            raise ConfigError(f"{model.__name__}.{name} has neither a selector nor a default")
    if not found:
        raise ConfigError(f"no field of {model.__name__} has a selector")
    return found


def _selector_in(info: FieldInfo) -> Css | XPath | None:
    return next((mark for mark in marks_of(info) if isinstance(mark, Css | XPath)), None)


def marks_of(info: FieldInfo) -> list[object]:
    """What stands beside a field's type, also in `Annotated[Decimal, Css(...)] | None`."""
    inner = [mark for part in _parts(info.annotation) for mark in getattr(part, "__metadata__", ())]
    return [*info.metadata, *inner]


def may_be_none(info: FieldInfo) -> bool:
    """Whether a field's type admits None."""
    return any(part is type(None) for part in _parts(info.annotation))


def item_model(info: FieldInfo) -> type[BaseModel] | None:
    """The model of a field, or of a list's members, whose own fields carry selectors; None: it has no such type."""
    lists = _lists_of(info)
    parts = [part for part in map(_bare, _parts(info.annotation)) if part is not type(None)]
    inner = _bare(get_args(lists[0])[0]) if lists else next(iter(parts), None)
    is_model = isinstance(inner, type) and issubclass(inner, BaseModel)
    return cast("type[BaseModel]", inner) if is_model and _carries_selectors(cast("type[BaseModel]", inner)) else None


def _completed(selector: Css | XPath, info: FieldInfo, above: tuple[type[BaseModel], ...]) -> Css | XPath:
    """The selector with what the field's type says: whether it is a list, an item in turn, or may be absent."""
    is_list = bool(_lists_of(info))
    inner = item_model(info)
    return replace(
        selector,
        many=is_list,
        required=info.is_required() and not is_list and not may_be_none(info),
        default=[] if is_list and info.is_required() else None,
        fields=_fields_of(inner, above) if inner is not None else selector.fields,
    )


def _lists_of(info: FieldInfo) -> list[object]:
    """The list types of a field."""
    parts = map(_bare, _parts(info.annotation))
    return [part for part in parts if get_origin(part) in (list, tuple, set, frozenset)]


def _carries_selectors(model: type[BaseModel]) -> bool:
    return any(_selector_in(info) is not None for info in model.model_fields.values())


def _parts(annotation: object) -> Iterator[object]:
    """The members of a union; the annotation itself where it is none."""
    if get_origin(annotation) in (Union, types.UnionType):
        yield from get_args(annotation)
    else:
        yield annotation


def _bare(annotation: object) -> object:
    """The type without what `Annotated` adds."""
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
