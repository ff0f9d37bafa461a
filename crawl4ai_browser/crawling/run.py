"""CrawlRun: a running crawl, in the hands of whoever reads its results."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from crawl4ai_browser.crawling.progress import CrawlStatistics
from crawl4ai_browser.crawling.run_host import RunHost
from crawl4ai_browser.crawling.seeds import Seeds, checked
from crawl4ai_browser.request import Request
from crawl4ai_browser.result import CrawlResult


class CrawlRun:
    """The results of a crawl, as they come: an async iterator, and an async context manager.

        async for result in crawler.crawl(seeds):
            ...

    The crawl begins with the first result asked for, and is never far ahead of the reader: a reader that is slow, or
    rests, slows it down or rests it. Asking for the next result acknowledges the one before; only then is its request
    done and are its links visited. A result that was never acknowledged comes again when a crawl with a `state_dir` is
    resumed, so each result is given out at least once.

    Leaving the loop early, an exception or a cancel stops the crawl. Where it matters that it has stopped before the
    next line runs, use it as a context manager, or call `aclose`.
    """

    def __init__(self, host: RunHost, loop: asyncio.AbstractEventLoop, *, allow_files: bool) -> None:
        """Made by `Crawler.crawl`."""
        self._host = host
        self._loop = loop
        self._allow_files = allow_files

    def __aiter__(self) -> Self:
        """Itself."""
        return self

    def __anext__(self) -> Coroutine[Any, Any, CrawlResult]:
        """The next result.

        Raises:
            StorageError, SinkError, LaunchFailed: what stopped the crawl.
        """
        # Not `async def`: its frame would stand in the traceback of a cancelled reader and keep this object alive.
        return _next(self._host)

    async def __aenter__(self) -> Self:
        """Itself; nothing is started yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop the crawl, and wait until it has. Without an error the last result counts as dealt with."""
        await self._close(acknowledge=error is None)

    async def aclose(self) -> None:
        """Stop the crawl, and wait until it has. The last result given out counts as dealt with."""
        await self._close(acknowledge=True)

    async def _close(self, *, acknowledge: bool) -> None:
        if not self._host.is_started or self._host.has_ended:
            return
        try:
            if acknowledge:
                await self._host.acknowledge()
        finally:
            self._host.cancel()
            await self._host.stopped()

    def pause(self) -> None:
        """Begin no more visits; those under way are finished."""
        self._host.pause()

    def resume(self) -> None:
        """Go on after a pause."""
        self._host.resume()

    def drain(self) -> None:
        """Begin no more visits; the results of those under way still come, then the iterator ends."""
        self._host.drain()

    def add(self, seeds: Seeds) -> None:
        """Visit these too, at depth 0. They are read in the background, as the crawl goes on.

        Raises:
            ConfigError: the crawl has ended, or a single seed is no URL.
        """
        if isinstance(seeds, str | Request):
            seeds = checked(seeds, allow_files=self._allow_files)
        self._host.add(seeds)

    @property
    def statistics(self) -> CrawlStatistics:
        """How the crawl stands at this moment."""
        return self._host.statistics

    @property
    def end_reason(self) -> str | None:
        """Why the crawl ended, in the words of `CrawlFinished.reason`; None while it has not."""
        return self._host.end_reason

    def __del__(self) -> None:
        """Stop the crawl when nobody can read it any more."""
        if self._host.is_started and not self._host.has_ended:
            # By way of the loop, as the garbage collector may run in any thread. A closed loop has nothing to stop.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._host.cancel)

    def __repr__(self) -> str:
        """Whether it runs, and how much is going on."""
        return f"<CrawlRun {self._host!r}>"


async def _next(host: RunHost) -> CrawlResult:
    result = await host.next()
    if result is None:
        raise StopAsyncIteration
    return result
