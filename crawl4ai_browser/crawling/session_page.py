"""SessionPage: a page of a session that stays open, and what it shows as results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawl4ai_browser.browser.sessions.user_function import PageFunction, T
from crawl4ai_browser.crawling.pipeline import Visit, snapshot_error
from crawl4ai_browser.crawling.result_hook import seen_by_hook
from crawl4ai_browser.crawling.seeds import checked
from crawl4ai_browser.crawling.single_fetch import fetch_one
from crawl4ai_browser.errors import CrawlError, FetchError

if TYPE_CHECKING:
    from crawl4ai_browser.action_outcome import ActionOutcome
    from crawl4ai_browser.actions import Action
    from crawl4ai_browser.browser.sessions.open_page import OpenPage
    from crawl4ai_browser.crawling.parts import CrawlParts
    from crawl4ai_browser.request import Request
    from crawl4ai_browser.result import CrawlResult
    from crawl4ai_browser.snapshot import Snapshot


class SessionPage:
    """A page that goes on from what it shows, without being loaded again.

        async with alice.page() as page:
            result = await page.goto("https://example.com/orders")
            await page.perform(Click("text=Next"))
            second = await page.result()

    Used by one task at a time. Leaving the block closes it.
    """

    def __init__(self, page: OpenPage, parts: CrawlParts, *, session: str) -> None:
        """Made by `Session.page`."""
        self._page = page
        self._parts = parts
        self._session = session

    async def goto(self, url: str | Request) -> CrawlResult:
        """Go there; gives the result as `Session.fetch` does: in the host's turn, again where that may help.

        Raises:
            ConfigError: not an absolute http or https URL.
            LaunchFailed: no browser could be started.
        """
        allow_files = self._parts.config.allow_files
        return await fetch_one(checked(url, allow_files=allow_files, session=self._session), self._parts)

    async def run(self, function: PageFunction[T]) -> T:
        """The result of an async function, which gets Playwright's own page as it stands.

        What it raises comes out as it is. Dialogs are dismissed, and windows closed with the next result.

        Raises:
            SessionEnded, SignInFailed: the session has ended.
            BrowserCrashed: the browser died.
            ConfigError: nothing has been visited yet.
        """
        return await self._page.run(function)

    async def perform(self, *actions: Action) -> tuple[ActionOutcome, ...]:
        """What became of actions on the page as it stands; each leaves it quiet. The next result has them too.

            await page.perform(Click("text=Next"), WaitFor("#rows"))

        Raises:
            ActionFailed, ActionTimeout: one of them; those after it were not begun. The page can be used further.
            SessionEnded, SignInFailed: the session has ended.
            BrowserCrashed, PageCrashed: the browser, or the page's renderer, died.
            ConfigError: nothing has been visited yet.
        """
        return await self._page.perform(actions)

    async def result(self) -> CrawlResult:
        """What the page shows now, once it is ready: `url` is where it was last sent, `final_url` where it is now.

        Files, windows and dialogs are those since the result before.

        Raises:
            ConfigError: nothing has been visited yet.
        """
        request, clock = self._page.request, self._parts.clock
        started_at, started = clock.now(), clock.monotonic()
        snapshot: Snapshot | None = None
        error: CrawlError | None
        try:
            snapshot = await self._page.snapshot()
            error = snapshot_error(snapshot, request)
        except FetchError as failure:
            snapshot, error = failure.snapshot, failure
        visit = Visit(snapshot, error, started_at, clock.monotonic() - started)
        result = await self._parts.linked.added_to(await self._parts.pipeline.finish(request, visit))
        return await seen_by_hook(result, self._parts.hooks)

    def __repr__(self) -> str:
        """Where it is."""
        return f"<SessionPage {self._page!r}>"
