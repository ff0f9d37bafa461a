"""Session: one identity in the hands of a user."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

import anyio.to_thread

from crawl4ai_browser.browser.sessions.state_file import write_state
from crawl4ai_browser.browser.sessions.user_function import PageFunction, T
from crawl4ai_browser.config import ContextConfig, SessionLimits
from crawl4ai_browser.crawling.result_hook import ResultHook
from crawl4ai_browser.crawling.run import CrawlRun
from crawl4ai_browser.crawling.seeds import Seeds, checked
from crawl4ai_browser.crawling.session_page import SessionPage
from crawl4ai_browser.crawling.single_fetch import fetch_one
from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.frontier.order import Order, breadth_first
from crawl4ai_browser.frontier.scope import Scope
from crawl4ai_browser.request import Request
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.sinks.sink import Sink
from crawl4ai_browser.storage_state import StorageState

if TYPE_CHECKING:
    from crawl4ai_browser.browser.sessions.session import BrowserSession
    from crawl4ai_browser.browser.sessions.sign_in import SignIn
    from crawl4ai_browser.crawling.parts import CrawlParts
    from crawl4ai_browser.crawling.way_out import Browsers

_JUST_THE_SEEDS = Scope(max_depth=0)
_BREADTH_FIRST = breadth_first()


class StartCrawl(Protocol):
    """Begins a crawl whose requests are all visited in one session."""

    def __call__(
        self,
        seeds: Seeds,
        *,
        scope: Scope,
        order: Order,
        sinks: Sequence[Sink],
        session: str | None,
        on_result: ResultHook | None,
    ) -> CrawlRun:
        """The crawl's results."""
        ...


@dataclass(frozen=True)
class SessionMeans:
    """What a session needs of its crawler. Each raises ConfigError where the crawler can't be used."""

    parts: Callable[[], CrawlParts]
    browsers: Callable[[], Browsers]
    crawl: StartCrawl


