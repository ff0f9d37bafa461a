"""Items of a document: by a schema as plain values, by a model as validated objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias, TypeVar, cast

from pydantic import BaseModel, JsonValue, ValidationError

from crawl4ai_browser.errors import ExtractError, FieldPlace, ItemInvalid, SelectorError
from crawl4ai_browser.extract.select import Selection, taken
from crawl4ai_browser.extract.transform import transformed
from crawl4ai_browser.schema import Schema, item_model, may_be_none

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

    from crawl4ai_browser.document import Document
    from crawl4ai_browser.extract.select import Hit
    from crawl4ai_browser.schema import Css, Selector, XPath

Model = TypeVar("Model", bound=BaseModel)
Path: TypeAlias = tuple[str | int, ...]

_SHOWN = 80
"""Characters of a found text that a message shows: what is wrong with it is seen in the first ones."""


@dataclass(frozen=True)
class Harvest:
    """What a schema yields of one document: the good items, and for each bad one what is wrong with it."""

    items: tuple[dict[str, JsonValue], ...]
    errors: tuple[ExtractError, ...]


def harvest(document: Document, schema: Schema) -> Harvest:
    """Every item of the document, as values that JSON has: decimals are numbers, days and moments ISO 8601.

    A field of which nothing is found has its default. One bad item does not keep the others.
    """
    items: list[dict[str, JsonValue]] = []
    errors: list[ExtractError] = []
    try:
        for record in _records(document, schema):
            try:
                items.append(_plain(record.read(), schema.fields))
            except ExtractError as error:
                errors.append(error)
    except ExtractError as error:
        errors.append(error)
    return Harvest(tuple(items), tuple(errors))


def extract(document: Document, model: type[Model]) -> Model:
    """The one item that a page is, validated.

    Raises:
        SelectorError: nothing was found of a required field.
        ItemInvalid: what was found does not fit the model.
        ConfigError: the model is not fit for extraction.
    """
    return _Record(document, Schema.of(model).fields, Selection(document)).validated(model)


def extract_all(document: Document, model: type[Model], each: Css | XPath | str) -> tuple[Model, ...]:
    """The items that `each` finds on a page, validated.

    Raises:
        SelectorError: nothing was found of a required field.
        ItemInvalid: what was found does not fit the model.
        ConfigError: the model is not fit for extraction.
    """
    return tuple(record.validated(model) for record in _records(document, Schema.of(model, each=each)))


def _records(document: Document, schema: Schema) -> list[_Record]:
    """The items that are there to be read.

    Raises:
        SelectorError: `each` can't be evaluated, or finds nothing though required.
    """
    each, selection = schema.each, Selection(document)
    if each is None:
        page = _Record(document, schema.fields, selection)
        return [page] if any(item.required for item in schema.fields.values()) or page.is_there() else []
    place = FieldPlace(url=document.url, field="", selector=str(each))
    hits = _hits(selection, each, None, place)
    if not hits and each.required:
        raise SelectorError.at(place, "nothing found")
    return [
        _Record(document, schema.fields, selection, within=_element(hit, place), path=(number,))
        for number, hit in enumerate(hits)
    ]


def _hits(selection: Selection, selector: Selector, within: LexborNode | None, place: FieldPlace) -> list[Hit]:
    try:
        return selection.find(selector, within)
    except ValueError as error:
        raise SelectorError.at(place, str(error)) from error


def _element(hit: Hit, place: FieldPlace) -> LexborNode:
    if isinstance(hit, str):
        raise SelectorError.at(place, f"text ({hit[:_SHOWN]!r}) can't be an item: select elements")
    return hit


@dataclass
class _Record:
    """One item about to be read, and where each of its values came from."""

    document: Document
    fields: Mapping[str, Selector]
    selection: Selection
    within: LexborNode | None = None
    path: Path = ()
    """The item's number, where there are several."""
    sources: dict[Path, FieldPlace] = field(default_factory=dict[Path, FieldPlace])
    """By path: the selector and the text."""

    def read(self) -> dict[str, object]:
        """The values of all fields of which something was found, or which have a default."""
        return self._values(self.fields, self.within, ())

    def is_there(self) -> bool:
        """Whether anything is found of it."""
        self.read()
        return bool(self.sources)

    def validated(self, model: type[Model]) -> Model:
        """The item as an object of the model."""
        values = self.read()
        _add_none(values, model)
        try:
            return model.model_validate(values, by_name=True, by_alias=True)
        except ValidationError as error:
            raise self._invalid(error) from error

    def _values(self, fields: Mapping[str, Selector], within: LexborNode | None, path: Path) -> dict[str, object]:
        values: dict[str, object] = {}
        for name, selector in fields.items():
            found = self._found(selector, within, (*path, name))
            if found:
                values[name] = found if selector.many else found[0]
            elif selector.default is not None:
                values[name] = selector.default
            elif selector.required:
                raise SelectorError.at(self._place((*path, name), selector), "nothing found")
        return values

    def _found(self, selector: Selector, within: LexborNode | None, path: Path) -> list[object]:
        """The values, in document order; the first alone where one is asked for."""
        found: list[object] = []
        for hit in _hits(self.selection, selector, within, self._place(path, selector)):
            here = (*path, len(found)) if selector.many else path
            value = self._value(hit, selector, here)
            if value is None:
                continue
            if not selector.many:
                return [value]
            found += cast("list[object]", value) if isinstance(value, list) else [value]
        return found

    def _value(self, hit: Hit, selector: Selector, path: Path) -> object:
        if selector.fields is not None:
            element = _element(hit, self._place(path, selector))
            self.sources[path] = self._place(path, selector, taken(element, "text"))
            return self._values(selector.fields, element, path)
        text = taken(hit, selector.take)
        if text is None:
            return None
        self.sources[path] = place = self._place(path, selector, text)
        try:
            return transformed(text, selector.transforms, self.document)
        except ValueError as error:
            raise ItemInvalid.at(place, str(error)) from error

    def _place(self, path: Path, selector: Selector, found: str | None = None) -> FieldPlace:
        shown = found if found is None or len(found) <= _SHOWN else f"{found[:_SHOWN]}…"
        name = ".".join(map(str, (*self.path, *path)))
        return FieldPlace(url=self.document.url, field=name, selector=str(selector), found=shown)

    def _invalid(self, error: ValidationError) -> ItemInvalid:
        first, *others = error.errors(include_url=False)
        location = first["loc"]
        place = FieldPlace(url=self.document.url, field=".".join(map(str, (*self.path, *location))))
        for length in range(len(location), 0, -1):
            source = self.sources.get(location[:length])
            if source is not None:
                place = source
                break
        more = f" (and {len(others)} more)" if others else ""
        reason = first["msg"].removeprefix("Value error, ")
        return ItemInvalid.at(place, f"{reason[:1].lower()}{reason[1:]}{more}")


