"""How proxies stand, as a table for people. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from crawl4ai_browser.cli.lines import size
from crawl4ai_browser.crawling.proxy_check import ProxyCheck
from crawl4ai_browser.proxy_status import DIRECT, ProxyStatus

MAX_ROWS = 20
"""In a summary. A list of a thousand proxies is for the report; a person looks for those that did most."""

_STATUS_HEADS = ("proxy", "state", "requests", "failed", "received", "sent", "connects", "answers", "last failure")
_CHECK_HEADS = ("proxy", "verdict", "status", "seconds", "connects", "answers", "received", "sent", "reason")
_NUMBERS = range(2, 8)
# Of both.


def proxy_table(statuses: Sequence[ProxyStatus]) -> list[str]:
    """A line for each, under a line of heads."""
    return _aligned([_STATUS_HEADS, *(_status_row(status) for status in statuses)])


def check_table(checks: Sequence[ProxyCheck]) -> list[str]:
    """A line for what came of each check, under a line of heads."""
    return _aligned([_CHECK_HEADS, *(_check_row(check) for check in checks)])


def used_proxies(statuses: Sequence[ProxyStatus]) -> list[str]:
    """The table of those that were used, cut to those with most requests; nothing where none was."""
    used = [status for status in statuses if status.requests]
    if not used or [status.proxy for status in used] == [DIRECT]:
        return []
    most = sorted(used, key=lambda status: status.requests, reverse=True)[:MAX_ROWS]
    lines = proxy_table([status for status in used if status in most])
    return [*lines, f"and {len(used) - MAX_ROWS:,} more"] if len(used) > MAX_ROWS else lines


def _status_row(status: ProxyStatus) -> tuple[str, ...]:
    state = f"rests {status.rests_for:.0f} s" if status.state == "resting" else status.state
    return (
        status.proxy,
        state,
        f"{status.requests:,}",
        f"{status.failures:,}",
        size(status.received_bytes),
        size(status.sent_bytes),
        _milliseconds(status.connect_seconds),
        _milliseconds(status.answer_seconds),
        status.last_failure,
    )


def _check_row(check: ProxyCheck) -> tuple[str, ...]:
    statistics = check.statistics
    return (
        check.proxy,
        check.verdict.replace("_", " "),
        "" if check.status is None else str(check.status),
        f"{check.seconds:.2f}",
        _milliseconds(statistics.connect_seconds),
        _milliseconds(statistics.answer_seconds),
        size(statistics.received_bytes),
        size(statistics.sent_bytes),
        check.error.message.removeprefix(f"{check.proxy}: ") if check.error is not None else "",
    )


def _milliseconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds * 1000:,.0f} ms"


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Rows with their columns under one another: numbers at the right, words at the left."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if number in _NUMBERS else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
