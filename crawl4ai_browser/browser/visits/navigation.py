"""Goto: bring the page to the URL, or find out that the URL is no page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
from playwright.async_api import Error as PlaywrightError

from crawl4ai_browser.browser.playwright_errors import may_be_no_page, translate
from crawl4ai_browser.browser.visits.document_watch import NO_CONTENT
from crawl4ai_browser.clock import SYSTEM_CLOCK
from crawl4ai_browser.urls import without_fragment

if TYPE_CHECKING:
    from crawl4ai_browser.browser.visits.kept_page import KeptPage, VisitRecord
    from crawl4ai_browser.config import VisitConfig

DOWNLOAD_EVENT_DEADLINE = 5.0
"""Seconds for the download event after the navigation that became a download failed: 10 ms after it, 80 under load."""

CRASH_EVENT_DELAY = 0.3
"""Seconds between the error of a navigation and the news that its renderer has crashed."""


async def goto(page: KeptPage, visit: VisitRecord, config: VisitConfig) -> bool:
    """Whether there is a document to read. False: the URL was a file, or an answer without content.

    Returns when the document has begun to arrive; `read_when_ready` waits for the rest in the page itself.

    Raises:
        FetchError: there was no document.
    """
    request = visit.request
    if request.headers:
        await page.page.set_extra_http_headers(request.headers)
    if is_same_document(page.page.url, request.url):
        # A kept page would only scroll, or hand the route to the application that is there, as another visit left it.
        await page.page.goto("about:blank", wait_until="commit")
    try:
        await page.page.goto(request.url, wait_until="commit", timeout=config.navigation_timeout * 1000)
    except PlaywrightError as error:
        if may_be_no_page(error) and await _is_no_page(visit):
            return False
        raise visit.watch.failure or translate(error, phase="goto") from error
    finally:
        if request.headers:
            await page.page.set_extra_http_headers({})
    return True


def is_same_document(current: str, target: str) -> bool:
    """Whether going there loads nothing, as the two differ in a fragment alone (HTML Standard, 7.4.2.3)."""
    return "#" in target and without_fragment(current) == without_fragment(target)


async def _is_no_page(visit: VisitRecord) -> bool:
    """Whether the aborted navigation was an answer without a document, or became a download.

    An attachment that is answered with an error status never becomes a download, though Playwright says so.
    """
    last = visit.watch.last
    if last is None and not visit.files.count:
        # Aborted without any answer: so ends a renderer's crash too, and the event that tells comes a little later. It
        # cancels the visit's steps.
        await SYSTEM_CLOCK.sleep(CRASH_EVENT_DELAY)
        return bool(visit.files.count)
    if last is None or visit.watch.failure is not None:
        return bool(visit.files.count)
    if last.status in NO_CONTENT:
        return True
    if last.status >= 400:
        visit.watch.unshown = last
        return True
    with anyio.move_on_after(DOWNLOAD_EVENT_DEADLINE):
        await visit.files.started.wait()
    return bool(visit.files.count)
