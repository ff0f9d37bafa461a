"""When a browser is replaced in good order: it has made enough visits, is old, or has grown. Pure."""

from __future__ import annotations

from typing import Protocol

from crawl4ai_browser.config import BrowserConfig

_VISITS_BEFORE_GROWN = 20
"""A browser that is too large after fewer visits is so by its pages, and the next one would be too."""


class Served(Protocol):
    """What counts of a browser."""

    visits: int
    launched_at: float
    memory_bytes: int


def reason_to_retire(browser: Served, config: BrowserConfig, now: float) -> str | None:
    """Why the browser is to be replaced, in words; None: it is not. `now` is of the clock that it was launched by."""
    if browser.visits >= config.max_pages:
        return f"{browser.visits} visits"
    if config.max_age is not None and now - browser.launched_at >= config.max_age:
        return f"{now - browser.launched_at:.0f} s old"
    limit = config.max_memory_bytes
    if limit is not None and browser.memory_bytes > limit and browser.visits > _VISITS_BEFORE_GROWN:
        return f"{browser.memory_bytes / 2**20:,.0f} MB of memory after {browser.visits} visits"
    return None
