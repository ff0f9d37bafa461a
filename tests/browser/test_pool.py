"""Browsers and pages over time: kept, given up, replaced, and never leaked."""

from __future__ import annotations

import gc
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random

import anyio
import psutil
import pytest
from playwright.async_api import BrowserContext, Page

from crawl4ai_browser.browser.browser_fetcher import BrowserFetcher
from crawl4ai_browser.browser.pool import BrowserPool
from crawl4ai_browser.browser.proxies.errand import errand_of
from crawl4ai_browser.browser.sessions.sign_in import SignIn
from crawl4ai_browser.config import BrowserConfig, CapacityConfig, ContextConfig, CrawlConfig, VisitConfig
from crawl4ai_browser.egress_config import EgressConfig
from crawl4ai_browser.errors import BrowserCrashed, CrawlError, LaunchFailed, PageCrashed
from crawl4ai_browser.events import BrowserLaunched, BrowserLost, BrowserRetired, Event, Observers, Warned
from crawl4ai_browser.request import Request
from crawl4ai_browser.testing.site import SiteServer
from tests.faults.processes import expecting_a_dead_driver


@asynccontextmanager
async def opened(
    config: CrawlConfig | None = None,
) -> AsyncGenerator[tuple[BrowserPool, BrowserFetcher, list[Event]]]:
    config = config or CrawlConfig(capacity=CapacityConfig(max_pages=3))
    config = config.model_copy(update={"egress": EgressConfig(private="allow")})
    events: list[Event] = []
    async with BrowserPool(config, Observers((events.append,))) as pool:
        yield pool, BrowserFetcher(pool, config), events


def main_processes(name: str) -> list[psutil.Process]:
    """The processes of this one's pool: drivers by `run-driver`, browsers by `--remote-debugging-pipe`."""
    return [process for process in psutil.Process().children(recursive=True) if name in process.cmdline()]


async def test_nothing_is_started_before_the_first_page() -> None:
    before = psutil.Process().children(recursive=True)
    async with opened() as (pool, _, events):
        assert psutil.Process().children(recursive=True) == before
        assert events == []
        assert repr(pool) == "<BrowserPool 0 browsers, 0/3 pages, 0 waiting>"


async def test_a_page_is_kept_from_url_to_url(site: SiteServer) -> None:
    async with opened() as (pool, fetcher, _):
        for _ in range(3):
            await fetcher.fetch(Request(url=site.url("/status/200")))
        assert repr(pool.session(None)) == "<BrowserSession anonymous open, 0 pages in use, 1 idle>"


async def test_no_task_and_no_context_outlives_the_browsers_it_was_for(site: SiteServer) -> None:
    config = CrawlConfig(capacity=CapacityConfig(max_pages=3), browser=BrowserConfig(max_pages=3))
    async with opened(config) as (_, fetcher, events):
        await fetcher.fetch(Request(url=site.url("/status/200")))
        before = len(anyio.get_running_tasks())
        async with anyio.create_task_group() as tasks:
            for number in range(24):
                tasks.start_soon(fetcher.fetch, Request(url=site.url(f"/leaf/{number}")))
        assert sum(isinstance(event, BrowserRetired) for event in events) >= 5
        assert sum(isinstance(event, BrowserLaunched) for event in events) <= 9
        with anyio.fail_after(20):
            while len(anyio.get_running_tasks()) > before or len(living_contexts()) > 1:  # noqa: ASYNC110 - in their time
                await anyio.sleep(0.05)


def living_contexts() -> list[BrowserContext]:
    """Playwright's objects for contexts that something still holds."""
    gc.collect()
    return [each for each in gc.get_objects() if isinstance(each, BrowserContext)]


async def test_pages_in_use_never_exceed_the_capacity(site: SiteServer) -> None:
    config = CrawlConfig(capacity=CapacityConfig(max_pages=2))
    seen: list[str] = []
    async with opened(config) as (pool, fetcher, _), anyio.create_task_group() as tasks:

        async def visit() -> None:
            await fetcher.fetch(Request(url=site.url("/slow?seconds=0.1")))
            seen.append(repr(pool))

        for _ in range(6):
            tasks.start_soon(visit)
    assert len(seen) == 6
    assert all("2/2 pages" in text or "1/2 pages" in text or "0/2 pages" in text for text in seen)


