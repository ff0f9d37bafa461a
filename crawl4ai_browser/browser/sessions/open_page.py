"""OpenPage: a page that stays open from one visit to the next, for steps that lead on from what is shown.

Each visit ends when a snapshot is taken, and the next begins there: what happens in between (documents, files, windows,
dialogs) belongs to it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from playwright.async_api import Error as PlaywrightError

from crawl4ai_browser.browser.playwright_errors import translate
from crawl4ai_browser.browser.proxies.errand import errand_of
from crawl4ai_browser.browser.sessions.user_function import PageFunction, T, call_function
from crawl4ai_browser.browser.visits.navigation import StalePage
from crawl4ai_browser.errors import BrowserCrashed, ConfigError, FetchError, ProxyError
from crawl4ai_browser.proxy_status import ProxyErrand

if TYPE_CHECKING:
    from crawl4ai_browser.action_outcome import ActionOutcome
    from crawl4ai_browser.actions import Actions
    from crawl4ai_browser.browser.pool import BrowserPool
    from crawl4ai_browser.browser.sessions.session import BrowserSession
    from crawl4ai_browser.browser.visits.document_watch import Hop
    from crawl4ai_browser.browser.visits.kept_page import KeptPage
    from crawl4ai_browser.browser.visits.visit import Visit
    from crawl4ai_browser.fetcher import OnAnswer
    from crawl4ai_browser.request import Request
    from crawl4ai_browser.snapshot import Snapshot

    NewVisit = Callable[[KeptPage, Request, OnAnswer | None], Visit]


class OpenPage:
    """A `Fetcher` whose visits all happen in one page, and which takes what the page shows in between.

    Used by one task at a time.
    """

    def __init__(self, pool: BrowserPool, session: BrowserSession, new_visit: NewVisit) -> None:
        """Lease no page yet. `new_visit` makes a visit of a page."""
        self._pool = pool
        self._session = session
        self._new_visit = new_visit
        self._page: KeptPage | None = None
        self._has_lost_way = False
        """Whether the proxy of its page has failed, so that the next document comes by another, in another page."""
        self._visit: Visit | None = None
        """Begun where the one before ended, and not yet read."""
        self._request: Request | None = None

    async def fetch(self, request: Request, *, on_answer: OnAnswer | None = None) -> Snapshot:
        """Go to the URL and visit it, as `Fetcher.fetch` says. In another page, where the last one has gone."""
        async with self._session.entry.visit():
            await self._drop_visit()
            while True:
                page = await self._usable_page()
                self._request = request
                try:
                    return await self._run(page, self._new_visit(page, request, on_answer))
                except StalePage:  # what it shows does not let go of it
                    continue

    async def run(self, function: PageFunction[T]) -> T:
        """The result of a user's function, which gets Playwright's page. What it raises comes out as it is.

        Raises:
            ConfigError: nothing has been visited yet.
            BrowserCrashed: the browser died under it.
        """
        async with self._session.entry.visit():
            page = self._shown_page()
            try:
                return await call_function(page, function)
            except BrowserCrashed as error:
                await self._pool.examine(page.browser, error)
                raise

    async def perform(self, actions: Actions) -> tuple[ActionOutcome, ...]:
        """What became of actions on the page as it stands. They are also part of the next snapshot.

        Raises:
            ConfigError: nothing has been visited yet.
            FetchError: one of them failed, or the page or its browser died.
        """
        async with self._session.entry.visit():
            page = self._shown_page()
            if self._visit is None:
                self._visit = await self._begin(page, None)
            try:
                return await self._visit.actions.perform_in_time(actions)
            except BrowserCrashed as error:
                await self._pool.examine(page.browser, error)
                raise

    async def snapshot(self) -> Snapshot:
        """What the page shows now, once it is ready.

        Raises:
            ConfigError: nothing has been visited yet.
            FetchError: it could not be read; its `snapshot` holds what was gathered.
        """
        async with self._session.entry.visit():
            page = self._shown_page()
            visit = self._visit
            if visit is None:
                visit = await self._begin(page, None)
            return await self._run(page, visit)

    @property
    def request(self) -> Request:
        """What was last gone to.

        Raises:
            ConfigError: nothing has been visited yet.
        """
        if self._request is None:
            raise ConfigError("the page shows nothing yet: go to a URL first")
        return self._request

    async def close(self) -> None:
        """Give the page back."""
        await self._drop_visit()
        self._give_back()

    # --- visits

    async def _run(self, page: KeptPage, visit: Visit) -> Snapshot:
        self._visit = None
        try:
            with self._pool.proxies.joined(errand_of(self.request), page.context.proxy) as turn:
                snapshot = await turn.judged(visit.run(), page.context.way)
        except BrowserCrashed as error:
            await self._pool.examine(page.browser, error)
            raise
        except FetchError as error:
            self._has_lost_way = isinstance(error, ProxyError)
            await self._session.remember(None)
            raise
        await self._session.remember(page)
        self._visit = await self._begin(page, visit.document)
        return snapshot

    async def _begin(self, page: KeptPage, document: Hop | None) -> Visit:
        # What the page leads to is not shown in place of anything, and what was to be done on it has been.
        visit = self._new_visit(page, self.request.model_copy(update={"html": None, "actions": ()}), None)
        try:
            await visit.begin_here(document)
        except PlaywrightError as error:
            page.is_spoiled = True
            raise translate(error, phase="page") from error
        return visit

    async def _drop_visit(self) -> None:
        """End the visit that was begun. Files that came in it are saved, though nobody asked for their records."""
        visit, self._visit = self._visit, None
        if visit is not None:
            await visit.abandon()

    # --- the page

    def _shown_page(self) -> KeptPage:
        if self._page is None or self._request is None:
            raise ConfigError("the page shows nothing yet: go to a URL first")
        return self._page

    async def _usable_page(self) -> KeptPage:
        if self._page is not None and (self._has_lost_way or not self._session.has(self._page)):
            self._give_back()
        if self._page is None:
            errand = ProxyErrand(host="", session=self._session.name)
            async with self._pool.proxy_turn(errand, self._session.config.proxy) as turn:
                self._page = await self._pool.lease(self._session, turn)
        return self._page

    def _give_back(self) -> None:
        page, self._page = self._page, None
        self._has_lost_way = False
        if page is not None:
            # Never kept: a user's function may have left anything behind in it.
            self._pool.give_back(self._session, page, keep=False)

    def __repr__(self) -> str:
        """Where it is."""
        return f"<OpenPage of {self._session.name!r}, {self._page or 'no page'}>"
