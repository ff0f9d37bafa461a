from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
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
from crawl4ai_browser.events import CrawlFinished, CrawlStarted, Event, PageFinished, UrlRefused
from crawl4ai_browser.frontier.order import Order, breadth_first, depth_first
from crawl4ai_browser.frontier.scope import Scope
from crawl4ai_browser.request import Request
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.snapshot import Snapshot
from crawl4ai_browser.testing.fake_clock import FakeClock
from crawl4ai_browser.testing.scripted_fetcher import Answer, ScriptedFetcher, page

ROOT = "https://a.test/0"
Tree = Callable[[str], str]


def number_of(result: CrawlResult) -> int:
    return int(result.url.rpartition("/")[2])


def addresses(count: int, host: str = "a.test") -> list[str]:
    return [f"https://{host}/{number}" for number in range(count)]


async def until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(5.0):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await anyio.sleep(0.001)


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


async def test_results_come_as_they_are_done(config: CrawlConfig) -> None:
    clock = FakeClock()
    seconds = {"https://a.test/0": 3.0, "https://a.test/1": 1.0, "https://a.test/2": 2.0}
    fetcher = ScriptedFetcher(lambda _: "x", clock=clock, delay=seconds.__getitem__)
    async with clock.jumping(idle=0.02), Crawler(config, fetcher=fetcher, clock=clock) as crawler:
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
        visits = -1
        while len(fetcher.visits) > visits:
            visits = len(fetcher.visits)
            await anyio.sleep(0.05)
        # One is with the reader, five wait for it, and the tasks that may be active each hold one more.
        assert visits == 1 + 5 + active_limit(4)
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


# --- at least once


async def test_asking_for_the_next_result_acknowledges_the_one_before(
    config: CrawlConfig, events: list[Event], tree: Tree
) -> None:
    async with Crawler(config, fetcher=ScriptedFetcher(tree), observers=[events.append]) as crawler:
        run = crawler.crawl(ROOT, scope=Scope(max_depth=1))
        await anext(run)
        assert not any(isinstance(event, PageFinished) for event in events)
        await anext(run)
        finished = [event for event in events if isinstance(event, PageFinished)]
        assert [(event.url, event.new_links) for event in finished] == [(ROOT, 2)]
        await run.aclose()


async def read_some(config: CrawlConfig, tree: Tree, count: int, *, crash: bool) -> list[int]:
    """Read so many results of a crawl with a state, then drop it in the middle of the last, or leave in good order."""
    seen: list[int] = []
    async with Crawler(config, fetcher=ScriptedFetcher(tree)) as crawler:
        try:
            async with crawler.crawl(ROOT, scope=Scope(max_depth=4)) as run:
                async for result in run:
                    seen.append(number_of(result))
                    if len(seen) == count:
                        if crash:
                            raise KeyError(count)
                        break
        except KeyError:
            pass
    return seen


@pytest.mark.parametrize("crash", [True, False])
async def test_what_was_not_acknowledged_comes_again(
    config: CrawlConfig, tree: Tree, tmp_path: Path, *, crash: bool
) -> None:
    config = config.model_copy(update={"state_dir": tmp_path / "state"})
    first = await read_some(config, tree, 10, crash=crash)
    async with Crawler(config, fetcher=ScriptedFetcher(tree)) as crawler:
        rest = [number_of(result) async for result in crawler.crawl(ROOT, scope=Scope(max_depth=4))]
    assert set(first) | set(rest) == set(range(31))
    assert set(first) & set(rest) == ({first[-1]} if crash else set())
    assert len(rest) == len(set(rest))


# --- leaving early


async def test_a_loop_that_is_left_stops_its_crawl(config: CrawlConfig, tree: Tree, events: list[Event]) -> None:
    fetcher = ScriptedFetcher(tree)
    async with Crawler(config, fetcher=fetcher, observers=[events.append]) as crawler:
        async for result in crawler.crawl(ROOT, scope=Scope()):
            if number_of(result) > 10:
                break
        await until(lambda: repr(crawler) == "<Crawler open, 0 crawls>")
        assert fetcher.active_count == 0
    assert isinstance(events[-1], CrawlFinished)
    assert events[-1].reason == "interrupted"


async def test_an_exception_in_the_loop_stops_its_crawl(config: CrawlConfig, tree: Tree) -> None:
    async def read(crawler: Crawler) -> None:
        async for _ in crawler.crawl(ROOT, scope=Scope()):
            raise ValueError("mine")

    async with Crawler(config, fetcher=ScriptedFetcher(tree)) as crawler:
        with pytest.raises(ValueError, match="mine"):
            await read(crawler)
        gc.collect()
        await until(lambda: repr(crawler) == "<Crawler open, 0 crawls>")


