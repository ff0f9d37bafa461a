"""Who is next among the proxies that may be used: the ways to take turns. Decides; pure but for its random numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crawl4ai_browser.browser.proxies.member import Member
    from crawl4ai_browser.proxy_pool import ProxyRotation

Choose = Callable[[Sequence["Member"]], "Member"]
"""Given those that may be used, in the order of the pool, of which there is at least one."""


def rotation(kind: ProxyRotation, random: Random) -> Choose:
    """The way of that name."""
    ways: dict[ProxyRotation, Choose] = {
        "round_robin": _longest_unused,
        "random": random.choice,
        "least_used": _least_used,
        "weighted": _by_weight,
    }
    return ways[kind]


def _longest_unused(members: Sequence[Member]) -> Member:
    """In turn, also when some are left out for a while: who has waited longest."""
    return min(members, key=lambda member: member.last_turn)


def _least_used(members: Sequence[Member]) -> Member:
    return min(members, key=lambda member: (member.in_use, member.requests, member.last_turn))


def _by_weight(members: Sequence[Member]) -> Member:
    """Smooth weighted round robin, as nginx has it: of 5, 1, 1 come a a b a c a a, not five of the first in a row."""
    for member in members:
        member.credit += member.place.weight
    chosen = max(members, key=lambda member: member.credit)
    chosen.credit -= sum(member.place.weight for member in members)
    return chosen
