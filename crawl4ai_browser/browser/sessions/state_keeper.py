"""StateKeeper: what a session remembers, kept outside the browser, so that it outlives the browser.

Cookies are taken after every visit (0.8 ms). Storage costs more, 5 ms where its origins are shown by open pages and 100
where a page has to be opened for one, and more with large databases. It is taken after a visit too, but given no more
than a twentieth of the time. What a browser that is killed had stored since is lost; one that is retired is asked once
more.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, cast

import anyio
from playwright.async_api import BrowserContext
from playwright.async_api import Error as PlaywrightError

from crawl4ai_browser.browser.playwright_errors import is_gone
from crawl4ai_browser.errors import BrowserCrashed, CrawlError, FetchError
from crawl4ai_browser.storage_state import StorageState, StoredCookie, StoredItem

if TYPE_CHECKING:
    from crawl4ai_browser.browser.visits.kept_page import KeptPage
    from crawl4ai_browser.clock import Clock

SHARE_OF_TIME = 0.05
"""Of a session's time, for taking its storage."""

COOKIE_DEADLINE = 2.0
"""Seconds for the cookies. The browser itself answers, whatever its pages do."""

STORAGE_DEADLINE = 5.0
"""Seconds for the storage after a visit. A page that is in a loop never answers."""

TAKE_DEADLINE = 30.0
"""Seconds for the storage when somebody asks for it."""

_SESSION_STORAGE = "[location.origin, Object.entries(sessionStorage)]"

_RESTORE = """((stored) => {
  const items = stored[location.origin];
  if (!items || sessionStorage.length) return;
  for (const [name, value] of items) sessionStorage.setItem(name, value);
})"""


class StateKeeper:
    """The state of one session."""

    def __init__(self, state: StorageState | None, clock: Clock, *, keeps_session_storage: bool) -> None:
        """`state` is what the session begins with."""
        self.state = state
        self.keeps_session_storage = keeps_session_storage
        self._clock = clock
        self._storage_due_at = 0.0
        # One at a time: a taking that began earlier must not end later, and put an older state in a newer one's place.
        self._taking = anyio.Lock()

    async def after_visit(self, context: BrowserContext, page: KeptPage | None, *, all_of_it: bool = False) -> None:
        """Take what is due, or all. `page` is the one that was visited, None where it can't be asked. Never raises."""
        if self._taking.locked() and not all_of_it:
            return
        async with self._taking:
            # Of an error: the page or the browser has gone, or can't say; what was taken before stands.
            with suppress(PlaywrightError, CrawlError):
                await self._take_what_is_due(context, page, all_of_it=all_of_it)

    async def _take_what_is_due(self, context: BrowserContext, page: KeptPage | None, *, all_of_it: bool) -> None:
        if page is not None and (all_of_it or self._clock.monotonic() >= self._storage_due_at):
            await self._take_storage(context, TAKE_DEADLINE if all_of_it else STORAGE_DEADLINE)
        else:
            await self._take_cookies(context)
        if page is not None and self.keeps_session_storage:
            await self._take_session_storage(page)

    async def take(self, context: BrowserContext) -> StorageState:
        """All that the context remembers now.

        Raises:
            FetchError: the browser could not say.
        """
        with anyio.move_on_after(TAKE_DEADLINE, shield=True):
            try:
                given = await _storage_state(context)
            except PlaywrightError as error:
                message = error.message.strip().split("\n", 1)[0]
                cls = BrowserCrashed if is_gone(error) else FetchError
                raise cls(f"the session's state could not be taken: {message}", phase="page") from error
            return self._put(StorageState.of(given, source="the browser's storage state"))
        raise FetchError(f"the session's state could not be taken within {TAKE_DEADLINE:g} s", phase="page")

    def forget(self) -> None:
        """Keep nothing more."""
        self.state = None

    async def restore_session_storage(self, page: KeptPage) -> None:
        """See to it that a new page finds the session storage that other pages of the session left."""
        stored = self.state.session_storage if self.state is not None else {}
        if self.keeps_session_storage and stored:
            await page.page.add_init_script(f"{_RESTORE}({_as_script(stored)})")

    def _put(self, taken: StorageState) -> StorageState:
        """Remember it, with the session storage that is known from single pages."""
        known = self.state.session_storage if self.state is not None else {}
        self.state = taken.with_session_storage(known)
        return self.state

    async def _take_storage(self, context: BrowserContext, deadline: float) -> None:
        started = self._clock.monotonic()
        try:
            with anyio.move_on_after(deadline, shield=True):
                given = await _storage_state(context)
                self._put(StorageState.of(given, source="the browser's storage state"))
        finally:
            now = self._clock.monotonic()
            self._storage_due_at = now + (now - started) / SHARE_OF_TIME

    async def _take_cookies(self, context: BrowserContext) -> None:
        with anyio.move_on_after(COOKIE_DEADLINE):
            given = await context.cookies()
            cookies = [StoredCookie.model_validate(cookie) for cookie in given]
            self.state = (self.state or StorageState()).with_cookies(cookies)

    async def _take_session_storage(self, page: KeptPage) -> None:
        with anyio.move_on_after(COOKIE_DEADLINE):
            origin, entries = cast("tuple[str, list[tuple[str, str]]]", await page.page.evaluate(_SESSION_STORAGE))
            state = self.state or StorageState()
            items = tuple(StoredItem(name=name, value=value) for name, value in entries)
            stored = {**state.session_storage, origin: items}
            self.state = state.with_session_storage({known: kept for known, kept in stored.items() if kept})


async def _storage_state(context: BrowserContext) -> object:
    """Ask. To be shielded: where the driver has opened a page for an origin, being cancelled leaves it open."""
    return await context.storage_state(indexed_db=True)


def _as_script(stored: dict[str, tuple[StoredItem, ...]]) -> str:
    """The items by origin as a JavaScript literal, which JSON in ASCII is."""
    return json.dumps({origin: [[item.name, item.value] for item in items] for origin, items in stored.items()})