@pytest.mark.parametrize("moment", [0.0, 0.001, 0.01, 0.05])
async def test_a_cancelled_reader_stops_its_crawl(config: CrawlConfig, tree: Tree, moment: float) -> None:
    tasks = asyncio.all_tasks()
    fetcher = ScriptedFetcher(tree, delay=0.002)
    async with Crawler(config, fetcher=fetcher) as crawler:
        with anyio.move_on_after(moment):
            async for _ in crawler.crawl(ROOT, scope=Scope()):
                await checkpoint()
        await until(lambda: repr(crawler) == "<Crawler open, 0 crawls>")
        assert fetcher.active_count == 0
    assert asyncio.all_tasks() == tasks


async def test_a_reader_may_give_up_waiting_and_ask_again(config: CrawlConfig) -> None:
    fetcher = ScriptedFetcher(lambda _: "x", delay=0.1)
    async with Crawler(config, fetcher=fetcher) as crawler, crawler.crawl(addresses(3)) as run:
        with anyio.move_on_after(0.02) as scope:
            await anext(run)
        assert scope.cancelled_caught
        assert len([result async for result in run]) == 3


async def test_leaving_the_block_of_a_run_waits_until_it_has_stopped(config: CrawlConfig, tree: Tree) -> None:
    fetcher = ScriptedFetcher(tree, delay=0.01)
    sink = ListSink()
    async with Crawler(config, fetcher=fetcher) as crawler:
        async with crawler.crawl(ROOT, scope=Scope(), sinks=[sink]) as run:
            await anext(run)
        assert (fetcher.active_count, sink.state, repr(run)) == (0, "closed", "<CrawlRun ended>")
        with pytest.raises(StopAsyncIteration):
            await anext(run)


async def test_a_run_that_was_never_read_starts_nothing(config: CrawlConfig) -> None:
    fetcher = ScriptedFetcher({})
    async with Crawler(config, fetcher=fetcher) as crawler:
        run = crawler.crawl(ROOT)
        assert repr(run) == "<CrawlRun not started>"
        await run.aclose()
    assert fetcher.visits == []


async def test_crawls_run_side_by_side(config: CrawlConfig, tree: Tree) -> None:
    counts: list[int] = []

    async def read(crawler: Crawler, depth: int) -> None:
        counts.append(len([result async for result in crawler.crawl(ROOT, scope=Scope(max_depth=depth))]))

    async with Crawler(config, fetcher=ScriptedFetcher(tree)) as crawler, anyio.create_task_group() as tasks:
        for depth in range(4):
            tasks.start_soon(read, crawler, depth)
    assert sorted(counts) == [1, 3, 7, 15]


# --- what stops a crawl


async def test_a_bug_in_a_fetcher_is_raised_to_the_reader_alone(config: CrawlConfig) -> None:
    def script(url: str) -> str:
        if url.endswith("/0"):
            raise ZeroDivisionError("a bug")
        return "x"

    async with Crawler(config, fetcher=ScriptedFetcher(script)) as crawler:
        with pytest.raises(ZeroDivisionError, match="a bug"):
            async for _ in crawler.crawl(ROOT):
                pass
        assert [result.ok async for result in crawler.crawl("https://a.test/1")] == [True]


async def test_no_browser_stops_the_crawl_and_fails_no_page(config: CrawlConfig, tmp_path: Path, tree: Tree) -> None:
    config = config.model_copy(update={"state_dir": tmp_path})
    async with Crawler(config, fetcher=ScriptedFetcher({ROOT: errors.LaunchFailed("none found")})) as crawler:
        with pytest.raises(errors.LaunchFailed, match="none found"):
            async for _ in crawler.crawl(ROOT):
                pass
    async with Crawler(config, fetcher=ScriptedFetcher(tree)) as crawler:
        assert [result.ok async for result in crawler.crawl(ROOT)] == [True]


async def test_a_sink_has_every_result_before_the_reader(config: CrawlConfig, tree: Tree) -> None:
    sink = ListSink()
    async with Crawler(config, fetcher=ScriptedFetcher(tree)) as crawler:
        async for result in crawler.crawl(ROOT, scope=Scope(max_depth=3), sinks=[sink]):
            assert result in sink.results
            assert sink.state == "open"
    assert (len(sink.results), sink.state) == (15, "closed")


async def test_a_sink_that_fails_stops_the_crawl_and_nothing_is_lost(
    config: CrawlConfig, tree: Tree, tmp_path: Path, events: list[Event]
) -> None:
    config = config.model_copy(update={"state_dir": tmp_path})
    sink = ListSink(fail_at=8)
    seen: list[int] = []

    async def read(crawler: Crawler) -> None:
        async for result in crawler.crawl(ROOT, scope=Scope(max_depth=4), sinks=[sink]):
            seen.append(number_of(result))

    async with Crawler(config, fetcher=ScriptedFetcher(tree), observers=[events.append]) as crawler:
        with pytest.raises(errors.SinkError, match="the disk is full"):
            await read(crawler)
    assert isinstance(events[-1], CrawlFinished)
    assert (events[-1].reason, sink.state) == ("failed", "closed")
    async with Crawler(config, fetcher=ScriptedFetcher(tree)) as crawler:
        rest = [number_of(result) async for result in crawler.crawl(ROOT, scope=Scope(max_depth=4))]
    assert set(seen) | set(rest) == set(range(31))


