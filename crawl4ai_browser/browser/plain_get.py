"""SessionPlainGet: plain requests with the cookies, identity and proxy of a session's context."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
from playwright.async_api import Error as PlaywrightError

from crawl4ai_browser.browser.playwright_errors import translate
from crawl4ai_browser.errors import ConnectionFailed, NavigationTimeout, PageTooLarge, ProxyError
from crawl4ai_browser.fetcher import MAX_PLAIN_BYTES, NO_HEADERS, PlainResponse
from crawl4ai_browser.proxy_status import ProxyErrand
from crawl4ai_browser.urls import origin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playwright.async_api import APIRequestContext

    from crawl4ai_browser.browser.pool import BrowserPool


MAX_PROXIES = 3
"""Proxies of a pool by which one plain request is tried: nobody above tries it again, and asking twice does no harm."""


class SessionPlainGet:
    """A `PlainGet` over Playwright's request client, with a session's cookies and identity, through its proxy."""

    def __init__(self, pool: BrowserPool) -> None:
        """Nothing is opened before the first request."""
        self._pool = pool

    async def get(
        self,
        url: str,
        *,
        session: str | None = None,
        timeout: float = 30.0,
        headers: Mapping[str, str] = NO_HEADERS,
        max_bytes: int = MAX_PLAIN_BYTES,
    ) -> PlainResponse:
        """GET, as `PlainGet.get` says."""
        errand = ProxyErrand(host=origin(url), session=session, key=f"GET {session} {url}")
        tries = 1
        while True:
            try:
                async with self._pool.plain(errand, max_bytes=max_bytes) as way:
                    answer = _get(way.requests, url, timeout=timeout, headers=headers, max_bytes=max_bytes)
                    return await way.turn.judged_plain(answer, way.context.way, url)
            except ProxyError as error:
                if error.remedy != "another" or tries == MAX_PROXIES:
                    raise
                tries += 1


async def _get(
    requests: APIRequestContext, url: str, *, timeout: float, headers: Mapping[str, str], max_bytes: int
) -> PlainResponse:
    try:
        with anyio.fail_after(timeout):
            response = await requests.get(url, headers=dict(headers), timeout=timeout * 1000, max_redirects=10)
            found = {header["name"].lower(): header["value"] for header in response.headers_array}
            if _announced(found) > max_bytes:
                raise PageTooLarge(f"{_announced(found)} bytes, at most {max_bytes}", phase="goto")
            body = await response.body()
            if len(body) > max_bytes:
                raise PageTooLarge(f"{len(body)} bytes, at most {max_bytes}", phase="goto")
            answer = PlainResponse(url=response.url, status=response.status, headers=found, body=body)
            await response.dispose()
    except TimeoutError:
        raise NavigationTimeout(f"no answer within {timeout:g} s", phase="goto") from None
    except PlaywrightError as error:
        raise translate(error, phase="goto", fallback=ConnectionFailed) from error
    return answer


def _announced(headers: Mapping[str, str]) -> int:
    length = headers.get("content-length", "")
    return int(length) if length.isdecimal() else 0
