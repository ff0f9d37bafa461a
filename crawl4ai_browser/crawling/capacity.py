"""Capacity: how many pages may be open, by what the machine has left. Decides; measures and acts on nothing.

Memory first: a machine that swaps is slower than one with half the pages, and in a container nothing swaps, the kernel
kills. Pages are closed for it several at a time and opened again one by one. Then the event loop's lateness: where our
own process does not keep up, more pages only make each of them slower.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from crawl4ai_browser.config import CapacityConfig

_LEAST_PAGE_BYTES = 50 * 2**20
"""What one page is taken to cost at least: a small page's renderer, as long as there is nothing to be measured."""

_ROOM_TO_GROW = 2.0
"""Pages' worth of memory that must be left beside the reserve before one more is opened: it is not wanted back at once.
"""

_LATE = 0.5
"""Seconds. Longer than anything that is done in one go should take, and felt by every page."""

_PUNCTUAL = 0.1

_KEPT_SHARE = 0.75
"""Of the pages, where the event loop is late."""


@dataclass(frozen=True)
class Load:
    """What was measured."""

    pages: int
    """That may be open."""
    used: int
    """That are."""
    memory: int
    """Bytes that there are, for all of this process's group or machine."""
    available: int
    """Bytes of them that are left."""
    browsers: int
    """Bytes of the browsers, with their renderers."""
    lateness: float
    """Seconds by which the event loop came late, at the best of the last times."""

    @property
    def page_bytes(self) -> float:
        """What one open page costs."""
        return max(_LEAST_PAGE_BYTES, self.browsers / max(1, self.used))


@dataclass(frozen=True)
class Change:
    """Another number of pages, and why."""

    pages: int
    reason: str


def decide(load: Load, config: CapacityConfig) -> Change | None:
    """How many pages may be open from now on; None: as many as before."""
    reserve = config.memory_reserve * load.memory
    left = f"{_megabytes(load.available)} of {_megabytes(load.memory)} MB of memory are left"
    if load.available < reserve:
        surplus = max(1, math.ceil((reserve - load.available) / load.page_bytes))
        return _change(load, max(1, min(load.pages, max(1, load.used)) - surplus), left)
    if load.lateness > _LATE:
        reason = f"the event loop is late by {load.lateness:.1f} s"
        return _change(load, max(1, min(load.pages - 1, int(load.pages * _KEPT_SHARE))), reason)
    is_wanted = load.used >= load.pages < config.max_pages
    has_room = load.available - reserve > _ROOM_TO_GROW * load.page_bytes
    if is_wanted and has_room and load.lateness < _PUNCTUAL:
        return _change(load, load.pages + 1, left)
    return None


def _change(load: Load, pages: int, reason: str) -> Change | None:
    return None if pages == load.pages else Change(pages, reason)


def _megabytes(count: float) -> str:
    return f"{count / 2**20:,.0f}"