async def test_two_readers_of_one_crawl_are_told_so(config: CrawlConfig) -> None:
    fetcher = ScriptedFetcher(lambda _: "x", delay=1000.0)
    async with (
        Crawler(config, fetcher=fetcher) as crawler,
        crawler.crawl(addresses(2)) as run,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(anext, run)
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(errors.ConfigError, match="two tasks"):
            await anext(run)
        tasks.cancel_scope.cancel()


# --- control


async def test_a_paused_crawl_begins_no_visit_until_it_is_resumed(config: CrawlConfig) -> None:
    fetcher = ScriptedFetcher(lambda _: "x")
    async with Crawler(config, fetcher=fetcher) as crawler, crawler.crawl(addresses(50)) as run:
        run.pause()
        with anyio.move_on_after(0.1) as scope:
            await anext(run)
        assert scope.cancelled_caught
        assert fetcher.visits == []
        run.resume()
        assert len([result async for result in run]) == 50


async def test_a_draining_crawl_finishes_what_it_began(
    config: CrawlConfig, tree: Tree, tmp_path: Path, events: list[Event]
) -> None:
    config = config.model_copy(update={"state_dir": tmp_path})
    fetcher = ScriptedFetcher(tree, delay=0.005)
    drained: list[int] = []
    async with Crawler(config, fetcher=fetcher, observers=[events.append]) as crawler:
        run = crawler.crawl(ROOT, scope=Scope(max_depth=5))
        async for result in run:
            drained.append(number_of(result))
            if len(drained) == 10:
                run.drain()
    assert 10 <= len(drained) < 63
    assert sorted(drained) == sorted(number_of_url(visit.url) for visit in fetcher.visits)
    assert {visit.outcome for visit in fetcher.visits} == {"snapshot"}
    assert isinstance(events[-1], CrawlFinished)
    assert events[-1].reason == "interrupted"
    async with Crawler(config, fetcher=ScriptedFetcher(tree)) as crawler:
        rest = [number_of(result) async for result in crawler.crawl(ROOT, scope=Scope(max_depth=5))]
    assert sorted(drained + rest) == list(range(63))


def number_of_url(url: str) -> int:
    return int(url.rpartition("/")[2])


async def test_urls_may_be_added_while_a_crawl_runs(config: CrawlConfig) -> None:
    async with Crawler(config, fetcher=ScriptedFetcher(lambda _: "x")) as crawler:
        run = crawler.crawl(ROOT)
        urls: list[str] = []
        async for result in run:
            urls.append(result.url)
            if len(urls) == 1:
                run.add(["https://b.test/", Request(url="https://c.test/")])
                run.add("https://d.test/")
    assert sorted(urls) == [ROOT, "https://b.test/", "https://c.test/", "https://d.test/"]


async def test_urls_may_be_added_before_a_crawl_has_begun(config: CrawlConfig) -> None:
    async with Crawler(config, fetcher=ScriptedFetcher(lambda _: "x")) as crawler:
        run = crawler.crawl(ROOT)
        run.add("https://b.test/")
        assert sorted([result.url async for result in run]) == [ROOT, "https://b.test/"]


async def test_nothing_is_added_to_a_crawl_that_has_ended(config: CrawlConfig) -> None:
    async with Crawler(config, fetcher=ScriptedFetcher(lambda _: "x")) as crawler:
        run = crawler.crawl(ROOT)
        assert len([result async for result in run]) == 1
        with pytest.raises(errors.ConfigError, match="has ended"):
            run.add("https://b.test/")
        with pytest.raises(errors.ConfigError, match="not an absolute URL"):
            run.add("b.test")


async def test_statistics_tell_how_things_stand(config: CrawlConfig, tree: Tree) -> None:
    fetcher = ScriptedFetcher(lambda url: page(url, tree(url), status=404 if url.endswith("/2") else 200))
    async with Crawler(config, fetcher=fetcher) as crawler:
        run = crawler.crawl(ROOT, scope=Scope(max_depth=1))
        assert (run.statistics.done, run.statistics.discovered) == (0, 0)
        async for _ in run:
            pass
    statistics = run.statistics
    assert (statistics.done, statistics.failed, statistics.discovered, statistics.queued) == (2, 1, 3, 0)
    assert statistics.visits == ()
    assert [(host.host, host.done, host.failed) for host in statistics.hosts] == [("https://a.test", 2, 1)]
    assert statistics.pages_per_second > 0


async def test_a_crawl_begins_and_ends_with_an_event(config: CrawlConfig, events: list[Event]) -> None:
    async with Crawler(config, fetcher=ScriptedFetcher(lambda _: "x"), observers=[events.append]) as crawler:
        assert len([result async for result in crawler.crawl(addresses(3))]) == 3
    assert isinstance(events[0], CrawlStarted)
    assert isinstance(events[-1], CrawlFinished)
    assert (events[-1].reason, events[-1].pages, events[-1].failed) == ("done", 3, 0)


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
