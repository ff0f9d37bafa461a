"""Stage: the page that is acted on, and what its visit lends to those who act."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio

from crawl4ai_browser.browser.visits.page_script import expect_news_script
from crawl4ai_browser.ready import Quiet, Ready

if TYPE_CHECKING:
    from crawl4ai_browser.browser.acting.collection import Collection
    from crawl4ai_browser.browser.visits.kept_page import KeptPage
    from crawl4ai_browser.snapshot import ReadyReport

Settle = Callable[[Ready], Awaitable["ReadyReport"]]
"""Waits until the page is ready in that sense, for what it has asked for too: files, another document, windows."""

SETTLE_SECONDS = 5.0
"""For a page to become quiet after an action. One that never rests is taken as it is after this, each time."""

HOME_SECONDS = 2.0
"""Kept of the visit's time for reading the page after an action that has not been done in time."""

HOME_SHARE = 0.25
"""The same for a short deadline: at most this part of what is left of it."""


@dataclass(frozen=True)
class Stage:
    """What an action has to do with."""

    page: KeptPage
    settle: Settle
    collections: list[Collection]
    """What lists have shown so far, for the reading of the page."""
    on_input: Callable[[], None]
    """Told before anything is done that may lead to another document."""
    quiet: Quiet = Quiet(cap=SETTLE_SECONDS)
    """How long after an action the page is left alone."""

    async def begin_input(self) -> None:
        """Make ready for what an action brings: requests that look like polling so far, documents.

        Raises:
            PlaywrightError: the page is gone.
        """
        self.on_input()
        await self.page.page.evaluate(expect_news_script())


def seconds_left() -> float:
    """Until the nearest deadline around, less what the reading of the page will need."""
    left = anyio.current_effective_deadline() - anyio.current_time()
    return max(0.0, left - min(HOME_SECONDS, left * HOME_SHARE))
