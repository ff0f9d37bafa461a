"""VisitActions: what a visit does on its page before reading it."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import anyio
from playwright.async_api import Error as PlaywrightError

from crawl4ai_browser.browser.acting.performer import Performer
from crawl4ai_browser.browser.acting.readiness import quiet_between
from crawl4ai_browser.browser.acting.stage import Stage
from crawl4ai_browser.browser.playwright_errors import translate
from crawl4ai_browser.errors import ActionFailed, FetchTimeout

if TYPE_CHECKING:
    from crawl4ai_browser.action_outcome import ActionOutcome
    from crawl4ai_browser.actions import Actions
    from crawl4ai_browser.browser.visits.kept_page import KeptPage, VisitRecord
    from crawl4ai_browser.browser.visits.reading import PageReading
    from crawl4ai_browser.browser.visits.visit_settings import VisitSettings
    from crawl4ai_browser.clock import Clock
    from crawl4ai_browser.ready import Ready
    from crawl4ai_browser.snapshot import ReadyReport


class Read(Protocol):
    """The visit's way of reading its page, which waits for all that the page has asked for."""

    def __call__(self, settings: VisitSettings, *, facts_only: bool) -> Awaitable[PageReading | None]:
        """None: the page went on to a file that the server refused."""
        ...


class VisitActions:
    """The actions of one visit."""

    def __init__(
        self, page: KeptPage, record: VisitRecord, settings: VisitSettings, *, read: Read, clock: Clock
    ) -> None:
        """Outcomes, and what lists have shown, go into the visit's record."""
        self._page = page
        self._record = record
        self._settings = settings
        self._read = read
        self._clock = clock

    async def perform(self, actions: Actions) -> None:
        """Perform actions on the page as it stands.

        Raises:
            ActionFailed, ActionTimeout: one of them; those after it were not begun.
            PlaywrightError: the page is gone.
        """
        stage = Stage(
            self._page,
            self._settle,
            self._record.collections,
            on_input=lambda: self._record.watch.begin_action(self._page.page.url),
            quiet=quiet_between(self._settings.visit.ready),
        )
        can_act = self._settings.context.java_script and not self._record.watch.is_sandboxed
        await Performer(stage, self._clock, can_act=can_act).perform(actions, self._record.actions)

    async def perform_in_time(self, actions: Actions) -> tuple[ActionOutcome, ...]:
        """What became of actions outside of the visit's own run, under a deadline as long as its own.

        Raises:
            FetchError: one of them failed, or the page died.
        """
        before, timeout = len(self._record.actions), self._settings.visit.timeout
        try:
            with anyio.fail_after(timeout):
                await self.perform(actions)
        except TimeoutError:
            raise FetchTimeout(f"the deadline of {timeout:g} s passed", phase="perform") from None
        except PlaywrightError as error:
            raise self._record.watch.failure or translate(error, phase="perform") from error
        return tuple(self._record.actions[before:])

    async def _settle(self, ready: Ready) -> ReadyReport:
        reading = await self._read(waiting_for(ready, self._settings), facts_only=True)
        if reading is None:
            raise ActionFailed("it led to what the browser can't show", phase="perform")
        return reading.ready


def waiting_for(ready: Ready, settings: VisitSettings) -> VisitSettings:
    """The same settings with another condition."""
    return replace(settings, visit=settings.visit.model_copy(update={"ready": ready}))
