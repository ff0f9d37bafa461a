"""PageHooks: the hooks of one visit, called with its page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.async_api import Error as PlaywrightError

from crawl4ai_browser.browser.hooks import PHASES, call_hook
from crawl4ai_browser.browser.sessions.user_function import catch_listener_errors
from crawl4ai_browser.errors import HookFailed

if TYPE_CHECKING:
    from crawl4ai_browser.browser.hooks import Hooks, PageHookName
    from crawl4ai_browser.browser.visits.kept_page import KeptPage
    from crawl4ai_browser.request import Request


class PageHooks:
    """Calls them, and remembers what listeners raise that they leave on the page."""

    def __init__(self, hooks: Hooks, page: KeptPage, request: Request) -> None:
        """Nothing is called yet."""
        self._hooks = hooks
        self._page = page
        self._request = request
        self._raised: list[BaseException] | None = None

    def has(self, name: PageHookName) -> bool:
        """Whether there is such a hook."""
        return getattr(self._hooks, name) is not None

    async def call(self, name: PageHookName) -> None:
        """Call the hook, where there is one. The page paints meanwhile, and is used no more after the visit.

        Raises:
            HookFailed: it, or a listener that a hook has left, failed.
            PlaywrightError: the page is gone.
        """
        hook = getattr(self._hooks, name)
        if hook is None:
            return
        self._page.is_spoiled = True
        if self._raised is None:
            self._raised = catch_listener_errors(self._page.page)
        page = self._page.page
        try:
            async with self._page.frames.flowing():
                await call_hook(name, lambda: hook(page, self._request), timeout=self._hooks.timeout)
        except PlaywrightError as error:
            self._check_open(name, because=error)
            raise
        self._check_open(name)
        self.check(name)

    def _check_open(self, name: PageHookName, *, because: PlaywrightError | None = None) -> None:
        if self._page.page.is_closed() and self._page.browser.is_usable:
            raise HookFailed(f"{name} closed the page, which is not its own", phase=PHASES[name]) from because

    def check(self, name: PageHookName = "before_read") -> None:
        """See whether a listener has raised that a hook left.

        Raises:
            HookFailed: one did.
        """
        if self._raised:
            error = self._raised[0]
            text = f"{type(error).__name__}: {error}".split("\n", 1)[0][:400]
            raise HookFailed(f"a listener that a hook left failed: {text}", phase=PHASES[name]) from error

    def __repr__(self) -> str:
        """What it would call."""
        return f"<PageHooks {self._hooks!r}>"
