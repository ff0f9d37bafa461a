"""Crawlers: the crawlers of one test process, and so its browsers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Self, TypeVar

from crawl4ai_browser.config import CrawlConfig
from crawl4ai_browser.crawling.crawler import Crawler
from crawl4ai_browser.crawling.result_hook import ResultHook
from crawl4ai_browser.crawling.seeds import Seed
from crawl4ai_browser.events import Observer
from crawl4ai_browser.frontier.order import Order, breadth_first
from crawl4ai_browser.frontier.scope import Scope
from crawl4ai_browser.request import Request
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.testing.plugin.bridge import Bridge

T = TypeVar("T")

JUST_THE_SEEDS = Scope(max_depth=0)
BREADTH_FIRST = breadth_first()

KEPT_CRAWLERS = 2
"""Crawlers that stay open while no test uses them: the suite's own, and that of a module with another configuration."""


@dataclass(eq=False)
class OpenCrawler:
    """A crawler that has been entered in the bridge's loop."""

    config: CrawlConfig
    crawler: Crawler
    close: Callable[[], None]
    users: int = 0
    """Tests that hold it. One that has users is not closed."""


class Crawlers:
    """Opens a crawler for each configuration that tests ask for, and closes them all in the end.

    Tests of the same configuration share a crawler, and so its browser; what they must not share (cookies, storage) is
    in sessions. What a wider fixture wants to crawl once, it crawls here:

        @pytest.fixture(scope="session")
        def pages(crawlers, crawler_config):
            return crawlers.crawl("https://example.com/", crawler_config, scope=Scope(max_depth=1))
    """

    def __init__(self, bridge: Bridge) -> None:
        """Nothing is started: the thread comes with the first crawler, the browser with the first page."""
        self.bridge = bridge
        self._open: list[OpenCrawler] = []
        self._is_entered = False

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Close every crawler and end the thread."""
        while self._open:
            self._open.pop().close()
        if self._is_entered:
            self.bridge.__exit__()

    def acquire(self, config: CrawlConfig) -> OpenCrawler:
        """The open crawler of that configuration, until `release`."""
        known = next((opened for opened in self._open if opened.config == config), None)
        opened = known or self.open(config)
        if known is not None:
            self._open.remove(known)
        self._open.append(opened)  # the one used last is the last to be closed
        opened.users += 1
        return opened

    def release(self, opened: OpenCrawler) -> None:
        """It is no longer used here. May close others that nobody uses."""
        opened.users -= 1
        unused = [each for each in self._open if not each.users]
        for surplus in unused[: max(0, len(self._open) - KEPT_CRAWLERS)]:
            self._open.remove(surplus)
            surplus.close()

    def open(self, config: CrawlConfig, observers: Sequence[Observer] = ()) -> OpenCrawler:
        """A crawler for one user alone, who closes it."""
        if not self._is_entered:
            self.bridge.__enter__()
            self._is_entered = True
        crawler = Crawler(config, observers=observers)
        return OpenCrawler(config, crawler, self.bridge.open(crawler))

    def fetch(self, url: str | Request, config: CrawlConfig) -> CrawlResult:
        """The result of one page, visited in the anonymous session of that configuration's crawler."""

        async def fetched(crawler: Crawler) -> CrawlResult:
            return await crawler.fetch(url)

        return self._used(config, fetched)

    def crawl(
        self,
        seeds: Seed | Iterable[Seed],
        config: CrawlConfig,
        *,
        scope: Scope = JUST_THE_SEEDS,
        order: Order = BREADTH_FIRST,
        on_result: ResultHook | None = None,
    ) -> list[CrawlResult]:
        """The results of a crawl, as `Crawler.crawl` gives them, visited in the anonymous session."""
        listed = listed_seeds(seeds)

        async def crawled(crawler: Crawler) -> list[CrawlResult]:
            async with crawler.crawl(listed, scope=scope, order=order, on_result=on_result) as run:
                return [result async for result in run]

        return self._used(config, crawled)

    def _used(self, config: CrawlConfig, function: Callable[[Crawler], Awaitable[T]]) -> T:
        opened = self.acquire(config)
        try:
            return self.bridge.wait(function, opened.crawler)
        finally:
            self.release(opened)

    def __repr__(self) -> str:
        """How many there are."""
        return f"<Crawlers {len(self._open)} open, {sum(each.users > 0 for each in self._open)} in use>"


def listed_seeds(seeds: Seed | Iterable[Seed]) -> Seed | list[Seed]:
    """The seeds as they can be handed to another thread: an iterable is read here, where it belongs."""
    return seeds if isinstance(seeds, str | Request) else list(seeds)
