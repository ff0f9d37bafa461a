"""Crawls through the real politeness, over fake pages: what the dispatcher and the hosts' slots make of each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from crawl4ai_browser import urls
from crawl4ai_browser.clock import SYSTEM_CLOCK, Clock
from crawl4ai_browser.config import CapacityConfig, CrawlConfig, PolitenessConfig
from crawl4ai_browser.crawling import crawler as crawler_module
from crawl4ai_browser.crawling.crawler import Crawler
from crawl4ai_browser.crawling.way_out import LimitedFetcher, WayOut
from crawl4ai_browser.errors import NavigationTimeout
from crawl4ai_browser.frontier.scope import Scope
from crawl4ai_browser.politeness.polite_fetcher import PoliteFetcher
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.testing.fake_clock import FakeClock
from crawl4ai_browser.testing.scripted_fetcher import ScriptedFetcher, ScriptedVisit, page
from crawl4ai_browser.testing.scripted_plain_get import PlainAnswer, ScriptedPlainGet

OutsideWork = Callable[[], bool]
OpenCrawler = Callable[..., AbstractAsyncContextManager[Crawler]]


@pytest.fixture
def polite(monkeypatch: pytest.MonkeyPatch) -> OpenCrawler:
    """A crawler whose browsers are fake and whose manners are real."""

    @asynccontextmanager
    async def crawler(
        fetcher: ScriptedFetcher,
        config: CrawlConfig,
        *,
        clock: Clock = SYSTEM_CLOCK,
        robots: Mapping[str, str] | None = None,
        robots_delay: float = 0.0,
        plain_get: ScriptedPlainGet | None = None,
    ) -> AsyncGenerator[Crawler]:
        @asynccontextmanager
        async def way_out(config: CrawlConfig, *, clock: Clock, **_: object) -> AsyncGenerator[WayOut]:
            browser = LimitedFetcher(fetcher, config.capacity.max_pages)
            answers = plain_get or ScriptedPlainGet(robots or {}, clock=clock, delay=robots_delay)
            fetcher_with_manners = PoliteFetcher(browser, answers, config.politeness, clock)
            opens_at = fetcher_with_manners.throttle.opens_at
            yield WayOut(fetcher_with_manners, opens_at, browser.page_limit, polite=fetcher_with_manners)

        monkeypatch.setattr(crawler_module, "open_browser_way", way_out)
        async with Crawler(config, clock=clock) as opened:
            yield opened

    return crawler


def addresses(host: str, count: int) -> list[str]:
    return [f"https://{host}/{number}" for number in range(count)]


async def read(crawler: Crawler, seeds: list[str], scope: Scope | None = None) -> list[CrawlResult]:
    return [result async for result in crawler.crawl(seeds, scope=scope or Scope(max_depth=0))]


async def test_hosts_that_are_open_are_crawled_on_the_machines_own_clock(
    config: CrawlConfig, polite: OpenCrawler
) -> None:
    async with polite(ScriptedFetcher(lambda _: "x"), config) as crawler:
        assert len(await read(crawler, addresses("a.test", 50))) == 50


async def test_no_two_hits_of_a_host_are_nearer_than_asked(
    config: CrawlConfig, polite: OpenCrawler, outside_work: OutsideWork
) -> None:
    clock = FakeClock()
    config = config.model_copy(update={"politeness": PolitenessConfig(min_delay=1.0)})
    fetcher = ScriptedFetcher(lambda _: "x", clock=clock, delay=0.3)
    async with clock.jumping(is_busy=outside_work), polite(fetcher, config, clock=clock) as crawler:
        await read(crawler, addresses("a.test", 6))
    starts = fetcher.starts_of("https://a.test/")
    assert len(starts) == 6
    assert min(later - earlier for earlier, later in zip(starts, starts[1:], strict=False)) >= 1.0


async def test_a_slow_host_and_one_that_refuses_do_not_hold_up_a_fast_one(
    config: CrawlConfig, polite: OpenCrawler, outside_work: OutsideWork
) -> None:
    clock = FakeClock()
    refusals = iter([True, True])

    def script(url: str) -> object:
        if urls.host(url) == "busy.test" and next(refusals, False):
            return page(url, "later", status=429, headers={"retry-after": "120"})
        return page(url, "here")

    def seconds(url: str) -> float:
        return {"slow.test": 20.0, "busy.test": 0.1, "fast.test": 0.1}[urls.host(url)]

    fetcher = ScriptedFetcher(script, clock=clock, delay=seconds)  # type: ignore[arg-type] # Snapshots
    seeds = [*addresses("slow.test", 5), *addresses("busy.test", 5), *addresses("fast.test", 40)]
    async with clock.jumping(is_busy=outside_work), polite(fetcher, config, clock=clock) as crawler:
        results = await read(crawler, seeds)

    assert len(results) == 50
    assert all(result.ok for result in results)
    ended = {
        host: [visit.ended for visit in fetcher.visits if urls.host(visit.url) == host]
        for host in ("slow.test", "busy.test", "fast.test")
    }
    # 40 visits of 0.1 s, two at once for a start: 2 s alone on the machine.
    assert max(ended["fast.test"]) < 5.0
    # After the refusals nothing reaches the host for as long as it asked.
    first_refusal = min(ended["busy.test"])
    starts = fetcher.starts_of("https://busy.test/")
    assert not [start for start in starts if first_refusal < start < first_refusal + 120.0]
    refused = [result for result in results if len(result.attempts) > 1]
    assert [attempt.charged for result in refused for attempt in result.attempts] == [False, True] * len(refused)


def renderers(visits: list[ScriptedVisit], page_count: int) -> int:
    """How many renderers a browser would start, one each time that a page goes to another host than it was on."""
    pages: list[tuple[float, str]] = []
    started = 0
    for visit in sorted(visits, key=lambda visit: visit.started):
        host = urls.host(visit.url)
        idle = [page for page in pages if page[0] <= visit.started]
        page = next((page for page in idle if page[1] == host), None)
        started += page is None
        if page is None and len(pages) == page_count:
            page = min(idle)
        if page is not None:
            pages.remove(page)
        pages.append((visit.ended, host))
    return started


async def test_a_page_stays_on_a_site_until_it_is_done(
    config: CrawlConfig, polite: OpenCrawler, outside_work: OutsideWork
) -> None:
    clock = FakeClock()
    config = config.model_copy(update={"capacity": CapacityConfig(max_pages=4, content_workers=0)})
    seconds = Random(1)
    fetcher = ScriptedFetcher(lambda _: "x", clock=clock, delay=lambda _: seconds.uniform(0.5, 1.5))
    seeds = [f"https://h{host}.test/{number}" for number in range(5) for host in range(20)]
    async with clock.jumping(is_busy=outside_work), polite(fetcher, config, clock=clock, robots_delay=0.2) as crawler:
        assert len(await read(crawler, seeds)) == 100
    # With a fifth of a second for robots.txt, no page is idle: 100 visits of a second in four pages.
    assert clock.monotonic() < 30.0
    assert renderers(fetcher.visits, 4) <= 26, "20, and a few where a host's URLs are known late; 50 in turns"


async def test_a_host_alone_is_visited_in_order(
    config: CrawlConfig, polite: OpenCrawler, outside_work: OutsideWork
) -> None:
    clock = FakeClock()
    config = config.model_copy(update={"capacity": CapacityConfig(max_pages=1, content_workers=0)})
    fetcher = ScriptedFetcher(lambda _: "x", clock=clock, delay=1.0)
    seeds = addresses("a.test", 40)
    async with clock.jumping(is_busy=outside_work), polite(fetcher, config, clock=clock, robots_delay=0.2) as crawler:
        await read(crawler, seeds)
    assert [visit.url for visit in fetcher.visits] == seeds


async def test_hosts_that_ask_for_long_delays_hold_no_pages(
    config: CrawlConfig, polite: OpenCrawler, outside_work: OutsideWork
) -> None:
    clock = FakeClock()
    config = config.model_copy(update={"capacity": CapacityConfig(max_pages=2, content_workers=0)})
    robots = {f"https://s{host}.test/robots.txt": "User-agent: *\nCrawl-delay: 30\n" for host in range(6)}
    fetcher = ScriptedFetcher(lambda _: "x", clock=clock, delay=0.1)
    seeds = [f"https://s{host}.test/{number}" for host in range(6) for number in range(3)]
    async with clock.jumping(is_busy=outside_work), polite(fetcher, config, clock=clock, robots=robots) as crawler:
        await read(crawler, [*seeds, *addresses("fast.test", 40)])
    ended = [visit.ended for visit in fetcher.visits if urls.host(visit.url) == "fast.test"]
    assert len(ended) == 40
    assert max(ended) < 10.0
    assert clock.monotonic() < 70.0


async def test_hosts_that_never_answer_hold_up_no_others(
    config: CrawlConfig, polite: OpenCrawler, outside_work: OutsideWork
) -> None:
    clock = FakeClock()
    config = config.model_copy(update={"capacity": CapacityConfig(max_pages=4, content_workers=0)})

    def is_dead(url: str) -> bool:
        return urls.host(url).startswith("dead")

    def robots(url: str) -> PlainAnswer:
        return NavigationTimeout("no answer within 30 s", phase="goto") if is_dead(url) else 404

    plain_get = ScriptedPlainGet(robots, clock=clock, delay=lambda url: 30.0 if is_dead(url) else 0.2)
    fetcher = ScriptedFetcher(lambda _: "x", clock=clock, delay=0.5)
    seeds = [f"https://{host}{index}.test/{page}" for index in range(30) for host in ("dead", "live") for page in "ab"]
    ended: dict[str, float] = {}
    async with (
        clock.jumping(is_busy=outside_work),
        polite(fetcher, config, clock=clock, plain_get=plain_get) as crawler,
    ):
        async for result in crawler.crawl(seeds, scope=Scope(max_depth=0)):
            assert result.ok != is_dead(result.url)
            ended[result.url] = clock.monotonic()
    assert len(ended) == 120
    # 60 visits of half a second in four pages are 7.5 s.
    assert max(seconds for url, seconds in ended.items() if not is_dead(url)) < 20.0
    assert len(fetcher.visits) == 60


@pytest.mark.parametrize("kind", ["dead", "refusing"])
async def test_a_host_without_hope_does_not_keep_a_crawl_alive(
    config: CrawlConfig, polite: OpenCrawler, kind: str, outside_work: OutsideWork
) -> None:
    clock = FakeClock()
    config = config.model_copy(update={"capacity": CapacityConfig(max_pages=4, content_workers=0)})
    no_answer = NavigationTimeout("no answer within 30 s", phase="goto")
    plain_get = ScriptedPlainGet(
        lambda url: no_answer if urls.host(url) == "dead.test" else 404,
        clock=clock,
        delay=lambda url: 30.0 if urls.host(url) == "dead.test" else 0.1,
    )
    fetcher = ScriptedFetcher(
        lambda url: page(url, status=429) if urls.host(url) == "refusing.test" else "x", clock=clock, delay=0.1
    )
    seeds = [*addresses(f"{kind}.test", 50), *addresses("live.test", 5)]
    async with (
        clock.jumping(is_busy=outside_work),
        polite(fetcher, config, clock=clock, plain_get=plain_get) as crawler,
    ):
        results = await read(crawler, seeds)
    # A quarter of an hour of patience, and the wait under way when it ends.
    assert clock.monotonic() < 2400.0
    assert len(results) == 55
    assert sum(result.ok for result in results) == 5
    final = Counter(result.error.kind for result in results if result.error)
    assert final["HostGivenUp"] >= 40
    assert final.total() == 50
    # Its messages say what the visits that were made came to.
    told = next(result.error for result in results if result.error and result.error.kind == "HostGivenUp")
    assert f"https://{kind}.test was not asked: the last" in told.message


async def test_a_page_that_robots_txt_denies_is_an_outcome_outside_the_budget(
    config: CrawlConfig, polite: OpenCrawler
) -> None:
    robots = {"https://a.test/robots.txt": "User-agent: *\nDisallow: /2\nDisallow: /3\n"}
    config = config.model_copy(update={"capacity": CapacityConfig(max_pages=1, content_workers=0)})
    async with polite(ScriptedFetcher(lambda _: "x"), config, robots=robots) as crawler:
        run = crawler.crawl(addresses("a.test", 8), scope=Scope(max_depth=0, max_pages=6))
        results = {result.url: result async for result in run}
        statistics = run.statistics
    denied = {url for url, result in results.items() if result.error and result.error.kind == "RobotsDenied"}
    assert denied == {"https://a.test/2", "https://a.test/3"}
    assert len(results) == 8
    assert (statistics.done, statistics.skipped, statistics.failed) == (6, 2, 0)


async def test_a_page_asked_for_alone_is_not_waited_for_by_the_hour(
    config: CrawlConfig, polite: OpenCrawler, outside_work: OutsideWork
) -> None:
    clock = FakeClock()
    refusal = page("https://a.test/", status=429, headers={"retry-after": "3600"})
    fetcher = ScriptedFetcher({"https://a.test/": [refusal, "here"]}, clock=clock)
    async with clock.jumping(is_busy=outside_work), polite(fetcher, config, clock=clock) as crawler:
        result = await crawler.fetch("https://a.test/")
    assert (result.status, len(result.attempts), clock.monotonic()) == (429, 1, 0.0)


async def test_a_page_asked_for_alone_waits_as_long_as_a_retry_may(
    config: CrawlConfig, polite: OpenCrawler, outside_work: OutsideWork
) -> None:
    clock = FakeClock()
    refusal = page("https://a.test/", status=429, headers={"retry-after": "30"})
    fetcher = ScriptedFetcher({"https://a.test/": [refusal, "here"]}, clock=clock)
    async with clock.jumping(is_busy=outside_work), polite(fetcher, config, clock=clock) as crawler:
        result = await crawler.fetch("https://a.test/")
    assert (result.status, len(result.attempts)) == (200, 2)
    assert clock.monotonic() >= 30.0


async def test_a_resumed_crawl_knows_whom_to_leave_alone(
    config: CrawlConfig, polite: OpenCrawler, tmp_path: Path, outside_work: OutsideWork
) -> None:
    """The host that asked for two minutes gets them, although the process that it told is gone."""
    clock = FakeClock()
    config = config.model_copy(update={"state_dir": tmp_path})
    refusals = iter([True, True])

    def script(url: str) -> object:
        if urls.host(url) == "busy.test" and next(refusals, False):
            return page(url, "later", status=429, headers={"retry-after": "120"})
        return page(url, "here")

    fetcher = ScriptedFetcher(script, clock=clock, delay=0.1)  # type: ignore[arg-type] # Snapshots
    seeds = [*addresses("busy.test", 5), *addresses("fast.test", 5)]
    async with clock.jumping(is_busy=outside_work), polite(fetcher, config, clock=clock) as crawler:
        async for _ in crawler.crawl(seeds):
            break  # the crawl is stopped; the busy host has refused meanwhile
    told = clock.monotonic()
    async with clock.jumping(is_busy=outside_work), polite(fetcher, config, clock=clock) as crawler:
        results = await read(crawler, seeds)
    assert {urls.host(result.url) for result in results} == {"busy.test", "fast.test"}
    assert all(result.ok for result in results)
    later = [start for start in fetcher.starts_of("https://busy.test/") if start >= told]
    refused = max(
        visit.ended for visit in fetcher.visits if urls.host(visit.url) == "busy.test" and visit.ended <= told
    )
    assert min(later) - refused >= 119.5


async def test_a_resumed_crawl_does_not_ask_for_robots_txt_again(
    config: CrawlConfig, polite: OpenCrawler, tmp_path: Path
) -> None:
    config = config.model_copy(update={"state_dir": tmp_path})
    fetcher = ScriptedFetcher(lambda _: "x")
    robots = {"https://a.test/robots.txt": "User-agent: *\nDisallow: /1\n"}
    async with polite(fetcher, config, robots=robots) as crawler, crawler.crawl(addresses("a.test", 4)) as run:
        await anext(run)
    # Whoever asked now would be told that all is allowed.
    async with polite(fetcher, config, robots={}) as crawler:
        results = await read(crawler, addresses("a.test", 4))
    assert len(results) == 3, "one was given out and acknowledged before"
    assert all(result.ok == (result.url != "https://a.test/1") for result in results)
