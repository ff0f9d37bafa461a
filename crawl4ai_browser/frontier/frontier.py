"""Frontier: the durable queue of what is to be visited.

Every request is a row of the database. Which host comes next is decided in memory (`Schedule`), which request of it by
the rows' own order. A lease is held in memory alone: a process that dies holds none, and what it had leased is still
queued. So a lease costs no write.
"""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, cast

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream

from crawl4ai_browser.bell import Bell
from crawl4ai_browser.clock import Clock
from crawl4ai_browser.events import Observer, PageQueued, UrlRefused, Warned
from crawl4ai_browser.frontier import seeds as seed_stream
from crawl4ai_browser.frontier.admission import Admission, Admitted
from crawl4ai_browser.frontier.gate import Gate
from crawl4ai_browser.frontier.lease import FrontierCounts, Lease, Outcome
from crawl4ai_browser.frontier.row_values import attempts_from, attempts_json, request_from
from crawl4ai_browser.frontier.schedule import OpensAt, Schedule
from crawl4ai_browser.frontier.seeds import SeedLedger, Seeds
from crawl4ai_browser.frontier.transactions import Ended, Transactions
from crawl4ai_browser.request import Request
from crawl4ai_browser.storage import request_rows, schema
from crawl4ai_browser.storage.request_rows import QueuedRow
from crawl4ai_browser.urls import without_credentials

if TYPE_CHECKING:
    from crawl4ai_browser.frontier.order import Order
    from crawl4ai_browser.frontier.scope import Scope
    from crawl4ai_browser.page_content import Link
    from crawl4ai_browser.result import Attempt
    from crawl4ai_browser.storage.database import Database

__all__ = ["Frontier", "FrontierCounts", "Lease", "OpensAt"]


_MAX_WARNINGS = 100
"""Different ones; a text may contain the URL."""


def _nothing() -> None:
    pass


