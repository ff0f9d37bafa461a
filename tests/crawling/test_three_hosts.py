"""Three hosts of one crawl, one slow, one that asks to be left alone, one fast: seen from the server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawl4ai_browser import CapacityConfig, ContentConfig, CrawlConfig, Crawler, DownloadConfig, urls
from crawl4ai_browser.testing.site import delayed
from crawl4ai_browser.testing.site_requests import Hit
from crawl4ai_browser.testing.site_responses import Response
from crawl4ai_browser.testing.site_server import SiteServer

FAST, SLOW, BUSY = "127.0.0.1", "127.0.0.2", "127.0.0.3"
FAST_PAGES = 24

pytestmark = pytest.mark.timeout(90)


@pytest.fixture
def site() -> Iterator[SiteServer]:
    """One server at three addresses, each a host of its own."""

    def answer(hit: Hit) -> Response:
        host = hit.headers["host"].partition(":")[0]
        if host == BUSY:
            return Response.html("later", status=429, headers=(("Retry-After", "600"),))
        page = Response.html("<p>here")
        return delayed(page, 300.0) if host == SLOW else page

    with SiteServer(addresses=(FAST, SLOW, BUSY)) as server:
        server.route("/robots.txt", Response.text(""))
        server.route("/page/*", answer)
        yield server


def host_of(hit: Hit) -> str:
    return hit.headers["host"].partition(":")[0]


async def test_a_fast_host_is_done_while_another_is_slow_and_a_third_is_left_alone(
    site: SiteServer, tmp_path: Path
) -> None:
    config = CrawlConfig(
        capacity=CapacityConfig(max_pages=4, content_workers=0),
        content=ContentConfig(markdown=False),
        download=DownloadConfig(folder=tmp_path),
    )
    counts = {BUSY: 6, SLOW: 6, FAST: FAST_PAGES}
    seeds = [
        site.url(f"/page/{number}", address=address) for address, count in counts.items() for number in range(count)
    ]
    ok: Counter[str] = Counter()
    async with Crawler(config) as crawler, crawler.crawl(seeds) as run:
        async for result in run:
            ok[urls.host(result.url)] += result.ok
            if ok[FAST] == FAST_PAGES:
                break

    assert ok[SLOW] == ok[BUSY] == 0, "the fast one was through before the slow one had answered once"
    seen = Counter(host_of(hit) for hit in site.hits if hit.path.startswith("/page/"))
    assert seen[FAST] == FAST_PAGES, "each page once"
    # Two at once for a start and one more for the answer of robots.txt, where that comes before a page's (slow start);
    # after the first refusal nobody for ten minutes.
    assert 1 <= seen[BUSY] <= 3
    assert 1 <= seen[SLOW] <= 4, "two at once, and on a very busy machine two more when those were given up"
