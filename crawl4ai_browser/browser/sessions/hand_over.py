"""HandOver: a page in the hands of a person."""

from __future__ import annotations

import anyio
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page

from crawl4ai_browser.browser.playwright_errors import translate


async def hand_over(page: Page, url: str, *, done: anyio.Event) -> None:
    """Show the URL to a person until every window of the session is closed; that sets `done`, as others may.

    Raises:
        FetchError: the URL can't be shown.
    """
    context = page.context

    def look(_: Page) -> None:
        if not context.pages:
            done.set()

    def follow(window: Page) -> None:
        window.on("close", look)

    follow(page)
    context.on("page", follow)
    try:
        await page.goto(url)
    except PlaywrightError as error:
        if not page.is_closed():  # else the person has had enough already
            raise translate(error, phase="goto") from error
    await done.wait()
