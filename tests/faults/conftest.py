"""The fault site, and where what a crawl saves goes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crawl4ai_browser.config import (
    BrowserConfig,
    CapacityConfig,
    CrawlConfig,
    DownloadConfig,
    PolitenessConfig,
    RetryConfig,
)
from crawl4ai_browser.testing.site import SiteServer, install_fault_routes, serve_fixture_site
from crawl4ai_browser.testing.site_outcomes import DOWNLOAD_SECONDS, MEMORY_ARGS

FIXTURE_SITE = Path(__file__).parents[2] / "fixtures" / "site"


@pytest.fixture(scope="module")
def site() -> Iterator[SiteServer]:
    """The bundled site with every fault route on it."""
    with serve_fixture_site(FIXTURE_SITE) as server:
        install_fault_routes(server)
        yield server


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> CrawlConfig:
    """Retries at once, files that are given up soon, and renderers with little memory. Otherwise as by default."""
    return CrawlConfig(
        browser=BrowserConfig(args=MEMORY_ARGS),
        retry=RetryConfig(first_delay=0.01),
        politeness=PolitenessConfig(obey_robots=False),
        capacity=CapacityConfig(max_pages=4, content_workers=1),
        download=DownloadConfig(
            folder=tmp_path_factory.mktemp("downloads"), timeout=DOWNLOAD_SECONDS, resume_attempts=0
        ),
    )
