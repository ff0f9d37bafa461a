"""One page's whole treatment: goto, ready, read, capture, under one deadline.

What was gathered before a failure is kept: every `FetchError` that leaves here carries a snapshot of it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
from playwright.async_api import Error as PlaywrightError

from crawl4ai_browser.actions import AnswerDialogs
from crawl4ai_browser.browser.acting.readiness import is_fit_for_actions, ready_afterwards
from crawl4ai_browser.browser.capturing.capturing import Capturing
from crawl4ai_browser.browser.files import pdf_viewer
from crawl4ai_browser.browser.files.downloads import VisitDownloads
from crawl4ai_browser.browser.files.rules import file_failure
from crawl4ai_browser.browser.files.types import PDF
from crawl4ai_browser.browser.files.under_way import has_lost_page, leads_on
from crawl4ai_browser.browser.playwright_errors import translate
from crawl4ai_browser.browser.visits.document_watch import DocumentWatch, Hop
from crawl4ai_browser.browser.visits.kept_page import KeptPage, VisitRecord
from crawl4ai_browser.browser.visits.navigation import StalePage, goto
from crawl4ai_browser.browser.visits.page_hooks import PageHooks
from crawl4ai_browser.browser.visits.page_script import forget_script
from crawl4ai_browser.browser.visits.reading import PageReading, is_replaced, read_when_ready
from crawl4ai_browser.browser.visits.visit_actions import VisitActions, waiting_for
from crawl4ai_browser.errors import (
    ActionFailed,
    ActionTimeout,
    FetchError,
    FetchTimeout,
    NavigationTimeout,
    PageCrashed,
    PageTooLarge,
    Phase,
    ReadyTimeout,
)
from crawl4ai_browser.ready import DomContentLoaded
from crawl4ai_browser.snapshot import Snapshot

if TYPE_CHECKING:
    from crawl4ai_browser.browser.files.intake import FileIntake
    from crawl4ai_browser.browser.hooks import PageHookName
    from crawl4ai_browser.browser.visits.visit_settings import VisitSettings
    from crawl4ai_browser.clock import Clock
    from crawl4ai_browser.download import Download
    from crawl4ai_browser.fetcher import OnAnswer
    from crawl4ai_browser.ready import Ready
    from crawl4ai_browser.request import Request


READ_AFTER_FAILURE = 2.0
"""Seconds for reading a page on which an action failed. One that hangs is taken as it was before."""

DEADLINE_MARGIN = 1.0
"""Seconds before the visit's deadline at which nothing more is waited for: there is a page to be taken home."""


FORGET_SECONDS = 2.0
"""For a page to forget what it has asked for. One whose script is in a loop never does."""

ERROR_PAGE = "chrome-error:"
"""How the address of Chromium's own error pages begins."""


