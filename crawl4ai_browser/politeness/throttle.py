"""Throttle: lets visits of a host start when its slot allows, in the order in which they came."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from random import Random

import anyio

from crawl4ai_browser.bell import Bell
from crawl4ai_browser.clock import SYSTEM_CLOCK, Clock
from crawl4ai_browser.config import PolitenessConfig
from crawl4ai_browser.errors import HostGivenUp
from crawl4ai_browser.frozen import Frozen
from crawl4ai_browser.politeness.memory import HostMemory, MannersMemory
from crawl4ai_browser.politeness.outcome import UNKNOWN, Outcome
from crawl4ai_browser.politeness.slot import Slot, Visit

_REMEMBERED_HOSTS = 4096
# Idle hosts kept with what was learned about them, at about 2 KB each.


class HostStatistics(Frozen):
    """How one host is being treated."""

    host: str
    visits: int
    """Turns ever granted, those for robots.txt included, since the throttle last knew nothing of the host."""
    active: int
    """Visits under way."""
    waiting: int
    """Visits waiting for their turn."""
    limit: int
    """Visits allowed at once."""
    delay: float
    """Seconds kept between two hits."""
    latency: float | None
    """Smoothed seconds until its answers begin; None before the first."""
    back_off_until: datetime | None
    """When it may be visited again after a refusal, in UTC; None where it may now."""
    is_given_up: bool
    """Whether its visits fail at once, as it has refused and failed for too long."""


class _Host:
    """A slot, the line in front of it, and a bell that rings when the slot may have opened."""

    __slots__ = ("bell", "line", "slot", "user_count")

    def __init__(self, slot: Slot) -> None:
        self.slot = slot
        self.line = anyio.Lock(fast_acquire=True)  # free nearly always, and asked for at each visit
        self.bell = Bell()
        self.user_count = 0

    @property
    def waiting_count(self) -> int:
        return self.user_count - self.slot.active_count

    def ring(self) -> None:
        self.bell.ring()

    def is_forgettable(self, now: float) -> bool:
        """Whether nobody uses it and forgetting it lets nothing happen too early."""
        return self.user_count == 0 and not self.slot.is_given_up(now) and self.slot.opens_at(now) <= now


class Turn:
    """One use of a host's allowance. Tell it what is learned about the host; it ends with its `async with`."""

    def __init__(self, host: _Host, visit: Visit, clock: Clock, *, changed: Callable[[], None]) -> None:
        """`changed` is called when the host's slot knows something new."""
        self._host = host
        self._visit = visit
        self._clock = clock
        self._changed = changed
        self._outcome = UNKNOWN

    def answered(self, seconds: float | None) -> None:
        """An answer has begun, `seconds` after it was asked for; None: for what else is no measure of the host."""
        self._host.slot.answer(self._visit, self._clock.monotonic(), seconds)
        self._host.ring()
        self._changed()

    def learn(self, outcome: Outcome) -> None:
        """How the visit ended. Not told: nothing is learned, as of a cancelled visit."""
        self._outcome = outcome

    def end(self) -> None:
        """Give the allowance back."""
        self._host.slot.finish(self._visit, self._clock.monotonic(), self._outcome)
        self._host.ring()
        self._changed()


