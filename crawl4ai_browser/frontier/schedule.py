"""Schedule: what of the frontier is in memory, and all that is decided there. Pure: no clock, no database.

The database says which request of a host comes first. The schedule knows the hosts, the few requests that were fetched
ahead (a host's stock), those that are leased, and those that wait for another attempt. All of it but the hosts is
bounded by what goes on at the moment; whatever it forgets is still in the database.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from crawl4ai_browser.frontier.host_queue import HostNames, HostQueue, Position
from crawl4ai_browser.frontier.lease import FrontierCounts

if TYPE_CHECKING:
    from crawl4ai_browser.frontier.lease import Outcome
    from crawl4ai_browser.storage.request_rows import QueuedRow, Tally

OpensAt = Callable[[str], float]
"""Tells when another visit of a host may start, by the clock's monotonic time: not after now means now, infinity means
not before one of its visits ends."""

FETCHED = 16
"""Requests fetched at once: a trip to the database's thread costs as much as ten of the rows it brings."""

RECHECK_SECONDS = 1.0
"""After which a host is looked at again that is closed until one of its visits ends, when the crawl has none there (its
slot is used by a single fetch beside the crawl)."""


class ToFetch(NamedTuple):
    """A question to the database. They are numbered in the order in which they are asked."""

    number: int
    hosts: list[tuple[int, frozenset[int]]]
    """Whose requests to fetch, each with the ids of those to leave out."""
    limit: int
    """How many of each."""


