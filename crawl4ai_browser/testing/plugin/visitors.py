"""What tests crawl with: a session or a crawler, each for tests with and without an event loop.

All of them call into the loop of the `Bridge`, and note every result for what a failed test leaves behind.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from crawl4ai_browser.browser.sessions.sign_in import SignIn
from crawl4ai_browser.browser.sessions.user_function import PageFunction
from crawl4ai_browser.config import ContextConfig, SessionLimits
from crawl4ai_browser.crawling.crawler import Crawler
from crawl4ai_browser.crawling.result_hook import ResultHook
from crawl4ai_browser.crawling.run import CrawlRun
from crawl4ai_browser.crawling.seeds import Seed, Seeds
from crawl4ai_browser.crawling.session import Session
from crawl4ai_browser.frontier.order import Order
from crawl4ai_browser.frontier.scope import Scope
from crawl4ai_browser.request import Request
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.storage_state import StorageState
from crawl4ai_browser.testing.plugin.bridge import Bridge
from crawl4ai_browser.testing.plugin.crawlers import BREADTH_FIRST, JUST_THE_SEEDS, listed_seeds

T = TypeVar("T")

_NO_LIMITS = SessionLimits()

Note = Callable[[CrawlResult], None]
"""Told of each result before the test has it."""


class Visitor(Protocol):
    """What a `Crawler` and a `Session` have in common."""

    async def fetch(self, url: str | Request) -> CrawlResult:
        """The result of one page."""
        ...

    def crawl(
        self, seeds: Seeds, *, scope: Scope = ..., order: Order = ..., on_result: ResultHook | None = ...
    ) -> CrawlRun:
        """The results of all pages in scope."""
        ...


class Results:
    """The results of a crawl in a test with an event loop: `async for` one by one, or `await` them all as a list."""

    def __init__(self, bridge: Bridge, start: Callable[[], CrawlRun], note: Note) -> None:
        """Nothing is visited yet."""
        self._bridge = bridge
        self._start = start
        self._note = note

    def __await__(self) -> Generator[object, None, list[CrawlResult]]:
        """All of them."""
        return self._bridge.run(self.listed).__await__()

    async def __aiter__(self) -> AsyncIterator[CrawlResult]:
        """One by one. Leaving the loop early stops the crawl."""
        run = await self._bridge.run(self._started)
        try:
            while (result := await self._bridge.run(self._next, run)) is not None:
                yield result
        finally:
            # Waited for without an event loop: one that is being cancelled, or closed, waits for nothing any more.
            self._bridge.wait(run.aclose)

    async def listed(self) -> list[CrawlResult]:
        """All of them, for a caller in the bridge's loop."""
        async with self._start() as run:
            return [self._noted(result) async for result in run]

    async def _started(self) -> CrawlRun:
        return self._start()

    async def _next(self, run: CrawlRun) -> CrawlResult | None:
        result = await anext(run, None)
        return None if result is None else self._noted(result)

    def _noted(self, result: CrawlResult) -> CrawlResult:
        self._note(result)
        return result


class _Calls:
    """Calls of a visitor, in the bridge's loop."""

    def __init__(self, bridge: Bridge, visitor: Callable[[], Visitor], note: Note) -> None:
        """`visitor`: opens it, where it is not open yet; called in the test's own thread."""
        self.bridge = bridge
        self._visitor = visitor
        self._note = note

    def fetching(self) -> Callable[[str | Request], Awaitable[CrawlResult]]:
        """A function for the bridge that fetches."""
        visitor = self._visitor()

        async def fetched(url: str | Request) -> CrawlResult:
            result = await visitor.fetch(url)
            self._note(result)
            return result

        return fetched

    def results(
        self, seeds: Seed | Iterable[Seed], *, scope: Scope, order: Order, on_result: ResultHook | None
    ) -> Results:
        """Those of a crawl."""
        visitor, listed = self._visitor(), listed_seeds(seeds)
        return Results(
            self.bridge, lambda: visitor.crawl(listed, scope=scope, order=order, on_result=on_result), self._note
        )


