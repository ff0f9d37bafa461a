"""Visits with actions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from crawl4ai_browser.actions import Action
from crawl4ai_browser.browser.browser_fetcher import BrowserFetcher
from crawl4ai_browser.browser.pool import BrowserPool
from crawl4ai_browser.config import CrawlConfig
from crawl4ai_browser.request import Request
from crawl4ai_browser.snapshot import Snapshot
from crawl4ai_browser.testing.site import SiteServer

Act = Callable[..., Awaitable[Snapshot]]
"""The fixture `act`."""

PATIENT = 60.0
"""Seconds for a visit. Lists have many steps, and the machine that tests run on may be slow."""


@pytest.fixture
def act(pool: BrowserPool, crawl_config: CrawlConfig, site: SiteServer) -> Act:
    """Visit a path of the site and perform actions there. Keywords change the visit's configuration."""
    fetcher = BrowserFetcher(pool, crawl_config)

    async def visit(path: str, *actions: Action, **changes: object) -> Snapshot:
        config = crawl_config.visit.model_copy(update={"timeout": PATIENT, **changes})
        return await fetcher.fetch(Request(url=site.url(path), visit=config, actions=actions))

    return visit
