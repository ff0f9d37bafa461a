"""How actions reach elements: Playwright's locators, for targets that may lie in shadow roots and frames."""

from __future__ import annotations

from collections.abc import Sequence

from playwright.async_api import FrameLocator, Locator, Page

from crawl4ai_browser.targets import engine_of


def all_of(page: Page, target: str, frames: Sequence[str] = ()) -> Locator:
    """All elements that a target finds."""
    scope: Page | FrameLocator = page
    for frame in frames:
        scope = scope.locator(_selector(frame)).first.content_frame
    return scope.locator(_selector(target))


def first_visible(page: Page, target: str, frames: Sequence[str] = ()) -> Locator:
    """The element that is acted on: pages often have a hidden twin of a control, for another size of screen."""
    return all_of(page, target, frames).filter(visible=True).first


def _selector(target: str) -> str:
    # The engine is named, as Playwright guesses it by a rule of its own.
    engine, body = engine_of(target)
    return f"{engine}={body}"
