"""Owners: sessions and hosts that keep a proxy, and until when. Decides; pure."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from crawl4ai_browser.browser.proxies.member import Member
    from crawl4ai_browser.proxy_pool import ProxyPool
    from crawl4ai_browser.proxy_status import ProxyErrand

MAX_OWNERS = 10_000
"""That are remembered. Those who had their proxy longest ago get another one when they come again."""


class Owner(NamedTuple):
    """A session or a host."""

    kind: str
    name: str | None


@dataclass(eq=False)
class Owned:
    """A proxy that somebody keeps."""

    member: Member
    since: float
    users: int = 0
    """Attempts under way with it."""


class Owners:
    """Who keeps which proxy."""

    def __init__(self, pool: ProxyPool) -> None:
        """Nobody has one yet."""
        self._sticky = pool.sticky
        self._ttl = pool.sticky_ttl
        self._owned: OrderedDict[Owner, Owned] = OrderedDict()

    def owner_of(self, errand: ProxyErrand) -> Owner | None:
        """Who keeps the proxy that this errand gets; None: nobody."""
        if errand.session is not None or self._sticky == "session":
            return Owner("session", errand.session)
        return Owner("host", errand.host) if self._sticky == "host" and errand.host else None

    def kept(self, owner: Owner, now: float) -> Owned | None:
        """What the owner has. One that is in use is kept past its time, so that no identity is split."""
        owned = self._owned.get(owner)
        if owned is None or (self._ttl is not None and now - owned.since >= self._ttl and not owned.users):
            return None
        self._owned.move_to_end(owner)
        return owned

    def give(self, owner: Owner, member: Member, now: float) -> Owned:
        """From now on this is the owner's."""
        owned = self._owned[owner] = Owned(member, now)
        self._owned.move_to_end(owner)
        if len(self._owned) > MAX_OWNERS:
            self._owned.popitem(last=False)
        return owned

    def __repr__(self) -> str:
        """How many there are."""
        return f"<Owners {len(self._owned)}>"
