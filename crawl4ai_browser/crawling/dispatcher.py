"""Dispatcher: the loop that leases requests and gives each a task, as long as there is room.

It never polls. What may make room or work (a visit or a page that ended, new URLs, an acknowledged result, the time a
host opens) wakes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

import anyio
from anyio.abc import TaskGroup

from crawl4ai_browser.clock import first_of
from crawl4ai_browser.crawling import retry
from crawl4ai_browser.crawling.handover import Delivery
from crawl4ai_browser.crawling.page_turns import PageTurn, PageTurns
from crawl4ai_browser.crawling.parts import CrawlParts
from crawl4ai_browser.crawling.pipeline import Origin, Visit
from crawl4ai_browser.crawling.result_hook import ResultHook, links_chosen
from crawl4ai_browser.crawling.stints import Stints
from crawl4ai_browser.errors import CrawlError
from crawl4ai_browser.events import PageRetried, PageStarted, PageVisited
from crawl4ai_browser.frontier.frontier import Frontier
from crawl4ai_browser.frontier.lease import Lease
from crawl4ai_browser.page_content import Link
from crawl4ai_browser.result import CrawlResult, ErrorInfo


def active_limit(max_pages: int) -> int:
    """How many leased requests may be worked on at once, when so many pages may be open.

    Twice as many as there are pages (at least two more), so that while some wait for robots.txt or have their content
    rendered, every page is still in use.
    """
    return max_pages + max(2, max_pages)


def ahead_limit(max_pages: int) -> int:
    """How many visits may begin before there is a page for them, so that it need not wait for their robots.txt."""
    return max(1, max_pages // 4)


def late_limit(max_pages: int) -> int:
    """How many visits may wait in vain for their hosts' robots.txt without being counted by the limits above."""
    return 8 * max_pages


