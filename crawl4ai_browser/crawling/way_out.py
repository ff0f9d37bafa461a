"""WayOut: how a crawler reaches pages, put together from the parts, or around a fetcher that the user gives."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio

from crawl4ai_browser.browser.browser_fetcher import BrowserFetcher
from crawl4ai_browser.browser.hooks import NO_HOOKS, Hooks
from crawl4ai_browser.browser.plain_get import SessionPlainGet
from crawl4ai_browser.browser.pool import BrowserPool
from crawl4ai_browser.clock import Clock
from crawl4ai_browser.config import CrawlConfig
from crawl4ai_browser.crawling.capacity_keeper import CapacityKeeper
from crawl4ai_browser.crawling.parts import HostOpensAt, ProxyStatuses, no_proxies
from crawl4ai_browser.events import Observers
from crawl4ai_browser.fetcher import BeforePage, Fetcher, OnAnswer, StagedFetcher
from crawl4ai_browser.politeness.polite_fetcher import PoliteFetcher
from crawl4ai_browser.politeness.polite_get import PoliteGet
from crawl4ai_browser.request import Request
from crawl4ai_browser.snapshot import Snapshot


@dataclass(frozen=True)
class Browsers:
    """The parts of a way out by browsers, for those who need more than a fetcher: sessions."""

    pool: BrowserPool
    fetcher: BrowserFetcher
    polite: PoliteFetcher
    plain_get: PoliteGet


@dataclass(frozen=True)
class WayOut:
    """A fetcher, when hosts may be visited, and how many pages may be open."""

    fetcher: StagedFetcher
    opens_at: HostOpensAt
    page_limit: Callable[[], int]
    browsers: Browsers | None = None
    """None: pages come from a fetcher of the user's."""
    proxies: ProxyStatuses = no_proxies
    polite: PoliteFetcher | None = None
    """What is known of hosts; None: a fetcher of the user's knows for itself."""

    def name_seed(self, url: str) -> None:
        """A user wants this URL visited: it is opened, where it is at a private address."""
        if self.browsers is not None:
            self.browsers.pool.proxies.gate.name_seed(url)


class LimitedFetcher:
    """As many visits of another fetcher at once as there may be pages."""

    def __init__(self, inner: Fetcher, max_pages: int) -> None:
        self._inner = inner
        self._pages = anyio.CapacityLimiter(max_pages)

    async def fetch(
        self, request: Request, *, on_answer: OnAnswer | None = None, before_page: BeforePage | None = None
    ) -> Snapshot:
        """As the other fetcher, once there is room."""
        if before_page is not None:
            await before_page()
        async with self._pages:
            return await self._inner.fetch(request, on_answer=on_answer)

    def page_limit(self) -> int:
        """For how many visits there is room."""
        return int(self._pages.total_tokens)

    def __repr__(self) -> str:
        """How many visits there are."""
        limiter = self._pages
        return f"<LimitedFetcher {limiter.borrowed_tokens}/{limiter.total_tokens:g} visits of {self._inner!r}>"


@asynccontextmanager
async def open_browser_way(
    config: CrawlConfig, *, clock: Clock, observers: Observers, hooks: Hooks = NO_HOOKS
) -> AsyncGenerator[WayOut]:
    """Browsers, treated politely. None is started before the first request; all are gone afterwards."""
    async with BrowserPool(config, observers, clock=clock, hooks=hooks) as pool:

        def expect_page(session: str | None) -> None:
            # Not where the visit has a context of its own, or one that its proxy decides.
            if not pool.proxies.is_pooled and not (config.fresh_contexts and session is None):
                pool.session(session).expect_page()

        def page_limit() -> int:
            return int(pool.permits.total_tokens)

        browser = BrowserFetcher(pool, config, clock)
        plain_get = SessionPlainGet(pool)
        polite = PoliteFetcher(browser, plain_get, config.politeness, clock, expect_page=expect_page)
        polite_get = PoliteGet(plain_get, polite.robots, polite.throttle, config=config.politeness, clock=clock)

        def opens_at(host: str, in_flight: int) -> float:
            return max(polite.throttle.opens_at(host, in_flight), pool.proxies.opens_at(host))

        if config.capacity.follow_machine:
            pool.start(CapacityKeeper(pool, config.capacity, clock=clock).run)
        browsers = Browsers(pool, browser, polite, polite_get)
        yield WayOut(polite, opens_at, page_limit, browsers, proxies=pool.proxies.statuses, polite=polite)


@asynccontextmanager
async def open_given_way(fetcher: Fetcher, config: CrawlConfig) -> AsyncGenerator[WayOut]:
    """The user's own fetcher, which answers for its manners itself: every host is always open to it."""
    limited = LimitedFetcher(fetcher, config.capacity.max_pages)
    yield WayOut(limited, _always_open, limited.page_limit)


def _always_open(host: str, in_flight: int) -> float:
    del host, in_flight
    return 0.0
