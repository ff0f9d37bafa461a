"""The delay between two hits as a server sees it: real pages, real connections, the machine's own time."""

from __future__ import annotations

import anyio

from crawl4ai_browser.browser.browser_fetcher import BrowserFetcher
from crawl4ai_browser.browser.plain_get import SessionPlainGet
from crawl4ai_browser.browser.pool import BrowserPool
from crawl4ai_browser.config import CapacityConfig, CrawlConfig, PolitenessConfig
from crawl4ai_browser.politeness.polite_fetcher import PoliteFetcher
from crawl4ai_browser.request import Request
from crawl4ai_browser.testing.site_behaviours import delayed
from crawl4ai_browser.testing.site_responses import Response
from crawl4ai_browser.testing.site_server import SiteServer

DELAY = 0.3


async def test_no_two_hits_on_a_host_are_nearer_than_asked_for() -> None:
    config = CrawlConfig(politeness=PolitenessConfig(min_delay=DELAY), capacity=CapacityConfig(max_pages=3))
    with SiteServer() as site:
        site.route("/quick/*", Response.html("<p>quick"))
        site.route("/late/*", delayed(Response.html("<p>late"), DELAY / 2))
        async with BrowserPool(config) as pool, anyio.create_task_group() as tasks:
            pool.proxies.gate.name_seed(site.url("/"))
            fetcher = PoliteFetcher(BrowserFetcher(pool, config), SessionPlainGet(pool), config.politeness)
            for number in range(8):
                path = f"/late/{number}" if number % 2 else f"/quick/{number}"
                tasks.start_soon(fetcher.fetch, Request(url=site.url(path)))
        times = [hit.at for hit in site.hits]
        paths = {hit.path for hit in site.hits}
    assert len(times) == len(paths) == 9
    assert "/robots.txt" in paths
    assert min(later - earlier for earlier, later in zip(times, times[1:], strict=False)) >= DELAY
