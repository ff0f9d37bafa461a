"""Pages whose colours say where one is, and a way to look at the pixels of a picture."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from playwright.async_api import Page

from crawl4ai_browser.browser.browser_fetcher import BrowserFetcher
from crawl4ai_browser.browser.pool import BrowserPool
from crawl4ai_browser.capture_config import CaptureConfig
from crawl4ai_browser.config import CrawlConfig
from crawl4ai_browser.ready import Ready
from crawl4ai_browser.request import Request
from crawl4ai_browser.snapshot import Snapshot
from crawl4ai_browser.testing.site import SiteServer
from tests.browser.capturing.looking import Look, Seen, Take

PIXELS = """async ([data, places]) => {
  const bitmap = await createImageBitmap(await (await fetch(`data:image/any;base64,${data}`)).blob());
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  const colours = places.map(([x, y]) => {
    context.drawImage(bitmap, x, y, 1, 1, 0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  });
  return [[bitmap.width, bitmap.height], colours];
}"""


@pytest.fixture
def take(pool: BrowserPool, crawl_config: CrawlConfig, site: SiteServer) -> Take:
    """Visit a path of the site and capture; keywords are fields of the configuration."""
    fetcher = BrowserFetcher(pool, crawl_config)

    async def captured(path: str, *, ready: Ready | None = None, session: str | None = None, **wanted: Any) -> Snapshot:
        # A picture of a tall page takes half a second, and on a busy machine ten.
        visit = crawl_config.visit.model_copy(update={"timeout": 18.0, **({"ready": ready} if ready else {})})
        request = Request(url=site.url(path), session=session, visit=visit, capture=CaptureConfig(**wanted))
        return await fetcher.fetch(request)

    return captured


@pytest.fixture
def look(pool: BrowserPool) -> Look:
    """The size of a picture and the colours at some places of it, as a browser decodes it."""

    async def seen(picture: bytes | None, *places: tuple[int, int]) -> Seen:
        assert picture

        async def decode(page: Page) -> Seen:
            size, colours = await page.evaluate(PIXELS, [b64encode(picture).decode(), list(places)])
            return Seen(tuple(size), [tuple(colour) for colour in colours])

        return await pool.run(pool.session("looking at pictures"), decode)

    return seen
