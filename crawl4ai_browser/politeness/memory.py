"""What politeness knows that must outlive the process: values, and the protocol of whoever keeps them.

Times are seconds since 1970, as another process has another monotonic clock.
"""

from __future__ import annotations

from typing import Protocol

from crawl4ai_browser.fetcher import PlainResponse
from crawl4ai_browser.frozen import Frozen

_LESSON_SECONDS = 3600.0
"""For how long it is remembered that a host was slow or refused, when it may be visited again already."""


class HostMemory(Frozen):
    """Why a host is treated with more care than one that nobody knows."""

    crawl_delay: float = 0.0
    next_start: float | None = None
    """Before that no visit keeps the delay."""
    back_off_until: float | None = None
    doublings: int = 0
    """Of the back-off: how often the host has refused in a row."""
    latency: float | None = None
    """Seconds until its answers begin, where that is long."""

    def expires(self, now: float) -> float:
        """When nothing of it matters any more."""
        lesson = now + _LESSON_SECONDS if self.doublings or self.latency is not None else now
        return max(lesson, self.next_start or now, self.back_off_until or now)


class KeptRobots(Frozen):
    """What was found at the address of a robots.txt."""

    expires: float
    response: PlainResponse | None = None
    """None: the refusal says it all."""
    refusal: str = ""


class MannersMemory(Protocol):
    """Keeps what politeness knows."""

    async def robots(self, origin: str) -> KeptRobots | None:
        """What was found there, if that is still believed."""
        ...

    async def keep_robots(self, origin: str, kept: KeptRobots) -> None:
        """Remember it."""
        ...

    def host_changed(self, host: str) -> None:
        """Something is to be remembered of the host, or no more: the throttle knows what."""
        ...