class Throttle:
    """The slots of all hosts. A host is whatever string its caller names it by; `urls.origin` in this package.

    Hosts nobody uses are forgotten when there are many, the least recently used first.
    """

    def __init__(self, config: PolitenessConfig, clock: Clock = SYSTEM_CLOCK, *, random: Random | None = None) -> None:
        """`random` draws jitter and back-off; None: seeded by the system."""
        self._config = config
        self._clock = clock
        self._random = random or Random()
        self._unknown = Slot(config, self._random)
        self._hosts: dict[str, _Host] = {}
        self._forget_above = _REMEMBERED_HOSTS
        self.kept_by: MannersMemory | None = None
        """Told of every host of which something new is known."""

    def opens_at(self, host: str, in_flight: int) -> float:
        """The monotonic time at which one more visit of `host` could start if it were asked for now.

        `in_flight` are the requests of the host that were already handed out and have not ended, whether they wait for
        their turn or are being visited. `math.inf`: not before one of them ends. Never too late: ask again then.
        """
        known = self._hosts.get(host)
        slot = known.slot if known else self._unknown
        return slot.forecast(self._clock.monotonic(), in_flight)

    def set_crawl_delay(self, host: str, seconds: float) -> None:
        """Keep so many seconds between two visits of the host from now on, as its robots.txt asks for."""
        entry = self._hosts.get(host)
        if entry is None:
            if seconds == 0.0:
                return
            entry = self._hosts[host] = _Host(Slot(self._config, self._random))
        entry.slot.crawl_delay = seconds

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncGenerator[Turn]:
        """Wait for a turn of the host, first come first served, and hold it.

        Raises:
            HostGivenUp: there are none, as the host has refused and failed for too long.
        """
        entry = self._use(host)
        try:
            async with entry.line:
                await self._wait_until_open(entry)
                now = self._clock.monotonic()
                if entry.slot.is_given_up(now):
                    raise _given_up(host, entry.slot, now)
                visit = entry.slot.start(now)
            turn = Turn(entry, visit, self._clock, changed=partial(self._tell, host))
            try:
                yield turn
            finally:
                turn.end()
        finally:
            entry.user_count -= 1
            self._forget_idle_hosts()

    def memory_of(self, host: str) -> HostMemory | None:
        """What must be known of the host by another process."""
        entry = self._hosts.get(host)
        return None if entry is None else entry.slot.memory(self._clock.monotonic(), epoch=self._epoch())

    def recall(self, host: str, memory: HostMemory) -> None:
        """Know what another process knew of the host."""
        entry = self._hosts.setdefault(host, _Host(Slot(self._config, self._random)))
        entry.slot.recall(memory, self._clock.monotonic(), epoch=self._epoch())
        entry.ring()

    def _epoch(self) -> float:
        """When the monotonic clock showed 0, in seconds since 1970."""
        # To the tenth of a second: read at different times, the two clocks never differ by quite the same.
        return round(self._clock.now().timestamp() - self._clock.monotonic(), 1)

    def _tell(self, host: str) -> None:
        if self.kept_by is not None:
            self.kept_by.host_changed(host)

    async def _wait_until_open(self, entry: _Host) -> None:
        """Only the first in line is here. A slot may open later than it said, but never earlier unless it rings."""
        while True:
            now = self._clock.monotonic()
            opens = entry.slot.opens_at(now)
            if opens <= now:
                return
            if math.isinf(opens):
                await entry.bell.wait()
            else:
                await self._clock.sleep(opens - now)

    def _use(self, host: str) -> _Host:
        entry = self._hosts.pop(host, None) or _Host(Slot(self._config, self._random))
        self._hosts[host] = entry  # Last in the order: the most recently used.
        entry.user_count += 1
        return entry

    def _forget_idle_hosts(self) -> None:
        """Forget down to three quarters once there are too many, so that the work is spread over many turns."""
        if len(self._hosts) <= self._forget_above:
            return
        now = self._clock.monotonic()
        surplus = len(self._hosts) - _REMEMBERED_HOSTS * 3 // 4
        forgettable = (host for host, entry in self._hosts.items() if entry.is_forgettable(now))
        for host in [host for _, host in zip(range(surplus), forgettable, strict=False)]:
            del self._hosts[host]
        # Where many are in use or closed, look again only when there are a third more.
        self._forget_above = max(_REMEMBERED_HOSTS, len(self._hosts) * 4 // 3)

    def statistics(self) -> tuple[HostStatistics, ...]:
        """How each host that is remembered is being treated, the least recently used first."""
        now = self._clock.monotonic()
        wall = self._clock.now()
        return tuple(self._statistics_of(host, entry, now=now, wall=wall) for host, entry in self._hosts.items())

    def _statistics_of(self, host: str, entry: _Host, *, now: float, wall: datetime) -> HostStatistics:
        slot = entry.slot
        closed_for = slot.back_off_until - now
        return HostStatistics(
            host=host,
            visits=slot.visit_count,
            active=slot.active_count,
            waiting=entry.waiting_count,
            limit=slot.limit,
            delay=slot.delay,
            latency=slot.latency,
            back_off_until=wall + timedelta(seconds=closed_for) if closed_for > 0 else None,
            is_given_up=slot.is_given_up(now),
        )

    def __repr__(self) -> str:
        """How much is going on."""
        active = sum(entry.slot.active_count for entry in self._hosts.values())
        waiting = sum(entry.waiting_count for entry in self._hosts.values())
        return f"<Throttle {len(self._hosts)} hosts, {active} visits, {waiting} waiting>"


def _given_up(host: str, slot: Slot, now: float) -> HostGivenUp:
    minutes = slot.silence(now) / 60
    return HostGivenUp(
        f"{host} was not asked: the last {slot.setback_count} visits, in {minutes:.0f} min, failed or were refused",
        phase="queue",
    )