class Frontier:
    """What a crawl has still to visit, and all it has heard of. Made by `open`.

    Its methods may be called from many tasks at once. Each that changes something is one transaction: when it returns,
    the change survives the death of the process; when it is cancelled, the change is made whole or not at all.
    """

    def __init__(
        self,
        database: Database,
        transactions: Transactions,
        schedule: Schedule,
        *,
        ledger: SeedLedger,
        clock: Clock,
        observers: Observer,
    ) -> None:
        """For `open` alone."""
        self._database = database
        self._transactions = transactions
        self._schedule = schedule
        self._ledger = ledger
        self._clock = clock
        self._observers = observers
        self._feed_count = 0
        self._has_seeds = False
        self._warned: set[str] = set()
        self._request_finished = Bell()
        self._on_queued: Callable[[], None] = _nothing

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        database: Database,
        *,
        scope: Scope,
        order: Order,
        clock: Clock,
        observers: Observer,
        allow_files: bool = False,
    ) -> AsyncGenerator[Frontier]:
        """The frontier that lies in the database, as it was left.

        `scope` holds for what is found from now on; its page budget counts earlier runs too.

        Raises:
            ConfigError: the database's crawl has another order.
            StorageError: the database failed.
        """
        transactions = Transactions(Admission(Gate(scope, allow_files=allow_files), order))
        schedule, record = await database.run(transactions.load, order.name, scope.max_pages)
        yield cls(database, transactions, schedule, ledger=SeedLedger(record), clock=clock, observers=observers)

    def call_when_queued(self, callback: Callable[[], None]) -> None:
        """Call this, on the event loop, whenever a lease may have become possible."""
        self._on_queued = callback

    # --- adding

    async def add_seeds(self, seeds: Seeds) -> None:
        """Queue the crawl's seeds, as they come, while others are visited already; returns when there are no more.

        The first call brings the crawl's seeds: when the crawl goes on in a later process, they must be the same ones
        in the same order, and nothing is leased before that is seen. Further calls add to them. Known ones are passed
        over; one with a scheme that is not crawled is reported as `UrlRefused`. An ordinary iterable is read on the
        event loop, so one that blocks should be asynchronous.

        Raises:
            ConfigError: the database is of a crawl from other seeds. It is left as it was.
            StorageError: the database failed.
        """
        is_first, self._has_seeds = not self._has_seeds, True
        self._feed_count += 1
        send, receive = anyio.create_memory_object_stream[Request](seed_stream.BATCH)
        try:
            async with anyio.create_task_group() as readers:
                readers.start_soon(seed_stream.read, seeds, send)
                await self._add_all(receive, is_first=is_first)
            # Only now: a source that raised has ended too, but was not complete.
            whole_record = self._ledger.end() if is_first else None
            if whole_record is not None:
                await self._database.run(self._transactions.add, (), whole_record)
        except ExceptionGroup as group:
            raise _first_of(group) from None
        finally:
            self._feed_count -= 1
            self._on_queued()

    async def _add_all(self, receive: MemoryObjectReceiveStream[Request], *, is_first: bool) -> None:
        with receive:
            while batch := await seed_stream.next_batch(receive):
                new = self._ledger.take(batch) if is_first else batch
                record = self._ledger.record if is_first else None
                if new:
                    await self._room()
                    await self._database.run(self._transactions.add, new, record, then=self._admit)
                self._on_queued()

    async def _room(self) -> None:
        """Wait while too much is queued."""
        while self.counts.queued >= seed_stream.MAX_QUEUED:
            await self._request_finished.wait()

    # --- leasing

    async def lease(
        self, opens_at: OpensAt, *, favoured: Sequence[int] = (), only_favoured: bool = False
    ) -> Lease | None:
        """The request to visit now; None where nothing may start at the moment, see `wakes_at`.

        `opens_at` tells for a host when another visit of it may start. It is asked about few hosts: those that come
        first, until one is open. `favoured` are numbers of hosts that go before others whose requests are as early;
        where it is to be one of them or none, `only_favoured`.

        Raises:
            StorageError: the database failed.
        """
        if not self._ledger.is_verified:
            return None
        await self._queue_due()

        def opens(host: str) -> float:
            # A host that is open may give the time of its own asking, which is later than any taken before.
            time = opens_at(host)
            return -math.inf if time <= self._clock.monotonic() else time

        while self._schedule.may_lease:
            now = self._clock.monotonic()
            host = self._schedule.favourite(opens, now, favoured)
            if host is None and not only_favoured:
                host = self._schedule.next_host(opens, now)
            if host is None:
                return None
            row = self._schedule.take(host)
            if row is not None:
                return self._lease_of(row)
            asked = self._schedule.to_fetch(host)
            await self._database.run(
                request_rows.first_of_hosts, asked.hosts, asked.limit, then=partial(self._schedule.fetched, asked=asked)
            )
        return None

    async def _queue_due(self) -> None:
        due = self._schedule.take_due(self._clock.monotonic())
        if due:

            def offer_all(_: object) -> None:
                for row, host, position in due:
                    self._schedule.offer(host, position, row=row)

            await self._database.run(request_rows.queue_delayed, [row for row, _, _ in due], then=offer_all)

    def _lease_of(self, row: QueuedRow) -> Lease:
        return Lease(
            id=row.id,
            request=request_from(row.url, row.overrides),
            depth=row.depth,
            parent=None if row.parent_url is None else without_credentials(row.parent_url),
            attempts=row.attempts,
            browser_deaths=row.browser_deaths,
            host=self._schedule.origin(row.host),
            host_number=row.host,
            attempt_records=attempts_from(row.attempt_records),
        )

    # --- how leases end

    async def complete(
        self, lease: Lease, links: Sequence[Link], *, failed: bool = False, final_url: str | None = None
    ) -> int:
        """Mark a visited request as done, or failed, and queue its links that are in scope; gives how many were new.

        `final_url` is where the visit ended after redirects. The links of a seed are held against that host.

        Raises:
            StorageError: the database failed.
            ValueError: the lease has ended before.
        """
        return await self._end(lease, links, outcome="failed" if failed else "done", final_url=final_url)

    async def skip(self, lease: Lease) -> None:
        """Mark a request as skipped: it was not visited, on purpose (robots.txt). It does not count as a page.

        Raises:
            StorageError: the database failed.
            ValueError: the lease has ended before.
        """
        await self._end(lease, (), outcome="skipped", final_url=None)

    async def _end(self, lease: Lease, links: Sequence[Link], *, outcome: Outcome, final_url: str | None) -> int:
        self._require_leased(lease)
        ended = Ended(lease.id, lease.request.url, lease.request.session, outcome, final_url)

        def finish(admitted: Admitted) -> int:
            self._schedule.finish(lease.id, outcome)
            self._request_finished.ring()
            return self._admit(admitted)

        return await self._database.run(self._transactions.complete, ended, links, then=finish)

    async def retry(self, lease: Lease, *, delay: float, charged: bool, browser_died: bool, record: Attempt) -> None:
        """Queue a request again, to be leased after `delay` seconds at the earliest.

        `charged` says whether the attempt counts against the request's limit, `browser_died` whether a browser died in
        it. The wait ends with the process.

        Raises:
            StorageError: the database failed.
            ValueError: the lease has ended before.
        """
        self._require_leased(lease)
        changes = (
            schema.DELAYED if delay > 0 else schema.QUEUED,
            lease.attempts + charged,
            lease.browser_deaths + browser_died,
            attempts_json((*lease.attempt_records, record)),
        )
        due = self._clock.monotonic() + delay

        def put_back(_: object) -> None:
            if delay > 0:
                self._schedule.delay(lease.id, due)
            else:
                self._schedule.give_back(lease.id)
            self._on_queued()

        await self._database.run(request_rows.put_back, lease.id, changes, then=put_back)

    async def release(self, lease: Lease) -> None:
        """Queue a request again as if it had not been leased.

        Raises:
            ValueError: the lease has ended before.
        """
        self._require_leased(lease)
        self._schedule.give_back(lease.id)
        self._on_queued()

    def _require_leased(self, lease: Lease) -> None:
        if not self._schedule.is_leased(lease.id):
            raise ValueError(f"not leased: {without_credentials(lease.request.url)}")

    def _admit(self, admitted: Admitted) -> int:
        """After the commit, on the event loop."""
        for origin in admitted.new_hosts:
            self._schedule.add_host(origin)
        for host, position in admitted.offers.items():
            self._schedule.offer(host, position)
        self._schedule.found(new=admitted.new, refused=admitted.refused)
        self._report(admitted)
        self._on_queued()
        return admitted.new

    def _report(self, admitted: Admitted) -> None:
        for candidate in admitted.queued:
            self._observers(PageQueued(url=without_credentials(candidate.url), depth=candidate.depth))
        for url, refusal in admitted.refusals:
            self._observers(UrlRefused(url=without_credentials(url), reason=str(refusal)))
        for text in admitted.warnings:
            if text not in self._warned and len(self._warned) < _MAX_WARNINGS:
                self._warned.add(text)
                self._observers(Warned(text=text))

    # --- how things stand

    @property
    def wakes_at(self) -> float:
        """The clock's monotonic time at which a lease may become possible though nothing happens; infinity: never."""
        return self._schedule.wakes_at

    @property
    def counts(self) -> FrontierCounts:
        """How far the crawl is, over all its runs."""
        return self._schedule.counts

    @property
    def is_finished(self) -> bool:
        """Whether nothing is leased and nothing will be: all is visited, or the page budget is used up."""
        if self._feed_count and self._schedule.may_lease:
            return False
        return self._schedule.is_exhausted

    def __repr__(self) -> str:
        """The counts in short."""
        counts = self.counts
        return f"<Frontier {counts.queued} queued, {counts.leased} leased, {counts.done} done, {counts.failed} failed>"


def _first_of(group: ExceptionGroup[Exception]) -> Exception:
    """What a task group raised, without the group."""
    first = group.exceptions[0]
    return _first_of(cast("ExceptionGroup[Exception]", first)) if isinstance(first, ExceptionGroup) else first
