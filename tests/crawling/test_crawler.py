from __future__ import annotations

import asyncio
import threading

import anyio
import pytest
from anyio.from_thread import start_blocking_portal
from anyio.lowlevel import checkpoint

from crawl4ai_browser import errors
from crawl4ai_browser.config import CapacityConfig, CrawlConfig, RetryConfig
from crawl4ai_browser.crawling import crawler as crawler_module
from crawl4ai_browser.crawling.crawler import Crawler, content_worker_count
from crawl4ai_browser.events import Event, PageFinished, PageRetried, PageStarted, PageVisited
from crawl4ai_browser.request import Request
from crawl4ai_browser.testing.fake_clock import FakeClock
from crawl4ai_browser.testing.scripted_fetcher import ScriptedFetcher, page

URL = "https://a.test/"


def fetcher(*answers: object, clock: FakeClock | None = None) -> ScriptedFetcher:
    script = {URL: list(answers)}
    return ScriptedFetcher(script, clock=clock) if clock else ScriptedFetcher(script)  # type: ignore[arg-type] # any


# --- fetch


async def test_fetch_gives_the_page_with_its_content(config: CrawlConfig) -> None:
    async with Crawler(config, fetcher=fetcher('<h1>Hello</h1><a href="b">b</a>')) as crawler:
        result = await crawler.fetch(URL)
    assert result.ok
    assert "# Hello" in (result.markdown or "")
    assert [link.url for link in result.links] == ["https://a.test/b"]


async def test_fetch_takes_a_request_and_gives_back_what_it_carries(config: CrawlConfig) -> None:
    async with Crawler(config, fetcher=fetcher("x")) as crawler:
        result = await crawler.fetch(Request(url=URL, metadata={"row": 7}))
    assert result.request_metadata == {"row": 7}


@pytest.mark.parametrize(
    "error",
    [
        errors.TlsError("expired"),
        errors.RobotsDenied("no"),
        errors.ReadyTimeout("no #price"),
        errors.FetchTimeout("60 s"),
    ],
)
async def test_a_failed_page_is_a_result_and_raises_nothing(config: CrawlConfig, error: errors.CrawlError) -> None:
    async with Crawler(config, fetcher=fetcher(error)) as crawler:
        result = await crawler.fetch(URL)
    assert not result.ok
    assert result.error is not None
    assert (result.error.kind, result.error.message) == (type(error).__name__, error.message)


async def test_no_browser_is_raised(config: CrawlConfig) -> None:
    async with Crawler(config, fetcher=fetcher(errors.LaunchFailed("install one"))) as crawler:
        with pytest.raises(errors.LaunchFailed, match="install one"):
            await crawler.fetch(URL)


@pytest.mark.parametrize("url", ["a.test", "ftp://a.test/", "file:///etc/passwd"])
async def test_bad_input_is_raised_before_anything_is_visited(config: CrawlConfig, url: str) -> None:
    inner = fetcher("x")
    async with Crawler(config, fetcher=inner) as crawler:
        with pytest.raises(errors.ConfigError):
            await crawler.fetch(url)
    assert inner.visits == []


async def test_what_may_pass_is_tried_again_and_every_attempt_is_listed(config: CrawlConfig) -> None:
    clock = FakeClock()
    inner = fetcher(errors.ConnectionFailed("reset"), page(URL, status=502), "here", clock=clock)
    async with clock.jumping(), Crawler(config, fetcher=inner, clock=clock) as crawler:
        result = await crawler.fetch(URL)
    assert result.ok
    assert [attempt.number for attempt in result.attempts] == [1, 2, 3]
    assert [attempt.error and attempt.error.kind for attempt in result.attempts] == [
        "ConnectionFailed",
        "HttpStatusError",
        None,
    ]
    assert [attempt.status for attempt in result.attempts] == [None, 502, 200]


async def test_attempts_end_where_configured(config: CrawlConfig) -> None:
    clock = FakeClock()
    inner = fetcher(errors.ConnectionFailed("reset"), clock=clock)
    config = config.model_copy(update={"retry": RetryConfig(max_attempts=2)})
    async with clock.jumping(), Crawler(config, fetcher=inner, clock=clock) as crawler:
        result = await crawler.fetch(URL)
    assert (result.ok, inner.visit_count(URL), len(result.attempts)) == (False, 2, 2)


async def test_a_browsers_death_is_not_charged_to_the_page(config: CrawlConfig) -> None:
    config = config.model_copy(update={"retry": RetryConfig(max_attempts=1)})
    async with Crawler(config, fetcher=fetcher(errors.BrowserCrashed("gone"), "here")) as crawler:
        result = await crawler.fetch(URL)
    assert result.ok
    assert [attempt.charged for attempt in result.attempts] == [False, True]


async def test_events_tell_what_happened(config: CrawlConfig, events: list[Event]) -> None:
    clock = FakeClock()
    inner = fetcher(errors.ConnectionFailed("reset"), "here", clock=clock)
    async with clock.jumping(), Crawler(config, fetcher=inner, observers=[events.append], clock=clock) as crawler:
        await crawler.fetch(URL)
    assert [type(event) for event in events] == [
        PageStarted,
        PageVisited,
        PageRetried,
        PageStarted,
        PageVisited,
        PageFinished,
    ]


