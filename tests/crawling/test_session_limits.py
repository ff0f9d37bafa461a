"""Sessions that end by themselves, and what is left of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import anyio
import pytest
from playwright.async_api import BrowserContext, Page

from crawl4ai_browser import ContextConfig, CrawlConfig, Crawler, SessionLimits
from crawl4ai_browser.errors import SessionEnded
from crawl4ai_browser.testing.site import Members, SiteServer, password_of
from tests.crawling.members import log_in_as, results_of


async def test_pages_beyond_the_last_are_records_that_say_so(crawler: Crawler, site: SiteServer) -> None:
    urls = [site.url(f"/about.html?{number}") for number in range(5)]
    async with crawler.session("ann", limits=SessionLimits(max_pages=3)) as ann:
        results = await results_of(ann.crawl(urls))
        late = await ann.fetch(urls[0])
    assert sorted(result.url for result in results) == urls
    assert Counter(result.error.kind if result.error else None for result in results) == {None: 3, "SessionEnded": 2}
    assert late.error is not None
    assert late.error.message == "session 'ann' has ended: it has visited its 3 pages"


async def test_no_more_pages_at_once_than_the_session_may_have(crawler: Crawler, site: SiteServer) -> None:
    at_once: list[int] = []

    async def count(page: Page) -> None:
        at_once.append(len([window for window in page.context.pages if window.url != "about:blank"]))

    urls = [site.url(f"/about.html?{number}") for number in range(5)]
    async with crawler.session("ann", limits=SessionLimits(max_pages_at_once=1)) as ann:
        async with anyio.create_task_group() as tasks:
            for url in urls:
                tasks.start_soon(ann.fetch, url)
        await ann.run(count)
    assert at_once == [1]


async def test_an_idle_session_closes_its_context_though_nobody_asks_for_it(crawler: Crawler, site: SiteServer) -> None:
    contexts: list[BrowserContext] = []

    async def keep(page: Page) -> None:
        contexts.append(page.context)
        await page.goto(site.url("/about.html"))

    async with crawler.session("ann", limits=SessionLimits(max_idle=0.3)) as ann:
        await ann.run(keep)
        closed = anyio.Event()
        contexts[0].on("close", _setting(closed))
        with anyio.fail_after(10):
            await closed.wait()
        with pytest.raises(SessionEnded, match=r"session 'ann' has ended: it was not used for 0\.3 s"):
            await ann.run(keep)
        with pytest.raises(SessionEnded, match="it was not used"):
            await ann.storage_state()


def _setting(event: anyio.Event) -> Callable[[BrowserContext], None]:
    return lambda _: event.set()


async def test_a_closed_session_has_forgotten_its_secrets(crawler: Crawler, site: SiteServer, members: Members) -> None:
    del members
    given = {"origin": site.origin, "username": "ann", "password": password_of("ann")}
    context = ContextConfig.model_validate({"http_credentials": [given], "headers": {"X-Token": "1"}})
    session = crawler.session("ann", context=context)
    async with session:
        await session.run(log_in_as("ann", site))
        opened = session._usable()
        assert repr(opened.keeper.state) == "<StorageState 2 cookies, 0 origins>"
        assert opened.config == context
    assert (opened.keeper.state, opened.config) == (None, ContextConfig())
    assert repr(session) == "<Session 'ann' closed>"


async def test_visits_under_way_fail_and_say_that_their_session_was_closed(crawler: Crawler, site: SiteServer) -> None:
    errors: list[str] = []
    async with anyio.create_task_group() as tasks, crawler.session("ann") as ann:

        async def visit() -> None:
            result = await ann.fetch(site.url("/station/never-idle.html"))
            errors.append(str(result.error))

        tasks.start_soon(visit)
        while site.hit_count("/station/never-idle.html") == 0:  # noqa: ASYNC110 - the server is another thread
            await anyio.sleep(0.02)
    assert len(errors) == 1
    assert "session 'ann' has ended: it was closed" in errors[0]


async def test_a_session_may_outlive_its_crawler(browser_config: CrawlConfig, site: SiteServer) -> None:
    async with Crawler(browser_config) as crawler:
        session = crawler.session("ann")
        await session.__aenter__()
        assert (await session.fetch(site.url("/about.html"))).ok
    with anyio.fail_after(20):
        await session.__aexit__(None, None, None)