class Schedule:
    """The frontier in memory."""

    def __init__(self, tally: Tally, *, refused: int, max_pages: int | None) -> None:
        self._hosts = HostQueue()
        self._origins = HostNames()
        self._stock: dict[int, deque[QueuedRow]] = {}
        self._has_more: set[int] = set()
        self._asked = 0
        self._valid_from: dict[int, int] = {}
        self._leased: dict[int, QueuedRow] = {}
        self._leased_of_host: dict[int, set[int]] = {}
        self._full_hosts: set[int] = set()
        self._delayed: list[tuple[float, int, int, Position]] = []
        self._max_pages = max_pages
        self._discovered = tally.discovered
        self._done = tally.done
        self._failed = tally.failed
        self._skipped = tally.skipped
        self._refused = refused

    # --- what was found

    def add_host(self, origin: str) -> None:
        """A new host, in the order of their numbers."""
        self._origins.append(origin)

    def origin(self, host: int) -> str:
        """The name of a host."""
        return self._origins[host]

    def found(self, *, new: int, refused: int) -> None:
        """Count what came of some URLs."""
        self._discovered += new
        self._refused += refused

    def offer(self, host: int, position: Position, *, row: float = math.inf) -> None:
        """The host has a request queued at `position`: a new one, or the one of the id `row` again."""
        if row < math.inf:
            self._valid_from.pop(host, None)  # it may be among those to be left out; new ones are in the answer
        stock = self._stock.get(host)
        if stock is not None:
            if (position, row) < (stock[-1].rank, stock[-1].id):
                self._drop_stock(host)
            else:
                self._has_more.add(host)
        self._hosts.offer(host, position)

    # --- what is next

    @property
    def may_lease(self) -> bool:
        """Whether the page budget allows another lease. It counts results given out, and leases that may become one."""
        return self._max_pages is None or self._done + self._failed + len(self._leased) < self._max_pages

    def favourite(self, opens_at: OpensAt, now: float, favoured: Iterable[int]) -> int | None:
        """The first of the favoured hosts that is open and among those that come first."""
        self._open_hosts(opens_at, now)
        for host in favoured:
            if self._hosts.is_among_first(host) and opens_at(self._origins[host]) <= now:
                return host
        return None

    def next_host(self, opens_at: OpensAt, now: float) -> int | None:
        """The host to lease from. Closed hosts that come first are parked, and cost nothing until they open."""
        self._open_hosts(opens_at, now)
        while (host := self._hosts.first()) is not None:
            opens = opens_at(self._origins[host])
            if opens <= now:
                return host
            self._drop_stock(host)
            self._park(host, opens, now)
        return None

    def _park(self, host: int, opens: float, now: float) -> None:
        if math.isinf(opens) and host in self._leased_of_host:
            self._full_hosts.add(host)
        else:
            self._full_hosts.discard(host)
            opens = min(opens, now + RECHECK_SECONDS) if math.isinf(opens) else opens
        self._hosts.park(host, opens)

    def _open_hosts(self, opens_at: OpensAt, now: float) -> None:
        """Open those whose time has come, and those where a visit has ended.

        A visit ends before its lease does (its result has still to be read), so full hosts are asked about again. There
        are no more of them than leases.
        """
        self._hosts.open_due(now)
        for host in tuple(self._full_hosts):
            opens = opens_at(self._origins[host])
            if opens <= now:
                self._full_hosts.discard(host)
                self._hosts.open(host)
            elif opens < math.inf:
                self._park(host, opens, now)

    def take(self, host: int) -> QueuedRow | None:
        """Lease the host's first request; None: its requests must be fetched first."""
        stock = self._stock.get(host)
        if stock is None:
            return None
        row = stock.popleft()
        if stock:
            self._hosts.put_back(host, stock[0].rank)
        else:
            del self._stock[host]
            # The next one is not before this one; which it is, is seen when the host's turn comes.
            self._hosts.put_back(host, row.rank if host in self._has_more else None)
        self._leased[row.id] = row
        self._leased_of_host.setdefault(host, set()).add(row.id)
        return row

    def to_fetch(self, host: int) -> ToFetch:
        """What to ask the database for, so that requests of this host can be taken."""
        hosts = [host, *(other for other in self._hosts.next_after_first(FETCHED - 1) if other not in self._stock)]
        hosts = list(dict.fromkeys(hosts))
        self._asked += 1
        for asked in hosts:
            self._valid_from.setdefault(asked, self._asked)
        wanted = [(wanted, frozenset(self._leased_of_host.get(wanted, ()))) for wanted in hosts]
        return ToFetch(self._asked, wanted, max(1, FETCHED // len(hosts)))

    def fetched(self, answer: Iterable[tuple[int, list[QueuedRow]]], asked: ToFetch) -> None:
        """Stock what came.

        Several tasks may have asked for a host. The first answer is taken and ends what was asked before: those do not
        leave out what is leased from the stock since. Nor are answers taken from before a lease was given back.
        """
        for host, rows in answer:
            if self._valid_from.get(host, math.inf) > asked.number:
                continue
            del self._valid_from[host]
            if len(rows) == asked.limit:
                self._has_more.add(host)
            else:
                self._has_more.discard(host)
            if rows:
                self._stock[host] = deque(rows)
            self._hosts.correct(host, rows[0].rank if rows else None)

    # --- how leases end

    def is_leased(self, row: int) -> bool:
        """Whether a lease of this request has not come to an end."""
        return row in self._leased

    def finish(self, row: int, outcome: Outcome) -> None:
        """A leased request needs no more visits."""
        self._end_lease(row)
        self._done += outcome == "done"
        self._failed += outcome == "failed"
        self._skipped += outcome == "skipped"

    def give_back(self, row: int) -> None:
        """A leased request is queued again."""
        leased = self._end_lease(row)
        self.offer(leased.host, leased.rank, row=row)

    def delay(self, row: int, due: float) -> None:
        """A leased request is queued again, from `due` on."""
        leased = self._end_lease(row)
        heapq.heappush(self._delayed, (due, row, leased.host, leased.rank))

    def take_due(self, now: float) -> list[tuple[int, int, Position]]:
        """Requests whose wait is over: id, host and position. Each is given once."""
        due: list[tuple[int, int, Position]] = []
        while self._delayed and self._delayed[0][0] <= now:
            due.append(heapq.heappop(self._delayed)[1:])
        return due

    def _end_lease(self, row: int) -> QueuedRow:
        leased = self._leased.pop(row)
        ids = self._leased_of_host[leased.host]
        ids.discard(row)
        if not ids:
            del self._leased_of_host[leased.host]
        self._full_hosts.discard(leased.host)
        self._hosts.open(leased.host)
        return leased

    def _drop_stock(self, host: int) -> None:
        """They are all still queued in the database."""
        if self._stock.pop(host, None) is not None:
            self._has_more.add(host)

    # --- how things stand

    @property
    def wakes_at(self) -> float:
        """When a lease may become possible though nothing happens; infinity: never."""
        if not self.may_lease:
            return math.inf
        return min(self._hosts.wakes_at, self._delayed[0][0] if self._delayed else math.inf)

    @property
    def counts(self) -> FrontierCounts:
        """How far the crawl is."""
        leased = len(self._leased)
        return FrontierCounts(
            discovered=self._discovered,
            queued=self._discovered - self._done - self._failed - self._skipped - leased,
            leased=leased,
            done=self._done,
            failed=self._failed,
            skipped=self._skipped,
            refused=self._refused,
        )

    @property
    def is_exhausted(self) -> bool:
        """Nothing is leased, and nothing will be unless something is added."""
        if self._leased:
            return False
        return not self.may_lease or self._discovered == self._done + self._failed + self._skipped
