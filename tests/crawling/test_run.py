from __future__ import annotations

import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from time import process_time
from types import TracebackType
from typing import Self

import anyio
import pytest
from anyio.lowlevel import checkpoint

from crawl4ai_browser import errors
from crawl4ai_browser.config import CapacityConfig, CrawlConfig
from crawl4ai_browser.crawling.crawler import Crawler
from crawl4ai_browser.crawling.dispatcher import active_limit
from crawl4ai_browser.events import CrawlFinished, Event, UrlRefused
from crawl4ai_browser.frontier.order import Order, breadth_first, depth_first
from crawl4ai_browser.frontier.scope import Scope
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.snapshot import Snapshot
from crawl4ai_browser.testing.fake_clock import FakeClock
from crawl4ai_browser.testing.scripted_fetcher import Answer, ScriptedFetcher, page

ROOT = "https://a.test/0"
OutsideWork = Callable[[], bool]
Tree = Callable[[str], str]


def number_of(result: CrawlResult) -> int:
    return int(result.url.rpartition("/")[2])


def addresses(count: int, host: str = "a.test") -> list[str]:
    return [f"https://{host}/{number}" for number in range(count)]


class ListSink:
    """A sink in memory that may be told to fail."""

    def __init__(self, fail_at: int | None = None) -> None:
        self.results: list[CrawlResult] = []
        self.state = "new"
        self._fail_at = fail_at

    async def __aenter__(self) -> Self:
        self.state = "open"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await checkpoint()
        self.state = "closed"

    async def write(self, result: CrawlResult) -> None:
        if len(self.results) == self._fail_at:
            raise errors.SinkError("the disk is full")
        self.results.append(result)


# --- what is visited


async def test_seeds_alone_are_visited_without_a_scope(config: CrawlConfig, tree: Tree) -> None:
    async with Crawler(config, fetcher=ScriptedFetcher(tree)) as crawler:
        results = [result async for result in crawler.crawl(addresses(3))]
    assert sorted(map(number_of, results)) == [0, 1, 2]


async def test_links_are_followed_within_the_scope(config: CrawlConfig, tree: Tree) -> None:
    async with Crawler(config, fetcher=ScriptedFetcher(tree)) as crawler:
        results = [result async for result in crawler.crawl(ROOT, scope=Scope(max_depth=3))]
    assert sorted(map(number_of, results)) == list(range(15))
    assert {number_of(result): (result.depth, result.parent) for result in results}[7] == (3, "https://a.test/3")


async def test_links_are_found_for_following_though_nobody_asked_for_them(config: CrawlConfig, tree: Tree) -> None:
    config = config.model_copy(update={"content": config.content.model_copy(update={"links": False})})
    async with Crawler(config, fetcher=ScriptedFetcher(tree)) as crawler:
        results = [result async for result in crawler.crawl(ROOT, scope=Scope(max_depth=1))]
    assert len(results) == 3


async def test_links_of_an_error_page_are_not_followed(config: CrawlConfig, tree: Tree) -> None:
    fetcher = ScriptedFetcher(lambda url: page(url, tree(url), status=404))
    async with Crawler(config, fetcher=fetcher) as crawler:
        results = [result async for result in crawler.crawl(ROOT, scope=Scope(max_depth=3))]
    assert [result.status for result in results] == [404]
    assert results[0].links != ()


async def test_the_page_budget_is_exact(config: CrawlConfig, tree: Tree, events: list[Event]) -> None:
    fetcher = ScriptedFetcher(tree)
    async with Crawler(config, fetcher=fetcher, observers=[events.append]) as crawler:
        results = [result async for result in crawler.crawl(ROOT, scope=Scope(max_pages=20))]
    assert len(results) == len({result.url for result in results}) == len(fetcher.visits) == 20
    assert isinstance(events[-1], CrawlFinished)
    assert events[-1].reason == "max_pages"


