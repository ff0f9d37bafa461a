"""The rows of a table as validated objects."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from pydantic import BaseModel, ValidationError

from crawl4ai_browser.document import Document
from crawl4ai_browser.errors import ConfigError, FieldPlace, ItemInvalid
from crawl4ai_browser.extract.transform import transformed
from crawl4ai_browser.schema import Column, marks_of, may_be_none

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic.fields import FieldInfo

    from crawl4ai_browser.page_content import Table
    from crawl4ai_browser.transforms import Transform

Model = TypeVar("Model", bound=BaseModel)
Columns: TypeAlias = "Mapping[str, tuple[int, tuple[Transform, ...]]]"
"""By field: the column's number, and what is done to its cells."""

_PUNCTUATION = re.compile(r"[\W_]+")
_NO_PAGE = Document("", url="about:blank")


def records(table: Table, model: type[Model]) -> tuple[Model, ...]:
    """See `Table.records`."""
    columns = {name: _column(table, name, info) for name, info in model.model_fields.items()}
    for name, info in model.model_fields.items():
        if columns[name] is None and info.is_required():
            headers = ", ".join(map(repr, table.headers))
            raise ConfigError(f"{model.__name__}.{name} has no column; there are {headers or 'none'}")
    used = {name: column for name, column in columns.items() if column is not None}
    return tuple(_record(table, number, model, used) for number in range(len(table.rows)))


def _column(table: Table, name: str, info: FieldInfo) -> tuple[int, tuple[Transform, ...]] | None:
    mark = next((mark for mark in marks_of(info) if isinstance(mark, Column)), None)
    aliases = [alias for alias in (info.alias, info.validation_alias) if isinstance(alias, str)]
    names = {_key(mark.header)} if mark else {_key(each) for each in (name, *aliases)}
    number = next((number for number, header in enumerate(table.headers) if _key(header) in names), None)
    return None if number is None else (number, mark.transforms if mark else ())


def _key(header: str) -> str:
    return _PUNCTUATION.sub("", header).casefold() or header


def _record(table: Table, row: int, model: type[Model], columns: Columns) -> Model:
    values: dict[str, object] = {}
    for name, (number, transforms) in columns.items():
        text = table.rows[row][number]
        value: object = None
        try:
            value = transformed(text, transforms, _NO_PAGE) if text else None
        except ValueError as error:
            raise ItemInvalid.at(_place(table, row, name, columns), str(error)) from error
        info = model.model_fields[name]
        if value is not None:
            values[name] = value
        elif info.is_required() and may_be_none(info):
            values[name] = None
    try:
        return model.model_validate(values, by_name=True, by_alias=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        reason = first["msg"].removeprefix("Value error, ")
        place = _place(table, row, str(first["loc"][0]) if first["loc"] else "", columns)
        raise ItemInvalid.at(place, f"{reason[:1].lower()}{reason[1:]}") from error


def _place(table: Table, row: int, name: str, columns: Columns) -> FieldPlace:
    column = columns.get(name)
    if column is None:
        return FieldPlace(url="", field=f"row {row}: {name}")
    number = column[0]
    return FieldPlace(
        url="", field=f"row {row}: {name}", selector=f"column {table.headers[number]!r}", found=table.rows[row][number]
    )
