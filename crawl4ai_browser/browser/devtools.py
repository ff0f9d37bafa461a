"""DevTools: a typed end of the DevTools protocol session of one page or browser.

https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from playwright.async_api import Browser, CDPSession, Page


class DevTools:
    """A session of the protocol. Messages are JSON objects."""

    def __init__(self, session: CDPSession) -> None:
        """Use `of_page` or `of_browser`."""
        self._session = session

    @classmethod
    async def of_page(cls, page: Page) -> DevTools:
        """A session with the page."""
        return cls(await page.context.new_cdp_session(page))

    @classmethod
    async def of_browser(cls, browser: Browser) -> DevTools:
        """A session with the browser itself."""
        return cls(await browser.new_browser_cdp_session())

    async def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The answer to a command.

        Raises:
            PlaywrightError: the target is gone, or refuses.
        """
        send = cast("Any", self._session).send
        return cast("dict[str, Any]", await send(method, parameters))

    def on(self, event: str, listener: Callable[[dict[str, Any]], None]) -> None:
        """Call the listener with the parameters of each event. It must not raise."""
        self._session.on(event, listener)

    async def detach(self) -> None:
        """End the session."""
        await self._session.detach()
