"""SessionNeeds: what a session needs of the pool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AbstractAsyncContextManager

    from crawl4ai_browser.browser.hooks import Hooks
    from crawl4ai_browser.browser.launch import LaunchedBrowser
    from crawl4ai_browser.browser.proxies.forwarder import Forwarder
    from crawl4ai_browser.browser.proxies.turn import ProxyTurn
    from crawl4ai_browser.errors import BrowserCrashed
    from crawl4ai_browser.proxy import Proxy
    from crawl4ai_browser.proxy_status import ProxyErrand


class SessionNeeds(Protocol):
    """Browsers, ways out of them, and tasks in the background."""

    hooks: Hooks
    """The user's own functions."""

    async def usable_browser(self, *, is_proxied: bool = False) -> LaunchedBrowser:
        """The one to open a context in, with or without a way out of its own; started when need be."""
        ...

    async def examine(self, browser: LaunchedBrowser | None, error: BrowserCrashed | None = None) -> bool:
        """Whether it is alive; one that is not is given up, and the error says who died."""
        ...

    def start(self, function: Callable[[], Awaitable[None]]) -> None:
        """Run in the background."""
        ...

    def proxy_turn(self, errand: ProxyErrand, own: Proxy | None) -> AbstractAsyncContextManager[ProxyTurn]:
        """A proxy for something that is done in the session, which may have its own."""
        ...

    async def open_way(self, proxy: Proxy | None) -> Forwarder | None:
        """A way out through the proxy; None: a context needs none."""
        ...
