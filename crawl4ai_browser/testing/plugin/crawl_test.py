"""CrawlTest: what one test crawls with, opened when it is first used and closed when the test is over."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from itertools import count
from pathlib import Path

import pytest
from pydantic import ValidationError

from crawl4ai_browser.config import ContextConfig, CrawlConfig
from crawl4ai_browser.crawling.crawler import Crawler
from crawl4ai_browser.crawling.session import Session
from crawl4ai_browser.errors import ConfigError, CrawlError
from crawl4ai_browser.events import Observer
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.storage_state import StorageState
from crawl4ai_browser.testing.cassettes.cassette import Cassette
from crawl4ai_browser.testing.plugin.crawlers import Crawlers, OpenCrawler
from crawl4ai_browser.testing.plugin.settings import Settings, with_captures
from crawl4ai_browser.testing.plugin.tracing import Tracing
from crawl4ai_browser.testing.plugin.visitors import AsyncCrawlSession, CrawlSession, SharedCrawler

KEPT_RESULTS = 20
"""Results that a test remembers for its report, the last of them: a page has some 100 KB."""

_numbers = count(1)


class CrawlTest:
    """One test's crawler and session."""

    def __init__(
        self,
        crawlers: Crawlers,
        config: CrawlConfig,
        context: ContextConfig,
        *,
        is_async: bool,
        is_traced: bool = False,
        cassette: Cassette | None = None,
    ) -> None:
        """Nothing is opened. `context`: of its session. `cassette`: what its crawls go through, in use already."""
        self.crawlers = crawlers
        self.config = config
        self.context = context
        self._is_async = is_async
        self.cassette = cassette
        self.has_failed = False
        """Whether the test itself has; told by the hook that runs it."""
        self.observers: list[Observer] = []
        """Of a crawler that is this test's alone. Without any, and without a cassette, it takes that of other tests."""
        self.results: list[CrawlResult] = []
        """What it has visited, oldest first."""
        self.tracing = Tracing(crawlers.bridge) if is_traced else None
        self._stack = ExitStack()
        self._opened: OpenCrawler | None = None
        self._session: Session | None = None
        self._name = f"test-{next(_numbers)}"

    # --- what fixtures give

    def crawler(self) -> SharedCrawler:
        """For `crawler`."""
        return SharedCrawler(self.crawlers.bridge, self.open_crawler, self.note, context_of=self._context_of)

    def _context_of(self, given: ContextConfig | None) -> ContextConfig:
        if given is None or self.cassette is None:
            return given or self.context
        return self.cassette.context(given)

    def session(self) -> CrawlSession | AsyncCrawlSession:
        """For `crawl_session`, `fetch` and `crawl`."""
        return self._session_of(self._own_session)

    def session_with(self, state: StorageState) -> CrawlSession | AsyncCrawlSession:
        """For `session_from`: another session, that begins with this state."""
        context = self.context.model_copy(update={"storage_state": state})
        session = self._open_session(f"{self._name}-{next(_numbers)}", context)
        return self._session_of(lambda: session)

    def _session_of(self, session: Callable[[], Session]) -> CrawlSession | AsyncCrawlSession:
        kind = AsyncCrawlSession if self._is_async else CrawlSession
        return kind(self.crawlers.bridge, session, self.note)

    # --- life

    def open_crawler(self) -> Crawler:
        """The crawler, opened when it is not open yet."""
        if self._opened is None:
            if self.observers or self.cassette is not None:
                self._opened = self.crawlers.open(self.config, self.observers)
                self._stack.callback(self._opened.close)
            else:
                self._opened = self.crawlers.acquire(self.config)
                self._stack.callback(self.crawlers.release, self._opened)
        return self._opened.crawler

    def start_browser(self) -> None:
        """Have a browser run."""

        async def nothing(page: object) -> None:
            del page

        self.crawlers.bridge.wait(self._own_session().run, nothing)

    def _own_session(self) -> Session:
        if self._session is None:
            self._session = self._open_session(self._name, self.context)
        return self._session

    def _open_session(self, name: str, context: ContextConfig) -> Session:
        crawler, bridge = self.open_crawler(), self.crawlers.bridge

        async def entered() -> Session:
            return await crawler.session(name, context=context).__aenter__()

        session = bridge.wait(entered)
        self._stack.callback(bridge.wait, session.__aexit__, None, None, None)
        if self.tracing is not None:
            self.tracing.begin(session)
        return session

    def note(self, result: CrawlResult) -> None:
        """Remember a result."""
        self.results = [*self.results[1 - KEPT_RESULTS :], result]

    def traces(self, folder: Path) -> Sequence[Path]:
        """The traces of its sessions, written into a folder; none where it is not traced."""
        with suppress(CrawlError):  # of a browser that died: what it had traced died with it
            return self.tracing.write(folder) if self.tracing is not None else ()
        return ()

    def close(self) -> None:
        """Close its sessions and give back its crawler."""
        with self._stack:
            if self.tracing is not None:
                self.tracing.discard()

    def __repr__(self) -> str:
        """What it has come to."""
        state = "open" if self._opened is not None else "not begun"
        return f"<CrawlTest {state}, {len(self.results)} results>"


def made_for(
    item: pytest.Item,
    crawlers: Crawlers,
    *,
    config: CrawlConfig,
    context_args: Mapping[str, object],
    settings: Settings,
    cassette: Cassette | None,
) -> CrawlTest:
    """The crawling of a test, as its fixtures and the command line want it.

    Raises:
        ConfigError: a context takes no such argument.
    """
    context = context_of(config, context_args)
    if cassette is not None:
        config = cassette.configured(config)
        context = cassette.context(context)
    return CrawlTest(
        crawlers,
        with_captures(config, settings),
        context,
        is_async=inspect.iscoroutinefunction(getattr(item, "obj", None)),
        is_traced=settings.tracing != "off",
        cassette=cassette,
    )


def context_of(config: CrawlConfig, arguments: Mapping[str, object]) -> ContextConfig:
    """The context of tests' sessions: that of the configuration, with what `crawl_context_args` says in its place.

    Raises:
        ConfigError: a context takes no such argument, or not this value.
    """
    try:
        return ContextConfig.model_validate({**dict(config.context), **arguments})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ConfigError(
            f"crawl_context_args: {where}: {first['msg']} (see ContextConfig for what it takes)"
        ) from None
