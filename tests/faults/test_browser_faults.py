"""Browsers, their driver and their renderers die or hang under a crawl: no page is lost, none pays for another."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import anyio
import pytest

from crawl4ai_browser import Crawler, RetryConfig, VisitConfig
from crawl4ai_browser.browser.sessions import session
from crawl4ai_browser.browser.visits.kept_page import KeptPage
from crawl4ai_browser.config import CrawlConfig
from crawl4ai_browser.events import BrowserLost, Event, PageRetried
from crawl4ai_browser.ready import DomContentLoaded
from crawl4ai_browser.request import Request
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.testing.site import Hit, Response, SiteServer, hanging
from tests.faults.processes import expecting_a_dead_driver, kill, processes

pytestmark = pytest.mark.timeout(60)  # browsers start several times, in a second alone on a core, in ten on a busy one

ONE_ATTEMPT = {"retry": RetryConfig(max_attempts=1)}
"""So that a charged attempt would be the last."""


@pytest.mark.parametrize(
    ("kind", "noise"),
    [("browser", nullcontext), ("driver", expecting_a_dead_driver)],
)
async def test_a_killed_process_costs_no_page_and_no_attempt(
    site: SiteServer, config: CrawlConfig, kind: str, noise: Callable[[], AbstractContextManager[None]]
) -> None:
    events: list[Event] = []
    results: list[CrawlResult] = []
    seeds = [site.url(f"/leaf/{kind}-{number}") for number in range(60)]
    with noise():
        async with Crawler(config.model_copy(update=ONE_ATTEMPT), observers=[events.append]) as crawler:
            async for result in crawler.crawl(seeds):
                results.append(result)
                if len(results) in (10, 30):  # shape: in the middle of the crawl
                    assert kill(kind) >= 1
    assert sorted(result.url for result in results) == sorted(seeds)
    assert [result.error for result in results if not result.ok] == []
    assert all(sum(attempt.charged for attempt in result.attempts) == 1 for result in results)
    assert sum(isinstance(event, BrowserLost) for event in events) == 2
    blamed = {event.error.blame for event in events if isinstance(event, PageRetried)}
    assert blamed == {kind}


async def test_a_page_that_kills_its_browser_is_given_up_and_those_beside_it_are_had(
    site: SiteServer, config: CrawlConfig
) -> None:
    def killer(hit: Hit) -> Response:
        del hit
        kill("browser")
        return Response.text("nobody is there to read it")

    site.route("/browser-killer", killer)
    beside = [site.url(f"/leaf/beside-{number}") for number in range(12)]
    async with Crawler(config.model_copy(update=ONE_ATTEMPT)) as crawler:
        seeds = [*beside[:6], site.url("/browser-killer"), *beside[6:]]
        results = {result.url: result async for result in crawler.crawl(seeds)}
    killed = results.pop(site.url("/browser-killer"))
    assert killed.error is not None
    assert (killed.error.kind, killed.error.blame, len(killed.attempts)) == ("BrowserCrashed", "browser", 3)
    assert sorted(results) == sorted(beside)
    assert all(result.ok for result in results.values())


async def test_a_killed_renderer_costs_its_page_an_attempt_and_nobody_the_browser(
    site: SiteServer, config: CrawlConfig
) -> None:
    events: list[Event] = []

    def crash(hit: Hit) -> Response:
        if hit.index == 0:
            kill("renderer")
        return Response.html("<h1>there</h1>")

    site.route("/renderer-killer", Response.html("<!doctype html><script src=/crash.js></script><h1>there</h1>"))
    site.route("/crash.js", crash)
    async with Crawler(config, observers=[events.append]) as crawler:
        result = await crawler.fetch(site.url("/renderer-killer"))
        assert result.ok
        first = result.attempts[0].error
        assert first is not None
        assert (first.kind, first.blame) == ("PageCrashed", "renderer")
        assert [attempt.charged for attempt in result.attempts] == [True, True]
    assert not any(isinstance(event, BrowserLost) for event in events)


async def test_pages_that_are_closed_while_they_reload_all_end(
    site: SiteServer, config: CrawlConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reloading(hit: Hit) -> Response:
        once = "performance.getEntriesByType('navigation')[0].type !== 'reload'"
        script = f"if ({once}) setTimeout(() => location.reload(), {hit.parameter('after', '0')})"
        return Response.html(f"<!doctype html><h1>there</h1><script>{script}</script>")

    site.route("/reloading", reloading)
    monkeypatch.setattr(session, "MAX_VISITS_PER_PAGE", 1)  # each page is closed by itself, and not with its context
    monkeypatch.setattr(session, "PAGE_CLOSE_DEADLINE", 0.5)  # most of these closings hang
    at_once = VisitConfig(ready=DomContentLoaded())
    async with Crawler(config) as crawler:
        seeds = [Request(url=site.url(f"/reloading?after={20 + 2 * number}"), visit=at_once) for number in range(20)]
        results = [result async for result in crawler.crawl(seeds)]
    assert [result.error for result in results] == [None] * 20


async def test_a_page_whose_close_hangs_keeps_no_slot_and_goes_with_its_context(
    site: SiteServer, config: CrawlConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging_pages: list[KeptPage] = []
    close = KeptPage.close

    async def hang_at_first(page: KeptPage) -> None:
        if len(hanging_pages) == 2:
            await close(page)
            return
        hanging_pages.append(page)
        await anyio.sleep_forever()

    monkeypatch.setattr(KeptPage, "close", hang_at_first)
    monkeypatch.setattr(session, "PAGE_CLOSE_DEADLINE", 0.1)
    monkeypatch.setattr(session, "MAX_VISITS_PER_PAGE", 1)
    async with Crawler(config) as crawler:
        seeds = [site.url(f"/leaf/close-{number}") for number in range(10)]
        results = [result async for result in crawler.crawl(seeds)]
    assert [result.error for result in results] == [None] * 10
    assert len(hanging_pages) == 2
    assert all(page.page.is_closed() for page in hanging_pages)


async def test_a_cancelled_visit_of_a_page_that_hangs_takes_it_away_within_a_second(
    site: SiteServer, config: CrawlConfig
) -> None:
    site.route("/hang-here", hanging())
    async with Crawler(config) as crawler:
        await crawler.fetch(site.url("/leaf/first"))
        renderers = len(processes("renderer"))
        with anyio.move_on_after(1) as scope:
            await crawler.fetch(Request(url=site.url("/hang-here")))
        assert scope.cancelled_caught
        assert (await crawler.fetch(site.url("/leaf/next"))).ok
        with anyio.fail_after(20):
            while len(processes("renderer")) > renderers + 1:  # noqa: ASYNC110 - ended by the browser in its own time
                await anyio.sleep(0.05)