@pytest.mark.parametrize(("order", "depths"), [(breadth_first(), {4}), (depth_first(), {15})])
async def test_the_order_is_the_one_asked_for(config: CrawlConfig, tree: Tree, order: Order, depths: set[int]) -> None:
    config = config.model_copy(update={"capacity": CapacityConfig(max_pages=1, content_workers=0)})
    async with Crawler(config, fetcher=ScriptedFetcher(tree)) as crawler:
        run = crawler.crawl(ROOT, scope=Scope(max_pages=16), order=order)
        assert max([result.depth async for result in run]) in depths


async def test_results_come_as_they_are_done(config: CrawlConfig, outside_work: OutsideWork) -> None:
    clock = FakeClock()
    seconds = {"https://a.test/0": 3.0, "https://a.test/1": 1.0, "https://a.test/2": 2.0}
    fetcher = ScriptedFetcher(lambda _: "x", clock=clock, delay=seconds.__getitem__)
    async with clock.jumping(is_busy=outside_work), Crawler(config, fetcher=fetcher, clock=clock) as crawler:
        results = [number_of(result) async for result in crawler.crawl(addresses(3))]
    assert results == [1, 2, 0]


async def test_a_page_that_fails_comes_back_and_is_given_out_once(config: CrawlConfig) -> None:
    clock = FakeClock()
    script: dict[str, list[Answer]] = {
        "https://a.test/0": [errors.ConnectionFailed("reset"), page("https://a.test/0", status=503), "here"],
        "https://a.test/1": ["there"],
        "https://a.test/2": [errors.ConnectionFailed("reset")],
        "https://a.test/3": [errors.BrowserCrashed("gone")],
    }
    fetcher = ScriptedFetcher(script, clock=clock)
    async with clock.jumping(), Crawler(config, fetcher=fetcher, clock=clock) as crawler:
        results = {number_of(result): result async for result in crawler.crawl(addresses(4))}
    outcomes = {
        number: [(attempt.error and attempt.error.kind, attempt.charged) for attempt in result.attempts]
        for number, result in results.items()
    }
    assert outcomes == {
        0: [("ConnectionFailed", True), ("HttpStatusError", False), (None, True)],
        1: [(None, True)],
        2: [("ConnectionFailed", True)] * 3,
        3: [("BrowserCrashed", False), ("BrowserCrashed", False), ("BrowserCrashed", True)],
    }


# --- seeds


async def test_a_single_bad_seed_is_raised_before_anything_starts(config: CrawlConfig) -> None:
    async with Crawler(config, fetcher=ScriptedFetcher({})) as crawler:
        with pytest.raises(errors.ConfigError, match="write https://example.com"):
            crawler.crawl("example.com")


async def test_a_bad_seed_among_many_is_a_result_with_its_line(config: CrawlConfig, events: list[Event]) -> None:
    seeds = ["https://a.test/0", "nonsense", "https://a.test/1", "ftp://a.test/"]
    fetcher = ScriptedFetcher(lambda _: "x")
    async with Crawler(config, fetcher=fetcher, observers=[events.append]) as crawler:
        results = [result async for result in crawler.crawl(seeds)]
    assert sorted(result.url for result in results) == sorted(seeds)
    assert {result.url: result.error and result.error.kind for result in results} == {
        "https://a.test/0": None,
        "nonsense": "ConfigError",
        "https://a.test/1": None,
        "ftp://a.test/": "ConfigError",
    }
    refusals = [event for event in events if isinstance(event, UrlRefused)]
    assert [(event.url, event.line) for event in refusals] == [("nonsense", 2), ("ftp://a.test/", 4)]


async def test_more_bad_seeds_than_there_is_room_for_all_come_through(config: CrawlConfig) -> None:
    async with Crawler(config, fetcher=ScriptedFetcher({})) as crawler:
        results = [result async for result in crawler.crawl(f"bad {number}" for number in range(100))]
    assert [result.url for result in results] == [f"bad {number}" for number in range(100)]


async def test_files_are_visited_when_allowed(config: CrawlConfig) -> None:
    config = config.model_copy(update={"allow_files": True})
    async with Crawler(config, fetcher=ScriptedFetcher(lambda _: "x")) as crawler:
        results = [result async for result in crawler.crawl("file:///tmp/page.html")]
    assert [(result.url, result.ok) for result in results] == [("file:///tmp/page.html", True)]


