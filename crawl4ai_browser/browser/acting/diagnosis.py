"""What stood in the way of an action that failed: how many elements there were, and the state of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page

from crawl4ai_browser.actions import Action, selector_of
from crawl4ai_browser.browser.acting.reach import all_of
from crawl4ai_browser.urls import without_credentials

if TYPE_CHECKING:
    from playwright.async_api import Locator

LOOK_SECONDS = 1.5
"""For the page to say how it is. One whose script is in a loop says nothing."""

_PAGE_STATE = "() => document.readyState"

# What a click would hit in the element's place.
_COVER = """(element) => {
  const box = element.getBoundingClientRect();
  const hit = element.getRootNode().elementFromPoint?.(box.left + box.width / 2, box.top + box.height / 2);
  if (!hit || hit === element || element.contains(hit) || hit.contains(element)) return "";
  return hit.cloneNode(false).outerHTML.slice(0, 120);
}"""


async def diagnosis(page: Page, action: Action) -> str:
    """Why the action may have failed, as the end of a sentence: `2 found, none visible; the page is ... (complete)`."""
    parts: list[str] = []
    state = "does not answer"
    with anyio.move_on_after(LOOK_SECONDS):
        try:
            target = selector_of(action)
            if target is not None:
                parts.append(await _found(all_of(page, target, getattr(action, "frames", ()))))
            state = await page.evaluate(_PAGE_STATE)
        except PlaywrightError:
            state = "is on its way to another document"
    return "; ".join([*parts, f"the page is {without_credentials(page.url)} ({state})"])


async def _found(elements: Locator) -> str:
    count = await elements.count()
    if not count:
        return "nothing found"
    visible = elements.filter(visible=True)
    if not await visible.count():
        return f"{count} found, none visible"
    first = visible.first
    if await first.is_disabled():
        return f"{count} found, disabled"
    cover = await first.evaluate(_COVER)
    return f"{count} found, covered by {cover}" if cover else f"{count} found, visible"
