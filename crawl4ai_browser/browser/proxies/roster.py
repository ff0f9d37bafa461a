"""ProxyRoster: which proxy an attempt has, and what its end says of that proxy. Decides; `proxy_desk` acts.

Times are the clock's monotonic ones, and are handed in. What can't be the proxy's fault alone (a refused tunnel, a
reset, a timeout, a block page) counts for the host it happened with; once the same request has met it through a second
proxy, it is the host's own doing, and is taken back from both.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import count
from random import Random
from typing import TYPE_CHECKING, Literal

from crawl4ai_browser.browser.proxies.member import Change, Lease, Member
from crawl4ai_browser.browser.proxies.owners import Owned, Owners
from crawl4ai_browser.browser.proxies.rotation import rotation
from crawl4ai_browser.browser.proxies.standing import Standing
from crawl4ai_browser.browser.proxies.troubles import HostTrouble, Tries, Troubles

if TYPE_CHECKING:
    from crawl4ai_browser.proxy_pool import ProxyPool
    from crawl4ai_browser.proxy_status import ProxyErrand, ProxyStatus

AGREEING = 2
"""Proxies of the highest tier through which a target fails in the same request, until that is taken for its own doing:
one may be to blame, two are an unlikely chance."""

_SHOWN = 3
# Proxies that are named when none can be used.

Fault = Literal["proxy", "locked", "target", "unclear", "blocked"]
"""What went wrong: the proxy itself; it lets nobody in with these credentials; it did not get through to the target; it
or the target, which can't be told; the target turned it away."""