async def test_no_seeds_make_no_results(config: CrawlConfig) -> None:
    async with Crawler(config, fetcher=ScriptedFetcher({})) as crawler:
        assert [result async for result in crawler.crawl([])] == []


async def test_seeds_may_come_from_an_async_generator_as_they_are_found(config: CrawlConfig) -> None:
    visited = anyio.Event()

    async def seeds() -> AsyncIterator[str]:
        yield "https://a.test/0"
        await visited.wait()
        yield "https://a.test/1"

    async with Crawler(config, fetcher=ScriptedFetcher(lambda _: "x")) as crawler:
        urls: list[str] = []
        async for result in crawler.crawl(seeds()):
            urls.append(result.url)
            visited.set()
    assert urls == addresses(2)


async def test_a_generator_of_seeds_that_raises_stops_the_crawl_with_its_error(config: CrawlConfig) -> None:
    def seeds() -> Iterator[str]:
        yield "https://a.test/0"
        raise LookupError("the table is gone")

    async with Crawler(config, fetcher=ScriptedFetcher(lambda _: "x")) as crawler:
        with pytest.raises(LookupError, match="the table is gone"):
            async for _ in crawler.crawl(seeds()):
                pass


# --- back-pressure


async def test_a_reader_that_rests_rests_the_crawl(config: CrawlConfig) -> None:
    capacity = CapacityConfig(max_pages=4, content_workers=0, result_buffer=5)
    fetcher = ScriptedFetcher(lambda _: "x")
    async with Crawler(config.model_copy(update={"capacity": capacity}), fetcher=fetcher) as crawler:
        run = crawler.crawl(addresses(500))
        await anext(run)
        # One is with the reader, five wait for it, and the tasks that may be active each hold one more.
        room = 1 + 5 + active_limit(4)
        with anyio.fail_after(30):
            while len(fetcher.visits) < room:  # noqa: ASYNC110 - the fetcher has no event for this
                await anyio.sleep(0.01)
        await anyio.sleep(0.1)
        assert len(fetcher.visits) == room
        assert len([result async for result in run]) == 499


async def test_without_a_buffer_pages_still_come_through(config: CrawlConfig) -> None:
    capacity = CapacityConfig(max_pages=1, content_workers=0, result_buffer=0)
    fetcher = ScriptedFetcher(lambda _: "x")
    async with Crawler(config.model_copy(update={"capacity": capacity}), fetcher=fetcher) as crawler:
        assert len([result async for result in crawler.crawl(addresses(50))]) == 50


async def test_no_more_pages_are_in_memory_than_there_is_room_for(config: CrawlConfig) -> None:
    references: list[weakref.ref[CrawlResult]] = []

    class Watching(ListSink):
        async def write(self, result: CrawlResult) -> None:
            references.append(weakref.ref(result))

    most = 0
    async with Crawler(config, fetcher=ScriptedFetcher(lambda _: "x")) as crawler:
        async for _ in crawler.crawl(addresses(300), sinks=[Watching()]):
            most = max(most, sum(reference() is not None for reference in references))
    capacity = config.capacity
    assert len(references) == 300
    # Those in work, those that wait for the reader, the reader's, and the one whose place it takes.
    assert 0 < most <= active_limit(capacity.max_pages) + capacity.result_buffer + 2


# --- cost


@pytest.mark.timeout(120)  # 10 s alone on a core; several times as long on a machine that does other things too
async def test_twenty_thousand_pages_take_seconds(config: CrawlConfig) -> None:
    """Our own cost a page, frontier and fake fetcher included. By CPU, so that other work does not count."""

    def without_content(url: str) -> Snapshot:
        return page(url).model_copy(update={"html": None})

    count = 20_000
    fetcher = ScriptedFetcher(without_content)
    seeds = (f"https://host{number % 100}.test/{number}" for number in range(count))
    started = process_time()
    async with Crawler(config, fetcher=fetcher) as crawler:
        fingerprints = {result.fingerprint async for result in crawler.crawl(seeds)}
    assert len(fingerprints) == count
    assert process_time() - started < count * 0.0015
