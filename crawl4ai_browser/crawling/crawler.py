"""Crawler: the front door. Opens what crawls need in a task of its own, and closes all of it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from importlib import import_module
from random import Random
from types import TracebackType
from typing import TYPE_CHECKING, Self

import anyio
from anyio.abc import TaskGroup, TaskStatus

from crawl4ai_browser.browser.hooks import NO_HOOKS, Hooks
from crawl4ai_browser.browser.sessions.sign_in import SignIn
from crawl4ai_browser.cgroups import usable_cores
from crawl4ai_browser.clock import SYSTEM_CLOCK, Clock
from crawl4ai_browser.config import CapacityConfig, ContextConfig, CrawlConfig, SessionLimits
from crawl4ai_browser.crawling.cached_way import open_cached_way
from crawl4ai_browser.crawling.content_workers import ContentWorkers
from crawl4ai_browser.crawling.linked_files import LinkedFiles, link_tests
from crawl4ai_browser.crawling.parts import CrawlParts, ProxyStatuses, no_proxies
from crawl4ai_browser.crawling.pipeline import Pipeline, Renderer
from crawl4ai_browser.crawling.result_hook import ResultHook
from crawl4ai_browser.crawling.run import CrawlRun
from crawl4ai_browser.crawling.run_host import CrawlPlan, RunHost
from crawl4ai_browser.crawling.seeds import Seeds, checked
from crawl4ai_browser.crawling.session import Session, SessionMeans
from crawl4ai_browser.crawling.single_fetch import fetch_one
from crawl4ai_browser.crawling.way_out import Browsers, WayOut, open_browser_way, open_given_way
from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.events import Observer, Observers
from crawl4ai_browser.extract.extractor import Extractor, Extractors
from crawl4ai_browser.fetcher import Fetcher
from crawl4ai_browser.frontier.order import Order, breadth_first
from crawl4ai_browser.frontier.scope import Scope
from crawl4ai_browser.proxy_status import ProxyStatus
from crawl4ai_browser.request import Request
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.sinks.sink import Sink

if TYPE_CHECKING:
    from crawl4ai_browser.crawling.site_map import SiteMap, SiteUrl

_DEFAULTS = CrawlConfig()
_JUST_THE_SEEDS = Scope(max_depth=0)
_BREADTH_FIRST = breadth_first()
_EVERYTHING_NEAR = Scope()
_NO_LIMITS = SessionLimits()

_CORES_PER_WORKER = 2
"""A page takes a renderer's core for several times as long as it takes a content worker's."""


class Crawler:
    """Fetches pages and crawls sites in headless browsers.

        async with Crawler(CrawlConfig()) as crawler:
            result = await crawler.fetch("https://example.com/")
            async for result in crawler.crawl(["https://example.com/"], scope=Scope(max_depth=2, max_pages=500)):
                print(result.url, result.markdown)

    Entering starts nothing: browsers and workers come with the first page. Leaving stops every crawl and closes
    everything. It is used in the event loop in which it was entered, which must be asyncio's, as Playwright's is.
    """

    def __init__(
        self,
        config: CrawlConfig = _DEFAULTS,
        *,
        fetcher: Fetcher | None = None,
        observers: Sequence[Observer] = (),
        extractors: Sequence[Extractor] = (),
        hooks: Hooks = NO_HOOKS,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """`fetcher` takes the place of browsers, robots.txt and throttling (for tests, and for pages from elsewhere).

        `observers` are told of every event; `extractors` make items of the results before these are given out; `hooks`
        are called in the course of every visit.

        Raises:
            ConfigError: there is a fetcher, and hooks that only browsers call.
        """
        if fetcher is not None and hooks.need_browsers:
            raise ConfigError("hooks get browsers' pages, and this Crawler was given a fetcher in place of browsers")
        self._config = config
        self._link_tests = link_tests(config)
        self._given_fetcher = fetcher
        self._observers = Observers(tuple(observers))
        self._extractors = tuple(extractors)
        self._hooks = hooks
        self._clock = clock
        self._loop: asyncio.AbstractEventLoop | None = None
        self._life: TaskGroup | None = None
        self._runs: TaskGroup | None = None
        self._hosts: set[RunHost] = set()
        self._parts: CrawlParts | None = None
        self._browsers: Browsers | None = None
        self._proxies: ProxyStatuses = no_proxies
        self._closing = anyio.Event()

    # --- life

    async def __aenter__(self) -> Self:
        """Get ready; starts no browser.

        Raises:
            ConfigError: not under asyncio, or entered twice.
        """
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            raise ConfigError("a Crawler runs on asyncio alone (Playwright does), not on trio") from None
        if self._loop is not None:
            raise ConfigError("a Crawler is used once: make another one")
        self._loop = loop
        # Everything lives in one task of this group. The block's own task enters nothing else, so that the order in
        # which things are closed does not depend on what happens in the block.
        life = anyio.create_task_group()
        await life.__aenter__()
        try:
            await life.start(self._live)
        except BaseException:
            self._closing.set()
            await life.__aexit__(None, None, None)
            raise
        self._life = life
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop every crawl and close everything; also when cancelled, and in bounded time."""
        life, self._life = self._life, None
        assert life is not None, "entered before"
        self._closing.set()
        life.cancel_scope.shield = True
        # Not told of the block's own exception, which it would wrap in a group.
        await life.__aexit__(None, None, None)

    async def _live(self, *, task_status: TaskStatus[None]) -> None:
        # Shielded: what closes is never cancelled on the way, whatever is around the block. The block's end comes by
        # `_closing`, and every part bounds the time its own end takes.
        with anyio.CancelScope(shield=True):
            async with self._open_way() as way, self._open_renderer() as renderer, anyio.create_task_group() as runs:
                self._parts = self._put_together(way, renderer)
                self._browsers = way.browsers
                self._proxies = way.proxies
                self._runs = runs
                task_status.started()
                try:
                    await self._closing.wait()
                finally:
                    self._stop_runs()

    def _put_together(self, way: WayOut, renderer: Renderer) -> CrawlParts:
        content, random = self._config.content, Random()
        if self._link_tests:
            content = content.model_copy(update={"links": True})
        extractors = Extractors(self._extractors, clock=self._clock)
        pipeline = Pipeline(way.fetcher, renderer, content=content, clock=self._clock, extractors=extractors)
        return CrawlParts(
            config=self._config,
            pipeline=pipeline,
            opens_at=way.opens_at,
            page_limit=way.page_limit,
            clock=self._clock,
            observers=self._observers,
            random=random,
            linked=LinkedFiles(pipeline, self._link_tests, self._config, clock=self._clock, random=random),
            name_seed=way.name_seed,
            proxies=way.proxies,
            hooks=self._hooks,
            polite=way.polite,
        )

    def _stop_runs(self) -> None:
        self._parts = self._browsers = None
        for host in self._hosts:
            host.cancel(because=ConfigError("the Crawler was closed while this crawl was running"))

    def _open_bare_way(self) -> AbstractAsyncContextManager[WayOut]:
        if self._given_fetcher is not None:
            return open_given_way(self._given_fetcher, self._config)
        return open_browser_way(self._config, clock=self._clock, observers=self._observers, hooks=self._hooks)

    @asynccontextmanager
    async def _open_way(self) -> AsyncGenerator[WayOut]:
        async with self._open_bare_way() as way, open_cached_way(way, self._config, clock=self._clock) as cached:
            yield cached

    @asynccontextmanager
    async def _open_renderer(self) -> AsyncGenerator[Renderer]:
        capacity = self._config.capacity
        count = content_worker_count(capacity)
        if count == 0:
            # By name, as it brings the whole content stage into this process, which otherwise is the workers' alone.
            content_thread: Callable[[], Renderer] = import_module(
                "crawl4ai_browser.crawling.content_thread"
            ).ContentThread
            yield content_thread()
            return
        async with ContentWorkers.open(count=count, timeout=capacity.content_timeout) as workers:
            yield workers

    def _usable_parts(self) -> CrawlParts:
        if self._parts is None or self._life is None:
            state = "has not been entered" if self._loop is None else "is closed"
            raise ConfigError(f"this Crawler {state}: use it inside 'async with Crawler(...) as crawler:'")
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            loop = None
        if loop is not self._loop:
            raise ConfigError("a Crawler is used in the event loop in which it was entered")
        return self._parts

    # --- use

    async def fetch(self, url: str | Request) -> CrawlResult:
        """The result of one page, after as many attempts as `RetryConfig` allows. Says what failed; does not raise it.

        Any number of calls may run at once; `CapacityConfig.max_pages` are visited at a time. May be cancelled.

        Raises:
            ConfigError: not an absolute http or https URL.
            LaunchFailed: no browser could be started.
        """
        parts = self._usable_parts()
        return await fetch_one(checked(url, allow_files=self._config.allow_files), parts)

    def crawl(
        self,
        seeds: Seeds,
        *,
        scope: Scope = _JUST_THE_SEEDS,
        order: Order = _BREADTH_FIRST,
        sinks: Sequence[Sink] = (),
        on_result: ResultHook | None = None,
    ) -> CrawlRun:
        """The results of all pages in scope, as they are done. Without a scope, the seeds' own pages and no others.

        Seeds may be of any number; an iterable is read as the crawl needs it. A single seed (not an iterable) that is
        no URL raises; in an iterable it becomes a failed result and a `UrlRefused` event with its line, and the rest is
        crawled. Each result is written to every sink before it is given out; the crawl opens and closes the sinks.

        `on_result` sees each result first and may return the links to follow from it, in place of its own (see
        `ResultHook`). It takes the place of the crawler's own, `Hooks.on_result`. Where it fails the result says so, as
        a `HookFailed`.

        Raises:
            ConfigError: a single seed is not an absolute http or https URL.
        """
        return self._crawl(seeds, scope=scope, order=order, sinks=sinks, on_result=on_result)

    def map(
        self, site: str, *, scope: Scope = _EVERYTHING_NEAR, since: datetime | None = None
    ) -> AsyncGenerator[SiteUrl]:
        """The URLs that a site lists in its sitemaps, as they are read: those in scope, each once. Visits none of them.

            seeds = (page.url async for page in crawler.map("https://example.com/"))
            async for result in crawler.crawl(seeds): ...

        `site` is any page of it. With `since`, what the site says has not changed since then is left out. A sitemap
        that can't be read becomes a `SitemapRead` event with its error. Plain requests, in the host's turn.

        Raises:
            ConfigError: not an absolute http or https URL; or this crawler has a fetcher of the user's.
            RobotsDenied, FetchError: there is no robots.txt to be had, so nothing is read (when iterated).
            LaunchFailed: no browser could be started, through which the requests go (when iterated).
        """
        browsers = self._usable_browsers()
        url = checked(site, allow_files=False).url
        browsers.pool.proxies.gate.name_seed(url)
        # By name, as it brings the XML parser, which a crawl without sitemaps does without.
        site_map: type[SiteMap] = import_module("crawl4ai_browser.crawling.site_map").SiteMap
        reader = site_map(
            browsers.plain_get, self._config.retry, observers=self._observers, clock=self._clock, random=Random()
        )
        return reader.urls(url, scope=scope, since=since)

    def session(
        self,
        name: str,
        *,
        context: ContextConfig | None = None,
        sign_in: SignIn | None = None,
        limits: SessionLimits = _NO_LIMITS,
    ) -> Session:
        """One identity, kept under this name: a browser context of its own. To be used with `async with`.

            async with crawler.session("alice", context=ContextConfig(storage_state="alice.json")) as alice:
                result = await alice.fetch(url)

        `context` None: as `CrawlConfig.context` says. With `sign_in` it signs in by itself, before its first page and
        whenever a page shows that it has been signed out. Requests that name the session are visited in it too.

        Raises:
            ConfigError: this crawler has a fetcher of the user's, and so no browsers; or it is not open.
        """
        self._usable_browsers()
        means = SessionMeans(parts=self._usable_parts, browsers=self._usable_browsers, crawl=self._crawl)
        return Session(name, means, context=context, sign_in=sign_in, limits=limits)

    @property
    def proxies(self) -> tuple[ProxyStatus, ...]:
        """How each proxy stands: those of the pool in its order, then those that sessions have of their own.

        Can also be asked when the crawler is closed: how it all went.
        """
        return self._proxies()

    def _usable_browsers(self) -> Browsers:
        self._usable_parts()
        if self._browsers is None:
            raise ConfigError(
                "sessions and plain requests go through browsers, and this Crawler was given a fetcher in place of them"
            )
        return self._browsers

    def _crawl(
        self,
        seeds: Seeds,
        *,
        scope: Scope,
        order: Order,
        sinks: Sequence[Sink],
        session: str | None = None,
        on_result: ResultHook | None = None,
    ) -> CrawlRun:
        parts = self._usable_parts()
        assert self._loop is not None
        if isinstance(seeds, str | Request):
            seeds = checked(seeds, allow_files=self._config.allow_files, session=session)
        plan = CrawlPlan(seeds, scope, order, tuple(sinks), session, on_result)
        host = RunHost(plan, parts, start=self._start)
        return CrawlRun(host, self._loop, allow_files=self._config.allow_files)

    def _start(self, host: RunHost) -> None:
        self._usable_parts()
        assert self._runs is not None
        self._runs.start_soon(self._run, host)

    async def _run(self, host: RunHost) -> None:
        self._hosts.add(host)
        try:
            await host.run()
        finally:
            self._hosts.discard(host)

    def __repr__(self) -> str:
        """Whether it is open, and how many crawls run."""
        state = "open" if self._parts is not None else "closed" if self._closing.is_set() else "not entered"
        return f"<Crawler {state}, {len(self._hosts)} crawls>"


def content_worker_count(capacity: CapacityConfig) -> int:
    """How many worker processes to have; 0 for threads of this process."""
    if capacity.content_workers is not None:
        return capacity.content_workers
    if getattr(sys, "frozen", False) or not sys.executable:
        return 0  # inside a bundled application the executable is that application, not Python
    return max(1, usable_cores() // _CORES_PER_WORKER)
