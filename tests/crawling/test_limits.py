"""Limits on what a crawl may cost, and what it says when it has reached one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crawl4ai_browser.config import CapacityConfig, CrawlConfig, LimitsConfig, RetryConfig
from crawl4ai_browser.crawling.crawler import Crawler
from crawl4ai_browser.errors import CrawlError, TlsError
from crawl4ai_browser.events import CrawlFinished, Event
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.snapshot import Snapshot
from crawl4ai_browser.testing.fake_clock import FakeClock
from crawl4ai_browser.testing.scripted_fetcher import ScriptedFetcher, page

PAGE = "<p>grüezi</p>"
PAGE_BYTES = len(PAGE.encode())


class Outcome:
    """A crawl of many addresses, one page at a time, under limits."""

    def __init__(self) -> None:
        self.results: list[CrawlResult] = []
        self.events: list[Event] = []
        self.reason: str | None = ""

    async def crawl(self, limits: LimitsConfig, answer: Callable[[str], Snapshot | CrawlError]) -> None:
        """With 10 results, 100 seconds have gone by."""
        clock = FakeClock()
        config = CrawlConfig(
            limits=limits, capacity=CapacityConfig(max_pages=1, content_workers=0), retry=RetryConfig(max_attempts=1)
        )
        fetcher = ScriptedFetcher(answer, clock=clock)
        async with Crawler(config, fetcher=fetcher, clock=clock, observers=[self.events.append]) as crawler:
            run = crawler.crawl(f"https://a.test/{number}" for number in range(1000))
            async for result in run:
                self.results.append(result)
                if len(self.results) == 10:
                    await clock.advance(100)
            self.reason = run.end_reason
        (finished,) = [event for event in self.events if isinstance(event, CrawlFinished)]
        assert finished.reason == self.reason
        assert finished.pages == len(self.results)


@pytest.fixture
def outcome() -> Outcome:
    return Outcome()


LOOK_AHEAD = 16 + 3 + 1  # results that may wait for the reader, pages worked on, and the one that reached the limit


async def test_a_crawl_ends_when_its_time_is_over(outcome: Outcome) -> None:
    await outcome.crawl(LimitsConfig(max_seconds=100), lambda url: page(url, PAGE))
    assert outcome.reason == "max_seconds"
    assert 10 <= len(outcome.results) <= 10 + LOOK_AHEAD
    assert all(result.ok for result in outcome.results), "visits under way are finished"


async def test_a_crawl_ends_when_it_has_brought_so_many_bytes(outcome: Outcome) -> None:
    await outcome.crawl(LimitsConfig(max_bytes=50 * PAGE_BYTES), lambda url: page(url, PAGE))
    assert outcome.reason == "max_bytes"
    assert 50 <= len(outcome.results) <= 50 + LOOK_AHEAD


async def test_a_crawl_ends_when_so_many_pages_have_failed(outcome: Outcome) -> None:
    def every_second(url: str) -> Snapshot | CrawlError:
        return TlsError("expired") if int(url.rpartition("/")[2]) % 2 else page(url, PAGE)

    await outcome.crawl(LimitsConfig(max_failures=5), every_second)
    assert outcome.reason == "max_failures"
    assert 5 <= sum(not result.ok for result in outcome.results) <= 5 + LOOK_AHEAD


async def test_a_crawl_below_its_limits_is_done(outcome: Outcome) -> None:
    limits = LimitsConfig(max_seconds=101, max_bytes=10**9, max_failures=1)
    await outcome.crawl(limits, lambda url: page(url, PAGE))
    assert outcome.reason == "done"
    assert len(outcome.results) == 1000
