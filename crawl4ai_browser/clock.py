"""Time: the only module that asks what time it is or waits for it to pass.

Parts that wait take a `Clock`, so that tests hand them one whose time moves when told to
(`crawl4ai_browser.testing.FakeClock`).
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

import anyio


class Clock(Protocol):
    """What the parts need of time."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never goes back."""
        ...

    def now(self) -> datetime:
        """The wall clock, in UTC. May jump; for records, never for waiting."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait, without blocking other tasks; zero or less only lets them run."""
        ...


class SystemClock:
    """The machine's own time."""

    def monotonic(self) -> float:
        """Seconds of `time.monotonic`."""
        return time.monotonic()

    def now(self) -> datetime:
        """The current UTC time."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """`anyio.sleep`, which refuses a moment that has passed since it was computed."""
        await anyio.sleep(max(seconds, 0.0))


SYSTEM_CLOCK = SystemClock()


def call_after(seconds: float, function: Callable[[], None]) -> Callable[[], None]:
    """Call a function in the event loop after so many seconds, unless what comes back is called before.

    For what hardly ever comes to pass: a task that sleeps costs twenty times as much as a timer that is called off.
    """
    return asyncio.get_running_loop().call_later(seconds, function).cancel


async def first_of(event: anyio.Event, moment: float, clock: Clock) -> None:
    """Wait for the event or for the moment (of `clock.monotonic`), whichever comes first. The event is set then."""
    if math.isinf(moment):
        await event.wait()
        return

    async def ring() -> None:
        await clock.sleep(moment - clock.monotonic())
        event.set()

    async with anyio.create_task_group() as alarm:
        alarm.start_soon(ring)
        await event.wait()
        alarm.cancel_scope.cancel()
