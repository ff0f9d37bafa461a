"""A page is kept from URL to URL: what one visit leaves in it is not paid for by the next."""

from __future__ import annotations

from collections.abc import AsyncIterator

import anyio
import pytest

from crawl4ai_browser.browser.browser_fetcher import BrowserFetcher
from crawl4ai_browser.browser.pool import BrowserPool
from crawl4ai_browser.browser.visits import navigation
from crawl4ai_browser.config import BrowserConfig, CapacityConfig, CrawlConfig, VisitConfig
from crawl4ai_browser.ready import DomContentLoaded
from crawl4ai_browser.request import Request
from crawl4ai_browser.testing.site import SiteServer
from crawl4ai_browser.testing.site_outcomes import MEMORY_ARGS
from tests.browser.visiting import html_of

SOON = VisitConfig(timeout=20, navigation_timeout=8)
"""A visit that found a page in a loop had to wait for it this long, and was tried again."""

AT_ONCE = SOON.model_copy(update={"ready": DomContentLoaded()})

LATE = ("/late-busy-loop", "/memory-hog")
"""They begin two seconds after their document, which is read long before."""


@pytest.fixture(autouse=True)
def asked_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A document that is merely slow to answer is left, too, which costs a page and nothing else."""
    monkeypatch.setattr(navigation, "STUCK_AFTER", 0.2)
    monkeypatch.setattr(navigation, "STUCK_ANSWER", 0.8)


@pytest.fixture(scope="module")
async def one_page(crawl_config: CrawlConfig) -> AsyncIterator[BrowserFetcher]:
    """With a single page, so that a visit gets what the one before has left."""
    changes = {"browser": BrowserConfig(args=MEMORY_ARGS), "capacity": CapacityConfig(max_pages=1), "visit": SOON}
    config = crawl_config.model_copy(update=changes)
    async with BrowserPool(config) as pool:
        await pool.session(None).context()
        yield BrowserFetcher(pool, config)


@pytest.mark.parametrize("path", ["/unload-loop", "/before-unload-loop", "/late-busy-loop", "/memory-hog"])
async def test_a_page_that_is_held_or_dies_after_its_visit_costs_the_next_nothing(
    one_page: BrowserFetcher, site: SiteServer, path: str
) -> None:
    assert (await one_page.fetch(Request(url=site.url(path), visit=AT_ONCE))).status == 200
    if path in LATE:
        await anyio.sleep(2.2)
    assert "leaf after" in html_of(await one_page.fetch(Request(url=site.url("/leaf/after"))))
    assert site.hit_count("/leaf/after") >= 1


async def test_the_error_page_of_a_file_that_is_missing_does_not_break_the_next_visit(
    one_page: BrowserFetcher, site: SiteServer
) -> None:
    for _ in range(3):
        assert (await one_page.fetch(Request(url=site.url("/download/missing")))).status == 404
        assert "leaf next" in html_of(await one_page.fetch(Request(url=site.url("/leaf/next"))))