async def test_a_fresh_context_shares_no_cookie(site: SiteServer) -> None:
    async with opened(CrawlConfig(fresh_contexts=True)) as (_, fetcher, _):
        await fetcher.fetch(Request(url=site.url("/set-cookie?name=seen&value=yes")))
        assert "seen=yes" not in str((await fetcher.fetch(Request(url=site.url("/echo")))).html)
    async with opened() as (_, fetcher, _):
        await fetcher.fetch(Request(url=site.url("/set-cookie?name=seen&value=yes")))
        assert "seen=yes" in str((await fetcher.fetch(Request(url=site.url("/echo")))).html)


async def test_the_context_is_what_the_configuration_says(site: SiteServer) -> None:
    context = ContextConfig(user_agent="tester/1", locale="de-CH", headers={"X-Here": "yes"})
    async with opened(CrawlConfig(context=context)) as (_, fetcher, _):
        html = str((await fetcher.fetch(Request(url=site.url("/echo"), headers={"X-Once": "now"}))).html)
        assert "tester/1" in html
        assert "de-CH" in html
        assert "X-Here" in html or "x-here" in html
        assert "now" in html
        assert "now" not in str((await fetcher.fetch(Request(url=site.url("/echo")))).html)


async def test_the_own_user_agent_does_not_say_headless(site: SiteServer) -> None:
    async with opened() as (_, fetcher, _):
        html = str((await fetcher.fetch(Request(url=site.url("/echo")))).html)
        assert "Mozilla/5.0" in html
        assert "Headless" not in html


async def test_killed_browsers_are_replaced_and_say_that_they_are_to_blame(site: SiteServer) -> None:
    async with opened() as (_, fetcher, events):
        await fetcher.fetch(Request(url=site.url("/status/200")))
        async with anyio.create_task_group() as tasks:

            async def kill_when_under_way() -> None:
                while site.hit_count("/hang-headers") == 0:  # noqa: ASYNC110 - the server's thread has no event of ours
                    await anyio.sleep(0.02)
                for process in main_processes("--remote-debugging-pipe"):
                    process.kill()

            site.reset_hits()
            tasks.start_soon(kill_when_under_way)
            with pytest.raises(BrowserCrashed) as caught:
                await fetcher.fetch(Request(url=site.url("/hang-headers")))
            assert caught.value.blame == "browser"
        assert (await fetcher.fetch(Request(url=site.url("/status/200")))).status == 200
        kinds = [type(event) for event in events if not isinstance(event, Warned)]
        assert kinds == [BrowserLaunched, BrowserLost, BrowserLaunched]


async def test_a_killed_driver_is_replaced_too(site: SiteServer) -> None:
    with expecting_a_dead_driver():
        await visit_after_a_killed_driver(site)


async def visit_after_a_killed_driver(site: SiteServer) -> None:
    async with opened() as (_, fetcher, _):
        await fetcher.fetch(Request(url=site.url("/status/200")))
        for process in main_processes("run-driver"):
            process.kill()
        with suppress(BrowserCrashed):
            await fetcher.fetch(Request(url=site.url("/status/200")))
        assert (await fetcher.fetch(Request(url=site.url("/status/200")))).status == 200


async def test_a_crashed_page_is_given_up_and_its_neighbours_live(site: SiteServer) -> None:
    async with opened() as (_, fetcher, _):
        await fetcher.fetch(Request(url=site.url("/status/200")))
        with pytest.raises(PageCrashed):
            await fetcher.fetch(Request(url="chrome://crash"))
        assert (await fetcher.fetch(Request(url=site.url("/status/200")))).status == 200


async def test_a_browser_is_retired_after_its_visits(site: SiteServer) -> None:
    config = CrawlConfig(browser=BrowserConfig(max_pages=3), capacity=CapacityConfig(max_pages=3))
    async with opened(config) as (pool, fetcher, events):
        for _ in range(7):
            assert (await fetcher.fetch(Request(url=site.url("/status/200")))).status == 200
        assert sum(isinstance(event, BrowserRetired) for event in events) == 2
        assert sum(isinstance(event, BrowserLaunched) for event in events) == 3
        assert repr(pool).startswith("<BrowserPool 1 browsers, 0/3")


