"""Troubles: the hosts that some proxies do not get on with, and the requests that were tried in vain. Pure."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from crawl4ai_browser.browser.proxies.standing import Standing

if TYPE_CHECKING:
    from crawl4ai_browser.browser.proxies.member import Member
    from crawl4ai_browser.proxy_pool import ProxyHealth

V = TypeVar("V")

MAX_REMEMBERED = 10_000
"""Hosts, and requests: those that had trouble longest ago are forgotten first."""


@dataclass(eq=False)
class HostTrouble:
    """One host: how each proxy and each tier stands with it. Who is not in here has no trouble."""

    health: ProxyHealth
    members: dict[Member, Standing] = field(default_factory=dict["Member", Standing])
    tiers: dict[int, Standing] = field(default_factory=dict[int, Standing])
    dry_since: float | None = None
    """Since when no proxy can be used for it."""

    def of(self, member: Member) -> Standing:
        """How this proxy stands, from now on in here."""
        return self.members.setdefault(member, Standing(self.health))

    def of_tier(self, tier: int) -> Standing:
        """How this tier stands, from now on in here."""
        return self.tiers.setdefault(tier, Standing(self.health))

    def standings(self, member: Member) -> tuple[Standing, ...]:
        """Those that an attempt through this proxy tells something of."""
        known = (self.members.get(member), self.tiers.get(member.tier))
        return tuple(standing for standing in known if standing is not None)

    def lets_in(self, member: Member, now: float) -> bool:
        """Whether this proxy may be used for the host."""
        standing = self.members.get(member)
        return standing is None or standing.is_usable(now)

    def is_tier_open(self, tier: int, now: float) -> bool:
        """Whether this tier may be used, where there is a higher one."""
        standing = self.tiers.get(tier)
        return standing is None or standing.is_usable(now)

    def opens_at(self, member: Member, now: float) -> float:
        """As `Standing.opens_at`."""
        standing = self.members.get(member)
        return standing.opens_at(now) if standing is not None else float("-inf")

    def succeeded(self, member: Member, started: float) -> bool:
        """A good end of an attempt through this proxy; whether it has recovered by that."""
        self.dry_since = None
        standing, tier = self.members.get(member), self.tiers.get(member.tier)
        has_recovered = standing is not None and standing.succeeded(started)
        if standing is not None and standing.is_spotless:
            del self.members[member]
        if tier is not None:
            tier.succeeded(started)
            if tier.is_spotless:
                del self.tiers[member.tier]
        return has_recovered

    @property
    def is_over(self) -> bool:
        """Whether there is nothing in here."""
        return not self.members and not self.tiers


@dataclass(eq=False)
class Tries:
    """The attempts at one request so far, none of which was answered."""

    members: set[Member] = field(default_factory=set["Member"])
    suspects: list[Member] = field(default_factory=list["Member"])
    """Through which the target did not answer as it should, which may be their fault or its own."""
    floor: int = 0
    """The lowest tier that is worth another attempt."""


class Troubles:
    """Hosts and requests in trouble."""

    def __init__(self, health: ProxyHealth) -> None:
        """None yet."""
        self._health = health
        self._hosts: OrderedDict[str, HostTrouble] = OrderedDict()
        self._tries: OrderedDict[str, Tries] = OrderedDict()

    def host(self, name: str) -> HostTrouble | None:
        """The trouble of a host, if it has any."""
        return self._hosts.get(name)

    def begin(self, name: str) -> HostTrouble:
        """The trouble of a host, which has some from now on."""
        return _latest(self._hosts, name, HostTrouble(self._health))

    def end_if_over(self, name: str) -> None:
        """Forget a host without trouble."""
        trouble = self._hosts.get(name)
        if trouble is not None and trouble.is_over:
            del self._hosts[name]

    def tries(self, key: str) -> Tries | None:
        """The attempts at a request, if one was in vain."""
        return self._tries.get(key)

    def try_again(self, key: str) -> Tries:
        """The attempts at a request, one of which was in vain."""
        return _latest(self._tries, key, Tries())

    def settle(self, key: str) -> None:
        """Forget a request: it was answered, or is given up."""
        self._tries.pop(key, None)

    def __repr__(self) -> str:
        """How many there are."""
        return f"<Troubles of {len(self._hosts)} hosts, {len(self._tries)} requests>"


def _latest(known: OrderedDict[str, V], key: str, new: V) -> V:
    value = known.setdefault(key, new)
    known.move_to_end(key)
    if len(known) > MAX_REMEMBERED:
        known.popitem(last=False)
    return value
