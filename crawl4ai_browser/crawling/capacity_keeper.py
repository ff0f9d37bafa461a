"""CapacityKeeper: measures the machine, and lets the pool have as many pages as that bears."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path

import anyio.to_thread
import psutil

from crawl4ai_browser.browser.pool import BrowserPool
from crawl4ai_browser.cgroups import memory_groups
from crawl4ai_browser.clock import SYSTEM_CLOCK, Clock
from crawl4ai_browser.config import CapacityConfig
from crawl4ai_browser.crawling.capacity import Load, decide
from crawl4ai_browser.events import CapacityChanged

INTERVAL = 2.0
"""Seconds between two looks. A renderer takes a few to grow by what the reserve holds."""

LOOKS_AT_BROWSERS = 15
"""Every how many looks the browsers are measured too, where memory is not short: that costs 50 ms of CPU and more,
while what the machine has left is one line of a file."""

_MEMORY_OF_LATENESS = 3
"""Looks whose least lateness counts: one pause, of a garbage collection or a busy machine, is no reason."""

MeasureMemory = Callable[[], tuple[int, int]]
"""Bytes that there are, and that are left."""


def machine_memory(root: Path = Path("/")) -> tuple[int, int]:
    """Bytes that there are, and that are left, of the machine or of the tightest group that this process is in."""
    machine = psutil.virtual_memory()
    groups = [(group.limit, group.available) for group in memory_groups(root)]
    return min([(machine.total, machine.available), *groups], key=lambda found: found[1])


class CapacityKeeper:
    """Keeps a pool's number of pages to what the machine bears. All that blocks is done in a thread."""

    def __init__(
        self,
        pool: BrowserPool,
        config: CapacityConfig,
        *,
        clock: Clock = SYSTEM_CLOCK,
        measure: MeasureMemory = machine_memory,
    ) -> None:
        self._pool = pool
        self._config = config
        self._clock = clock
        self._measure = measure
        self._lateness: deque[float] = deque(maxlen=_MEMORY_OF_LATENESS)
        self._looks = 0

    async def run(self) -> None:
        """Look again and again, until cancelled. A pool without browsers is left alone."""
        while True:
            before = self._clock.monotonic()
            await self._clock.sleep(INTERVAL)
            self._lateness.append(self._clock.monotonic() - before - INTERVAL)
            if self._pool.browsers:
                await self.look()

    async def look(self) -> None:
        """Measure once, and act on it."""
        memory, available = await anyio.to_thread.run_sync(self._measure_all)
        self._pool.retire_when_due()
        load = Load(
            pages=int(self._pool.permits.total_tokens),
            used=int(self._pool.permits.borrowed_tokens),
            memory=memory,
            available=available,
            browsers=sum(browser.memory_bytes for browser in self._pool.browsers),
            lateness=min(self._lateness) if len(self._lateness) == _MEMORY_OF_LATENESS else 0.0,
        )
        change = decide(load, self._config)
        if change is not None:
            self._pool.permits.total_tokens = change.pages
            event = CapacityChanged(pages=change.pages, before=load.pages, reason=change.reason)
            self._pool.observers(event)

    def _measure_all(self) -> tuple[int, int]:
        memory, available = self._measure()
        is_short = available < 2 * self._config.memory_reserve * memory
        if is_short or self._looks % LOOKS_AT_BROWSERS == 0:
            for browser in self._pool.browsers:
                browser.measure_memory()
        self._looks += 1
        return memory, available

    def __repr__(self) -> str:
        """What it keeps."""
        return f"<CapacityKeeper of {self._pool!r}>"
