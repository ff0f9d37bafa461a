"""DismissConsent and RemoveOverlays: what lies over a page answered, or taken away."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from playwright.async_api import Error as PlaywrightError

from crawl4ai_browser.browser.playwright_errors import is_gone, is_interrupted
from crawl4ai_browser.browser.visits.page_script import overlays_script
from crawl4ai_browser.clock import SYSTEM_CLOCK

if TYPE_CHECKING:
    from playwright.async_api import ElementHandle, Frame, Page

    from crawl4ai_browser.actions import DismissConsent
    from crawl4ai_browser.browser.acting.stage import Stage

LOOK_INTERVAL = 0.1
"""Seconds between two looks for a banner that may still come."""

CLICK_SECONDS = 3.0
"""For a banner's button to be clicked. One that can't be is taken out with its banner."""

MAX_LAYERS = 3
"""Answers to one page: some banners show a second part after the first, some sites have two."""

What = Literal["consent", "count_consent", "remove_consent", "remove_all"]

Done = Literal["rejected", "accepted", "removed", "nothing"]


async def dismiss_consent(stage: Stage, action: DismissConsent) -> Done:
    """Answer or remove consent banners; gives what was done."""
    page = stage.page.page
    if not await _has_come(page, seconds=action.wait):
        return "nothing"
    clicked = False
    if action.answer != "remove":
        clicked = await _click_through(stage, action.answer)
    removed = await _in_all_frames(page, "remove_consent") if await _in_all_frames(page, "count_consent") else 0
    if removed or not clicked:
        return "removed" if removed else "nothing"
    return "rejected" if action.answer == "reject" else "accepted"


async def remove_overlays(stage: Stage) -> int:
    """Take away what covers the page; gives how many there were."""
    return int(await stage.page.page.evaluate(overlays_script(), {"what": "remove_all"}))


async def _has_come(page: Page, *, seconds: float) -> bool:
    end = SYSTEM_CLOCK.monotonic() + seconds
    while not await _in_all_frames(page, "count_consent"):
        if SYSTEM_CLOCK.monotonic() >= end:
            return False
        await SYSTEM_CLOCK.sleep(LOOK_INTERVAL)
    return True


async def _click_through(stage: Stage, answer: Literal["reject", "accept"]) -> bool:
    clicked = False
    for _ in range(MAX_LAYERS):
        control = await _control(stage.page.page, answer)
        if control is None:
            break
        await stage.begin_input()
        try:
            await control.click(timeout=CLICK_SECONDS * 1000)
        except PlaywrightError as error:
            if is_gone(error):
                raise
            break
        clicked = True
        await stage.settle(stage.quiet)
    return clicked


async def _control(page: Page, answer: str) -> ElementHandle | None:
    """What answers a banner, in the page or in one of its frames."""
    for frame in page.frames:
        with suppress(PlaywrightError):  # of a frame that has just gone; of the page, the next call says so
            handle = await frame.evaluate_handle(overlays_script(), {"what": "consent", "answer": answer})
            element = handle.as_element()
            if element is not None:
                return element
    return None


async def _in_all_frames(page: Page, what: What) -> int:
    return sum([await _in_frame(frame, what) for frame in page.frames])


async def _in_frame(frame: Frame, what: What) -> int:
    try:
        return int(await frame.evaluate(overlays_script(), {"what": what}))
    except PlaywrightError as error:
        if frame.parent_frame is None and not is_interrupted(error):
            raise
        return 0  # a frame that is on its way says nothing
