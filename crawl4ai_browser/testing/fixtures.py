"""The types of the pytest plugin's fixtures, for annotations in tests.

    from crawl4ai_browser.testing.fixtures import Fetch

    def test_front_page(fetch: Fetch) -> None:
        assert fetch("https://example.com/").ok

Names that begin with Async are what an `async def` test gets of the same fixture. `crawler` is a `SharedCrawler`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from typing import Protocol

from crawl4ai_browser.crawling.result_hook import ResultHook
from crawl4ai_browser.crawling.seeds import Seed
from crawl4ai_browser.frontier.order import Order
from crawl4ai_browser.frontier.scope import Scope
from crawl4ai_browser.request import Request
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.testing.plugin.crawlers import Crawlers
from crawl4ai_browser.testing.plugin.faults import BrowserFaults
from crawl4ai_browser.testing.plugin.login import SessionFrom
from crawl4ai_browser.testing.plugin.sites import CrawlSite
from crawl4ai_browser.testing.plugin.visitors import AsyncCrawlSession, CrawlSession, Results, SharedCrawler
from crawl4ai_browser.testing.proxy import ProxyServer

__all__ = [
    "AsyncCrawl",
    "AsyncCrawlSession",
    "AsyncFetch",
    "BrowserFaults",
    "Crawl",
    "CrawlSession",
    "CrawlSite",
    "Crawlers",
    "Fetch",
    "ProxyServer",
    "Results",
    "SessionFrom",
    "SharedCrawler",
]


class Fetch(Protocol):
    """The fixture `fetch`."""

    def __call__(self, url: str | Request) -> CrawlResult:
        """The result of one page."""
        ...


class AsyncFetch(Protocol):
    """The fixture `fetch` in an `async def` test."""

    def __call__(self, url: str | Request) -> Awaitable[CrawlResult]:
        """The result of one page."""
        ...


class Crawl(Protocol):
    """The fixture `crawl`."""

    def __call__(
        self,
        seeds: Seed | Iterable[Seed],
        *,
        scope: Scope = ...,
        order: Order = ...,
        on_result: ResultHook | None = ...,
    ) -> list[CrawlResult]:
        """The results of all pages in scope."""
        ...


class AsyncCrawl(Protocol):
    """The fixture `crawl` in an `async def` test."""

    def __call__(
        self,
        seeds: Seed | Iterable[Seed],
        *,
        scope: Scope = ...,
        order: Order = ...,
        on_result: ResultHook | None = ...,
    ) -> Results:
        """The results of all pages in scope: `await` them, or iterate over them with `async for`."""
        ...
