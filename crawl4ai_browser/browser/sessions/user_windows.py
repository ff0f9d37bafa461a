"""UserWindows: the windows that users' functions open in a context. They paint while a function runs, and are closed.

A browser that makes frames on demand makes none for a page that nobody asks for, and in a page without frames a click
waits for ever. Pages that a visit opens are the visit's own to deal with.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

import anyio
from playwright.async_api import BrowserContext, Page
from playwright.async_api import Error as PlaywrightError

from crawl4ai_browser.bell import Bell
from crawl4ai_browser.browser.devtools import DevTools
from crawl4ai_browser.browser.sessions.user_function import catch_listener_errors
from crawl4ai_browser.browser.shielded import to_the_end
from crawl4ai_browser.browser.visits.frames import Frames

if TYPE_CHECKING:
    from crawl4ai_browser.browser.background import Start
    from crawl4ai_browser.browser.visits.kept_page import KeptPage

_CLOSE_DEADLINE = 3.0
"""Seconds for the windows to close. The context takes those that hang with it in the end."""


class UserWindows:
    """Follows the context of one session while functions of the user run in it."""

    def __init__(self, start: Start) -> None:
        """`start` runs in the background."""
        self._start = start
        self._own: set[Page] = set()
        self._windows: list[Page] = []
        self._opening = 0
        self._opened = Bell()
        self._users = 0
        self._unused = anyio.Event()

    @property
    def are_used(self) -> bool:
        """Whether a function runs."""
        return self._users > 0

    @asynccontextmanager
    async def opening(self) -> AsyncGenerator[None]:
        """The session itself opens a page in this block, and says so to `is_own` in it."""
        self._opening += 1
        try:
            yield
        finally:
            self._opening -= 1
            self._opened.ring()

    def is_own(self, page: Page) -> None:
        """This page is the session's."""
        self._own.add(page)
        page.on("close", self._forget)

    def _forget(self, page: Page) -> None:
        self._own.discard(page)

    @asynccontextmanager
    async def used(self, context: BrowserContext, page: KeptPage) -> AsyncGenerator[None]:
        """Follow windows as long as the block runs; those that are left then are closed, when no other function runs.

        `page` is the one that the function gets.
        """
        on_page = partial(self._on_page, page)
        context.on("page", on_page)
        if not self._users:
            self._unused = anyio.Event()
        self._users += 1
        try:
            yield
        finally:
            context.remove_listener("page", on_page)
            self._users -= 1
            if not self._users:
                self._unused.set()
                await to_the_end(self._close_all())

    async def close_strays(self, context: BrowserContext) -> None:
        """Close the windows whose page has gone: they came too late for its visit, and nobody has them.

        Not while a function runs, which may have opened them.
        """
        await self._none_opening()
        with anyio.move_on_after(_CLOSE_DEADLINE), suppress(PlaywrightError):
            for page in context.pages:
                if not self.are_used and page not in self._own and await page.opener() is None:
                    await page.close()

    def _on_page(self, user_page: KeptPage, page: Page) -> None:
        catch_listener_errors(page)
        self._start(partial(self._follow, user_page, page))

    async def _follow(self, user_page: KeptPage, page: Page) -> None:
        with suppress(PlaywrightError):  # it is gone already
            if page in self._windows or not await self._is_users(user_page, page):
                return
            self._windows.append(page)
            browser = user_page.browser
            frames = Frames(
                await DevTools.of_page(page),
                self._start,
                turn=browser.frame_turn,
                on_demand=browser.frames_on_demand,
            )
            async with frames.flowing():
                await self._unused.wait()

    async def _is_users(self, user_page: KeptPage, page: Page) -> bool:
        """Whether a user's function opened it, and not the session or a page that is visited beside it."""
        await self._none_opening()
        if page in self._own:
            return False
        opener = await page.opener()
        return opener is None or opener is user_page.page or opener in self._windows

    async def _none_opening(self) -> None:
        """Wait until it is known of every page whether the session opened it."""
        while self._opening:
            await self._opened.wait()

    async def _close_all(self) -> None:
        windows, self._windows = self._windows, []
        with anyio.move_on_after(_CLOSE_DEADLINE):
            for window in windows:
                with suppress(PlaywrightError):
                    await window.close()

    def __repr__(self) -> str:
        """How many there are."""
        return f"<UserWindows {len(self._windows)} open, {self._users} functions>"
