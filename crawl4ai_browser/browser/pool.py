"""BrowserPool: owns the driver, the browsers and the sessions, and hands out pages."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

import anyio
from playwright.async_api import Error as PlaywrightError

from crawl4ai_browser.browser.files.store import download_folder
from crawl4ai_browser.browser.files.transfers import part_folder
from crawl4ai_browser.browser.hooks import NO_HOOKS, Hooks
from crawl4ai_browser.browser.launch import Driver, LaunchedBrowser
from crawl4ai_browser.browser.launch_options import browser_limit
from crawl4ai_browser.browser.leased import LeasedPage, PlainWay
from crawl4ai_browser.browser.playwright_errors import translate
from crawl4ai_browser.browser.proxies.desk import ProxyDesk
from crawl4ai_browser.browser.retirement import reason_to_retire
from crawl4ai_browser.browser.sessions.context_identity import ContextIdentity
from crawl4ai_browser.browser.sessions.entry import NO_LIMITS, SessionEntry
from crawl4ai_browser.browser.sessions.proxied_sessions import ProxiedSessions
from crawl4ai_browser.browser.sessions.session import BrowserSession
from crawl4ai_browser.browser.sessions.signing_in import SigningIn
from crawl4ai_browser.browser.sessions.state_keeper import StateKeeper
from crawl4ai_browser.browser.sessions.user_function import PageFunction, T, call_function, settle
from crawl4ai_browser.browser.visits.kept_page import KeptPage
from crawl4ai_browser.browser.warn_once import WarnOnce
from crawl4ai_browser.clock import SYSTEM_CLOCK, Clock
from crawl4ai_browser.config import ContextConfig, CrawlConfig, SessionLimits
from crawl4ai_browser.errors import BrowserCrashed, ConfigError, FetchError, LaunchFailed
from crawl4ai_browser.events import BrowserLaunched, BrowserLost, BrowserRetired, Observers
from crawl4ai_browser.urls import site

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager
    from types import TracebackType
    from typing import Self

    from anyio.abc import TaskGroup

    from crawl4ai_browser.browser.proxies.forwarder import Forwarder
    from crawl4ai_browser.browser.proxies.turn import ProxyTurn
    from crawl4ai_browser.browser.sessions.sign_in import SignIn
    from crawl4ai_browser.proxy import Proxy
    from crawl4ai_browser.proxy_status import ProxyErrand

_log = logging.getLogger("crawl4ai_browser")


class BrowserPool:
    """The browsers of one crawler. Starts nothing before the first page is asked for, closes everything at exit."""

    def __init__(
        self,
        config: CrawlConfig,
        observers: Observers | None = None,
        *,
        clock: Clock = SYSTEM_CLOCK,
        hooks: Hooks = NO_HOOKS,
    ) -> None:
        """Nothing is started yet. `clock` is what sessions age by."""
        self._config = config
        self._clock = clock
        self._identity = ContextIdentity(config.context)
        self.observers = observers or Observers()
        self.hooks = hooks
        self.warn = WarnOnce(self.observers)
        self.permits = anyio.CapacityLimiter(config.capacity.max_pages)
        """One for each page that may be open. `total_tokens` may be set at any time; nothing under way is stopped."""
        self._held = anyio.CapacityLimiter(config.capacity.max_pages)
        self._launch_lock = anyio.Lock()
        self._driver: Driver | None = None
        self._browsers: list[LaunchedBrowser] = []
        self._ending: set[LaunchedBrowser] = set()
        """No longer of use and not yet closed: what the background does not come to is done at exit."""
        self._sessions: dict[str | None, BrowserSession] = {}
        self._proxied = ProxiedSessions(
            lambda: self._new_session(None, self._identity), self.start, max_kept=2 * config.capacity.max_pages
        )
        self.proxies = ProxyDesk(config.proxies, config.egress, clock=clock, observers=self.observers, start=self.start)
        self._tasks: TaskGroup | None = None
        self._lost_browsers = 0

    async def __aenter__(self) -> Self:
        """Open the pool's own task group, in which its background work lives.

        Raises:
            ConfigError: the context's configuration names a device or a state file that there is not.
        """
        self._identity = await ContextIdentity.of(self._config.context)
        self._tasks = await anyio.create_task_group().__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close every session, browser and the driver; bounded, and by force where they hang."""
        tasks, self._tasks = self._tasks, None
        assert tasks is not None, "entered before"
        for session in self._sessions.values():
            session.entry.close()  # whoever waits for its sign-in would wait for ever
        for browser in self._browsers:
            browser.lose("the pool is closing")  # a page that is being opened would wait for a way out that has gone
        tasks.cancel_scope.cancel()
        tasks.cancel_scope.shield = True  # what closes everything must run, also when this task is cancelled
        await tasks.__aexit__(None, None, None)
        with anyio.CancelScope(shield=True):
            browsers = [*self._browsers, *self._ending]
            self._browsers.clear()
            self._sessions.clear()
            self._proxied.clear()
            async with anyio.create_task_group() as closing:
                for browser in browsers:
                    closing.start_soon(browser.close)
            if self._driver is not None:
                await self._driver.stop()
                self._driver = None

    # --- pages

    @asynccontextmanager
    async def page(self, errand: ProxyErrand, *, fresh: bool = False) -> AsyncGenerator[LeasedPage]:
        """A page for one visit, in the errand's session and through its proxy. Waits for a free slot, and for a proxy.

        The page is kept only when the visit ends well. `fresh` opens a context for this visit alone.

        Raises:
            SessionEnded, SignInFailed: the session can't be used any more.
            ProxyError: there is no proxy to be had.
            LaunchFailed, BrowserCrashed, PoolTimeout: there is no page to be had.
        """
        named = self.session(errand.session)
        # The slot comes last: who waits for a sign-in must not hold what the sign-in's own visits may need.
        async with (
            named.entry.visit(),
            self.proxies.turn(errand, named.config.proxy, self.permits) as turn,
            self._proxied.place(named, turn, fresh=fresh) as session,
        ):
            keep = False
            page: KeptPage | None = None
            try:
                page = await self.lease(session, turn, host=errand.host)
                yield LeasedPage(page, session, turn)
                keep = not fresh
                await session.remember(page)
            except FetchError:
                await session.remember(None)
                raise
            finally:
                if page is not None:
                    self.give_back(session, page, keep=keep)

    @asynccontextmanager
    async def plain(self, errand: ProxyErrand, *, max_bytes: int | None = None) -> AsyncGenerator[PlainWay]:
        """A client for plain requests of the errand's session, through its proxy, of so many bytes. Needs no slot.

        Raises:
            SessionEnded, SignInFailed: the session can't be used any more.
            ProxyError: there is no proxy to be had.
            LaunchFailed, BrowserCrashed, PoolTimeout: there is no context to be had.
        """
        named = self.session(errand.session)
        own = named.config.proxy
        async with self.proxies.turn(errand, own) as turn, self._proxied.place(named, turn) as session:
            context = await session.opened(turn.proxy)
            try:
                async with context.requests(max_bytes) as requests:
                    yield PlainWay(requests, context, turn)
            except PlaywrightError as error:
                raise translate(error, phase="goto", fallback=BrowserCrashed) from error

    @asynccontextmanager
    async def held(self, session: BrowserSession) -> AsyncGenerator[None]:
        """A slot for a page that a user holds, and does other things meanwhile.

        There are as many of these as of the others, beside them: who holds a page and fetches others by the way must
        not wait for itself.
        """
        borrower = object()
        await self._held.acquire_on_behalf_of(borrower)
        try:
            with session.entry.in_use():
                yield
        finally:
            self._held.release_on_behalf_of(borrower)

    async def run(self, session: BrowserSession, function: PageFunction[T]) -> T:
        """The result of a user's function, which gets a blank page of the session. What it raises comes out as it is.

        Raises:
            SessionEnded, SignInFailed: the session can't be used any more.
            LaunchFailed, BrowserCrashed, PoolTimeout: there is no page to be had, or its browser died.
        """
        async with session.entry.visit(), self.held(session), session.user_page() as page:
            result = await call_function(page, function)
            await settle(page)
            return result

    def give_back(self, session: BrowserSession, page: KeptPage, *, keep: bool) -> None:
        """End a lease."""
        session.give_back(page, keep=keep)
        self.retire_when_due()

    async def lease(self, session: BrowserSession, turn: ProxyTurn, *, host: str = "") -> KeptPage:
        """A page of the session, by whoever holds a slot for it; one from the host's site rather than another.

        Goes back by `give_back`.
        """
        try:
            return await session.lease(turn.proxy, site(host))
        except BrowserCrashed as error:
            await self.examine(session.browser, error)
            raise

    # --- sessions

    def session(self, name: str | None) -> BrowserSession:
        """The session of that name, which may have ended; made like the anonymous one when there was none yet."""
        session = self._sessions.get(name)
        if session is None:
            session = self._sessions[name] = self._new_session(name, self._identity)
        return session

    async def open_session(
        self,
        name: str,
        context: ContextConfig | None = None,
        *,
        sign_in: SignIn | None = None,
        limits: SessionLimits = NO_LIMITS,
    ) -> BrowserSession:
        """A new session. `context` None: as the crawl's own. Nothing is started yet.

        Raises:
            ConfigError: a session of that name is open; or the configuration names what there is not.
        """
        identity = self._identity if context is None else await ContextIdentity.of(context)
        known = self._sessions.get(name)
        if known is not None and known.entry.is_open:
            raise ConfigError(f"a session {name!r} is open already")
        session = self._sessions[name] = self._new_session(name, identity, limits)
        if sign_in is not None:
            has_state = identity.state is not None
            session.entry.signing_in = SigningIn(sign_in, session.user_page, self._clock, has_state=has_state)
            if identity.config.keep_session_storage:
                session.entry.after_sign_in = session.renew_pages
        session.entry.on_end = lambda: self.start(lambda: self._close_when_empty(session))
        if limits.max_age is not None or limits.max_idle is not None:
            self.start(session.entry.watch_limits)
        return session

    def _new_session(
        self, name: str | None, identity: ContextIdentity, limits: SessionLimits = NO_LIMITS
    ) -> BrowserSession:
        entry = SessionEntry(name, self._clock, start=self.start, limits=limits)
        keeps = identity.config.keep_session_storage
        keeper = StateKeeper(identity.state, self._clock, keeps_session_storage=keeps)
        return BrowserSession(name, identity, self, entry=entry, keeper=keeper)

    async def _close_when_empty(self, session: BrowserSession) -> None:
        await session.entry.emptied()
        await session.close()

    async def close_session(self, session: BrowserSession) -> None:
        """End it and close its context. Requests that name it are told so from now on."""
        await session.close()

    @property
    def open_pages(self) -> int:
        """Pages that sessions hold, leased or kept."""
        return sum(session.page_count for session in self._all_sessions())

    def _all_sessions(self) -> list[BrowserSession]:
        return [*self._sessions.values(), *self._proxied]

    # --- browsers

    @property
    def browsers(self) -> tuple[LaunchedBrowser, ...]:
        """Those that run and are not given up."""
        return tuple(self._browsers)

    async def usable_browser(self, *, is_proxied: bool = False) -> LaunchedBrowser:
        """The usable browser with the fewest sessions; another one is launched while the pool is not full.

        Contexts with proxies and those without have browsers of their own: what is proxied must not resolve a name.

        Raises:
            LaunchFailed: none could be started.
        """
        async with self._launch_lock:
            self._browsers = [browser for browser in self._browsers if browser.lost is None]
            usable = [each for each in self._browsers if each.is_usable and each.is_proxied == is_proxied]
            if usable and (len(usable) >= browser_limit(self._config.browser) or not any(b.sessions for b in usable)):
                return min(usable, key=lambda browser: len(browser.sessions))
            return await self._launch(is_proxied=is_proxied)

    async def _launch(self, *, is_proxied: bool) -> LaunchedBrowser:
        timeout = self._config.browser.launch_timeout
        folder = part_folder(download_folder(self._config.download))
        if self._driver is None:
            self._driver = await Driver.start(timeout, self.start)
        try:
            browser = await self._driver.launch(self._config.browser, downloads=folder, is_proxied=is_proxied)
        except LaunchFailed:
            if not self._lost_browsers:
                raise
            # A browser has died before: perhaps its driver did. A dead driver launches nothing, a new one does.
            await self._driver.stop()
            self._driver = await Driver.start(timeout, self.start)
            browser = await self._driver.launch(self._config.browser, downloads=folder, is_proxied=is_proxied)
        await browser.open_transfers(folder, self.start)
        browser.launched_at = self._clock.monotonic()
        self._browsers.append(browser)
        browser.browser.on("disconnected", lambda _browser: self._lose(browser, "the browser process died"))
        for warning in browser.options.warnings:
            self.warn(warning)
        self.observers(BrowserLaunched(version=browser.browser.version, kind=browser.options.executable.kind))
        return browser

    def _lose(self, browser: LaunchedBrowser, reason: str) -> None:
        """Nothing can be had of this browser any more. Its sessions open a context elsewhere when next asked."""
        if browser not in self._browsers:
            return
        self._browsers.remove(browser)
        browser.lose(reason)
        self._lost_browsers += 1
        self.observers(BrowserLost(reason=browser.lost or reason, visits=browser.leased))
        self._ending.add(browser)
        self.start(partial(self._end, browser))

    async def _end(self, browser: LaunchedBrowser) -> None:
        await browser.close()
        self._ending.discard(browser)

    async def examine(self, browser: LaunchedBrowser | None, error: BrowserCrashed | None = None) -> bool:
        """Whether the browser is alive, by a real question; one that is not is given up, and the error says who died.

        Asked after an error that can mean the end of a page, a context, a browser or the driver alike.
        """
        if browser is None:
            return False
        if browser in self._browsers:
            with anyio.CancelScope(shield=True):
                if browser.lost is None and await browser.is_alive():
                    return True
            self._lose(browser, "the browser does not answer")
        if error is not None and browser.lost is not None:
            error.blame = browser.lost_to
        return False

    def retire_when_due(self) -> None:
        """Replace the browsers whose time has come, once their visits have ended."""
        for browser in list(self._browsers):
            reason = reason_to_retire(browser, self._config.browser, self._clock.monotonic())
            if reason is not None and not browser.retiring:
                browser.retiring = True
                self.observers(BrowserRetired(reason=reason))
            if browser.retiring and not browser.is_in_use:
                self._browsers.remove(browser)
                self._ending.add(browser)
                self.start(partial(self._close_retired, browser))

    async def _close_retired(self, browser: LaunchedBrowser) -> None:
        for session in [session for session in self._all_sessions() if session.browser is browser]:
            await session.move_out()
        await self._end(browser)

    def proxy_turn(self, errand: ProxyErrand, own: Proxy | None) -> AbstractAsyncContextManager[ProxyTurn]:
        """As `ProxyDesk.turn`."""
        return self.proxies.turn(errand, own)

    async def open_way(self, proxy: Proxy | None) -> Forwarder | None:
        """As `ProxyDesk.open_way`."""
        return await self.proxies.open_way(proxy)

    # --- background

    def start(self, function: Callable[[], Awaitable[None]]) -> None:
        """Run it in the background; dropped when the pool is closing, which closes everything anyway."""
        if self._tasks is not None:
            self._tasks.start_soon(self._guarded, function)

    async def _guarded(self, function: Callable[[], Awaitable[None]]) -> None:
        try:
            await function()
        except Exception:  # noqa: BLE001 - background cleanup; a bug in it must not end every other session
            _log.exception("background work of the browser pool failed")

    def __repr__(self) -> str:
        """Browsers, and pages in use of those allowed."""
        waiting = self.permits.statistics().tasks_waiting
        used, total = int(self.permits.borrowed_tokens), int(self.permits.total_tokens)
        return f"<BrowserPool {len(self._browsers)} browsers, {used}/{total} pages, {waiting} waiting>"
