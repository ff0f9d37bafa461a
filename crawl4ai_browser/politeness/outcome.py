"""Outcome: what the end of a visit says about its host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from crawl4ai_browser.errors import ConnectionFailed, CrawlError, FetchError, NavigationTimeout
from crawl4ai_browser.politeness.retry_after import retry_after

_REFUSING_STATUSES = frozenset({429, 503})
# RFC 6585, 4 and RFC 9110, 15.6.4: the two that say "not now" and may carry Retry-After.


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a visit ended, as far as its host is concerned."""

    kind: Literal["answered", "refused", "failed", "unknown"]
    """The host answered; it asked to be left alone; it did not answer; or the visit says nothing about it."""
    retry_after: float | None = None
    """Seconds, where a refusal gave them."""


ANSWERED = Outcome("answered")
FAILED = Outcome("failed")
UNKNOWN = Outcome("unknown")


def outcome_of_answer(status: int | None, headers: Mapping[str, str], now: datetime) -> Outcome:
    """What a final status and its headers say; a 404 or a 500 is an answer like any other."""
    if status in _REFUSING_STATUSES:
        return Outcome("refused", retry_after(headers, now))
    return ANSWERED


def outcome_of_error(error: CrawlError, now: datetime) -> Outcome:
    """What a failed visit says: only errors that the host itself causes count against it."""
    if isinstance(error, FetchError) and error.snapshot is not None and error.snapshot.status is not None:
        return outcome_of_answer(error.snapshot.status, error.snapshot.headers, now)
    if isinstance(error, ConnectionFailed | NavigationTimeout):
        return FAILED
    return UNKNOWN
