"""Calls a user's function with Playwright's page, and waits for what it has begun."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

import anyio
from playwright.async_api import BrowserContext, Page
from playwright.async_api import Error as PlaywrightError

from crawl4ai_browser.browser.playwright_errors import is_gone, is_interrupted, translate
from crawl4ai_browser.browser.visits.page_script import leave_script, visit_script
from crawl4ai_browser.errors import BrowserCrashed

if TYPE_CHECKING:
    from crawl4ai_browser.browser.visits.kept_page import KeptPage

T = TypeVar("T")

PageFunction = Callable[[Page], Awaitable[T]]
"""What a user hands in for what actions can't say. It gets Playwright's own page."""

SETTLE_SECONDS = 10.0
"""For what a function has begun and not waited for, such as the answer to a form. A server that checks a password takes
a second; a page that never rests is left after this."""

_QUIET = {"kind": "quiet", "stillness": 100, "max_html_length": 0, "shadow_roots": False, "frames": False}


class UserFunctionFailed(Exception):
    """A user's function raised. `message` says what, without what it may have typed."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


async def call_function(page: KeptPage, function: PageFunction[T]) -> T:
    """The function's result. The page paints while it runs. What it or one of its listeners raises comes out as it is.

    Raises:
        BrowserCrashed: the browser died under it.
    """
    raised = catch_listener_errors(page.page)
    try:
        async with page.frames.flowing():
            result = await function(page.page)
    except PlaywrightError as error:
        if is_gone(error) and not page.browser.is_usable:
            raise BrowserCrashed(page.browser.lost or "the browser died", phase="perform") from error
        raise
    if raised:
        raise raised[0]
    return result


def catch_listener_errors(emitter: Page | BrowserContext) -> list[BaseException]:
    """A list that gets what listeners of this page or context raise from now on.

    Without it, Playwright raises that in whatever call comes next on its connection: in another session.
    """
    raised: list[BaseException] = []

    def catch(error: BaseException) -> None:
        raised.append(error)

    # As in Node, an emitter's "error" event takes what its listeners raise; Playwright's types don't say so.
    cast("Any", emitter).on("error", catch)
    return raised


async def call_user(page: KeptPage, function: PageFunction[T], name: str) -> T:
    """The function's result, for a function that is called on a session's behalf.

    Raises:
        UserFunctionFailed: it raised.
        BrowserCrashed: the browser died under it.
    """
    try:
        return await call_function(page, function)
    except BrowserCrashed:
        raise
    except PlaywrightError as error:
        # The first line alone: the call log below it holds what was typed.
        raise UserFunctionFailed(f"{name} failed: {translate(error, phase='page').message}") from error
    except Exception as error:
        text = str(error).strip().split("\n", 1)[0]
        raise UserFunctionFailed(f"{name} failed: {type(error).__name__}: {text}"[:500]) from error


async def settle(page: KeptPage, *, seconds: float = SETTLE_SECONDS) -> None:
    """Wait until the page is quiet and leaves for nowhere: closed before, it would take an answer under way with it.

    Raises:
        BrowserCrashed: the browser died, and what the function did with it.
    """
    options = {**_QUIET, "limit": seconds * 1000, "navigation_limit": seconds * 1000}
    with anyio.move_on_after(seconds):
        async with page.frames.flowing():
            while await _is_leaving(page.page, options):
                pass
    if not page.browser.is_usable:
        raise BrowserCrashed(page.browser.lost or "the browser died", phase="page")


async def _is_leaving(page: Page, options: dict[str, Any]) -> bool:
    """Wait once; whether another document has come, or is still to come."""
    try:
        answer = await page.evaluate(visit_script(), options)
        asked = answer["under_way"]
        if not asked or not asked["leaving"]:
            return False
        await page.evaluate(leave_script(), options["limit"])
    except PlaywrightError as error:
        return is_interrupted(error)  # anything else says that the page is gone
    return True
