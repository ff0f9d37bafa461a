"""OpenContext: a browser context that is open, with the browser it is in and its way out."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio
from playwright.async_api import Error as PlaywrightError

from crawl4ai_browser.browser.launch import CLOSE_DEADLINE, LaunchedBrowser
from crawl4ai_browser.browser.plain_requests import plain_requests
from crawl4ai_browser.errors import BrowserCrashed

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from playwright.async_api import APIRequestContext, BrowserContext

    from crawl4ai_browser.browser.proxies.forwarder import Forwarder
    from crawl4ai_browser.browser.sessions.context_options import ContextKeywords
    from crawl4ai_browser.proxy import Proxy


@dataclass(eq=False)
class OpenContext:
    """One context of Playwright's. Its way out is its own, and ends with it."""

    playwright: BrowserContext
    browser: LaunchedBrowser
    way: Forwarder | None
    """None: it goes out by itself."""
    keywords: ContextKeywords = field(repr=False)  # which hold secrets
    are_files_followed: bool = False
    _openings: set[anyio.CancelScope] = field(default_factory=set[anyio.CancelScope])
    _is_closing: bool = False

    @property
    def proxy(self) -> Proxy | None:
        """What it goes out through."""
        return self.way.proxy if self.way is not None else None

    @property
    def proxy_id(self) -> str | None:
        """What names that where something is shown."""
        return self.proxy.id if self.proxy is not None else None

    def requests(self, max_bytes: int | None = None) -> AbstractAsyncContextManager[APIRequestContext]:
        """A client for plain requests with the context's cookies, identity and way out. See `plain_requests`."""
        client = self.browser.requests
        return plain_requests(self.playwright, self.way, client=client, keywords=self.keywords, max_bytes=max_bytes)

    @property
    def is_opening(self) -> bool:
        """Whether a page is being opened in it."""
        return bool(self._openings)

    @contextmanager
    def opening_page(self) -> Generator[None]:
        """Open a page in it, to the end; but not beyond its own: a page of a context that closes may never open.

        Raises:
            BrowserCrashed: it was closed meanwhile, or its browser lost.
            PoolTimeout: it took too long.
        """
        if not self._is_closing:
            with self.browser.opening("page"), anyio.CancelScope() as scope:
                self._openings.add(scope)
                try:
                    yield
                    return
                finally:
                    self._openings.discard(scope)
        raise BrowserCrashed("the context was closed while a page was opened in it", phase="page", blame="us")

    async def close(self) -> None:
        """Close it and its way out. Bounded; never raises."""
        self._is_closing = True
        for scope in self._openings:
            scope.cancel()
        with anyio.CancelScope(shield=True):
            if self.browser.lost is None:
                with anyio.move_on_after(CLOSE_DEADLINE), suppress(PlaywrightError):
                    await self.playwright.close()
            if self.way is not None:
                await self.way.close()
