"""PageAhead: a session's first page, opened while the visit that will want it still waits for robots.txt."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import anyio

from crawl4ai_browser.errors import FetchError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from crawl4ai_browser.browser.background import Start
    from crawl4ai_browser.browser.sessions.open_context import OpenContext


class PageAhead:
    """Opens one page in the background, and lets one visit wait for it; the others open their own."""

    def __init__(self, open_page: Callable[[OpenContext], Awaitable[None]], start: Start) -> None:
        """`open_page` opens one in the context and keeps it for the next visit."""
        self._open_page = open_page
        self._start = start
        self._is_expected = False
        self._coming: anyio.Event | None = None

    def expect(self, context: OpenContext | None) -> None:
        """Open a page in this context; None: in the next one that is opened. None is opened for this alone."""
        if self._coming is not None:
            return
        self._is_expected = True
        if context is not None:
            self.begin(context)

    def begin(self, context: OpenContext) -> None:
        """Open the page, if one is expected."""
        if self._is_expected:
            self._is_expected = False
            self._coming = anyio.Event()
            self._start(partial(self._open, context, self._coming))

    async def _open(self, context: OpenContext, coming: anyio.Event) -> None:
        try:
            await self._open_page(context)
        except FetchError:
            pass  # the visit finds out for itself, and says so
        finally:
            coming.set()
            if self._coming is coming:
                self._coming = None

    async def wait(self) -> bool:
        """Wait for the page that is coming, if nobody else does; whether there was one to wait for."""
        coming, self._coming = self._coming, None
        if coming is None:
            return False
        await coming.wait()
        return True

    def __repr__(self) -> str:
        """Where it stands."""
        state = "coming" if self._coming is not None else "expected" if self._is_expected else "none"
        return f"<PageAhead {state}>"
