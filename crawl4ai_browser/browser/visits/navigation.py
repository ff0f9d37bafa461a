"""Goto: bring the page to the URL, or find out that the URL is no page."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import anyio
from playwright.async_api import Error as PlaywrightError

from crawl4ai_browser.browser.playwright_errors import is_interrupted, may_be_no_page, translate
from crawl4ai_browser.browser.visits.document_watch import NO_CONTENT
from crawl4ai_browser.clock import SYSTEM_CLOCK, call_after
from crawl4ai_browser.urls import without_fragment

if TYPE_CHECKING:
    from crawl4ai_browser.browser.visits.kept_page import KeptPage, VisitRecord
    from crawl4ai_browser.config import VisitConfig

DOWNLOAD_EVENT_DEADLINE = 5.0
"""Seconds for the download event after the navigation that became a download failed: 10 ms after it, 80 under load."""

CRASH_EVENT_DELAY = 0.3
"""Seconds between the error of a navigation and the news that its renderer has crashed."""

STUCK_AFTER = 1.0
"""Seconds of a navigation after which the document that a kept page still shows is asked whether it is alive."""

STUCK_ANSWER = 3.0
"""Seconds for it to answer, on a machine that is busy. One that does not is in a loop, and holds the page."""


class StalePage(Exception):
    """What an earlier visit left in a kept page is in the way: the visit is to be made in another one."""


async def goto(page: KeptPage, visit: VisitRecord, config: VisitConfig) -> bool:
    """Whether there is a document to read. False: the URL was a file, or an answer without content.

    Returns when the document has begun to arrive; `read_when_ready` waits for the rest in the page itself.

    Raises:
        FetchError: there was no document.
        StalePage: the document that was there before does not let go of the page.
    """
    request = visit.request
    if request.headers:
        await page.page.set_extra_http_headers(request.headers)
    try:
        await _leave_for(page, request.url, config.navigation_timeout)
    except PlaywrightError as error:
        if may_be_no_page(error) and await _is_no_page(visit):
            return False
        raise visit.watch.failure or translate(error, phase="goto") from error
    finally:
        if request.headers:
            await page.page.set_extra_http_headers({})
    return True


async def _leave_for(page: KeptPage, url: str, timeout: float) -> None:
    """Go there. Where the page has been used before, see to it that this visit does not pay for the one before.

    A document may leave a loop behind, at once or in what it does when it is left, which holds up whatever is to take
    its place; and the browser's own error page may come after the visit that it is for.

    Raises:
        PlaywrightError: as `Page.goto`.
        StalePage: the document that was there before does not let go of the page.
    """
    if page.visits <= 1:
        await _go(page, url, timeout)
        return
    failure: PlaywrightError | None = None
    is_stuck = False
    going, asking = anyio.CancelScope(), anyio.CancelScope()

    async def ask_document() -> None:
        nonlocal is_stuck
        with asking:
            is_stuck = not await _answers(page, within=min(STUCK_ANSWER, timeout / 2))
            if is_stuck:
                going.cancel()

    # A task of its own for the few that take so long, and not one for each that does not.
    call_off = call_after(min(STUCK_AFTER, timeout / 4), partial(page.start, ask_document))
    with going:
        try:
            await _go(page, url, timeout)
        except PlaywrightError as error:
            failure = error
        finally:
            call_off()
            asking.cancel()
    if is_stuck or (failure is not None and is_interrupted(failure)):
        raise StalePage from failure
    if failure is not None:
        raise failure


async def _answers(page: KeptPage, *, within: float) -> bool:
    """Whether the document that the page shows is alive, by a real question."""
    with anyio.move_on_after(within):
        with suppress(PlaywrightError):  # it has just been replaced
            await page.page.evaluate("0")
        return True
    return False


async def _go(page: KeptPage, url: str, timeout: float) -> None:
    if is_same_document(page.page.url, url):
        # A kept page would only scroll, or hand the route to the application that is there, as another visit left it.
        await page.page.goto("about:blank", wait_until="commit", timeout=timeout * 1000)
    await page.page.goto(url, wait_until="commit", timeout=timeout * 1000)


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
