from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Self

import anyio
import pytest
from anyio.lowlevel import checkpoint

from crawl4ai_browser import errors
from crawl4ai_browser.config import CrawlConfig
from crawl4ai_browser.crawling.crawler import Crawler
from crawl4ai_browser.events import CrawlFinished, Event, PageFinished
from crawl4ai_browser.frontier.scope import Scope
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.testing.scripted_fetcher import ScriptedFetcher

ROOT = "https://a.test/0"
Tree = Callable[[str], str]


def number_of(result: CrawlResult) -> int:
    return int(result.url.rpartition("/")[2])


def addresses(count: int, host: str = "a.test") -> list[str]:
    return [f"https://{host}/{number}" for number in range(count)]


async def until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(20):
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

    async def read(crawler: Crawler) -> None:
        async with crawler.crawl(ROOT, scope=Scope(max_depth=4)) as run:
            async for result in run:
                seen.append(number_of(result))
                if len(seen) == count and crash:
                    raise KeyError(count)
                if len(seen) == count:
                    break

    async with Crawler(config, fetcher=ScriptedFetcher(tree)) as crawler:
        with suppress(KeyError):
            await read(crawler)
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


async def test_a_crawl_cancelled_at_any_moment_leaves_nothing(config: CrawlConfig, tree: Tree) -> None:
    tasks = asyncio.all_tasks()
    random = Random(3)
    fetcher = ScriptedFetcher(tree, delay=0.002)

    async def crawl_on_and_on() -> None:
        async with Crawler(config, fetcher=fetcher) as crawler:
            async for _ in crawler.crawl(ROOT, scope=Scope()):
                await checkpoint()

    for _ in range(30):
        with anyio.move_on_after(random.uniform(0.0, 0.04)):
            await crawl_on_and_on()
        assert fetcher.active_count == 0
        assert asyncio.all_tasks() == tasks


async def test_a_cancelled_reader_stops_its_crawl_and_no_other(config: CrawlConfig, tree: Tree) -> None:
    fetcher = ScriptedFetcher(tree, delay=0.002)
    async with Crawler(config, fetcher=fetcher) as crawler:
        with anyio.move_on_after(0.05):
            async for _ in crawler.crawl(ROOT, scope=Scope()):
                await checkpoint()
        await until(lambda: repr(crawler) == "<Crawler open, 0 crawls>")
        assert fetcher.active_count == 0
        assert len([result async for result in crawler.crawl(addresses(5))]) == 5


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