class Dispatcher:
    """Takes requests out of a frontier, has them visited, and hands on what is final."""

    def __init__(
        self,
        frontier: Frontier,
        parts: CrawlParts,
        *,
        deliver: Callable[[Delivery], Awaitable[None]],
        order_matters: bool,
        on_result: ResultHook | None = None,
    ) -> None:
        """`deliver` waits until there is room for a finished result; that wait is what slows the crawl down.

        Where `order_matters`, only as many requests are leased as pages may be open, and a result keeps its place until
        it is taken: its links may have to go before anything else. With one page the order is then exact.
        """
        self._frontier = frontier
        frontier.call_when_queued(self.wake)
        self._parts = parts
        self._deliver = deliver
        self._order_matters = order_matters
        self._on_result = on_result or parts.hooks.on_result
        max_pages = parts.config.capacity.max_pages
        self._limit = max_pages if order_matters else active_limit(max_pages)
        self._ahead_limit = ahead_limit(max_pages)
        self._late_limit = late_limit(max_pages)
        self._active_count = 0
        self._visits_of_host: Counter[str] = Counter()
        self._stints = Stints(max_pages)
        self._turns = PageTurns(parts.page_limit, changed=self.wake, clock=parts.clock)
        self._feed_count = 0
        self._is_paused = False
        self._is_draining = False
        self._news = anyio.Event()
        self.open_leases: dict[int, Lease] = {}
        """Leases that have not come to an end: to be given back when the crawl stops before they do."""

    async def run(self) -> None:
        """Dispatch until nothing is left to do, or until what was under way when draining began has been delivered.

        Raises:
            StorageError, SinkError, LaunchFailed: what stops a crawl. Possibly inside an exception group.
        """
        async with anyio.create_task_group() as pages:
            while not self._is_over:
                self._news = anyio.Event()
                if not await self._go_on(pages):
                    await first_of(self._news, self._opens_at(), self._parts.clock)

    async def _go_on(self, pages: TaskGroup) -> bool:
        """Let one visit begin, or take a page; whether there was one."""
        favoured = self._favoured
        if favoured:
            if self._may_grant and self._turns.grant_next(self._is_open, among=favoured):
                return True
            lease = await self._lease(favoured, only_favoured=True)
            if lease is not None:
                # While suspects take turns, no page is kept for those that wait.
                self._start(pages, lease, is_granted=not lease.browser_deaths)
                return True
        if self._may_grant and self._turns.grant_next(self._is_open):
            return True
        lease = await self._lease() if self._may_begin else None
        if lease is None:
            return False
        self._start(pages, lease, is_granted=self._order_matters)
        return True

    @property
    def _is_over(self) -> bool:
        if self._active_count > 0:
            return False
        return self._is_draining or (self._feed_count == 0 and self._frontier.is_finished)

    @property
    def _favoured(self) -> list[int]:
        """Hosts to go on with: whose visits have just ended, in pages that are free and still on their sites."""
        return self._stints.hosts[: self._turns.free] if self._may_lease and not self._order_matters else []

    @property
    def _may_begin(self) -> bool:
        """Whether a visit of any host may begin, page or none."""
        if not self._may_lease:
            return False
        if self._order_matters:
            return self._turns.free > 0
        return self._turns.ahead - self._late < self._turns.free + self._ahead_limit

    @property
    def _may_lease(self) -> bool:
        used = len(self.open_leases) if self._order_matters else self._active_count - self._late
        return used < self._limit and not self._is_paused and not self._is_draining

    @property
    def _may_grant(self) -> bool:
        """Whether a visit that waits may take a page: there is one, and room for what it brings."""
        return self._turns.free > 0 and self._active_count - self._turns.ahead < self._limit

    @property
    def _late(self) -> int:
        """Visits that keep no others from beginning, as their hosts let them wait."""
        return min(self._turns.late, self._late_limit)

    def _opens_at(self) -> float:
        """When, if nothing happens before, there may be something to do."""
        opens_at = self._frontier.wakes_at if self._may_begin else self._turns.next_late_at
        return min(opens_at, self._turns.opens_at(self._parts.opens_at)) if self._may_grant else opens_at

    async def _lease(self, favoured: Sequence[int] = (), *, only_favoured: bool = False) -> Lease | None:
        lease: Lease | None = None
        with anyio.CancelScope(shield=True):  # a lease that nobody holds would be lost to this crawl
            lease = await self._frontier.lease(self._host_opens_at, favoured=favoured, only_favoured=only_favoured)
            if lease is not None:
                self.open_leases[lease.id] = lease
        return lease

    def _host_opens_at(self, host: str) -> float:
        return self._parts.opens_at(host, self._visits_of_host[host])

    def _is_open(self, host: str, in_flight: int) -> bool:
        return self._parts.opens_at(host, in_flight) <= self._parts.clock.monotonic()

    def _start(self, pages: TaskGroup, lease: Lease, *, is_granted: bool) -> None:
        self._active_count += 1
        self._visits_of_host[lease.host] += 1
        stint_visit = self._stints.begin(lease.host_number)
        turn = self._turns.begin(lease.host, lease.host_number, is_granted=is_granted)
        pages.start_soon(self._page, lease, turn, stint_visit)

    async def _page(self, lease: Lease, turn: PageTurn, stint_visit: int) -> None:
        """The way of one leased request to its result, or back into the frontier."""
        try:
            visit = await self._visit(lease, turn, stint_visit)
            if visit.error is not None and await self._is_retried(lease, visit, visit.error):
                return
            origin = Origin(depth=lease.depth, parent=lease.parent)
            result = await self._parts.pipeline.finish(
                lease.request, visit, earlier=lease.attempt_records, origin=origin
            )
            result = await self._parts.linked.added_to(result)
            links = None
            if self._on_result is not None:
                result, links = await links_chosen(self._on_result, result, timeout=self._parts.hooks.timeout)
            await self._deliver(Delivery(result, lease, links))
        finally:
            self._active_count -= 1
            self.wake()

    async def _visit(self, lease: Lease, turn: PageTurn, stint_visit: int) -> Visit:
        url, attempt = lease.request.url, len(lease.attempt_records) + 1
        self._parts.observers(PageStarted(url=url, attempt=attempt))
        try:
            async with self._parts.turn_after(lease.browser_deaths):
                visit = await self._parts.pipeline.visit(lease.request, before_page=turn.wait)
        finally:
            self._stints.end(lease.host_number, stint_visit)
            self._leave(lease.host)
            turn.end()
        status = visit.snapshot.status if visit.snapshot else None
        self._parts.observers(PageVisited(url=url, attempt=attempt, status=status, seconds=visit.seconds))
        return visit

    def _leave(self, host: str) -> None:
        self._visits_of_host[host] -= 1
        if self._visits_of_host[host] == 0:
            del self._visits_of_host[host]  # a crawl may see a million hosts

    async def _is_retried(self, lease: Lease, visit: Visit, error: CrawlError) -> bool:
        decision = retry.decide(
            error,
            attempts=lease.attempts,
            browser_deaths=lease.browser_deaths,
            records=lease.attempt_records,
            config=self._parts.config.retry,
            random=self._parts.random,
        )
        if isinstance(decision, retry.GiveUp):
            return False
        record = visit.attempt(len(lease.attempt_records) + 1, charged=decision.charged)
        with anyio.CancelScope(shield=True):
            await self._frontier.retry(
                lease,
                delay=decision.delay,
                charged=decision.charged,
                browser_died=decision.browser_died,
                record=record,
            )
            self.open_leases.pop(lease.id)
        info = ErrorInfo.from_error(error)
        event = PageRetried(url=lease.request.url, attempt=record.number, error=info, delay=decision.delay)
        self._parts.observers(event)
        return True

    async def complete(self, delivery: Delivery) -> int:
        """Mark a delivered result as taken; gives how many new URLs it led to.

        Raises:
            StorageError: it could not be recorded.
        """
        lease, result = delivery.lease, delivery.result
        if lease is None:
            return 0
        if result.error is not None and result.error.is_skip:
            await self._frontier.skip(lease)
            new_count = 0
        else:
            links = _own_links(result) if delivery.links is None else delivery.links
            links = self._parts.linked.without_files(links)
            final_url = None if result.status is None else result.final_url
            new_count = await self._frontier.complete(lease, links, failed=not result.ok, final_url=final_url)
        self.open_leases.pop(lease.id)
        self.wake()
        return new_count

    async def release(self) -> None:
        """Give back every lease that has not come to an end."""
        while self.open_leases:
            _, lease = self.open_leases.popitem()
            await self._frontier.release(lease)

    def begin_feed(self) -> None:
        """From here to `end_feed` the crawl does not end for want of URLs: more are being added."""
        self._feed_count += 1

    def end_feed(self) -> None:
        """Nothing more comes from this feed."""
        self._feed_count -= 1
        self.wake()

    def wake(self) -> None:
        """Look again whether anything may be leased."""
        self._news.set()

    def pause(self) -> None:
        """Lease nothing more until `resume`."""
        self._is_paused = True

    def resume(self) -> None:
        """Lease again."""
        self._is_paused = False
        self.wake()

    def drain(self) -> None:
        """Lease nothing more, and end when what is under way has been delivered."""
        self._is_draining = True
        self.wake()

    def __repr__(self) -> str:
        """How much is going on."""
        state = "draining" if self._is_draining else "paused" if self._is_paused else "running"
        return f"<Dispatcher {state}, {self._active_count}/{self._limit} active, {self._turns!r}>"


def _own_links(result: CrawlResult) -> tuple[Link, ...]:
    """The links to follow: a page that answers 4xx or 5xx links to what the site shows everywhere, or to nothing."""
    return () if result.error and result.error.kind == "HttpStatusError" else result.links
