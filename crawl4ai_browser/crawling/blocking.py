"""fetch and crawl without an event loop: for scripts, and for notebooks, where a loop runs already.

The crawl lives in an event loop in a thread of its own. Seeds are read in the caller's thread, where the database
cursor or the open file that yields them belongs, and only while the caller waits for a result.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import anyio
from anyio.from_thread import BlockingPortal, start_blocking_portal
from anyio.streams.memory import MemoryObjectSendStream

from crawl4ai_browser.config import CrawlConfig
from crawl4ai_browser.crawling.crawler import Crawler
from crawl4ai_browser.crawling.run import CrawlRun
from crawl4ai_browser.crawling.seeds import Seed, checked
from crawl4ai_browser.fetcher import Fetcher
from crawl4ai_browser.frontier.order import Order, breadth_first
from crawl4ai_browser.frontier.scope import Scope
from crawl4ai_browser.request import Request
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.sinks.sink import Sink

T = TypeVar("T")

_DEFAULTS = CrawlConfig()
_JUST_THE_SEEDS = Scope(max_depth=0)
_BREADTH_FIRST = breadth_first()

_SIGNAL_CHECK = 0.5
"""Seconds between two looks for a signal. One that comes just before a lock is waited for does not end that wait."""

_BATCH = 100
"""Seeds handed from thread to thread at once: enough that the hand-over costs little, few enough to begin soon."""


def fetch(url: str | Request, config: CrawlConfig = _DEFAULTS, *, fetcher: Fetcher | None = None) -> CrawlResult:
    """The result of one page: `Crawler.fetch` for code without an event loop. Starts a browser and closes it again.

    Raises:
        ConfigError: not an absolute http or https URL.
        LaunchFailed: no browser could be started.
    """
    request = checked(url, allow_files=config.allow_files)
    with start_blocking_portal() as portal:
        crawler = Crawler(config, fetcher=fetcher)
        with portal.wrap_async_context_manager(crawler):
            return _wait_for(portal, crawler.fetch, request)


def crawl(
    seeds: Seed | Iterable[Seed],
    config: CrawlConfig = _DEFAULTS,
    *,
    scope: Scope = _JUST_THE_SEEDS,
    order: Order = _BREADTH_FIRST,
    sinks: Sequence[Sink] = (),
    fetcher: Fetcher | None = None,
) -> Generator[CrawlResult]:
    """The results of a crawl: `Crawler.crawl` for code without an event loop, as a plain generator.

        for result in crawl("https://example.com/", scope=Scope(max_depth=2, max_pages=500)):
            print(result.url, result.markdown)

    Closing the generator, or leaving the loop so that it is dropped, stops the crawl and closes the browsers.

    Raises:
        ConfigError: a single seed is not an absolute http or https URL.
    """
    if isinstance(seeds, str | Request):
        seeds = [checked(seeds, allow_files=config.allow_files)]
    crawler = Crawler(config, fetcher=fetcher)
    return _results(crawler, iter(seeds), lambda source: crawler.crawl(source, scope=scope, order=order, sinks=sinks))


def _results(
    crawler: Crawler, seeds: Iterator[Seed], start: Callable[[AsyncIterator[Seed]], CrawlRun]
) -> Generator[CrawlResult]:
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(crawler):
        reader = _Reader(portal, seeds)
        run = portal.call(start, reader.asked_for())
        with portal.wrap_async_context_manager(run):
            while (result := reader.next(run)) is not None:
                yield result


class _Reader:
    """Waits for results in the caller's thread, and reads seeds there when the crawl asks for some."""

    def __init__(self, portal: BlockingPortal, seeds: Iterator[Seed]) -> None:
        self._portal = portal
        self._seeds = seeds
        # A stream is where a batch of seeds is waited for; a future is the answer to `next`.
        self._mail: SimpleQueue[MemoryObjectSendStream[list[Seed]] | Future[CrawlResult | None]] = SimpleQueue()

    async def asked_for(self) -> AsyncIterator[Seed]:
        """The seeds, for the crawl's side: runs in the event loop, and asks this side for each batch."""
        give, take = anyio.create_memory_object_stream[list[Seed]](1)
        with give, take:
            self._mail.put(give)
            async for batch in take:
                for seed in batch:
                    yield seed
                self._mail.put(give)

    def _next_mail(self) -> MemoryObjectSendStream[list[Seed]] | Future[CrawlResult | None]:
        while True:
            with suppress(Empty):
                return self._mail.get(timeout=_SIGNAL_CHECK)

    def next(self, run: CrawlRun) -> CrawlResult | None:
        """The next result; None after the last."""
        future = self._portal.start_task_soon(_next_or_none, run)
        future.add_done_callback(self._mail.put)
        try:
            while not isinstance(answer := self._next_mail(), Future):
                batch = list(islice(self._seeds, _BATCH))
                self._portal.call(_put, batch, answer)
        except BaseException:
            future.cancel()
            raise
        return answer.result()


def _put(batch: list[Seed], stream: MemoryObjectSendStream[list[Seed]]) -> None:
    """In the event loop: the batch, or the end where it is empty. The crawl may have stopped waiting for it."""
    with suppress(anyio.ClosedResourceError, anyio.BrokenResourceError):
        if batch:
            stream.send_nowait(batch)
        else:
            stream.close()


async def _next_or_none(run: CrawlRun) -> CrawlResult | None:
    return await anext(run, None)


def _wait_for(portal: BlockingPortal, function: Callable[[Request], Coroutine[Any, Any, T]], argument: Request) -> T:
    """`portal.call` that cancels what it called when the wait is interrupted."""
    future: Future[T] = portal.start_task_soon(function, argument)
    try:
        while not wait((future,), timeout=_SIGNAL_CHECK).done:
            pass
        return future.result()
    except BaseException:
        future.cancel()
        raise
