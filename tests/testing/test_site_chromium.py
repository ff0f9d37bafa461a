"""That routes named for what they do to a browser really do it to one."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator

import anyio
import pytest
from playwright.async_api import Browser, Download, async_playwright
from playwright.async_api import Error as PlaywrightError

from crawl4ai_browser.browser.provisioning.discovery import BrowserExecutable
from crawl4ai_browser.testing.site import SiteServer, install_fault_routes
from crawl4ai_browser.testing.site_hostile_pages import WRITTEN

PATIENCE = 8.0
"""Seconds for what should happen to happen; it takes tenths on a quiet machine."""

WRITTEN_TEXT = "document.querySelector('#written').textContent"


@pytest.fixture(scope="module")
def site() -> Iterator[SiteServer]:
    with SiteServer() as server:
        install_fault_routes(server)
        yield server
        assert server.handler_errors == []


@pytest.fixture
async def chromium(browser_executable: BrowserExecutable) -> AsyncIterator[Browser]:
    args = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=browser_executable.path, args=args)
        yield browser
        await browser.close()


async def test_pages_that_never_rest_are_shown_and_go_on(site: SiteServer, chromium: Browser) -> None:
    page = await chromium.new_page()
    for name, goes_on in NEVER_AT_REST.items():
        await page.goto(site.url(f"/{name}"), wait_until="load")
        assert await page.evaluate(WRITTEN_TEXT) == WRITTEN + name
        await page.wait_for_function(goes_on, timeout=PATIENCE * 1000)


NEVER_AT_REST = {
    "never-idle": "Number(document.querySelector('#count').textContent) > 2",
    "never-quiet": "document.querySelector('main').textContent >= 'changed 2'",
    "history-storm": "location.search.length > '?step='.length",
}


async def test_pages_that_block_never_finish(site: SiteServer, chromium: Browser) -> None:
    for name in ("busy-loop", "alert-loop"):
        page = await chromium.new_page()
        with pytest.raises(PlaywrightError, match="Timeout 400ms"):
            await page.goto(site.url(f"/{name}"), timeout=400)


async def test_window_open_storm_opens_forty_pages(site: SiteServer, chromium: Browser) -> None:
    context = await chromium.new_context()
    page = await context.new_page()
    await page.goto(site.url("/window-open-storm"), wait_until="commit")
    with anyio.fail_after(PATIENCE):
        while len(context.pages) < 41:
            await context.wait_for_event("page")


@pytest.mark.parametrize("path", ["/meta-refresh-loop", "/script-redirect-loop"])
async def test_redirect_loops_of_pages_go_on(site: SiteServer, chromium: Browser, path: str) -> None:
    site.reset_hits()
    page = await chromium.new_page()
    with anyio.fail_after(PATIENCE):
        await page.goto(site.url(path), wait_until="commit")
        while site.hit_count(path) < 5:
            await page.wait_for_event("framenavigated")


async def test_downloads_reach_the_browser_under_their_names(site: SiteServer, chromium: Browser) -> None:
    seen = {path: await downloads(site, chromium, path, count=len(names)) for path, names in DOWNLOADS.items()}
    assert {path: [each.suggested_filename for each in found] for path, found in seen.items()} == DOWNLOADS


DOWNLOADS = {
    "/download/attachment": ["report.txt"],
    "/download/csv": ["csv.csv"],
    "/download/zip": ["zip.zip"],
    "/download/redirect": ["report.txt"],
    "/download/by-link": ["report.txt"],
    "/download/by-anchor": ["named-by-page.csv"],
    "/download/by-iframe": ["report.txt"],
    "/download/by-script": ["report.txt"] * 3,
    "/download/by-blob": ["made-here.txt"],
    "/download/by-data-url": ["inline.txt"],
    "/download/by-popup": ["report.txt"],
    "/download/by-form": ["posted.txt"],
    "/download/unicode-name": ["Übersicht ☃ 山.txt"],
}


async def test_broken_downloads_begin_and_fail(site: SiteServer, chromium: Browser) -> None:
    for path in ("/download/truncated", "/download/reset"):
        (download,) = await downloads(site, chromium, path, count=1)
        assert await download.failure() == "canceled"


async def downloads(site: SiteServer, chromium: Browser, path: str, *, count: int) -> list[Download]:
    """The first downloads of a visit, after a click on the page's `#start` if it has one."""
    context = await chromium.new_context()
    page = await context.new_page()
    send, receive = anyio.create_memory_object_stream[Download](10)
    context.on("download", send.send_nowait)
    with send, receive, anyio.fail_after(PATIENCE):
        try:
            await page.goto(site.url(path))
        except PlaywrightError as error:
            if "Download is starting" not in error.message:
                raise
        else:
            await page.evaluate("document.querySelector('#start')?.click()")
        return [await receive.receive() for _ in range(count)]
