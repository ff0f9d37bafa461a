"""Hands a new context to the user's hook."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import anyio
from playwright.async_api import Error as PlaywrightError

from crawl4ai_browser.browser.hooks import call_hook
from crawl4ai_browser.browser.launch import CLOSE_DEADLINE

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext

    from crawl4ai_browser.browser.hooks import Hooks


async def introduce(context: BrowserContext, session: str | None, hooks: Hooks) -> None:
    """Call `on_context`, where there is one. A context that it fails on is closed.

    Raises:
        HookFailed: it failed.
        PlaywrightError: the context is gone, or its browser.
    """
    hook = hooks.on_context
    if hook is None:
        return
    try:
        await call_hook("on_context", lambda: hook(context, session), timeout=hooks.timeout)
    except BaseException:
        with anyio.move_on_after(CLOSE_DEADLINE, shield=True), suppress(PlaywrightError):
            await context.close()
        raise
