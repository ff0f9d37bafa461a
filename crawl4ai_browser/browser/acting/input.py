"""Real input, by Playwright: it waits until the element is there, visible, at rest, enabled and not covered."""

from __future__ import annotations

from typing import assert_never

from playwright.async_api import Locator, Page

from crawl4ai_browser.actions import (
    Check,
    Click,
    DoubleClick,
    Drag,
    Fill,
    Hover,
    Press,
    Select,
    Type,
    Upload,
)
from crawl4ai_browser.browser.acting.failing import CannotAct
from crawl4ai_browser.browser.acting.reach import all_of, first_visible

Input = Click | DoubleClick | Hover | Fill | Type | Press | Select | Check | Upload | Drag

_IS_FILE_INPUT = "(element) => element instanceof HTMLInputElement && element.type === 'file'"


async def give_input(page: Page, action: Input, *, seconds: float) -> None:
    """Do what the action says.

    Raises:
        CannotAct: a file to upload is not there.
        PlaywrightError: it could not be done, or not in time.
    """
    if isinstance(action, Upload):
        await _upload(page, action, timeout=seconds * 1000)
    elif isinstance(action, Press) and action.selector is None:
        await page.keyboard.press(action.key)
    else:
        assert action.selector is not None, "only a key may go without"
        await _with_element(first_visible(page, action.selector, action.frames), action, timeout=seconds * 1000)


async def _with_element(
    element: Locator,
    action: Click | DoubleClick | Hover | Fill | Type | Press | Select | Check | Drag,
    *,
    timeout: float,
) -> None:
    match action:
        case Click():
            await element.click(button=action.button, modifiers=list(action.modifiers), timeout=timeout)
        case DoubleClick():
            await element.dblclick(timeout=timeout)
        case Hover():
            await element.hover(timeout=timeout)
        case Fill():
            await element.fill(action.value, timeout=timeout)
        case Type():
            await element.press_sequentially(action.text, delay=action.pause * 1000, timeout=timeout)
        case Press():
            await element.press(action.key, timeout=timeout)
        case Select():
            await element.select_option(list(action.wanted), timeout=timeout)
        case Check():
            await element.set_checked(action.checked, timeout=timeout)
        case Drag():
            target = first_visible(element.page, action.to, action.frames)
            await element.drag_to(target, timeout=timeout)
        case _:
            assert_never(action)


async def _upload(page: Page, action: Upload, *, timeout: float) -> None:
    missing = [path for path in action.paths if not path.is_file()]
    if missing:
        raise CannotAct(f"there is no file {str(missing[0])!r}", blame="user")
    element = all_of(page, action.selector, action.frames).first
    if await element.evaluate(_IS_FILE_INPUT, timeout=timeout):
        await element.set_input_files(list(action.paths), timeout=timeout)
        return
    async with page.expect_file_chooser(timeout=timeout) as chooser:
        await first_visible(page, action.selector, action.frames).click(timeout=timeout)
    await (await chooser.value).set_files(list(action.paths), timeout=timeout)
