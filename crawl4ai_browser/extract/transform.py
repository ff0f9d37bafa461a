"""Transforms, applied: from the text that was found to a value."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias, assert_never, cast

from pydantic import JsonValue

from crawl4ai_browser.dates import parse_date
from crawl4ai_browser.extract.numbers import parse_number
from crawl4ai_browser.json_ld import parse_json_ld
from crawl4ai_browser.selector_syntax import compiled_regex
from crawl4ai_browser.transforms import Date, DateTime, Json, Match, Number, Replace, Split, Strip, Url

if TYPE_CHECKING:
    from crawl4ai_browser.document import Document
    from crawl4ai_browser.transforms import Transform

Value: TypeAlias = JsonValue | Decimal | date | datetime

_ISO_DAY = re.compile(r"\s*(\d{4}-\d\d-\d\d)(?=$|[T\s])")


def transformed(text: str, transforms: tuple[Transform, ...], document: Document) -> Value:
    """What the transforms make of a text, one after the other; None: there is nothing in it.

    A transform that follows one that gives a list is done to each of its members.

    Raises:
        ValueError: the text is not what a transform takes; the message says what is wrong with it.
    """
    value: Value = text
    for transform in transforms:
        if value is None:
            return None
        if isinstance(value, list):
            made = [_applied(transform, each, document) for each in value]
            value = cast("JsonValue", [each for each in made if each is not None])
        else:
            value = _applied(transform, value, document)
    return value


def _applied(transform: Transform, value: Value, document: Document) -> Value:
    if not isinstance(value, str):
        raise ValueError(f"{transform.kind} takes text, not {type(value).__name__}")
    if not value.strip():
        return None
    match transform:
        case Number():
            number = parse_number(value, decimal=transform.decimal)
            return format(number, "f") if transform.exact else number
        case Date():
            return _day(value, transform.format)
        case DateTime():
            return _moment(value, transform.format)
        case Url():
            return _address(value, document)
        case Json():
            return _json(value, transform.path)
        case _:
            return _text(transform, value)


def _text(transform: Strip | Match | Replace | Split, value: str) -> Value:
    match transform:
        case Strip():
            return value.strip(transform.characters or None)
        case Match():
            found = _regex(transform.pattern).search(value)
            return None if found is None else cast("str | None", found[1 if found.re.groups else 0])
        case Replace():
            return cast("str", _regex(transform.pattern).sub(transform.by, value))
        case Split():
            return [part.strip() for part in value.split(transform.separator) if part.strip()]
        case _:
            assert_never(transform)


@lru_cache(maxsize=512)
def _regex(source: str) -> Any:
    return compiled_regex(source)


def _moment(text: str, layout: str | None) -> datetime:
    if layout is None:
        moment = parse_date(text)
        if moment is None:
            raise ValueError("it is no date")
        return moment
    written = datetime.strptime(text.strip(), layout)
    return written.replace(tzinfo=UTC) if written.tzinfo is None else written.astimezone(UTC)


def _day(text: str, layout: str | None) -> date:
    if layout is not None:
        return datetime.strptime(text.strip(), layout).date()
    iso = _ISO_DAY.match(text)  # as written: in UTC the evening of one day may be the next
    return date.fromisoformat(iso[1]) if iso else _moment(text, None).date()


def _address(text: str, document: Document) -> str:
    absolute = document.resolve(text.strip())
    if absolute is None:
        raise ValueError("it is no URL")
    return absolute


def _json(text: str, path: tuple[str | int, ...]) -> JsonValue:
    value = next(parse_json_ld(text), None)
    if value is None:
        raise ValueError("it is no JSON object or array")
    for step in path:
        try:
            value = cast("Any", value)[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value
