"""Member: a proxy of the pool with what is known of it; Lease: one attempt's use of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from crawl4ai_browser.browser.proxies.traffic import Traffic
from crawl4ai_browser.proxy_status import DIRECT, ProxyStatus

if TYPE_CHECKING:
    from crawl4ai_browser.browser.proxies.owners import Owned
    from crawl4ai_browser.browser.proxies.standing import Standing
    from crawl4ai_browser.proxy import Proxy
    from crawl4ai_browser.proxy_pool import PooledProxy
    from crawl4ai_browser.proxy_status import ProxyErrand


@dataclass(eq=False)
class Member:
    """A proxy, how it stands as a whole, and its counts. Equal proxies in a pool are members of their own."""

    place: PooledProxy
    standing: Standing
    traffic: Traffic = field(default_factory=Traffic)
    in_use: int = 0
    requests: int = 0
    failures: int = 0
    last_turn: int = -1
    credit: float = 0.0
    """What is due to it, where turns go by weight."""
    is_locked: bool = False
    """Whether it let nobody in with its credentials when last asked, which time does not heal."""
    last_failure: str = ""

    @property
    def proxy(self) -> Proxy | None:
        """None: a direct connection."""
        return self.place.proxy

    @property
    def tier(self) -> int:
        """As configured."""
        return self.place.tier

    @property
    def id(self) -> str:
        """The proxy's."""
        return self.proxy.id if self.proxy is not None else DIRECT

    def begin(self, errand: ProxyErrand, now: float, *, tried_out: tuple[Standing, ...] = ()) -> Lease:
        """Another attempt, which is counted; to be ended by `end`."""
        self.in_use += 1
        self.requests += 1
        return Lease(self, errand, now, tried_out)

    def end(self) -> None:
        """An attempt is over."""
        self.in_use -= 1

    def status(self, now: float) -> ProxyStatus:
        """How it stands."""
        return ProxyStatus(
            proxy=self.id,
            state=self.standing.state(now),
            rests_for=max(0.0, self.standing.rests_until - now) if self.standing.rests else 0.0,
            tier=self.place.tier,
            weight=self.place.weight,
            in_use=self.in_use,
            requests=self.requests,
            failures=self.failures,
            connections=self.traffic.connections,
            sent_bytes=self.traffic.sent_bytes,
            received_bytes=self.traffic.received_bytes,
            connect_seconds=self.traffic.mean_connect_seconds,
            answer_seconds=self.traffic.mean_answer_seconds,
            last_failure=self.last_failure,
        )


@dataclass(eq=False)
class Lease:
    """One attempt's use of a member."""

    member: Member
    errand: ProxyErrand
    started: float
    tried_out: tuple[Standing, ...] = ()
    """What this attempt tries out."""
    owned: Owned | None = None
    """Whose proxy it is, where somebody keeps one."""


class Change(NamedTuple):
    """A proxy that rests from now on, or has recovered."""

    proxy: str
    rests_for: float | None
    """Seconds; None: it works again."""
    reason: str = ""
    host: str = ""
    """For which; empty: for all."""