class ProxyRoster:
    """The proxies of a pool, taking turns."""

    def __init__(self, pool: ProxyPool, random: Random | None = None) -> None:
        """All are good. `random` None: seeded by the system."""
        self.members = [Member(place, Standing(pool.health)) for place in pool.members]
        self._pool = pool
        self._health = pool.health
        self._choose = rotation(pool.rotation, random or Random())
        self._turns = count()
        self._top_tier = max((member.tier for member in self.members), default=0)
        self._owners = Owners(pool)
        self._troubles = Troubles(pool.health)
        self._dry_since: float | None = None
        """Since when no proxy can be used for any host."""

    # --- leases

    def lease(self, errand: ProxyErrand, now: float) -> Lease | None:
        """A proxy for one attempt; None: none may be used now. Tell how it went, then `end` it.

        Raises:
            ValueError: the user's chooser chose none of those it was given.
        """
        owner = self._owners.owner_of(errand)
        owned = self._owners.kept(owner, now) if owner is not None else None
        if owned is None or not self._may_stay(owned.member, errand, now):
            candidates = self._candidates(errand, now)
            if not candidates:
                self._note_drought(errand.host, now)
                return None
            member = self._chosen(candidates, errand, now)
            owned = self._owners.give(owner, member, now) if owner is not None else None
        else:
            member = owned.member
        return self._begin(member, errand, owned, now=now)

    def _may_stay(self, member: Member, errand: ProxyErrand, now: float) -> bool:
        """Whether who keeps this proxy goes on with it. A named session does so though a request failed in it once."""
        tries = self._troubles.tries(errand.key)
        was_tried = errand.session is None and tries is not None and member in tries.members
        return not was_tried and self._is_usable(member, self._troubles.host(errand.host), now)

    def _begin(self, member: Member, errand: ProxyErrand, owned: Owned | None, *, now: float) -> Lease:
        trouble = self._troubles.host(errand.host)
        standings = (member.standing, *(trouble.standings(member) if trouble is not None else ()))
        tried_out = tuple(standing for standing in standings if standing.state(now) == "trial")
        for standing in tried_out:
            standing.trials += 1
        if owned is not None:
            owned.users += 1
        member.last_turn = next(self._turns)
        lease = member.begin(errand, now, tried_out=tried_out)
        lease.owned = owned
        return lease

    def join(self, member: Member, errand: ProxyErrand, now: float) -> Lease:
        """Another attempt through a proxy that is in use already, chosen before."""
        return self._begin(member, errand, None, now=now)

    def end(self, lease: Lease) -> None:
        """The attempt is over, however it ended."""
        lease.member.end()
        for standing in lease.tried_out:
            standing.trials -= 1
        if lease.owned is not None:
            lease.owned.users -= 1

    # --- who may be used

    def _is_usable(self, member: Member, trouble: HostTrouble | None, now: float) -> bool:
        return member.standing.is_usable(now) and (trouble is None or trouble.lets_in(member, now))

    def _candidates(self, errand: ProxyErrand, now: float) -> list[Member]:
        """Those whose turn it may be: of the lowest tier that is open, and not yet tried where that leaves any."""
        trouble, tries = self._troubles.host(errand.host), self._troubles.tries(errand.key)
        wanted = [member for member in self.members if self._is_usable(member, trouble, now)]
        if tries is not None:
            wanted = [member for member in wanted if member.tier >= tries.floor] or wanted
        if trouble is not None:
            wanted = [member for member in wanted if trouble.is_tier_open(member.tier, now)] or wanted
        if tries is not None:
            wanted = [member for member in wanted if member not in tries.members] or wanted
        lowest = min((member.tier for member in wanted), default=0)
        return [member for member in wanted if member.tier == lowest]

    def _chosen(self, candidates: Sequence[Member], errand: ProxyErrand, now: float) -> Member:
        if self._pool.chooser is None:
            return self._choose(candidates)
        statuses = tuple(member.status(now) for member in candidates)
        chosen = self._pool.chooser(statuses, errand)
        for status, member in zip(statuses, candidates, strict=True):
            if status is chosen:
                return member
        raise ValueError(f"chose {chosen!r}, which is none of the proxies it was given")

    # --- when

    def opens_at(self, host: str, now: float) -> float:
        """When an attempt at this host may get a proxy, or may at least be told that there is none."""
        trouble = self._troubles.host(host)
        if trouble is None and any(member.standing.is_usable(now) for member in self.members):
            return -math.inf
        times = [
            max(member.standing.opens_at(now), trouble.opens_at(member, now) if trouble is not None else -math.inf)
            for member in self.members
        ]
        opens = min(times, default=-math.inf)
        if opens == -math.inf:
            return opens
        self._note_drought(host, now)
        return min(opens, self.gives_up_at(host, now))

    def gives_up_at(self, host: str, now: float) -> float:
        """Until when attempts wait for a proxy. `-math.inf`: no time would help."""
        if self.members and all(member.is_locked and member.standing.rests for member in self.members):
            return -math.inf
        trouble = self._troubles.host(host)
        known = (self._dry_since, trouble.dry_since if trouble is not None else None)
        return min((since for since in known if since is not None), default=now) + self._health.max_wait

    def _note_drought(self, host: str, now: float) -> None:
        if all(member.standing.rests for member in self.members):
            self._dry_since = now if self._dry_since is None else self._dry_since
        else:
            trouble = self._troubles.begin(host)
            trouble.dry_since = now if trouble.dry_since is None else trouble.dry_since

    # --- how it went

    def answered(self, lease: Lease) -> list[Change]:
        """The target has answered; gives who has recovered by that."""
        member, errand = lease.member, lease.errand
        changes: list[Change] = []
        self._dry_since = None
        member.is_locked = False
        if member.standing.succeeded(lease.started):
            changes.append(Change(member.id, None))
        trouble = self._troubles.host(errand.host)
        if trouble is not None:
            if trouble.succeeded(member, lease.started):
                changes.append(Change(member.id, None, host=errand.host))
            self._troubles.end_if_over(errand.host)
        self._troubles.settle(errand.key)
        return changes

    def failed(self, lease: Lease, fault: Fault, reason: str, *, now: float) -> list[Change]:
        """The attempt was in vain; gives who rests because of that."""
        member, errand = lease.member, lease.errand
        member.failures += 1
        member.last_failure = reason
        member.is_locked = fault == "locked"
        tries = self._troubles.try_again(errand.key) if errand.key else Tries()
        tries.members.add(member)
        if fault in ("proxy", "locked"):
            return self._strike(member.standing, lease, reason, limit=1, now=now)
        changes: list[Change] = []
        if fault == "unclear":
            changes += self._strike(member.standing, lease, reason, limit=self._health.failures, now=now)
        if errand.host and len(self.members) > 1:  # with one alone, a rest for a host would only delay
            changes += self._strike_for_host(lease, fault, reason, now=now)
        tries.suspects.append(member)
        if fault == "blocked":
            tries.floor = min(self._top_tier, max(tries.floor, member.tier + 1))
        if self._agree(tries):
            self._forgive(errand.host, tries)
        return changes

    def _strike_for_host(self, lease: Lease, fault: Fault, reason: str, *, now: float) -> list[Change]:
        member, trouble = lease.member, self._troubles.begin(lease.errand.host)
        if fault == "blocked" and member.tier < self._top_tier:
            trouble.of_tier(member.tier).failed(started=lease.started, now=now, limit=self._health.host_failures)
        standing = trouble.of(member)
        if not standing.failed(started=lease.started, now=now, limit=self._health.host_failures):
            return []
        return [Change(member.id, standing.rests_until - now, reason, lease.errand.host)]

    def _strike(self, standing: Standing, lease: Lease, reason: str, *, limit: int, now: float) -> list[Change]:
        if not standing.failed(started=lease.started, now=now, limit=limit):
            return []
        return [Change(lease.member.id, standing.rests_until - now, reason)]

    def _agree(self, tries: Tries) -> bool:
        """Whether enough proxies have seen the same for it to be the target's own doing."""
        return len({member for member in tries.suspects if member.tier == self._top_tier}) >= AGREEING

    def _forgive(self, host: str, tries: Tries) -> None:
        trouble = self._troubles.host(host)
        for member in tries.suspects:
            member.standing.forgive()
            standing = trouble.members.get(member) if trouble is not None else None
            if standing is not None:
                standing.forgive()
        tries.suspects.clear()

    def is_worth_another(self, errand: ProxyErrand, now: float) -> bool:
        """Whether a page that looked blocked is to be visited through another proxy; if not, it is believed.

        Asked after `failed`. A named session is not sent elsewhere for one page: it stays who it is.
        """
        tries = self._troubles.tries(errand.key)
        others: list[Member] = []
        if tries is not None and tries.suspects and errand.session is None:
            others = [member for member in self._candidates(errand, now) if member not in tries.members]
        if others:
            return True
        self._troubles.settle(errand.key)
        return False

    # --- what is told

    def complaint(self, host: str) -> str:
        """Why no proxy can be used."""
        seen = [f"{member.id} ({member.last_failure or 'at rest'})" for member in self.members]
        more = f" and {len(seen) - _SHOWN} more" if len(seen) > _SHOWN else ""
        return f"no proxy can be used{f' for {host}' if host else ''}: {', '.join(seen[:_SHOWN])}{more}"

    def statuses(self, now: float) -> tuple[ProxyStatus, ...]:
        """How each stands, in the order of the pool."""
        return tuple(member.status(now) for member in self.members)

    def __repr__(self) -> str:
        """How many of them can't be used as they please."""
        resting = sum(member.standing.rests > 0 for member in self.members)
        return f"<ProxyRoster {len(self.members)} proxies, {resting} at rest or on trial>"
