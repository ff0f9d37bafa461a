"""SessionPlainGet: plain requests with the cookies, identity and proxy of a session's context."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
from playwright.async_api import Error as PlaywrightError

from crawl4ai_browser.browser.playwright_errors import translate
from crawl4ai_browser.errors import ConnectionFailed, NavigationTimeout
from crawl4ai_browser.fetcher import PlainResponse

if TYPE_CHECKING:
    from crawl4ai_browser.browser.pool import BrowserPool


class SessionPlainGet:
    """A `PlainGet` over Playwright's request context, which shares its cookies and proxy with the pages."""

    def __init__(self, pool: BrowserPool) -> None:
        """Nothing is opened before the first request."""
        self._pool = pool

    async def get(self, url: str, *, session: str | None = None, timeout: float = 30.0) -> PlainResponse:
        """GET, as `PlainGet.get` says."""
        context = await self._pool.session(session).context()
        try:
            with anyio.fail_after(timeout):
                response = await context.request.get(url, timeout=timeout * 1000, max_redirects=10)
                body = await response.body()
                headers = {header["name"].lower(): header["value"] for header in response.headers_array}
                answer = PlainResponse(url=response.url, status=response.status, headers=headers, body=body)
                await response.dispose()
        except TimeoutError:
            raise NavigationTimeout(f"no answer within {timeout:g} s", phase="goto") from None
        except PlaywrightError as error:
            raise translate(error, phase="goto", fallback=ConnectionFailed) from error
        return answer
