"""FakeClock: time that moves when told to, so that hours of waiting are tested in milliseconds."""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import anyio
from anyio.lowlevel import checkpoint

from crawl4ai_browser.bell import Bell
from crawl4ai_browser.clock import SYSTEM_CLOCK

START = datetime(2025, 1, 1, tzinfo=UTC)
"""What the wall clock shows at first: any fixed moment will do."""

_SETTLING_PASSES = 16
# Turns of the event loop before anyio is asked whether all tasks wait. Asked too early, anyio looks again only 0.1 real
# seconds later (on asyncio), and a chain of tasks that wake one another takes a turn each. Fastest of 4, 8, 16 and 32.

_BUSY_PAUSE = 0.001
# Real seconds between two questions whether outside work is still under way.


def _never() -> bool:
    return False


@dataclass(order=True, slots=True)
class _Sleeper:
    due: float
    number: int
    alarm: anyio.Event = field(compare=False)
    is_gone: bool = field(default=False, compare=False)


class FakeClock:
    """A `Clock` whose time moves by `advance`, or by itself inside `jumping`.

        clock = FakeClock()
        async with clock.jumping():         # all wait? then it is already the time the first of them waits for
            await clock.sleep(3600)         # takes no real time
        assert clock.monotonic() == 3600

    Only time asked of this clock is faked: `anyio.fail_after` and its like go on in real time.
    """

    def __init__(self, *, start: datetime = START) -> None:
        """The wall clock begins at `start`, the monotonic one at 0."""
        self._start = start
        self._now = 0.0
        self._sleepers: list[_Sleeper] = []
        self._numbers = itertools.count()
        self._fell_asleep = Bell()
        self._last_use = 0.0

    def monotonic(self) -> float:
        """Seconds that have passed on this clock."""
        self._last_use = SYSTEM_CLOCK.monotonic()
        return self._now

    def now(self) -> datetime:
        """The start plus what has passed."""
        self._last_use = SYSTEM_CLOCK.monotonic()
        return self._start + timedelta(seconds=self._now)

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock has moved on by `seconds`. `math.inf` never ends; zero or less only lets others run."""
        self._last_use = SYSTEM_CLOCK.monotonic()
        if seconds <= 0:
            await checkpoint()
            return
        sleeper = _Sleeper(self._now + seconds, next(self._numbers), anyio.Event())
        heapq.heappush(self._sleepers, sleeper)
        self._fell_asleep.ring()
        try:
            await sleeper.alarm.wait()
        finally:
            sleeper.is_gone = True

    @property
    def next_due(self) -> float:
        """The monotonic time at which the first sleeper wakes; `math.inf` where nobody sleeps."""
        while self._sleepers and self._sleepers[0].is_gone:
            heapq.heappop(self._sleepers)
        return self._sleepers[0].due if self._sleepers else math.inf

    @property
    def sleeper_count(self) -> int:
        """How many tasks sleep on this clock."""
        return sum(not sleeper.is_gone for sleeper in self._sleepers)

    async def advance(self, seconds: float) -> None:
        """Let so much time pass, waking sleepers one moment after another, and let every task run until it waits.

        A task that sleeps again on the way is woken again when that is due before the end.
        """
        end = self._now + seconds
        await _settle()
        while self.next_due <= end:
            self._move_to(self.next_due)
            await _settle()
        self._now = end

    @asynccontextmanager
    async def jumping(self, *, idle: float = 0.0, is_busy: Callable[[], bool] = _never) -> AsyncGenerator[None]:
        """While open, time jumps to the next sleeper whenever every task waits.

        A task that waits for a thread, a process or a socket waits too. Where such work must come to its end before
        time moves, tell with `is_busy` whether some is under way; or, where nobody knows, give `idle`: real seconds
        for which nobody may have asked this clock for anything, which a busy machine may need more of.
        """
        tasks = await anyio.create_task_group().__aenter__()
        tasks.start_soon(self._jump, idle, is_busy)
        try:
            yield
        finally:
            tasks.cancel_scope.cancel()
            # Not told of the block's own exception, which it would wrap in a group.
            await tasks.__aexit__(None, None, None)

    async def _jump(self, idle: float, is_busy: Callable[[], bool]) -> None:
        while True:
            await _settle()
            if is_busy():
                await anyio.sleep(_BUSY_PAUSE)
                continue
            idle_left = self._last_use + idle - SYSTEM_CLOCK.monotonic()
            if idle > 0 and idle_left > 0:
                await anyio.sleep(idle_left)
            elif math.isinf(self.next_due):
                await self._fell_asleep.wait()
            else:
                self._move_to(self.next_due)

    def _move_to(self, moment: float) -> None:
        """Make it `moment`, and wake all who are due then in the order in which they fell asleep."""
        self._now = moment
        while self.next_due <= moment:
            sleeper = heapq.heappop(self._sleepers)
            sleeper.is_gone = True
            sleeper.alarm.set()

    def __repr__(self) -> str:
        """What time it is, and how many sleep."""
        return f"<FakeClock {self._now:.3f} s, {self.sleeper_count} asleep>"


async def _settle() -> None:
    """Return when every other task waits for something."""
    for _ in range(_SETTLING_PASSES):
        await checkpoint()
    await anyio.wait_all_tasks_blocked()
