"""Whoever gives up waiting, at whatever stop of a page's path, leaves no page, context or slot behind."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from random import Random

import anyio
import pytest

from crawl4ai_browser import CaptureConfig, Crawler, CrawlResult, Extractor, PolitenessConfig, VisitConfig
from crawl4ai_browser.browser.pool import BrowserPool
from crawl4ai_browser.clock import SYSTEM_CLOCK
from crawl4ai_browser.config import CrawlConfig
from crawl4ai_browser.errors import CrawlError
from crawl4ai_browser.ready import Selector
from crawl4ai_browser.request import Request
from crawl4ai_browser.testing.site import Hit, Response, SiteServer, hanging

pytestmark = pytest.mark.timeout(60)

ROBOTS = Response.text("User-agent: *\nDisallow: /private/\n")


class Content:
    """An extractor that gets no further with the page `/leaf/stops-at-content`."""

    def __init__(self) -> None:
        self.reached = anyio.Event()

    async def extract(self, result: CrawlResult) -> dict[str, str]:
        if "stops-at-content" in result.url:
            self.reached.set()
            await anyio.sleep_forever()
        return {}


@pytest.fixture(scope="module")
def content() -> Content:
    return Content()


@pytest.fixture(scope="module")
async def crawler(config: CrawlConfig, site: SiteServer, content: Content) -> AsyncIterator[Crawler]:
    """Obeys robots.txt. Its browser runs already."""
    polite = config.model_copy(update={"politeness": PolitenessConfig()})
    async with Crawler(polite, extractors=[Extractor(content.extract)]) as opened:
        assert (await opened.fetch(Request.from_html("<p>text"))).ok
        yield opened


def pool_of(crawler: Crawler) -> BrowserPool:
    assert crawler._browsers is not None
    return crawler._browsers.pool


async def nothing_stays(crawler: Crawler, site: SiteServer) -> None:
    """Within a second there is no page but those that are kept, one context, and every slot is free.

    On a machine that has much else to do, within the time of ten plain visits, which take a second together otherwise.
    """
    began = SYSTEM_CLOCK.monotonic()
    with anyio.fail_after(20):
        while what_stays(pool_of(crawler)):  # noqa: ASYNC110 - the pool has no event for this
            await anyio.sleep(0.02)
    ended = SYSTEM_CLOCK.monotonic()
    assert (await crawler.fetch(site.url("/leaf/next"))).ok
    visit = SYSTEM_CLOCK.monotonic() - ended
    assert ended - began <= max(1.0, 10 * visit), f"a plain visit took {visit:.1f} s"


def what_stays(pool: BrowserPool) -> str:
    contexts = [context for browser in pool._browsers for context in browser.browser.contexts]
    pages = [page.url for context in contexts for page in context.pages]
    if len(contexts) <= 1 and len(pages) <= pool.open_pages and " 0/4 pages, 0 waiting" in repr(pool):
        return ""
    return f"{len(contexts)} contexts, {pages}, {pool.open_pages} of them known to {pool!r}"


async def until_hit(site: SiteServer, path: str) -> None:
    with anyio.fail_after(20):
        while site.hit_count(path) == 0:  # noqa: ASYNC110 - the server's thread has no event of ours
            await anyio.sleep(0.01)


def with_a_hit_for(path: str) -> Response:
    return Response.html(f"<!doctype html><h1>there</h1><script>fetch('{path}')</script>")


AT_HITS: dict[str, tuple[str, str, dict[str, object]]] = {
    "goto": ("/stops-at-goto", "/stops-at-goto", {}),
    "the body": ("/hang-body", "/hang-body", {}),
    "ready": ("/stops-at-ready", "/seen-at-ready", {"visit": VisitConfig(ready=Selector(css="#never"))}),
    "a download": ("/download/stalled", "/download/stalled", {}),
    "capture": ("/stops-at-capture", "/seen-at-capture", {"capture": CaptureConfig(pdf=True, screenshot="full_page")}),
}
"""A page, the request at which it is cancelled, and how it is visited."""


@pytest.mark.parametrize("stop", AT_HITS)
async def test_a_visit_cancelled_at_a_stop_leaves_nothing(crawler: Crawler, site: SiteServer, stop: str) -> None:
    site.route("/robots.txt", ROBOTS)
    site.route("/stops-at-goto", hanging())
    site.route("/stops-at-ready", with_a_hit_for("/seen-at-ready"))
    site.route("/stops-at-capture", with_a_hit_for("/seen-at-capture"))
    site.reset_hits()
    path, hit, how = AT_HITS[stop]
    request = Request(url=site.url(path)).model_copy(update=how)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(crawler.fetch, request)
        await until_hit(site, hit)
        tasks.cancel_scope.cancel()
    await nothing_stays(crawler, site)


async def test_who_waits_for_robots_is_cancelled_and_leaves_nothing(crawler: Crawler, site: SiteServer) -> None:
    asked = anyio.Event()

    async def robots(hit: Hit) -> Response:
        del hit
        if not asked.is_set():
            await anyio.sleep(0.5)
        return ROBOTS

    with SiteServer() as unknown:
        unknown.route("/robots.txt", robots)
        unknown.route("/", Response.html("<p>text"))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(crawler.fetch, unknown.url("/"))
            await until_hit(unknown, "/robots.txt")
            tasks.cancel_scope.cancel()
        asked.set()
        await nothing_stays(crawler, site)
        assert (await crawler.fetch(unknown.url("/"))).ok


async def test_who_waits_for_a_page_or_content_is_cancelled_and_leaves_nothing(
    crawler: Crawler, site: SiteServer, content: Content
) -> None:
    site.route("/robots.txt", ROBOTS)
    site.reset_hits()
    async with anyio.create_task_group() as tasks:
        for number in range(6):  # of which some wait for the host's turn, or for a page
            tasks.start_soon(crawler.fetch, site.url(f"/hang-headers?{number}"))
        await until_hit(site, "/hang-headers")
        tasks.cancel_scope.cancel()
    await nothing_stays(crawler, site)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(crawler.fetch, site.url("/leaf/stops-at-content"))
        await content.reached.wait()
        tasks.cancel_scope.cancel()
    await nothing_stays(crawler, site)


@pytest.mark.parametrize("fresh", [False, True], ids=["one context", "a context each"])
async def test_visits_cancelled_at_sixty_moments_leave_nothing(
    config: CrawlConfig, site: SiteServer, *, fresh: bool
) -> None:
    random = Random(60)
    site.route("/robots.txt", ROBOTS)
    pages: list[Callable[[int], str]] = [
        lambda number: f"/leaf/{number}",
        lambda number: f"/slow?seconds=0.05&{number}",
        lambda number: f"/window-open-storm?{number}",
        lambda number: f"/download/attachment?{number}",
    ]
    async with Crawler(config.model_copy(update={"fresh_contexts": fresh})) as crawler:
        assert (await crawler.fetch(site.url("/leaf/first"))).ok

        async def give_up(number: int) -> None:
            with anyio.move_on_after(random.uniform(0, 0.4)), suppress(CrawlError):
                await crawler.fetch(site.url(random.choice(pages)(number)))

        for batch in range(10):
            async with anyio.create_task_group() as tasks:
                for number in range(6):  # shape: six at once, for four pages
                    tasks.start_soon(give_up, 6 * batch + number)
        await nothing_stays(crawler, site)
