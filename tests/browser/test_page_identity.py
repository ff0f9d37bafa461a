"""What pages find around them: motion, network, headers of one request. In both frame modes."""

from __future__ import annotations

from itertools import count

import pytest
from pydantic import ValidationError

from crawl4ai_browser.browser.browser_fetcher import BrowserFetcher
from crawl4ai_browser.browser.pool import BrowserPool
from crawl4ai_browser.config import ContextConfig, CrawlConfig
from crawl4ai_browser.errors import ConnectionFailed
from crawl4ai_browser.identity import Network
from crawl4ai_browser.request import Request
from crawl4ai_browser.snapshot import Snapshot
from crawl4ai_browser.testing.site import Response, SiteServer
from tests.browser.visiting import ADD, html_of, page

NAMES = (f"identity {number}" for number in count())


@pytest.fixture
def fetcher(pool: BrowserPool, crawl_config: CrawlConfig) -> BrowserFetcher:
    return BrowserFetcher(pool, crawl_config)


async def visited(pool: BrowserPool, fetcher: BrowserFetcher, *, url: str, context: ContextConfig) -> Snapshot:
    name = next(NAMES)
    session = await pool.open_session(name, context)
    try:
        return await fetcher.fetch(Request(url=url, session=name))
    finally:
        await pool.close_session(session)


@pytest.mark.parametrize("is_reduced", [True, False])
async def test_motion_is_reduced_where_asked(
    pool: BrowserPool, fetcher: BrowserFetcher, site: SiteServer, is_reduced: bool
) -> None:
    site.route("/motion", page(ADD + "add('js:' + matchMedia('(prefers-reduced-motion: reduce)').matches)"))
    snapshot = await visited(pool, fetcher, url=site.url("/motion"), context=ContextConfig(reduced_motion=is_reduced))
    assert f"js:{str(is_reduced).lower()}" in html_of(snapshot)


async def test_offline_pages_reach_nothing(pool: BrowserPool, fetcher: BrowserFetcher, site: SiteServer) -> None:
    context = ContextConfig(network=Network(offline=True))
    with pytest.raises(ConnectionFailed, match="INTERNET_DISCONNECTED|InternetDisconnected"):
        await visited(pool, fetcher, url=site.url("/status/200"), context=context)


async def test_a_slow_network_is_slow_for_the_page_and_for_what_it_asks_for(
    pool: BrowserPool, fetcher: BrowserFetcher, site: SiteServer
) -> None:
    site.route("/30-kilobytes", Response.text("x" * 30_000))
    script = (
        "const start = performance.now();"
        "fetch('/30-kilobytes').then((answer) => answer.text()).then(() => add(`js:${performance.now() - start}`))"
    )
    site.route("/slowly", page(ADD + script))
    context = ContextConfig(network=Network(latency=0.3, download_rate=50_000))
    html = html_of(await visited(pool, fetcher, url=site.url("/slowly"), context=context))
    milliseconds = float(html.partition("<p>js:")[2].partition("<")[0])
    assert milliseconds >= 300 + 500, "the latency, and most of the 600 ms that the body takes"


async def test_headers_of_one_request_are_of_that_one_alone(
    pool: BrowserPool, fetcher: BrowserFetcher, site: SiteServer
) -> None:
    name = next(NAMES)
    session = await pool.open_session(name, ContextConfig(headers={"X-All": "all"}))
    for headers in ({"X-One": "one"}, {}):
        await fetcher.fetch(Request(url=site.url("/echo"), session=name, headers=headers))
    await pool.close_session(session)
    first, second = [hit.headers for hit in site.hits if hit.path == "/echo"][-2:]
    assert (first.get("x-one"), first.get("x-all")) == ("one", "all")
    assert (second.get("x-one"), second.get("x-all")) == (None, "all")


def test_headers_that_http_does_not_allow_are_refused() -> None:
    with pytest.raises(ValidationError, match="the header 'X-Two' has a line break"):
        Request(url="https://a.test/", headers={"X-Two": "a\r\nX-Three: b"})