class Visit:
    """One visit of one page. Made for one request, run once."""

    def __init__(
        self,
        page: KeptPage,
        request: Request,
        settings: VisitSettings,
        *,
        files: FileIntake,
        clock: Clock,
        on_answer: OnAnswer | None = None,
    ) -> None:
        """Nothing happens yet."""
        self._page = page
        self._request = request
        self._settings = settings
        self._clock = clock
        self._phase: Phase = "goto"
        self._fetched_at = clock.now()
        watch = DocumentWatch(
            max_navigations=settings.visit.max_navigations,
            max_bytes=settings.visit.max_html_bytes,
            saves_all=request.as_file,
            shows_pdf=files.config.pdf != "download" and page.browser.has_pdf_viewer,
            on_answer=on_answer,
            clock=clock,
        )
        downloads = VisitDownloads(files, request, watch, context=page.context)
        answer = AnswerDialogs() if settings.visit.dialogs == "accept" else None
        self._record = VisitRecord(request=request, watch=watch, files=downloads, answer=answer)
        watch.on_hop = self._record.files.tell_news
        self._reading: PageReading | None = None
        self._capturing = Capturing(
            page, request, settings.capture, folders=settings.capture_folders, started_at=self._fetched_at
        )
        self._hooks = PageHooks(settings.hooks, page, request)
        self.actions = VisitActions(page, self._record, settings, read=self._read, clock=clock)
        self._downloads: tuple[Download, ...] = ()
        self._is_file = False
        self._is_begun = False

    async def begin_here(self, document: Hop | None) -> None:
        """Begin without going anywhere: whatever happens from now on is part of the visit, and `run` reads the page.

        `document` is the answer that the page came with.

        Raises:
            PlaywrightError: the page is gone.
        """
        self._record.watch.carry(document)
        await self._page.begin(self._record)
        self._capturing.begin()
        # A document that is just being replaced has asked for nothing yet.
        with anyio.move_on_after(FORGET_SECONDS), suppress(PlaywrightError):
            await self._page.page.evaluate(forget_script())
        self._is_begun = True

    async def abandon(self) -> None:
        """End a visit that was begun and is not to be read. Files that came in it are saved all the same."""
        with suppress(FetchError):  # of a browser that died: there is nobody to be told
            await self._finish()

    @property
    def document(self) -> Hop | None:
        """The answer that the page came with which is shown now."""
        return self._record.watch.document_of(self._page.page.url)

    async def run(self) -> Snapshot:
        """Visit.

        Raises:
            FetchError: with the snapshot of what was gathered.
            StalePage: an earlier visit is in the way; nothing has come of this one.
        """
        try:
            await self._under_deadline()
        except StalePage:
            self._page.is_spoiled = True
            raise
        except FetchError as error:
            self._page.is_spoiled = True
            snapshot = self._snapshot()
            signed_out = self._signed_out(snapshot)
            if signed_out is not None:
                raise self._about(signed_out, snapshot) from error
            self._about(error, snapshot)
            raise
        snapshot = self._snapshot()
        file_error = file_failure(self._downloads[0]) if self._is_file and self._downloads else None
        failure = self._signed_out(snapshot) or file_error
        if failure is not None:
            raise self._about(failure, snapshot)
        return snapshot

    def _about(self, error: FetchError, snapshot: Snapshot) -> FetchError:
        error.request, error.snapshot = self._request, snapshot
        return error

    def _signed_out(self, snapshot: Snapshot) -> FetchError | None:
        """The error of an answer to somebody who is not signed in, where there was no page to be looked at."""
        watch = self._settings.sign_in
        if watch is None or self._reading is not None:
            return None
        return watch.refusal(url=self._request.url, final_url=snapshot.final_url, status=snapshot.status)

    async def _under_deadline(self) -> None:
        timeout = self._settings.visit.timeout
        try:
            with anyio.fail_after(timeout):
                await self._failing_fast()
        except TimeoutError:
            raise _deadline_error(self._phase, timeout) from None
        except PlaywrightError as error:
            failure = self._record.watch.failure
            raise failure or translate(error, phase=self._phase) from error
        finally:
            await self._finish()

    async def _finish(self) -> None:
        """End the page's part and wait for the files that it brought; their deadline is their own."""
        with anyio.move_on_after(5, shield=True):
            try:
                await self._page.end()
            except PlaywrightError:
                self._page.is_spoiled = True
        await self._capturing.finish(self._page.page.url)
        started = self._clock.monotonic()
        self._downloads = await self._record.files.save_all(page_url=self._page.page.url)
        if self._downloads:
            self._record.timings["download"] = self._clock.monotonic() - started

    async def _failing_fast(self) -> None:
        """Go through the steps, but stop at once when the document breaks under them."""
        watch = self._record.watch
        with anyio.CancelScope() as steps:
            watch.on_failure = steps.cancel
            await self._steps()
        watch.on_failure = None
        if watch.failure is not None:
            if isinstance(watch.failure, PageCrashed) and self._phase == "goto" and self._page.visits > 1:
                raise StalePage  # the renderer that died was still that of the document before
            raise watch.failure

    async def _steps(self) -> None:
        if not self._is_begun:
            if self._page.is_spoiled:
                raise StalePage  # its renderer died while nobody used it
            await self._hooks.call("before_goto")
            await self._page.begin(self._record)
            self._capturing.begin()
            self._record.watch.started_at = self._clock.monotonic()
            self._is_file = not await self._timed("goto", goto(self._page, self._record, self._settings.visit))
        if not self._is_file:
            self._phase = "ready"
            started = self._clock.monotonic()
            reading = await self._read(self._settings)
            if reading is None:
                return
            # From the navigation's commit on: what the page's script can't see, its parsing, is part of it.
            self._record.timings["ready"] = self._clock.monotonic() - started - reading.read_seconds
            self._record.timings["read"] = reading.read_seconds
            await self._judge_sign_in(reading)
            self._check(reading)
            reading = await self._change(reading)
            if reading is None:
                return
            self._phase = "capture"
            if reading.content_type == PDF:
                # What was read is the viewer's html, not the document's.
                self._reading = replace(reading, html=None)
                await pdf_viewer.wait_until_shown(self._page)
            if self._capturing.takes_anything:
                deadline = anyio.current_effective_deadline() - DEADLINE_MARGIN
                await self._timed("capture", self._capturing.take(reading.url, deadline=deadline))
        self._hooks.check()

    async def _change(self, reading: PageReading) -> PageReading | None:
        """Let hooks and actions have the page; what is read when they are done. None: as `_read`."""
        changed: PageReading | None = reading
        ready = self._settings.visit.ready
        if self._hooks.has("after_ready"):
            changed = await self._hand_over("after_ready", ready_afterwards(ready, failed=False))
        if changed is not None and self._settings.actions and is_fit_for_actions(self.document):
            changed = await self._act()
        if changed is not None and self._hooks.has("before_read"):
            changed = await self._hand_over("before_read", DomContentLoaded())
        return changed

    async def _hand_over(self, name: PageHookName, ready: Ready) -> PageReading | None:
        """Call a hook, and read what the page shows once it is ready then. Where it fails, what was read stands."""
        await self._timed(name, self._hooks.call(name))
        return await self._read_changed(waiting_for(ready, self._settings))

    async def _read_changed(self, settings: VisitSettings) -> PageReading | None:
        reading = await self._read(settings)
        if reading is not None:
            await self._judge_sign_in(reading)
            self._check(reading)
        return reading

    async def _act(self) -> PageReading | None:
        """Perform the visit's actions and read what the page shows then; also where one failed, which is raised."""
        self._phase = "perform"
        ready = self._settings.visit.ready
        try:
            await self._timed("perform", self.actions.perform(self._settings.actions))
        except (ActionFailed, ActionTimeout):
            with anyio.move_on_after(READ_AFTER_FAILURE), suppress(FetchError, PlaywrightError):
                await self._read(waiting_for(ready_afterwards(ready, failed=True), self._settings))
            raise
        return await self._read_changed(waiting_for(ready_afterwards(ready, failed=False), self._settings))

    async def _read(self, settings: VisitSettings, *, facts_only: bool = False) -> PageReading | None:
        """Read the page; again where it has left for another by then. What it has asked for is waited for.

        None: it went on to a file that the server refused.
        """
        watch = self._record.watch
        while True:
            known = len(watch.hops)
            reading = await read_when_ready(
                self._page, self._record, settings, facts_only=facts_only, from_now=facts_only or self._is_begun
            )
            if reading.url.startswith(ERROR_PAGE):
                self._fail_unshown()
                return None
            if not facts_only:
                self._reading = reading
            asked, url = reading.under_way, reading.url
            if asked.is_nothing and not watch.frame_hops:
                return reading
            # What was read must not be lost to the visit's deadline.
            left = anyio.current_effective_deadline() - anyio.current_time() - DEADLINE_MARGIN
            hops = partial(watch.hops_after, url, known=known)
            await self._record.files.wait_for(
                asked,
                hops=hops,
                window_count=self._record.window_count,
                seconds=min(self._settings.visit.navigation_timeout, max(0.0, left)),
            )
            is_leaving = has_lost_page(asked, watch.lost) or (asked.leaving and leads_on(hops()))
            if not (is_leaving and await is_replaced(self._page)):
                return reading

    def _fail_unshown(self) -> None:
        """Deal with the browser's own error page, which took the place of a page that went on to what it cannot show.

        Raises:
            FetchError: there was no answer.
        """
        watch = self._record.watch
        if watch.lost:
            raise list(watch.lost.values())[-1]
        watch.unshown = watch.last
        self._reading = None
        self._is_file = True

    async def _judge_sign_in(self, reading: PageReading) -> None:
        """Before anything is made of its not being as expected: a login page is rarely what was waited for."""
        if self._settings.sign_in is not None:
            final = self._record.watch.document_of(reading.url)
            status = final.status if final else reading.status
            await self._settings.sign_in.judge(self._page, url=self._request.url, final_url=reading.url, status=status)

    def _check(self, reading: PageReading) -> None:
        limit = self._settings.visit.max_html_bytes
        if reading.too_large:
            raise PageTooLarge(f"html of {reading.too_large} characters, at most {limit}", phase="read")
        if not reading.parsed:
            timeout = self._settings.visit.navigation_timeout
            raise NavigationTimeout(f"the document was not parsed within {timeout:g} s", phase="goto")
        ready = reading.ready
        if not ready.met and ready.kind != "quiet":
            raise ReadyTimeout(f"not ready ({ready.kind}): {ready.detail}", phase="ready")

    async def _timed(self, name: str, step: Any) -> Any:
        started = self._clock.monotonic()
        try:
            return await step
        finally:
            self._record.timings[name] = self._clock.monotonic() - started

    def _snapshot(self) -> Snapshot:
        gathered, reading = self._record, self._reading
        final = gathered.watch.document_of(reading.url if reading else None)
        return Snapshot(
            url=self._request.url,
            final_url=(reading.url if reading else None) or (final.url if final else self._request.url),
            status=final.status if final else (reading.status if reading else None),
            headers=final.headers if final else {},
            redirects=gathered.watch.redirects(final),
            html=reading.html if reading else None,
            base_url=reading.base_url if reading else None,
            content_type=reading.content_type if reading else "",
            charset=reading.charset if reading else "",
            has_fetched=reading.has_fetched if reading else None,
            ready=reading.ready if reading else None,
            actions=tuple(gathered.actions),
            downloads=self._downloads,
            **self._capturing.fields(),
            popups=tuple(url for url in gathered.popup_urls if url),
            dialogs=tuple(gathered.dialogs),
            session=self._request.session,
            proxy=self._page.context.proxy_id,
            timings=dict(gathered.timings),
            fetched_at=self._fetched_at,
        )


def _deadline_error(phase: Phase, timeout: float) -> FetchTimeout:
    cls: type[FetchTimeout] = {"goto": NavigationTimeout, "ready": ReadyTimeout}.get(phase, FetchTimeout)
    return cls(f"the visit's deadline of {timeout:g} s passed", phase=phase)
