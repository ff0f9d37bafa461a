"""Retry-After: for how long a server asks to be left alone (RFC 9110, 10.2.3)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_SECONDS = re.compile(r"[0-9]+(?:\.[0-9]+)?")
# The RFC has whole seconds only; fractions are seen and mean what they say.


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """The seconds from now that the header asks to wait; None where there is none or it asks for nothing.

    `headers` have their names in lower case. A date is read against the server's own `Date` where that is given, so
    that a server whose clock is wrong still means the same span. Dates gone by, negative numbers and nonsense are None;
    nothing is capped here.
    """
    value = headers.get("retry-after", "").strip()
    # Two headers of one name arrive joined; a date has one comma of its own, a number none.
    first = value.partition(",")[0].strip()
    if _SECONDS.fullmatch(first):
        seconds = float(first)
    else:
        seconds = _seconds_until(value, _date(headers.get("date", "")) or now)
    return seconds if seconds > 0 else None


def _seconds_until(text: str, now: datetime) -> float:
    """Until the date; nothing where it is none."""
    date = _date(text)
    return (date - now).total_seconds() if date else -math.inf


def _date(text: str) -> datetime | None:
    """A date in any of HTTP's three formats (RFC 9110, 5.6.7)."""
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date