class CrawlSession:
    """A session of its own for one test, in a test without an event loop."""

    def __init__(self, bridge: Bridge, session: Callable[[], Session], note: Note) -> None:
        """Made by the fixture `crawl_session`; opened with its first use."""
        self._bridge = bridge
        self._session = session
        self._calls = _Calls(bridge, session, note)

    def fetch(self, url: str | Request) -> CrawlResult:
        """The result of one page, as `Session.fetch` gives it."""
        return self._bridge.wait(self._calls.fetching(), url)

    def crawl(
        self,
        seeds: Seed | Iterable[Seed],
        *,
        scope: Scope = JUST_THE_SEEDS,
        order: Order = BREADTH_FIRST,
        on_result: ResultHook | None = None,
    ) -> list[CrawlResult]:
        """The results of a crawl, as `Session.crawl` gives them, when all have come."""
        return self._bridge.wait(self._calls.results(seeds, scope=scope, order=order, on_result=on_result).listed)

    def run(self, function: PageFunction[T]) -> T:
        """The result of an async function that gets Playwright's own page, as `Session.run` has it."""
        session = self._session()

        async def done() -> T:
            return await session.run(function)

        return self._bridge.wait(done)

    def storage_state(self) -> StorageState:
        """All that the session remembers."""
        return self._bridge.wait(self._session().storage_state)

    def save_state(self, path: str | Path) -> None:
        """Write that into a file, as `Session.save_state` does."""
        self._bridge.wait(self._session().save_state, path)


class AsyncCrawlSession:
    """A session of its own for one test, in a test with an event loop."""

    def __init__(self, bridge: Bridge, session: Callable[[], Session], note: Note) -> None:
        """Made by the fixture `crawl_session`; opened with its first use."""
        self._bridge = bridge
        self._session = session
        self._calls = _Calls(bridge, session, note)

    async def fetch(self, url: str | Request) -> CrawlResult:
        """The result of one page, as `Session.fetch` gives it."""
        return await self._bridge.run(self._calls.fetching(), url)

    def crawl(
        self,
        seeds: Seed | Iterable[Seed],
        *,
        scope: Scope = JUST_THE_SEEDS,
        order: Order = BREADTH_FIRST,
        on_result: ResultHook | None = None,
    ) -> Results:
        """The results of a crawl, as `Session.crawl` gives them; `await` gives the list of all."""
        return self._calls.results(seeds, scope=scope, order=order, on_result=on_result)

    async def run(self, function: PageFunction[T]) -> T:
        """The result of an async function that gets Playwright's own page. It runs in the crawler's own loop."""
        session = self._session()

        async def done() -> T:
            return await session.run(function)

        return await self._bridge.run(done)

    async def storage_state(self) -> StorageState:
        """All that the session remembers."""
        return await self._bridge.run(self._session().storage_state)

    async def save_state(self, path: str | Path) -> None:
        """Write that into a file, as `Session.save_state` does."""
        await self._bridge.run(self._session().save_state, path)


class SharedCrawler:
    """The crawler that tests of one configuration share, in a test with an event loop.

    Its own pages are visited in its anonymous session, whose cookies the next test finds again; `session` opens others.
    """

    def __init__(
        self,
        bridge: Bridge,
        crawler: Callable[[], Crawler],
        note: Note,
        *,
        context_of: Callable[[ContextConfig | None], ContextConfig],
    ) -> None:
        """Made by the fixture `crawler`. `context_of`: what its sessions get for what they are given."""
        self._bridge = bridge
        self._crawler = crawler
        self._note = note
        self._context_of = context_of
        self._calls = _Calls(bridge, crawler, note)

    async def fetch(self, url: str | Request) -> CrawlResult:
        """The result of one page, as `Crawler.fetch` gives it."""
        return await self._bridge.run(self._calls.fetching(), url)

    def crawl(
        self,
        seeds: Seed | Iterable[Seed],
        *,
        scope: Scope = JUST_THE_SEEDS,
        order: Order = BREADTH_FIRST,
        on_result: ResultHook | None = None,
    ) -> Results:
        """The results of a crawl, as `Crawler.crawl` gives them; `await` gives the list of all."""
        return self._calls.results(seeds, scope=scope, order=order, on_result=on_result)

    @asynccontextmanager
    async def session(
        self,
        name: str,
        *,
        context: ContextConfig | None = None,
        sign_in: SignIn | None = None,
        limits: SessionLimits = _NO_LIMITS,
    ) -> AsyncGenerator[AsyncCrawlSession]:
        """A session of that name, as `Crawler.session` has it. A sign-in runs in the crawler's own loop."""
        crawler = self._crawler()

        async def entered() -> Session:
            session = crawler.session(name, context=self._context_of(context), sign_in=sign_in, limits=limits)
            return await session.__aenter__()

        session = await self._bridge.run(entered)
        try:
            yield AsyncCrawlSession(self._bridge, lambda: session, self._note)
        finally:
            self._bridge.wait(session.__aexit__, None, None, None)
