from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from crawl4ai_browser import errors
from crawl4ai_browser.config import CrawlConfig
from crawl4ai_browser.crawling.crawler import Crawler
from crawl4ai_browser.events import CrawlFinished, CrawlStarted, Event
from crawl4ai_browser.frontier.scope import Scope
from crawl4ai_browser.request import Request
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.testing.scripted_fetcher import ScriptedFetcher, page

ROOT = "https://a.test/0"
Tree = Callable[[str], str]


def number_of(result: CrawlResult) -> int:
    return int(result.url.rpartition("/")[2])


def addresses(count: int, host: str = "a.test") -> list[str]:
    return [f"https://{host}/{number}" for number in range(count)]


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