class Session:
    """One identity: a browser context of its own, with its cookies, storage, cache, credentials and proxy.

        async with crawler.session("alice", context=ContextConfig(storage_state="alice.json")) as alice:
            result = await alice.fetch("https://example.com/account")
            async for result in alice.crawl(urls):
                ...
            await alice.save_state("alice.json")

    Entering opens it and starts nothing; leaving closes its context and forgets what it knew. Its pages are visited in
    parallel, and each result names its own URL. A session that has reached a limit, or can't be signed in, has ended:
    pages that were to be visited in it then have results that say so.
    """

    def __init__(
        self,
        name: str,
        means: SessionMeans,
        *,
        context: ContextConfig | None,
        sign_in: SignIn | None,
        limits: SessionLimits,
    ) -> None:
        """Made by `Crawler.session`."""
        self.name = name
        self._means = means
        self._context = context
        self._sign_in = sign_in
        self._limits = limits
        self._opened: BrowserSession | None = None
        self._is_closed = False

    async def __aenter__(self) -> Self:
        """Open it.

        Raises:
            ConfigError: a session of that name is open; or its configuration names a device or file that there is not.
        """
        if self._opened is not None or self._is_closed:
            raise ConfigError(f"session {self.name!r} is entered once: make another one with crawler.session(...)")
        self._opened = await self._means.browsers().pool.open_session(
            self.name, self._context, sign_in=self._sign_in, limits=self._limits
        )
        if self._sign_in is not None and self._sign_in.check_url is not None:
            self._means.parts().name_seed(self._sign_in.check_url)
        self._context = self._sign_in = None  # the open session has them, until it is closed
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close its context and forget its secrets. What is still visited in it fails, and says why."""
        opened, self._opened = self._opened, None
        self._is_closed = True
        if opened is not None:
            await opened.close()

    # --- pages

    async def fetch(self, url: str | Request) -> CrawlResult:
        """The result of one page, as `Crawler.fetch` gives it, visited in this session.

        Raises:
            ConfigError: not an absolute http or https URL; or the session is not open.
            LaunchFailed: no browser could be started.
        """
        self._usable()
        parts = self._means.parts()
        request = checked(url, allow_files=parts.config.allow_files, session=self.name)
        return await fetch_one(request, parts)

    def crawl(
        self,
        seeds: Seeds,
        *,
        scope: Scope = _JUST_THE_SEEDS,
        order: Order = _BREADTH_FIRST,
        sinks: Sequence[Sink] = (),
        on_result: ResultHook | None = None,
    ) -> CrawlRun:
        """The results of all pages in scope, as `Crawler.crawl` gives them, all visited in this session.

        Raises:
            ConfigError: a single seed is not an absolute http or https URL; or the session is not open.
        """
        self._usable()
        return self._means.crawl(seeds, scope=scope, order=order, sinks=sinks, session=self.name, on_result=on_result)

    def page(self) -> AbstractAsyncContextManager[SessionPage]:
        """A page of the session that stays open, for steps that lead on from what it shows.

        As many may be open as `CapacityConfig.max_pages` says, beside those that are fetched meanwhile.

        Raises:
            ConfigError: the session is not open.
        """
        return self._open_page(self._usable())

    @asynccontextmanager
    async def _open_page(self, opened: BrowserSession) -> AsyncGenerator[SessionPage]:
        opened.entry.check_open()
        parts, browsers = self._means.parts(), self._means.browsers()
        async with browsers.fetcher.open_page(opened) as page:
            pipeline = parts.pipeline.over(browsers.polite.over(page))
            yield SessionPage(page, replace(parts, pipeline=pipeline), session=self.name)

    # --- steps of one's own

    async def run(self, function: PageFunction[T]) -> T:
        """The result of an async function, which gets Playwright's own page: for what can't be said otherwise.

            async def log_in(page):
                await page.goto("https://example.com/login")
                await page.get_by_label("Name").fill("alice")
                ...
            await alice.run(log_in)

        The page is blank, and closed afterwards, as are the windows that it opens; what it has begun is waited for, ten
        seconds at most. What the function raises comes out as it is. Pages of the session are visited meanwhile, unless
        it runs inside `alone`. robots.txt and delays are the function's own affair.

        Raises:
            SessionEnded, SignInFailed: the session has ended.
            BrowserCrashed, LaunchFailed: there is no browser.
            ConfigError: the session is not open.
        """
        opened = self._usable()
        return await self._means.browsers().pool.run(opened, function)

    def alone(self) -> AbstractAsyncContextManager[None]:
        """A block in which no other page of the session is visited: it waits for those under way, and new ones for it.

        What the block itself fetches, runs or crawls goes ahead.

        Raises:
            ConfigError: the session is not open, or the block begins inside one of its visits.
        """
        return self._usable().entry.alone()

    # --- what it remembers

    async def storage_state(self, *, session_storage: bool = False) -> StorageState:
        """All that the session remembers: cookies, local storage, IndexedDB; session storage too, where asked.

        Session storage is known where `ContextConfig.keep_session_storage` has it kept.

        Raises:
            SessionEnded, SignInFailed: the session has ended, and has forgotten it.
            FetchError: the browser could not say.
            ConfigError: the session is not open.
        """
        state = await self._usable().storage_state()
        return state if session_storage else state.without_session_storage()

    async def save_state(self, path: str | Path, *, session_storage: bool = False) -> None:
        """Write the `storage_state` into a file, atomically, and readable by its owner alone (0600).

        Raises:
            StorageError: it could not be written.
            SessionEnded, SignInFailed, FetchError, ConfigError: as `storage_state`.
        """
        state = await self.storage_state(session_storage=session_storage)
        await anyio.to_thread.run_sync(write_state, Path(path), state)

    def _usable(self) -> BrowserSession:
        if self._opened is None:
            state = "is closed" if self._is_closed else "has not been entered"
            raise ConfigError(f"session {self.name!r} {state}: use it inside 'async with crawler.session(...)'")
        return self._opened

    def __repr__(self) -> str:
        """Its name and whether it is open. Nothing that it knows."""
        state = "closed" if self._is_closed else repr(self._opened.entry) if self._opened else "not entered"
        return f"<Session {self.name!r} {state}>"
