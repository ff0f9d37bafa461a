from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest
from playwright.async_api import Page

from crawl4ai_browser.config import (
    CapacityConfig,
    ContentConfig,
    CrawlConfig,
    DownloadConfig,
    PolitenessConfig,
    VisitConfig,
)
from crawl4ai_browser.crawling.crawler import Crawler
from crawl4ai_browser.egress_config import EgressConfig
from crawl4ai_browser.events import Event
from crawl4ai_browser.storage.database import Database
from crawl4ai_browser.testing.site import Members, SiteServer, install_members, serve_fixture_site

FIXTURE_SITE = Path(__file__).parents[2] / "fixtures" / "site"


@pytest.fixture
def config() -> CrawlConfig:
    """Everything as by default, but that content is rendered in threads: starting a process takes half a second."""
    return CrawlConfig(capacity=CapacityConfig(content_workers=0))


@pytest.fixture
def tree() -> Callable[[str], str]:
    """An endless site: page n links to pages 2n+1 and 2n+2."""

    def html(url: str) -> str:
        number = int(url.rpartition("/")[2])
        return f'<p>page {number}</p><a href="/{2 * number + 1}">left</a> <a href="/{2 * number + 2}">right</a>'

    return html


@pytest.fixture
def events() -> list[Event]:
    """Pass `observers=[events.append]` and look here."""
    return []


@pytest.fixture
def outside_work(monkeypatch: pytest.MonkeyPatch) -> Callable[[], bool]:
    """Whether a thread or the database is at work for a task of this test: time is not to jump before it is done."""
    under_way = 0

    def counted(call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        @wraps(call)
        async def counting(*args: Any, **options: Any) -> Any:
            nonlocal under_way
            under_way += 1
            try:
                return await call(*args, **options)
            finally:
                under_way -= 1

        return counting

    monkeypatch.setattr(anyio.to_thread, "run_sync", counted(anyio.to_thread.run_sync))
    monkeypatch.setattr(Database, "run", counted(Database.run))
    return lambda: under_way > 0


@pytest.fixture(scope="package")
def site() -> Iterator[SiteServer]:
    """The bundled site."""
    with serve_fixture_site(FIXTURE_SITE) as server:
        yield server
        assert server.handler_errors == []


@pytest.fixture
def members(site: SiteServer) -> Members:
    """The login application on the bundled site. Nobody is signed in yet."""
    return install_members(site, FIXTURE_SITE)


@pytest.fixture(scope="package")
def browser_config(tmp_path_factory: pytest.TempPathFactory) -> CrawlConfig:
    """For crawls in real browsers of which only the html matters. Functions of tests go to the site before any seed."""
    return CrawlConfig(
        download=DownloadConfig(folder=tmp_path_factory.mktemp("downloads")),
        content=ContentConfig(markdown=False, links=False, media=False, tables=False, metadata=False),
        capacity=CapacityConfig(max_pages=4, content_workers=0),
        egress=EgressConfig(allowed=("127.0.0.1",)),
        politeness=PolitenessConfig(obey_robots=False),
        visit=VisitConfig(timeout=15),
    )


@pytest.fixture(scope="package")
async def crawler(browser_config: CrawlConfig) -> AsyncIterator[Crawler]:
    """A crawler whose browser runs already, so that it is not taken for what the first test leaves."""
    async with Crawler(browser_config) as opened:
        async with opened.session("first") as first:
            await first.run(_title)
        yield opened


async def _title(page: Page) -> str:
    return await page.title()
