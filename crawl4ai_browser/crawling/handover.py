"""Handover: where finished results wait for whoever reads them.

There is little room in it, which is the brake of the whole crawl.
"""

from __future__ import annotations

from dataclasses import dataclass

import anyio

from crawl4ai_browser.frontier.lease import Lease
from crawl4ai_browser.page_content import Link
from crawl4ai_browser.result import CrawlResult


@dataclass(frozen=True)
class Delivery:
    """A result on its way to whoever reads, with the lease that is completed once it is taken."""

    result: CrawlResult
    lease: Lease | None
    """None for a seed that was no URL: it never reached the frontier."""
    links: tuple[Link, ...] | None = None
    """What the user says to follow. None: the result's own links."""


class Handover:
    """A queue of deliveries, first in first out."""

    def __init__(self, size: int) -> None:
        """Room for `size` deliveries beside those that somebody waits to give or to take."""
        self._give, self._take = anyio.create_memory_object_stream[Delivery](size)
        self.all_taken = anyio.Event()
        """Set when somebody has asked for a delivery after the last."""

    async def give(self, delivery: Delivery) -> None:
        """Put it in, once there is room."""
        await self._give.send(delivery)

    async def take(self) -> Delivery | None:
        """The next one; None after the last."""
        try:
            return await self._take.receive()
        except (anyio.EndOfStream, anyio.ClosedResourceError):
            self.all_taken.set()
            return None

    def finish(self) -> None:
        """No more will be given; what is there may still be taken."""
        self._give.close()

    def close(self) -> None:
        """Nothing more is given or taken; what is there is dropped."""
        self._give.close()
        self._take.close()

    def __repr__(self) -> str:
        """How full it is."""
        statistics = self._take.statistics()
        return f"<Handover {statistics.current_buffer_used}/{statistics.max_buffer_size:g} waiting>"
