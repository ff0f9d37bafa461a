"""Scroll and Collect: moving through lists, and keeping what comes by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout
from typing_extensions import TypedDict

from crawl4ai_browser.actions import ELEMENT_SECONDS
from crawl4ai_browser.browser.acting.collection import Collection
from crawl4ai_browser.browser.acting.failing import CannotAct
from crawl4ai_browser.browser.acting.reach import first_visible
from crawl4ai_browser.browser.playwright_errors import is_interrupted
from crawl4ai_browser.browser.visits.page_script import list_script
from crawl4ai_browser.clock import SYSTEM_CLOCK

if TYPE_CHECKING:
    from playwright.async_api import Locator

    from crawl4ai_browser.actions import Collect, Scroll
    from crawl4ai_browser.browser.acting.stage import Stage

MAX_STEPS_BACK = 3
"""Where two views of a list have nothing in common, which is tried again with half the way. A list that changes all of
its items by itself would be looked at for ever."""

NEWS_ATTEMPTS = 4
NEWS_INTERVAL = 0.4
"""How often, and how many seconds apart, further items are looked for after what should have brought them: the page is
quiet by then, but one that waits for a timer looks so too."""

GONE_SECONDS = 2.0
"""For a control that was there a moment ago."""

_LOCKED = "it does not scroll, though its end is not in sight: what lies over the page may hold it"

Move = Literal["start", "next", "to", "stay"]

_IS_OFF = """(element) => element.matches(":disabled, [aria-disabled=true], .disabled")
  || !!element.closest(".disabled, [aria-disabled=true]") || getComputedStyle(element).pointerEvents === "none"
"""


class _View(TypedDict):
    """What `list.js` hands back."""

    found: list[tuple[str, str]]
    keys: list[str]
    top: float
    step: float
    moved: bool
    at_end: bool
    height: float


@dataclass(frozen=True)
class _List:
    """A list in a page, or what scrolls."""

    stage: Stage
    css: str | None
    within: str | None
    key: str | None = None
    has_pages: bool = False

    async def look(self, move: Move, *, top: float = 0.0, forget: bool = False) -> _View:
        """Move, to `top` or by a step, and see what is shown then. `forget`: what came the last time is to come again.

        Raises:
            CannotAct: what should scroll is not there.
            PlaywrightError: the page is gone, or has gone on.
        """
        options = {
            "css": self.css,
            "within": self.within,
            "key": self.key,
            "has_pages": self.has_pages,
            "move": move,
            "top": top,
            "forget": forget,
        }
        view: _View | None = await self.stage.page.page.evaluate(list_script(), options)
        if view is None:
            raise CannotAct(f"nothing is found for {self.within!r}")
        return view

    async def look_at_end(self) -> _View:
        """What is there after the list has had the time to bring more at its end."""
        await self.stage.settle(self.stage.quiet)
        return await self.look("next")


async def scroll(stage: Stage, action: Scroll) -> int:
    """Scroll; gives the number of views.

    Raises:
        CannotAct: what should scroll is not there.
    """
    what = _List(stage, css=None, within=action.within)
    steps = 0
    view = await what.look("stay")
    while action.times is None or steps < action.times:
        height = view["height"]
        at_end = view["at_end"]
        if at_end and (action.until == "end" or action.times is not None):
            break
        view = await (what.look_at_end() if at_end else what.look("next"))
        if at_end and view["at_end"] and view["height"] <= height:
            break
        if not (view["moved"] or at_end):
            raise CannotAct(_LOCKED)
        steps += 1
    return steps


async def collect(stage: Stage, action: Collect) -> int:
    """Keep all items of the list for the reading of the page; gives how many there are.

    Raises:
        CannotAct: what should scroll is not there.
    """
    collection = next((kept for kept in stage.collections if kept.css == action.selector), None)
    if collection is None:
        collection = Collection(css=action.selector, within=action.within)
        stage.collections.append(collection)
    what = _List(stage, css=action.selector, within=action.within, key=action.key, has_pages=action.next is not None)
    if action.next is None:
        await _by_scrolling(what, collection, action.max_items)
    else:
        await _by_clicks(what, collection, action)
    collection.cut(action.max_items)
    return len(collection.items)


async def _by_scrolling(what: _List, collection: Collection, max_items: int) -> None:
    view = await what.look("start")
    good = view
    shown: set[str] = set()
    steps_back = 0
    has_waited = False
    while True:
        keys = set(view["keys"])
        if shown and keys and shown.isdisjoint(keys) and steps_back < MAX_STEPS_BACK:
            steps_back += 1
            view = await what.look("to", top=good["top"] + good["step"] / 2**steps_back, forget=True)
            continue
        steps_back, shown, good = 0, keys, view
        has_new = collection.add(view["found"])
        is_at_rest = view["at_end"] or not view["moved"]
        if len(collection.items) >= max_items or (is_at_rest and has_waited and not has_new):
            break
        view = await (what.look_at_end() if is_at_rest else what.look("next"))
        has_waited = is_at_rest
    if not view["at_end"] and len(collection.items) < max_items:
        raise CannotAct(_LOCKED)


async def _by_clicks(what: _List, collection: Collection, action: Collect) -> None:
    page = what.stage.page.page
    collection.add((await what.look("stay"))["found"])
    assert action.next is not None, "asked by the caller"
    while len(collection.items) < action.max_items:
        control = first_visible(page, action.next)
        if await _is_off(control):
            return
        await what.stage.begin_input()
        await control.click(timeout=ELEMENT_SECONDS * 1000)
        if not await _has_brought(what, collection):
            return


async def _is_off(control: Locator) -> bool:
    """Whether there is nothing to be clicked, or nothing would come of it."""
    if not await control.count():
        return True
    try:
        return bool(await control.evaluate(_IS_OFF, timeout=GONE_SECONDS * 1000))
    except PlaywrightTimeout:  # it has just gone
        return True


async def _has_brought(what: _List, collection: Collection) -> bool:
    """Whether further items have come, which are kept then."""
    for attempt in range(NEWS_ATTEMPTS):
        await (what.stage.settle(what.stage.quiet) if not attempt else SYSTEM_CLOCK.sleep(NEWS_INTERVAL))
        try:
            found = (await what.look("stay"))["found"]
        except PlaywrightError as error:
            if not is_interrupted(error):  # by the document that holds the next items
                raise
            continue
        if collection.add(found):
            return True
    return False
