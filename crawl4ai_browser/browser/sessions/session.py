"""BrowserSession: one identity, that is one browser context, its pages, and what it remembers."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

import anyio
from playwright.async_api import BrowserContext, Download, Page
from playwright.async_api import Error as PlaywrightError

from crawl4ai_browser.browser.files.downloads import discard
from crawl4ai_browser.browser.launch import LaunchedBrowser
from crawl4ai_browser.browser.proxies.admission import admit
from crawl4ai_browser.browser.sessions.context_identity import NO_IDENTITY, ContextIdentity
from crawl4ai_browser.browser.sessions.context_options import context_keywords, context_user_agent
from crawl4ai_browser.browser.sessions.entry import SessionEntry
from crawl4ai_browser.browser.sessions.introduction import introduce
from crawl4ai_browser.browser.sessions.open_context import OpenContext
from crawl4ai_browser.browser.sessions.page_ahead import PageAhead
from crawl4ai_browser.browser.sessions.session_pages import SessionPages
from crawl4ai_browser.browser.sessions.state_keeper import StateKeeper
from crawl4ai_browser.browser.sessions.user_function import catch_listener_errors
from crawl4ai_browser.browser.sessions.user_windows import UserWindows
from crawl4ai_browser.browser.shielded import to_the_end
from crawl4ai_browser.browser.visits.kept_page import KeptPage
from crawl4ai_browser.browser.visits.page_script import tracker_script
from crawl4ai_browser.errors import BrowserCrashed, FetchError, LaunchFailed
from crawl4ai_browser.proxy_status import ProxyErrand
from crawl4ai_browser.storage_state import StorageState

if TYPE_CHECKING:
    from crawl4ai_browser.browser.proxies.forwarder import Forwarder
    from crawl4ai_browser.browser.sessions.session_needs import SessionNeeds
    from crawl4ai_browser.config import ContextConfig
    from crawl4ai_browser.proxy import Proxy

PAGE_CLOSE_DEADLINE = 3.0
"""Seconds for one page to close, after which its whole context is closed, which never hung."""

MAX_VISITS_PER_PAGE = 200
"""Visits after which a page is replaced: the driver keeps every request of a page until the page closes."""

_DRAIN_SECONDS = 10.0
"""For visits to end so that a session can move: as long as few pages take. A page that a user holds takes longer."""


class BrowserSession:
    """A context in one of the pool's browsers, opened at first use and again when its browser has gone."""

    def __init__(
        self,
        name: str | None,
        identity: ContextIdentity,
        source: SessionNeeds,
        *,
        entry: SessionEntry,
        keeper: StateKeeper,
    ) -> None:
        """Open nothing yet. `name` None is an anonymous session, which remembers nothing beyond its context's life."""
        self.name = name
        self.entry = entry
        self.keeper = keeper
        self._identity = identity
        self._source = source
        self._lock = anyio.Lock(fast_acquire=True)  # free nearly always, and asked for at each visit
        self._current: OpenContext | None = None
        self._left: list[OpenContext] = []
        """Contexts that it has moved out of while pages of them were in use; they close with the last of these."""
        self._pages = SessionPages()
        self._undrained: OpenContext | None = None
        self._ahead = PageAhead(self._open_idle, source.start)
        self._windows = UserWindows(source.start)

    @property
    def config(self) -> ContextConfig:
        """What its context is opened with."""
        return self._identity.config

    @property
    def browser(self) -> LaunchedBrowser | None:
        """The browser its context is in, if it is open."""
        return self._current.browser if self._current is not None else None

    @property
    def page_count(self) -> int:
        """Its pages, leased or kept."""
        return len(self._pages)

    async def context(self, proxy: Proxy | None = None) -> BrowserContext:
        """As `opened`, Playwright's own."""
        return (await self.opened(proxy)).playwright

    async def opened(self, proxy: Proxy | None = None) -> OpenContext:
        """The open context; a new one when its browser has died or is retiring, or the proxy is to be another.

        `proxy` None: that of the configuration, if any. What the session remembers goes along.

        Raises:
            SessionEnded, SignInFailed: it is not to be used any more.
            LaunchFailed: no browser.
            BrowserCrashed: the browser died while the context was opened.
        """
        proxy = proxy or self.config.proxy
        async with self._lock:
            self.entry.check_not_closed()
            current = self._current
            if current is not None:
                if self._stays_in(current) and current.proxy == proxy:
                    return current
                await self._move_out()
            return await to_the_end(self._open(proxy))

    def _stays_in(self, context: OpenContext) -> bool:
        """Whether new pages may be opened in it.

        Not in a browser that is to be replaced; but where visits are under way whose changes are to be remembered, all
        are made in one context.
        """
        browser = context.browser
        is_bound = self.name is not None and browser.lost is None and self._pages.use(context)
        return browser.is_usable or is_bound

    async def _open(self, proxy: Proxy | None) -> OpenContext:
        try:
            way = await self._source.open_way(proxy)
        except OSError as error:
            raise LaunchFailed(f"the way out of a context could not be opened: {error}", phase="page") from error
        try:
            browser = await self._source.usable_browser(is_proxied=way is not None)
            opened = await self._open_context(browser, way)
        except BaseException:
            if way is not None:
                await way.close()
            raise
        browser.sessions.add(self)
        self._current = opened
        if self.entry.is_open:  # a pool that closes runs nothing more in the background
            self._ahead.begin(opened)
        return opened

    async def _open_context(self, browser: LaunchedBrowser, way: Forwarder | None) -> OpenContext:
        identity = self._identity
        keywords = context_keywords(
            identity.config,
            user_agent=self._user_agent(browser),
            device=identity.device,
            state=self.keeper.state,
            way=way,
        )
        try:
            with browser.opening("context"):
                context = await browser.browser.new_context(**keywords)
                catch_listener_errors(context)  # those that a user's function leaves on it
                context.on("download", self._on_download)
                await context.add_init_script(tracker_script())
                for script in identity.config.init_scripts:
                    await context.add_init_script(script)
            await introduce(context, self.name, self._source.hooks)
            context.on("page", self._on_page)
        except PlaywrightError as error:
            raise browser.error_of(error) from error
        return OpenContext(context, browser, way, keywords)

    def _on_page(self, page: Page) -> None:
        """Look after windows that open as the page they belong to closes. Hooks may open pages while visits are on."""
        if not self._pages.are_lent or not self._source.hooks.need_browsers:
            self._source.start(partial(self._windows.close_strays, page.context))

    def _on_download(self, download: Download) -> None:
        """Give a file to the page that it belongs to. A page's own event would not tell of those of its windows."""
        page = self._pages.owner_of(download.page)
        transfers = self.browser.transfers if self.browser is not None else None
        if page is not None and page.is_watched:
            page.take_download(download)
        elif transfers is not None:
            transfer = transfers.claim(download.url, download.suggested_filename)
            if self._windows.are_used:
                transfer.leave()
            else:
                self._source.start(lambda: discard(download, transfer))

    def _user_agent(self, browser: LaunchedBrowser) -> str:
        identity = self._identity
        return context_user_agent(identity.config, identity.device, browser_user_agent=browser.user_agent)

    async def lease(self, proxy: Proxy | None = None, site: str = "") -> KeptPage:
        """A page for one visit, kept or new, that goes out through the proxy; one that was on the site, if it is there.

        Give it back with `give_back`, whatever happened.
        """
        await self._drain()
        context = await self.opened(proxy)
        page = self._pages.take_idle(site)
        if page is None and await self._ahead.wait():
            context = await self.opened(proxy)  # perhaps another one by now
            page = self._pages.take_idle(site)
        if page is None:
            page = await self._open_page(context)
        self._pages.lend(page, context)
        context.browser.visits += 1
        return page

    async def _drain(self) -> None:
        """Let the visits end that keep it in a browser which is to be replaced. For a time, as pages may be held."""
        context = self._current
        if context is None or self.name is None or not context.browser.retiring or self._undrained is context:
            return
        with anyio.move_on_after(_DRAIN_SECONDS):
            await self._pages.all_back()
            return
        self._undrained = context

    def expect_page(self) -> None:
        """A visit will want a page soon: open the first one. Not before a sign-in, as it would lack its storage."""
        if not self.page_count and self.entry.is_open and self.entry.signing_in is None:
            self._ahead.expect(self._current)

    async def _open_idle(self, context: OpenContext) -> None:
        page = await self._open_page(context)
        if context is self._current and context.browser.is_usable and self.entry.is_open:
            self._pages.keep(page)
        else:
            await self._discard(page, context)
            self._close_left()

    @asynccontextmanager
    async def user_page(self) -> AsyncGenerator[KeptPage]:
        """A blank page for a user's function, which nobody else listens to. Closed afterwards, with its windows."""
        errand = ProxyErrand(host="", session=self.name)
        async with self._source.proxy_turn(errand, self.config.proxy) as turn, self._user_page(turn.proxy) as page:
            yield page

    @asynccontextmanager
    async def _user_page(self, proxy: Proxy | None) -> AsyncGenerator[KeptPage]:
        context = await self.opened(proxy)
        try:
            page = await self._open_page(context, is_watched=False)
            self._pages.lend(page, context)
            try:
                async with self._windows.used(context.playwright, page):
                    yield page
                    await self.remember(page, all_of_it=True)
            finally:
                self.give_back(page, keep=False)
        except BrowserCrashed as error:
            await self._source.examine(context.browser, error)
            raise

    async def _open_page(self, context: OpenContext, *, is_watched: bool = True) -> KeptPage:
        browser = context.browser
        try:
            with context.opening_page():
                async with self._windows.opening():
                    page = await KeptPage.open(context, self._source.start, is_watched=is_watched)
                    self._windows.is_own(page.page)
                if context.way is not None:
                    await admit(page.page, context.way, self._source.start)
                await self.keeper.restore_session_storage(page)
                if not context.are_files_followed and browser.transfers is not None:
                    await browser.transfers.follow(page.devtools)
                    context.are_files_followed = True
                await page.identify(self._user_agent(browser), language=self.config.locale)
                await page.slow_down(self.config.network)
                if not browser.frames_probed:
                    browser.frames_probed = True
                    browser.frames_on_demand = await page.frames.probe()
                return page
        except BaseException as error:
            self._close_left()
            if isinstance(error, PlaywrightError):
                raise browser.error_of(error) from error
            raise

    def has(self, page: KeptPage) -> bool:
        """Whether a page that is leased is of use for another document, and of the context that is open now."""
        return self._pages.context_of(page) is self._current and page.browser.is_usable and not page.is_spoiled

    def give_back(self, page: KeptPage, *, keep: bool) -> None:
        """End the lease. A page that is not kept is closed in the background, so that its slot is free at once."""
        context = self._pages.take_back(page)
        browser = context.browser
        is_current = context is self._current and self._stays_in(context) and self.entry.is_open
        if keep and is_current and not page.is_spoiled and page.visits < MAX_VISITS_PER_PAGE:
            self._pages.keep(page)
        elif context in self._left:
            self._close_left()
        elif browser.lost is None:
            self._source.start(partial(self._discard, page, context))

    async def _discard(self, page: KeptPage, context: OpenContext | None) -> None:
        with anyio.CancelScope(shield=True):
            with anyio.move_on_after(PAGE_CLOSE_DEADLINE), suppress(PlaywrightError):
                await page.close()
                return
            # page.close() hung (microsoft/playwright#42068): closing the context never does. Its other pages fail with
            # BrowserCrashed and are visited again in a new context, without being charged.
            if context is not None and context is self._current and not page.page.is_closed():
                await self._forget_context()

    async def _forget_context(self) -> None:
        context, self._current = self._current, None
        self._pages.drop_idle()
        if context is not None:
            context.browser.sessions.discard(self)
            await context.close()

    def _close_left(self) -> None:
        """Close the contexts that were left, and are not in use any more."""
        done = [context for context in self._left if not self._pages.use(context)]
        for context in done:
            self._left.remove(context)
            self._source.start(context.close)

    # --- what it remembers

    async def remember(self, page: KeptPage | None, *, all_of_it: bool = False) -> None:
        """Take what has changed, after a visit; `page` None: it can't be asked. Never raises."""
        context = self._current
        is_current = page is None or self._pages.context_of(page) is context
        if self.name is not None and context is not None and is_current:
            await self.keeper.after_visit(context.playwright, page, all_of_it=all_of_it)

    async def storage_state(self) -> StorageState:
        """All that it remembers now: asked of its context, or, where none is open, as last taken.

        Raises:
            SessionEnded: it has ended, and has forgotten everything.
            FetchError: the browser could not say.
        """
        self.entry.check_open()
        async with self._lock:
            if self._current is None or self._current.browser.lost is not None:
                return self.keeper.state or StorageState()
            return await self.keeper.take(self._current.playwright)

    async def move_out(self) -> None:
        """Leave a browser that is being retired; what the session remembers goes with it. Never raises."""
        async with self._lock:
            await self._move_out()

    async def _move_out(self) -> None:
        context = self._current
        if context is None:
            return
        if self.name is not None and context.browser.lost is None:
            with suppress(FetchError):  # what was taken after the last visit stands
                await self.keeper.take(context.playwright)
        if context.browser.lost is None and self._pages.use(context):
            # What is under way goes on here. What it changes from now on is not remembered.
            context.browser.sessions.discard(self)
            self._left.append(context)
            self.renew_pages()
            self._current = None
        else:
            await self._forget_context()

    def renew_pages(self) -> None:
        """Close the idle pages: those opened before a sign-in lack its session storage."""
        for page in self._pages.drop_idle():
            self._source.start(partial(self._discard, page, None))

    async def close(self) -> None:
        """Close the context and all its pages, and forget every secret. Bounded; never raises."""
        self.entry.close()
        async with self._lock:
            await self._forget_context()
            left, self._left = self._left, []
            for context in left:
                await context.close()
        self.keeper.forget()
        self.entry.signing_in = None
        self._identity = NO_IDENTITY

    def __repr__(self) -> str:
        """Name, where it lives and its pages."""
        where = "closed" if not self.entry.is_open else "open" if self._current else "not open"
        who = self.name or "anonymous"
        return f"<BrowserSession {who} {where}, {self._pages.summary}>"