async def test_an_observer_that_raises_harms_nobody(config: CrawlConfig, caplog: pytest.LogCaptureFixture) -> None:
    def broken(event: Event) -> None:
        raise ValueError(event)

    async with Crawler(config, fetcher=fetcher("x"), observers=[broken]) as crawler:
        assert (await crawler.fetch(URL)).ok
    assert "broken" in caplog.text


async def test_no_more_pages_than_configured_are_visited_at_once(config: CrawlConfig) -> None:
    clock = FakeClock()
    inner = ScriptedFetcher(lambda _: "x", clock=clock, delay=1.0)
    config = config.model_copy(update={"capacity": CapacityConfig(max_pages=3, content_workers=0)})
    async with (
        clock.jumping(),
        Crawler(config, fetcher=inner, clock=clock) as crawler,
        anyio.create_task_group() as tasks,
    ):
        for number in range(20):
            tasks.start_soon(crawler.fetch, f"https://a.test/{number}")
    assert (len(inner.visits), inner.max_active_count) == (20, 3)


# --- life


async def test_outside_its_block_a_crawler_says_how_it_is_used(config: CrawlConfig) -> None:
    crawler = Crawler(config, fetcher=fetcher("x"))
    assert repr(crawler) == "<Crawler not entered, 0 crawls>"
    with pytest.raises(errors.ConfigError, match="has not been entered: use it inside 'async with"):
        await crawler.fetch(URL)
    async with crawler:
        assert repr(crawler) == "<Crawler open, 0 crawls>"
    assert repr(crawler) == "<Crawler closed, 0 crawls>"
    with pytest.raises(errors.ConfigError, match="is closed"):
        crawler.crawl(URL)
    with pytest.raises(errors.ConfigError, match="used once"):
        await crawler.__aenter__()


async def test_another_event_loop_is_told_so(config: CrawlConfig) -> None:
    async with Crawler(config, fetcher=fetcher("x")) as crawler:

        def elsewhere() -> str:
            with start_blocking_portal() as portal, pytest.raises(errors.ConfigError) as caught:
                portal.call(crawler.fetch, URL)
            return caught.value.message

        assert "event loop in which it was entered" in await anyio.to_thread.run_sync(elsewhere)


def test_under_trio_the_error_names_asyncio(config: CrawlConfig) -> None:
    async def enter() -> None:
        async with Crawler(config, fetcher=fetcher("x")):
            pass

    # Nothing of trio's is needed to tell: there is simply no loop of asyncio's.
    with pytest.raises(errors.ConfigError, match="asyncio alone"):
        enter().send(None)


async def test_entering_starts_nothing(config: CrawlConfig) -> None:
    tasks, threads = len(asyncio.all_tasks()), threading.active_count()
    async with Crawler(CrawlConfig()):
        assert len(asyncio.all_tasks()) <= tasks + 2  # its own life, and the look at the machine now and then
        assert threading.active_count() == threads


async def test_an_exception_in_the_block_comes_out_as_it_is(config: CrawlConfig) -> None:
    async def use() -> None:
        async with Crawler(config, fetcher=fetcher("x")) as crawler:
            await crawler.fetch(URL)
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        await use()


async def test_a_cancel_comes_out_and_leaves_no_task(config: CrawlConfig) -> None:
    tasks = asyncio.all_tasks()
    endless = ScriptedFetcher({URL: "x"}, delay=1000.0)
    with anyio.move_on_after(0.05) as scope:
        async with Crawler(config, fetcher=endless) as crawler:
            await crawler.fetch(URL)
    assert scope.cancelled_caught
    assert asyncio.all_tasks() == tasks
    assert endless.active_count == 0


async def test_a_timeout_of_asyncios_own_comes_out_as_one(config: CrawlConfig) -> None:
    endless = ScriptedFetcher({URL: "x"}, delay=1000.0)

    async def use() -> None:
        async with asyncio.timeout(0.05), Crawler(config, fetcher=endless) as crawler:
            await anext(crawler.crawl(URL))

    with pytest.raises(TimeoutError):
        await use()
    assert endless.active_count == 0


async def test_leaving_stops_crawls_that_still_run(config: CrawlConfig) -> None:
    endless = ScriptedFetcher(lambda _: "x", delay=1000.0)
    told: list[str] = []

    async def read(crawler: Crawler) -> None:
        with pytest.raises(errors.ConfigError) as caught:
            async for _ in crawler.crawl(URL):
                pass
        told.append(caught.value.message)

    async with anyio.create_task_group() as tasks, Crawler(config, fetcher=endless) as crawler:
        tasks.start_soon(read, crawler)
        while endless.active_count == 0:
            await checkpoint()
    assert told == ["the Crawler was closed while this crawl was running"]
    assert endless.active_count == 0


# --- content workers


def test_workers_are_as_many_as_configured() -> None:
    assert content_worker_count(CapacityConfig(content_workers=3)) == 3
    assert content_worker_count(CapacityConfig(content_workers=0)) == 0


def test_there_is_a_worker_for_each_two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, workers in ((8, 4), (1, 1)):
        monkeypatch.setattr(crawler_module, "usable_cores", lambda cores=cores: cores)
        assert content_worker_count(CapacityConfig()) == workers


def test_a_bundled_application_is_not_started_again_as_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.frozen", True, raising=False)
    assert content_worker_count(CapacityConfig()) == 0
