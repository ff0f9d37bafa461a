"""RunHost: the life of one crawl, in a task of the crawler.

It opens what the crawl needs, feeds and dispatches, hands results over one by one, and leaves the frontier consistent
however it ends. It knows nothing of the `CrawlRun` through which it is used, so that a run which is merely dropped can
be noticed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import cast

import anyio

from crawl4ai_browser import events
from crawl4ai_browser.crawling.dispatcher import Dispatcher
from crawl4ai_browser.crawling.feed import Feed
from crawl4ai_browser.crawling.handover import Delivery, Handover
from crawl4ai_browser.crawling.kept_manners import kept_manners
from crawl4ai_browser.crawling.parts import CrawlParts
from crawl4ai_browser.crawling.progress import CrawlStatistics, Progress
from crawl4ai_browser.crawling.result_hook import ResultHook
from crawl4ai_browser.crawling.seeds import Seeds
from crawl4ai_browser.crawling.spending import Spending
from crawl4ai_browser.errors import ConfigError, CrawlError, SinkError
from crawl4ai_browser.frontier.frontier import Frontier
from crawl4ai_browser.frontier.order import Order, breadth_first
from crawl4ai_browser.frontier.scope import Scope
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.sinks.sink import Sink
from crawl4ai_browser.storage.database import Database

_CLOSE_SECONDS = 60.0
"""For sinks and database to be completed once the work has stopped. A big file's last block takes seconds at most."""

DATABASE_NAME = "crawl.sqlite"
"""The file in `CrawlConfig.state_dir`."""


@dataclass(frozen=True)
class CrawlPlan:
    """What one crawl is asked to do."""

    seeds: Seeds
    scope: Scope
    order: Order
    sinks: Sequence[Sink]
    session: str | None = None
    """The one that all requests are visited in. None: each request says so itself."""
    on_result: ResultHook | None = None


