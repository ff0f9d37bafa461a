"""A site that misbehaves on request, and pools of real browsers in both frame modes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from crawl4ai_browser.browser.browser_fetcher import BrowserFetcher
from crawl4ai_browser.browser.pool import BrowserPool
from crawl4ai_browser.config import BrowserConfig, CapacityConfig, CrawlConfig, DownloadConfig, VisitConfig
from crawl4ai_browser.egress_config import EgressConfig
from crawl4ai_browser.ready import Quiet, Ready
from crawl4ai_browser.request import Request
from crawl4ai_browser.snapshot import Snapshot
from crawl4ai_browser.testing.site import SiteServer, install_fault_routes, serve_fixture_site

FIXTURE_SITE = Path(__file__).parents[2] / "fixtures" / "site"

Fetch = Callable[..., Awaitable[Snapshot]]


@pytest.fixture(scope="session")
def site() -> Iterator[SiteServer]:
    """The bundled site with every fault route on it."""
    with serve_fixture_site(FIXTURE_SITE) as server:
        install_fault_routes(server)
        yield server


@pytest.fixture(scope="session")
def crawl_config(tmp_path_factory: pytest.TempPathFactory) -> CrawlConfig:
    """Short deadlines, so that what hangs is given up soon. Sites on loopback are reached directly, as there are no
    seeds here to allow them."""
    return CrawlConfig(
        visit=VisitConfig(timeout=10, navigation_timeout=6, ready=Quiet(cap=3)),
        download=DownloadConfig(folder=tmp_path_factory.mktemp("downloads"), timeout=3),
        capacity=CapacityConfig(max_pages=4),
        egress=EgressConfig(private="allow"),
    )


@pytest.fixture(scope="package", params=["auto", "always"])
async def pool(request: pytest.FixtureRequest, crawl_config: CrawlConfig) -> AsyncIterator[BrowserPool]:
    """A pool whose pages paint on demand, and one whose pages paint by themselves."""
    browser = BrowserConfig(frames=request.param)
    async with BrowserPool(crawl_config.model_copy(update={"browser": browser})) as opened:
        await opened.session(None).context()  # started here, it is not taken for what the first test left
        yield opened


@pytest.fixture
def fetch(pool: BrowserPool, crawl_config: CrawlConfig, site: SiteServer) -> Fetch:
    """Visit a path of the site. Keywords change the visit's configuration."""
    fetcher = BrowserFetcher(pool, crawl_config)

    async def visit(path: str, *, ready: Ready | None = None, **changes: object) -> Snapshot:
        if ready is not None:
            changes["ready"] = ready
        config = crawl_config.visit.model_copy(update=changes)
        return await fetcher.fetch(Request(url=site.url(path), visit=config))

    return visit
