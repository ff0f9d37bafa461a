"""Plain requests over a real browser's session: what they bring, and how much of it at most."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import anyio
import pytest

from crawl4ai_browser.browser.plain_get import SessionPlainGet
from crawl4ai_browser.browser.pool import BrowserPool
from crawl4ai_browser.config import CapacityConfig, CrawlConfig
from crawl4ai_browser.egress_config import EgressConfig
from crawl4ai_browser.errors import PageTooLarge
from crawl4ai_browser.testing.site import Response, SiteServer, install_fault_routes
from crawl4ai_browser.testing.site_requests import Hit

KB = 1024


@pytest.fixture(scope="module")
def site() -> Iterator[SiteServer]:
    """Answers of a given size, one without an end, and one that tells what was asked."""

    def sized(hit: Hit) -> Response:
        return Response.text("x" * int(hit.path.rpartition("/")[2]))

    with SiteServer() as server:
        install_fault_routes(server)
        server.route("/size/*", sized)
        server.route("/unsized", Response(body=b"x" * 300 * KB, framing="until-close"))
        server.route("/asked", lambda hit: Response.text(hit.headers.get("x-asked", "nothing")))
        yield server


@pytest.fixture(scope="module", params=["seeds", "allow"])
async def plain(request: pytest.FixtureRequest, site: SiteServer) -> AsyncIterator[SessionPlainGet]:
    """Through the forwarder that every context has, and without one, where everything may be reached."""
    config = CrawlConfig(capacity=CapacityConfig(max_pages=1), egress=EgressConfig(private=request.param))
    async with BrowserPool(config) as pool:
        pool.proxies.gate.name_seed(site.url("/"))
        await pool.session(None).context()
        yield SessionPlainGet(pool)


async def test_headers_go_along(plain: SessionPlainGet, site: SiteServer) -> None:
    answer = await plain.get(site.url("/asked"), headers={"X-Asked": "this"})
    assert answer.body == b"this"


async def test_an_answer_within_its_cap_comes_whole(plain: SessionPlainGet, site: SiteServer) -> None:
    answer = await plain.get(site.url(f"/size/{100 * KB}"), max_bytes=100 * KB)
    assert len(answer.body) == 100 * KB


@pytest.mark.parametrize("path", [f"/size/{300 * KB}", "/unsized"])
async def test_an_answer_above_its_cap_is_an_error(plain: SessionPlainGet, site: SiteServer, path: str) -> None:
    with pytest.raises(PageTooLarge):
        await plain.get(site.url(path), max_bytes=100 * KB)


async def test_the_next_request_has_an_allowance_of_its_own(plain: SessionPlainGet, site: SiteServer) -> None:
    for _ in range(3):
        answer = await plain.get(site.url(f"/size/{90 * KB}"), max_bytes=100 * KB)
        assert len(answer.body) == 90 * KB


async def test_an_answer_without_an_end_is_broken_off_where_it_is_too_much(site: SiteServer) -> None:
    """Long before its deadline, and before it is in anybody's memory."""
    async with BrowserPool(CrawlConfig(capacity=CapacityConfig(max_pages=1))) as pool:
        pool.proxies.gate.name_seed(site.url("/"))
        await pool.session(None).context()
        with anyio.fail_after(15), pytest.raises(PageTooLarge, match="more than 1048576 bytes came"):
            await SessionPlainGet(pool).get(site.url("/flood"), timeout=600, max_bytes=2**20)