class RunHost:
    """One crawl from its seeds to its last result. `run` is its task; everything else is called by whoever reads."""

    def __init__(self, plan: CrawlPlan, parts: CrawlParts, *, start: Callable[[RunHost], None]) -> None:
        """`start` begins a task with `run`, when the first result is asked for."""
        self._plan = plan
        self._parts = parts
        self._start = start
        self._progress = Progress(parts.clock)
        self._observers = events.Observers((self._progress, parts.observers))
        self._work = anyio.CancelScope()
        self._pending_seeds: list[Seeds] = [plan.seeds]
        self._feed: Feed | None = None
        self._frontier: Frontier | None = None
        self._dispatcher: Dispatcher | None = None
        self._unacknowledged: Delivery | None = None
        self._acknowledging = anyio.Lock(fast_acquire=True)  # free nearly always, and asked for at each result
        self._is_reading = False
        self._is_draining = False
        self._is_paused = False
        self._spending = Spending(parts.config.limits)
        self._limit_reached = ""
        self.end_reason: str | None = None
        """Why the crawl ended, as in `CrawlFinished`; None before."""
        self._ended = anyio.Event()
        self._error: Exception | None = None
        self._handover: Handover | None = None

    # --- the crawl's own task

    async def run(self) -> None:
        """Crawl until nothing is left or `cancel` is called. An error is kept for whoever reads, and not raised."""
        reason = "failed"
        try:
            reason = await self._live()
        except Exception as error:  # noqa: BLE001 - raised to whoever reads; other crawls of the crawler go on
            self._error = sole_error(error)
        finally:
            if self._handover is not None:
                self._handover.close()
            self.end_reason = reason
            self._ended.set()
            statistics = self.statistics
            pages = statistics.done + statistics.failed
            now = self._parts.clock.now()
            finished = events.CrawlFinished(
                at=now, reason=reason, pages=pages, failed=statistics.failed, proxies=self._parts.proxies()
            )
            self._observers(finished)

    async def _live(self) -> str:
        # Shielded: what was opened is closed in good order, also when everything around is cancelled. The work within
        # is stopped by its own scope.
        with anyio.CancelScope(shield=True) as life:
            async with AsyncExitStack() as stack:
                parts = await self._open(stack)
                return await self._work_through(parts, life)
        raise SinkError(f"the crawl's outputs could not be closed within {_CLOSE_SECONDS:g} s")

    async def _work_through(self, parts: CrawlParts, life: anyio.CancelScope) -> str:
        assert self._frontier is not None, "opened before"
        order_matters = self._plan.order != breadth_first()
        dispatcher = Dispatcher(
            self._frontier,
            parts,
            deliver=self._deliver,
            order_matters=order_matters,
            on_result=self._plan.on_result,
        )
        try:
            with self._work:
                await self._drive(self._frontier, parts, dispatcher)
        finally:
            life.deadline = anyio.current_time() + _CLOSE_SECONDS
            reason = self._reason()
            await self._stop(dispatcher)
        return reason

    async def _open(self, stack: AsyncExitStack) -> CrawlParts:
        """Open database, frontier and sinks. Gives the crawler's parts as this crawl uses them."""
        config, plan = self._parts.config, self._plan
        path = None if config.state_dir is None else config.state_dir / DATABASE_NAME
        database = await stack.enter_async_context(Database.open(path))
        self._frontier = await stack.enter_async_context(
            Frontier.open(
                database,
                scope=plan.scope,
                order=plan.order,
                clock=self._parts.clock,
                observers=self._observers,
                allow_files=config.allow_files,
            )
        )
        if path is not None and self._parts.polite is not None:
            await stack.enter_async_context(kept_manners(database, self._parts.polite, self._parts.clock))
        for sink in plan.sinks:
            await stack.enter_async_context(sink)
        follows_links = plan.scope.max_depth != 0
        pipeline = self._parts.pipeline.with_links() if follows_links else self._parts.pipeline
        return replace(self._parts, pipeline=pipeline, observers=self._observers)

    async def _drive(self, frontier: Frontier, parts: CrawlParts, dispatcher: Dispatcher) -> None:
        assert self._handover is not None, "made by start"
        handover = self._handover
        self._observers(events.CrawlStarted(at=self._parts.clock.now()))
        self._dispatcher = dispatcher
        if self._is_paused:
            dispatcher.pause()
        if self._is_draining:
            dispatcher.drain()
        async with anyio.create_task_group() as tasks:
            self._feed = Feed(
                frontier,
                parts,
                dispatcher=dispatcher,
                tasks=tasks,
                deliver=self._deliver,
                session=self._plan.session,
            )
            while self._pending_seeds:
                self._feed.begin(self._pending_seeds.pop(0))
            if parts.config.limits.max_seconds is not None:
                tasks.start_soon(self._end_after, parts.config.limits.max_seconds)
            await dispatcher.run()
            self._feed.stop()  # the time limit, and when draining the seeds; otherwise all has been read
            self._feed = None
        handover.finish()
        await handover.all_taken.wait()

    async def _stop(self, dispatcher: Dispatcher) -> None:
        """Give back to the frontier whatever was not acknowledged; nothing of it is handed out any more."""
        if self._handover is not None:
            self._handover.close()
        async with self._acknowledging:  # not between a result's acknowledgement and its commit
            self._dispatcher = self._feed = None
            await dispatcher.release()

    def _reason(self) -> str:
        if self._work.cancel_called or self._is_draining:
            return "interrupted"
        if self._limit_reached:
            return self._limit_reached
        assert self._frontier is not None
        return "max_pages" if self._frontier.counts.queued > 0 else "done"

    # --- limits

    async def _end_after(self, seconds: float) -> None:
        await self._parts.clock.sleep(seconds)
        self._reach("max_seconds")

    def _reach(self, limit: str) -> None:
        """Begin no more visits, as this limit is reached."""
        self._limit_reached = self._limit_reached or limit
        if self._dispatcher is not None:
            self._dispatcher.drain()

    # --- feeding

    def add(self, seeds: Seeds) -> None:
        """Visit these too. They are read in the background.

        Raises:
            ConfigError: the crawl has ended.
        """
        if self._feed is not None:
            self._feed.begin(seeds)
        elif self._dispatcher is None and not self._ended.is_set():
            self._pending_seeds.append(seeds)
        else:
            raise ConfigError("the crawl has ended: nothing can be added to it")

    # --- handing over

    async def _deliver(self, delivery: Delivery) -> None:
        """Write the result to every sink, then wait until there is room for it among those to be read."""
        for sink in self._plan.sinks:
            await sink.write(delivery.result)
        limit = self._spending.add(delivery.result)
        if limit is not None:
            self._reach(limit)
        assert self._handover is not None, "made by start"
        await self._handover.give(delivery)

    async def next(self) -> CrawlResult | None:
        """The next result; None after the last. Asking for it acknowledges the one before.

        Raises:
            CrawlError: what stopped the crawl.
        """
        if self._is_reading:
            raise ConfigError("two tasks read the results of one crawl: give each result to the task that needs it")
        self._is_reading = True
        try:
            handover = self.start()
            await self.acknowledge()
            delivery = await self._taken(handover)
        finally:
            self._is_reading = False
        if delivery is None:
            return None
        self._unacknowledged = delivery
        return delivery.result

    async def _taken(self, handover: Handover) -> Delivery | None:
        delivery = await handover.take()
        if delivery is not None and self._dispatcher is not None:  # else it has just been given back to the frontier
            return delivery
        await self._ended.wait()
        if self._error is not None:
            raise self._error
        return None

    async def acknowledge(self) -> None:
        """Record that the last result given out is dealt with: its request is done, its links are queued.

        Raises:
            StorageError: it could not be recorded.
        """
        with anyio.CancelScope(shield=True):
            async with self._acknowledging:
                delivery, self._unacknowledged = self._unacknowledged, None
                if delivery is not None and self._dispatcher is not None:
                    new_count = await self._dispatcher.complete(delivery)
                    self._observers(events.PageFinished.of(delivery.result, new_links=new_count))

    # --- control

    def start(self) -> Handover:
        """Begin, at the first call. Gives the place where results come out."""
        if self._handover is None:
            self._start(self)
            self._handover = Handover(self._parts.config.capacity.result_buffer)
        return self._handover

    @property
    def is_started(self) -> bool:
        """Whether there is something to stop or close, unless it has ended."""
        return self._handover is not None

    def cancel(self, because: CrawlError | None = None) -> None:
        """Stop the work; what was given out and not acknowledged goes back into the frontier.

        `because` is what whoever still reads is told; without it the results just end.
        """
        self._error = self._error or because
        self._work.cancel()

    async def stopped(self) -> None:
        """Wait until everything is closed."""
        with anyio.CancelScope(shield=True):
            await self._ended.wait()

    @property
    def has_ended(self) -> bool:
        """Whether there is nothing more to stop or close."""
        return self._ended.is_set()

    def pause(self) -> None:
        """Begin no more visits until `resume`."""
        self._is_paused = True
        if self._dispatcher is not None:
            self._dispatcher.pause()

    def resume(self) -> None:
        """Go on."""
        self._is_paused = False
        if self._dispatcher is not None:
            self._dispatcher.resume()

    def drain(self) -> None:
        """Begin no more visits; the crawl ends with those under way."""
        self._is_draining = True
        if self._dispatcher is not None:
            self._dispatcher.drain()

    @property
    def statistics(self) -> CrawlStatistics:
        """How things stand."""
        statistics = self._progress.statistics()
        if self._frontier is None:
            return statistics
        counts = self._frontier.counts
        return statistics.model_copy(
            update={"discovered": counts.discovered, "queued": counts.queued, "refused": counts.refused}
        )

    def __repr__(self) -> str:
        """What goes on."""
        if not self.is_started:
            return "not started"
        return "ended" if self._ended.is_set() else repr(self._dispatcher or "opening")


def sole_error(error: Exception) -> Exception:
    """What a task group's group stands for: the first error of ours in it, else its first."""
    if not isinstance(error, ExceptionGroup):
        return error
    leaves = [sole_error(member) for member in cast("ExceptionGroup[Exception]", error).exceptions]
    ours = [leaf for leaf in leaves if isinstance(leaf, CrawlError)]
    return (ours or leaves)[0]