async def test_visits_cancelled_at_any_moment_leave_no_page(site: SiteServer) -> None:
    random = Random(7)
    async with opened() as (pool, fetcher, _):
        await fetcher.fetch(Request(url=site.url("/status/200")))
        for _ in range(25):
            with anyio.move_on_after(random.uniform(0, 0.25)), suppress(CrawlError):
                await fetcher.fetch(Request(url=site.url("/slow?seconds=0.05")))
        assert (await fetcher.fetch(Request(url=site.url("/status/200")))).status == 200
        context = await pool.session(None).context()
        with anyio.fail_after(20):
            while len(context.pages) > pool.open_pages:  # noqa: ASYNC110 - the browser closes them in its own time
                await anyio.sleep(0.02)
        assert context.browser is not None
        assert len(context.browser.contexts) == 1


async def test_pages_that_reload_while_they_are_given_up_all_end(site: SiteServer) -> None:
    config = CrawlConfig(fresh_contexts=True, visit=VisitConfig(timeout=5))
    ended: list[int | None] = []
    async with opened(config) as (_, fetcher, _), anyio.create_task_group() as tasks:

        async def visit() -> None:
            with suppress(CrawlError):
                ended.append((await fetcher.fetch(Request(url=site.url("/history-storm")))).status)

        for _ in range(12):
            tasks.start_soon(visit)
    assert ended == [200] * 12


async def test_a_browser_that_does_not_start_says_what_to_do(tmp_path: Path) -> None:
    broken = tmp_path / "chromium-headless-shell"
    broken.write_text('#!/bin/sh\nif [ "$1" = --version ]; then echo Chromium 150.0.1.2; exit 0; fi\nexit 7\n')
    broken.chmod(0o755)
    async with opened(CrawlConfig(browser=BrowserConfig(executable=broken))) as (_, fetcher, _):
        with pytest.raises(LaunchFailed, match="did not start.*doctor"):
            await fetcher.fetch(Request(url="http://127.0.0.1:1/"))


async def test_a_page_that_is_on_the_site_is_preferred(site: SiteServer) -> None:
    here, there = site.url("/status/200"), site.url("/status/200").replace("127.0.0.1", "localhost")
    async with opened() as (pool, fetcher, _):
        async with anyio.create_task_group() as tasks:
            for url in (here, there):
                tasks.start_soon(fetcher.fetch, Request(url=url))
        for url in (there, here, here, there, there):
            async with pool.page(errand_of(Request(url=url))) as (page, _, _):
                assert page.page.url == url


async def test_a_page_that_is_expected_is_open_before_its_visit(site: SiteServer) -> None:
    request = Request(url=site.url("/status/200"))
    async with opened() as (pool, fetcher, _):
        session = pool.session(None)
        session.expect_page()
        assert pool.browsers == (), "only what needs a browser anyway starts one"
        context = await session.context()
        with anyio.fail_after(10):
            while session.page_count == 0:  # noqa: ASYNC110 - the session has no event for this
                await anyio.sleep(0.01)
        session.expect_page()
        async with pool.page(errand_of(request)) as (page, _, _):
            assert [page.page] == context.pages
        await fetcher.fetch(request)
        assert len(context.pages) == 1


async def test_a_visit_waits_for_the_page_that_is_coming(site: SiteServer) -> None:
    requests = [Request(url=site.url(f"/leaf/{number}")) for number in range(3)]
    async with opened() as (pool, fetcher, _):
        pool.session(None).expect_page()
        async with anyio.create_task_group() as tasks:
            for request in requests:
                tasks.start_soon(fetcher.fetch, request)
        assert pool.open_pages == 3
        assert len((await pool.session(None).context()).pages) == 3


async def test_no_page_is_opened_before_a_sign_in() -> None:
    async def sign_in(page: Page) -> None:
        await page.goto("about:blank")

    async with opened() as (pool, _, _):
        session = await pool.open_session("member", sign_in=SignIn(log_in=sign_in))
        session.expect_page()
        context = await session.context()
        async with session.user_page() as page:  # one that was begun before this one would be there by now
            assert context.pages == [page.page]