def _add_none(values: dict[str, object], model: type[BaseModel]) -> None:
    """Say None of what was not found where the model wants to be told so."""
    for name, info in model.model_fields.items():
        if name not in values:
            if info.is_required() and may_be_none(info):
                values[name] = None
            continue
        inner, value = item_model(info), values[name]
        if inner is not None:
            for each in cast("list[object]", value) if isinstance(value, list) else [value]:
                _add_none(cast("dict[str, object]", each), inner)


def _plain(values: dict[str, object], fields: Mapping[str, Selector]) -> dict[str, JsonValue]:
    """The item with every field, in values that JSON has."""
    return {name: _plain_value(values.get(name), selector) for name, selector in fields.items()}


def _plain_value(value: object, selector: Selector) -> JsonValue:
    if value is None and selector.many:
        return []
    if value is None or value is selector.default:
        return selector.default
    if selector.fields is None:
        return _json_value(value)
    if isinstance(value, list):
        return [_plain(each, selector.fields) for each in cast("list[dict[str, object]]", value)]
    return _plain(cast("dict[str, object]", value), selector.fields)


def _json_value(value: object) -> JsonValue:
    if isinstance(value, list):
        return [_json_value(each) for each in cast("list[object]", value)]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, date):
        return value.isoformat()
    return cast("JsonValue", value)
