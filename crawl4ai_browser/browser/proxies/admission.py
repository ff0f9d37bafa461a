"""Admission: how a browser context learns the secret of its forwarder.

Playwright can be given a proxy's user and password, and then intercepts every request of every page in order to answer
should one ask, and switches the HTTP cache off: a page of 20 cached scripts cost three times the CPU, and loaded all 20
again (measured, 1.65.2: 21 requests a page instead of one). Here the one question is answered once, for a URL that the
forwarder answers itself; the context's network stack remembers it for all that follows.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from playwright.async_api import Error as PlaywrightError

from crawl4ai_browser.browser.devtools import DevTools
from crawl4ai_browser.browser.proxies.forwarder import USER
from crawl4ai_browser.browser.proxies.forwarding import DOOR_HOST
from crawl4ai_browser.errors import BrowserCrashed

if TYPE_CHECKING:
    from playwright.async_api import Page

    from crawl4ai_browser.browser.background import Start
    from crawl4ai_browser.browser.proxies.forwarder import Forwarder

_DOOR = f"http://{DOOR_HOST}/"


async def admit(page: Page, way: Forwarder, start: Start) -> None:
    """Make the page's context known to its way out; at once where it is. The page stays as it is.

    Raises:
        PlaywrightError: the page is gone.
        BrowserCrashed: the browser did not learn it.
    """
    async with way.admission:
        if not way.has_admitted:
            await _knock(page, way, start)
        if not way.has_admitted:
            raise BrowserCrashed("the browser does not get to its proxy", phase="page")


async def _knock(page: Page, way: Forwarder, start: Start) -> None:
    devtools = await DevTools.of_page(page)

    def answer(make: Callable[[dict[str, Any]], tuple[str, dict[str, Any]]], event: dict[str, Any]) -> None:
        method, parameters = make(event)

        async def send() -> None:
            with suppress(PlaywrightError):  # the request is gone
                await devtools.send(method, requestId=event["requestId"], **parameters)

        start(send)

    devtools.on("Fetch.authRequired", partial(answer, partial(_credentials, way)))
    devtools.on("Fetch.requestPaused", partial(answer, _passed))
    await devtools.send("Fetch.enable", handleAuthRequests=True, patterns=[{"urlPattern": f"{_DOOR}*"}])
    with suppress(PlaywrightError):  # ERR_ABORTED, by which a browser stays where it is at a 204
        await page.goto(_DOOR)
    await devtools.detach()


def _passed(_event: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "Fetch.continueRequest", {}


def _credentials(way: Forwarder, event: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    if event["authChallenge"].get("source") != "Proxy":
        return "Fetch.continueWithAuth", {"authChallengeResponse": {"response": "Default"}}
    response = {"response": "ProvideCredentials", "username": USER, "password": way.password}
    return "Fetch.continueWithAuth", {"authChallengeResponse": response}
