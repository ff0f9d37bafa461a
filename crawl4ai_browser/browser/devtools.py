"""DevTools: a typed end of the DevTools protocol session of one page or browser.

https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, cast

from playwright.async_api import Browser, CDPSession, Page

_ONE_PARAMETER = inspect.Signature([inspect.Parameter("parameters", inspect.Parameter.POSITIONAL_ONLY)])


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

        def told(parameters: dict[str, Any], /) -> None:
            listener(parameters)

        # Playwright asks for a listener's signature at each event. To work out that of a method costs 30 us.
        cast("Any", told).__signature__ = _ONE_PARAMETER
        self._session.on(event, told)

    async def detach(self) -> None:
        """End the session."""
        await self._session.detach()
