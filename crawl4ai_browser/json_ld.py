"""JSON-LD scripts, read as leniently as search engines do, into values that survive a round trip through JSON."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import JsonValue

MAX_DEPTH = 100
"""Levels of nesting. Deeper ones describe nothing, and JSON parsers stop at 255 (pydantic) or 1,000 (json)."""

_OPENING = re.compile(r"<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/|<!\[CDATA\[")
_CLOSING = re.compile(r"(?:-->|(?://|/\*)?\s*\]\]>(?:\s*\*/)?)$")
_CLOSING_LENGTH = 100
"""Characters at the end in which the closing mark is looked for: in a whole text that would take the square of it."""

_BETWEEN = re.compile(r"[\s;,]*")
_CONTROL = re.compile(r"[\x00-\x1f]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_MAX_INTEGER_DIGITS = 19


def parse_json_ld(text: str) -> Iterator[JsonValue]:
    """Each value of a script: one as a rule, several where they are written one after another.

    Comment and CDATA marks around, commas and semicolons after, and line breaks within strings are forgiven. What is
    no JSON beyond that ends the reading. NaN and infinities are no JSON.
    """
    text = _unwrapped(text.strip())
    decoder = json.JSONDecoder(strict=False, parse_constant=_refuse, parse_float=_finite, parse_int=_integer)
    position = _next(text, 0)
    while position < len(text):
        value: JsonValue
        try:
            value, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            return
        if not isinstance(value, dict | list) or _depth(value) > MAX_DEPTH:
            return
        yield _encodable(value)
        position = _next(text, position)


def _unwrapped(text: str) -> str:
    """Without the marks of a comment or of CDATA around it."""
    opening = _OPENING.match(text)
    if opening is not None:
        text = text[opening.end() :]
    return text[:-_CLOSING_LENGTH] + _CLOSING.sub("", text[-_CLOSING_LENGTH:])


def _next(text: str, position: int) -> int:
    match = _BETWEEN.match(text, position)
    return match.end() if match else position


def _refuse(constant: str) -> float:
    raise ValueError(constant)


def _finite(digits: str) -> float:
    value = float(digits)
    if value in {float("inf"), float("-inf")}:
        raise ValueError(digits)
    return value


def _integer(digits: str) -> int | float:
    # Beyond 64 bits readers of JSON disagree; as a float all of them do the same.
    return int(digits) if len(digits) <= _MAX_INTEGER_DIGITS - 1 else _finite(digits)


def _depth(value: JsonValue) -> int:
    """How deep it is nested, up to just beyond the limit."""
    depth = 0
    level: list[JsonValue] = [value]
    while level and depth <= MAX_DEPTH:
        depth += 1
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent if isinstance(parent, list) else ())
            if isinstance(child, dict | list)
        ]
    return depth


def _encodable(value: JsonValue) -> JsonValue:
    """The value without lone surrogates, which an escape in a string can make."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_encodable(item) for item in value]
    if isinstance(value, dict):
        return {_SURROGATE.sub("\ufffd", key): _encodable(item) for key, item in value.items()}
    return value
