"""Dates as pages write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_FORMATS = (
    "%Y/%m/%d",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%Y.%m.%d",
    "%d.%m.%Y",
    "%B %d, %Y",
    "%b %d, %Y",
    "%d %B %Y",
    "%d %b %Y",
    "%Y-%m",
    "%Y",
)
"""Tried in this order. 01/02/2024 is left out: it means two days."""

_FRACTION = re.compile(r"(:\d\d)[.,](\d+)")
_SHORT_OFFSET = re.compile(r"(\d\d:\d\d(?:\.\d+)?)\s*([+-]\d\d):?(\d\d)?$")
_MAX_LENGTH = 64


def parse_date(text: str) -> datetime | None:
    """The moment in UTC; None where the text is no date.

    ISO 8601 in its usual spellings, RFC 5322, and dates with the month written out in English. A time without an offset
    is taken as UTC, since a page does not say where it was written; a date alone is its midnight.
    """
    text = " ".join(text.split())
    if not text or len(text) > _MAX_LENGTH:
        return None
    for parse in (_iso, _rfc, _written):
        try:
            moment = parse(text)
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
        if moment is not None:
            return _in_utc(moment)
    return None


def _in_utc(moment: datetime) -> datetime | None:
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # the year 1 or 9999, shifted over its end
        return None


def _iso(text: str) -> datetime:
    text = _FRACTION.sub(lambda match: f"{match[1]}.{match[2][:6]:<06}", text.removesuffix(" UTC").removesuffix(" GMT"))
    text = _SHORT_OFFSET.sub(lambda match: f"{match[1]}{match[2]}:{match[3] or '00'}", text)
    return datetime.fromisoformat(text)


def _rfc(text: str) -> datetime:
    return parsedate_to_datetime(text)


def _written(text: str) -> datetime | None:
    text = re.sub(r"(?<=\d)(?:st|nd|rd|th)\b", "", text.replace("Sept ", "Sep "))
    for layout in _FORMATS:
        try:
            return datetime.strptime(text, layout)
        except ValueError:
            continue
    return None
