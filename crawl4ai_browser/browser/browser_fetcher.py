"""BrowserFetcher: visits requests in the pool's pages."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from crawl4ai_browser.browser.capturing.filing import CaptureFolders
from crawl4ai_browser.browser.files.intake import FileIntake
from crawl4ai_browser.browser.files.plain_files import PlainFiles
from crawl4ai_browser.browser.files.types import PDF
from crawl4ai_browser.browser.proxies.errand import errand_of
from crawl4ai_browser.browser.sessions.open_page import OpenPage
from crawl4ai_browser.browser.shielded import to_the_end
from crawl4ai_browser.browser.visits.navigation import StalePage
from crawl4ai_browser.browser.visits.visit import Visit
from crawl4ai_browser.browser.visits.visit_settings import VisitSettings
from crawl4ai_browser.clock import SYSTEM_CLOCK, Clock
from crawl4ai_browser.errors import BrowserCrashed

if TYPE_CHECKING:
    from crawl4ai_browser.browser.pool import BrowserPool
    from crawl4ai_browser.browser.sessions.session import BrowserSession
    from crawl4ai_browser.browser.visits.kept_page import KeptPage
    from crawl4ai_browser.config import CrawlConfig
    from crawl4ai_browser.fetcher import OnAnswer
    from crawl4ai_browser.request import Request
    from crawl4ai_browser.snapshot import Snapshot


class BrowserFetcher:
    """A `Fetcher` that renders each request in a page of its session. As many at once as the pool has slots."""

    def __init__(self, pool: BrowserPool, config: CrawlConfig, clock: Clock = SYSTEM_CLOCK) -> None:
        """Visits take what `config` says, where the request does not say it itself."""
        self._pool = pool
        self._config = config
        self._clock = clock
        self._files = FileIntake(config.download, clock, pool.observers)
        self._capture_folders = CaptureFolders()
        self._plain_files = PlainFiles(pool, self._files)

    async def fetch(self, request: Request, *, on_answer: OnAnswer | None = None) -> Snapshot:
        """Visit the URL once, as `Fetcher.fetch` says."""
        if request.as_file:
            return await self._fetch_file(request, on_answer)
        snapshot = await self._visit(request, on_answer)
        wanted = self._config.download.pdf
        if wanted != "download" and any(download.mime_type == PDF for download in snapshot.downloads):
            self._pool.warn("PDFs are saved, not shown: the headless shell has no viewer, a full Chromium has")
        if snapshot.content_type == PDF and wanted == "both":
            file = await self._fetch_file(request.model_copy(update={"as_file": True}), None)
            return snapshot.model_copy(update={"downloads": (*snapshot.downloads, *file.downloads)})
        return snapshot

    async def _fetch_file(self, request: Request, on_answer: OnAnswer | None) -> Snapshot:
        """By a plain request, or by a page that downloads it."""
        async with self._pool.session(request.session).entry.visit():
            snapshot = await self._plain_files.fetch(request, on_answer=on_answer)
        return snapshot or await self._visit(request, on_answer)

    async def _visit(self, request: Request, on_answer: OnAnswer | None) -> Snapshot:
        while True:
            try:
                return await self._visit_in_a_page(request, on_answer)
            except StalePage:  # given up; in the end the session has none left and opens a new one
                continue

    async def _visit_in_a_page(self, request: Request, on_answer: OnAnswer | None) -> Snapshot:
        started = self._clock.monotonic()
        fresh = self._config.fresh_contexts and request.session is None
        async with self._pool.page(errand_of(request), fresh=fresh) as (page, session, turn):
            waited = self._clock.monotonic() - started
            visit = self._new_visit(session, page, request, on_answer)
            try:
                snapshot = await turn.judged(visit.run(), page.context.way)
            except BrowserCrashed as error:
                await self._pool.examine(page.browser, error)
                raise
        return snapshot.model_copy(update={"timings": {"page": waited, **snapshot.timings}})

    @asynccontextmanager
    async def open_page(self, session: BrowserSession) -> AsyncGenerator[OpenPage]:
        """A page of the session for visits that lead on from one another."""
        async with self._pool.held(session):
            page = OpenPage(self._pool, session, partial(self._new_visit, session))
            try:
                yield page
            finally:
                await to_the_end(page.close())

    def _new_visit(
        self, session: BrowserSession, page: KeptPage, request: Request, on_answer: OnAnswer | None
    ) -> Visit:
        settings = self._settings(request, session)
        return Visit(page, request, settings, files=self._files, clock=self._clock, on_answer=on_answer)

    def _settings(self, request: Request, session: BrowserSession) -> VisitSettings:
        signing_in = session.entry.signing_in
        return VisitSettings(
            visit=request.visit or self._config.visit,
            actions=request.actions if request.actions is not None else self._config.actions,
            capture=request.capture or self._config.capture,
            context=session.config,
            capture_folders=self._capture_folders,
            hooks=self._pool.hooks,
            sign_in=signing_in.watch() if signing_in is not None else None,
        )
