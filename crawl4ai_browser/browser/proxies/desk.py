"""ProxyDesk: gives every attempt its proxy, lets those wait for whom there is none, and tells what changes.

`proxy_roster` decides; the desk keeps the time, wakes who waits, and opens the ways out.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random
from typing import TYPE_CHECKING

import anyio

from crawl4ai_browser.browser.proxies.egress_gate import EgressGate
from crawl4ai_browser.browser.proxies.forwarder import Forwarder
from crawl4ai_browser.browser.proxies.member import Change, Lease, Member
from crawl4ai_browser.browser.proxies.roster import ProxyRoster
from crawl4ai_browser.browser.proxies.standing import Standing
from crawl4ai_browser.browser.proxies.turn import ProxyTurn
from crawl4ai_browser.clock import first_of
from crawl4ai_browser.errors import ProxyError
from crawl4ai_browser.events import ProxyRecovered, ProxyRested
from crawl4ai_browser.proxy_pool import PooledProxy

if TYPE_CHECKING:
    from crawl4ai_browser.browser.background import Start
    from crawl4ai_browser.clock import Clock
    from crawl4ai_browser.egress_config import EgressConfig
    from crawl4ai_browser.events import Observers
    from crawl4ai_browser.proxy import Proxy
    from crawl4ai_browser.proxy_pool import ProxyPool
    from crawl4ai_browser.proxy_status import ProxyErrand, ProxyStatus


MAX_OWN = 10_000
"""Proxies of sessions that are remembered with their counts, some 20 MB: where each session has a user of its own, as
providers sell them, a crawl sees ever new ones. Those that came first are forgotten first."""


class ProxyDesk:
    """The proxies of a crawler: those of its pool, and those that sessions have of their own."""

    def __init__(
        self,
        pool: ProxyPool,
        egress: EgressConfig,
        *,
        clock: Clock,
        observers: Observers,
        start: Start,
        random: Random | None = None,
    ) -> None:
        """Nothing is opened yet. `start` runs something in the background; `egress` says where connections may go."""
        self.gate = EgressGate(egress, clock=clock, observers=observers)
        self._health = pool.health
        self._roster = ProxyRoster(pool, random) if pool.members else None
        pooled = self._roster.members if self._roster is not None else []
        self._pooled = {member.proxy: member for member in reversed(pooled)}  # of equal ones the first
        self._own: dict[Proxy | None, Member] = {}
        self._clock = clock
        self._observers = observers
        self._start = start
        self._news = anyio.Event()

    # --- turns

    @asynccontextmanager
    async def turn(
        self, errand: ProxyErrand, own: Proxy | None, slots: anyio.CapacityLimiter | None = None
    ) -> AsyncGenerator[ProxyTurn]:
        """A proxy for one attempt: the session's own where it has one, else one of the pool; and one of the slots.

        Whoever waits for a proxy holds no slot meanwhile.

        Raises:
            ProxyError: none of the pool could be used for as long as may be waited.
        """
        async with AsyncExitStack() as stack:
            yield await self._entered(stack, errand, own, slots)

    async def _entered(
        self, stack: AsyncExitStack, errand: ProxyErrand, own: Proxy | None, slots: anyio.CapacityLimiter | None
    ) -> ProxyTurn:
        while True:
            await self._ready(errand, own)
            async with AsyncExitStack() as tried:
                if slots is not None:
                    await tried.enter_async_context(slots)
                turn = self._begin(errand, own)
                if turn is not None:
                    tried.enter_context(turn)
                    await stack.enter_async_context(tried.pop_all())
                    return turn
            # Somebody else tries out the only proxy there is, since this one had to wait for a slot.

    def joined(self, errand: ProxyErrand, proxy: Proxy | None) -> ProxyTurn:
        """A turn of a proxy that is in use already, for another visit of a page that goes out through it."""
        now = self._clock.monotonic()
        member = self._member(proxy)
        if self._roster is not None and member in self._roster.members:
            return self._turn(self._roster.join(member, errand, now), self._roster)
        return self._turn(member.begin(errand, now), None)

    def _begin(self, errand: ProxyErrand, own: Proxy | None) -> ProxyTurn | None:
        now = self._clock.monotonic()
        if own is not None or self._roster is None:
            return self._turn(self._member(own).begin(errand, now), None)
        try:
            lease = self._roster.lease(errand, now)
        except ValueError as error:  # of a user's chooser
            raise ProxyError(f"the chooser of the proxy pool {error}", phase="page", blame="user") from error
        return self._turn(lease, self._roster) if lease is not None else None

    def _turn(self, lease: Lease, roster: ProxyRoster | None) -> ProxyTurn:
        return ProxyTurn(lease, roster, health=self._health, clock=self._clock, tell=self._tell)

    async def _ready(self, errand: ProxyErrand, own: Proxy | None) -> None:
        """Wait until there is a proxy for the errand."""
        roster = self._roster if own is None else None
        while roster is not None:
            now = self._clock.monotonic()
            opens_at = roster.opens_at(errand.host, now)
            if opens_at == -float("inf"):
                return
            if now >= roster.gives_up_at(errand.host, now):
                error = ProxyError(roster.complaint(errand.host), phase="page")
                error.remedy = "none"
                raise error
            self._news = self._news if not self._news.is_set() else anyio.Event()
            await first_of(self._news, opens_at, self._clock)

    def opens_at(self, host: str) -> float:
        """When (on the clock's monotonic time) it is worth while to begin an attempt at this host."""
        return self._roster.opens_at(host, self._clock.monotonic()) if self._roster is not None else -float("inf")

    @property
    def is_pooled(self) -> bool:
        """Whether sessions without a proxy of their own get one from a pool."""
        return self._roster is not None

    def _member(self, proxy: Proxy | None) -> Member:
        known = self._pooled.get(proxy) or self._own.get(proxy)
        if known is None:
            known = self._own[proxy] = Member(PooledProxy(proxy=proxy), Standing(self._health))
            if len(self._own) > MAX_OWN:
                del self._own[next(each for each, member in self._own.items() if not member.in_use)]
        return known

    # --- ways

    async def open_way(self, proxy: Proxy | None) -> Forwarder | None:
        """A way out through the proxy, for one context. None: the context goes out by itself, wherever it likes."""
        if proxy is None and self._roster is None and self.gate.is_open:
            return None
        return await Forwarder.open(
            proxy,
            gate=self.gate,
            traffic=self._member(proxy).traffic,
            connect_timeout=self._health.connect_timeout,
            start=self._start,
            clock=self._clock,
        )

    # --- what is told

    def _tell(self, changes: Sequence[Change]) -> None:
        self._news.set()
        for change in changes:
            if change.rests_for is None:
                self._observers(ProxyRecovered(proxy=change.proxy, host=change.host))
            else:
                self._observers(
                    ProxyRested(proxy=change.proxy, reason=change.reason, seconds=change.rests_for, host=change.host)
                )

    def statuses(self) -> tuple[ProxyStatus, ...]:
        """How each proxy stands: those of the pool, then those that sessions have of their own."""
        now = self._clock.monotonic()
        pooled = self._roster.members if self._roster is not None else []
        own = [member for proxy, member in self._own.items() if proxy is not None]
        return tuple(member.status(now) for member in (*pooled, *own))

    def status_of(self, proxy: Proxy | None) -> ProxyStatus:
        """How one proxy stands, or direct connections do."""
        return self._member(proxy).status(self._clock.monotonic())

    def __repr__(self) -> str:
        """Its proxies."""
        return f"<ProxyDesk {self._roster or 'no pool'}, {len(self._own)} of sessions>"
