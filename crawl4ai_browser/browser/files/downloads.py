"""VisitDownloads: the files that one visit brings, from Playwright's download events to their records.

A file belongs to the visit during which it began, and is awaited with a deadline of its own. Playwright says "canceled"
of a transfer that was cancelled, broke off, found the disk full or got an error page instead of the file; what really
happened is put together from what was done here, what the watch saw of the answer, and what the browser told of the
bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
from playwright.async_api import Download as PlaywrightDownload
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page

from crawl4ai_browser.bell import Bell
from crawl4ai_browser.browser.files.intake import FileIntake, FileOrigin, IncomingFile
from crawl4ai_browser.browser.files.names import name_of_answer
from crawl4ai_browser.browser.files.ranged_get import RangedGet, conditions_of
from crawl4ai_browser.browser.files.resume import RESUMABLE, resume
from crawl4ai_browser.browser.files.rules import BrokenOff, Verdict, is_attachment, why_broken_off
from crawl4ai_browser.browser.files.store import free_bytes, remove
from crawl4ai_browser.browser.files.under_way import Seen, UnderWay, missing_files, waiting_seconds
from crawl4ai_browser.browser.playwright_errors import is_gone
from crawl4ai_browser.browser.shielded import to_the_end
from crawl4ai_browser.errors import BrowserCrashed
from crawl4ai_browser.urls import is_web

if TYPE_CHECKING:
    from crawl4ai_browser.browser.files.transfers import Transfer
    from crawl4ai_browser.browser.sessions.open_context import OpenContext
    from crawl4ai_browser.browser.visits.document_watch import DocumentWatch, Hop
    from crawl4ai_browser.download import Download
    from crawl4ai_browser.request import Request

CANCEL_SECONDS = 3.0
"""For the browser to give up a transfer. It is instant."""

LAST_WORD_SECONDS = 1.0
"""For the browser's own event about a transfer's end, which comes within milliseconds of Playwright's."""


@dataclass(eq=False)
class PageDownload:
    """A file that the page is downloading."""

    file: IncomingFile
    playwright: PlaywrightDownload
    transfer: Transfer


class VisitDownloads:
    """The files of one visit."""

    def __init__(self, intake: FileIntake, request: Request, watch: DocumentWatch, *, context: OpenContext) -> None:
        """None yet. A file that breaks off is continued by requests of the context."""
        self._context = context
        self.started = anyio.Event()
        """Set when the first file begins."""
        self._intake = intake
        self._request = request
        self._watch = watch
        self._begun: list[PageDownload] = []
        self._missing: tuple[str, ...] = ()
        self._news = Bell()

    @property
    def count(self) -> int:
        """How many have begun."""
        return len(self._begun)

    def begin(self, playwright: PlaywrightDownload, transfer: Transfer) -> None:
        """Take a file in; one that is not wanted is cancelled at once, and so is one that grows too large."""
        origin = self._origin(playwright)
        file = self._intake.begin(origin, playwright.suggested_filename, total_bytes=transfer.total_bytes)
        download = PageDownload(file, playwright, transfer)
        self._begun.append(download)
        self.started.set()
        self.tell_news()
        transfer.on_progress = partial(self._on_progress, download)
        if file.verdict is not None:
            transfer.owner.start(partial(cancel_quietly, playwright))
        else:
            self._on_progress(download)

    def _on_progress(self, download: PageDownload) -> None:
        if download.file.verdict is not None or download.transfer.over.is_set():
            return
        transfer = download.transfer
        verdict = self._intake.progress(
            download.file, received_bytes=transfer.received_bytes, total_bytes=transfer.total_bytes
        )
        if verdict is not None:
            transfer.owner.start(partial(cancel_quietly, download.playwright))

    def _origin(self, download: PlaywrightDownload) -> FileOrigin:
        chain = self._watch.chain_to(download.url)
        if not chain:
            return self._origin_of_address(download.url, page_url=download.page.url)
        return self._origin_of_chain(chain, page_url=download.page.url)

    def _origin_of_address(self, url: str, *, page_url: str) -> FileOrigin:
        """Where nothing is known of an answer."""
        return FileOrigin(url, url, referrer=page_url, session=self._request.session, proxy=self._context.proxy_id)

    def _origin_of_chain(self, chain: list[Hop], *, page_url: str) -> FileOrigin:
        is_asked_for = bool(self._watch.hops) and chain[0] is self._watch.hops[0] and self._watch.html is None
        last = chain[-1]
        return FileOrigin(
            url=self._request.url if is_asked_for else chain[0].url,
            final_url=last.url,
            referrer=_referer_of(self._request) if is_asked_for else self._watch.page_before(chain) or page_url,
            session=self._request.session,
            status=last.status,
            headers=last.headers,
            is_get=last.method == "GET",
            proxy=self._context.proxy_id,
        )

    def tell_news(self) -> None:
        """Something has come: a file, an answer, a window."""
        self._news.ring()

    async def wait_for(
        self, asked: UnderWay, *, hops: Callable[[], list[Hop]], window_count: Callable[[], int], seconds: float
    ) -> None:
        """Wait for what the page has asked for: until it begins to come, or for as long as it may take.

        `hops` tells the responses since the document that asked, `window_count` how many windows the page has opened;
        `seconds` is how long a server may take to answer.
        """
        started = self._intake.clock.monotonic()
        while True:
            seen = Seen(
                hops=hops(),
                frame_hops=self._watch.frame_hops,
                begun=[download.playwright.url for download in self._begun],
                window_count=window_count(),
                lost=self._watch.lost,
            )
            limit = waiting_seconds(asked, seen, answer_seconds=seconds)
            remaining = started + limit - self._intake.clock.monotonic()
            if remaining <= 0:
                self._missing = missing_files(asked, seen)
                return
            with anyio.move_on_after(remaining):
                await self._news.wait()

    async def save_all(self, *, page_url: str) -> tuple[Download, ...]:
        """The records of all files, in the order in which they began; then of those that the server refused.

        Cancelled, it leaves nothing behind.

        Raises:
            BrowserCrashed: the browser died under a file.
        """
        saved = await self._save_begun() if self._begun else []
        refused = [await self._refused(chain, page_url=page_url) for chain in self._refused_chains()]
        missing = [await self._unanswered(url, page_url=page_url) for url in self._missing]
        return (*saved, *refused, *missing)

    async def _save_begun(self) -> list[Download]:
        records: dict[int, Download] = {}
        lost: list[BrowserCrashed] = []

        async def save(number: int, download: PageDownload) -> None:
            try:
                records[number] = await self._save(download)
            except BrowserCrashed as error:
                lost.append(error)

        async with anyio.create_task_group() as tasks:
            for number, download in enumerate(self._begun):
                tasks.start_soon(save, number, download)
        if lost:
            raise lost[0]
        return [records[number] for number in sorted(records)]

    async def _unanswered(self, url: str, *, page_url: str) -> Download:
        origin = self._origin_of_address(url, page_url=page_url)
        file = self._intake.begin(origin, name_of_answer(url, {}))
        error = self._watch.lost.get(url)
        return await self._intake.fail(file, Verdict("unreachable", error.message if error else "no answer in time"))

    def _refused_chains(self) -> list[list[Hop]]:
        """The answers that would have been files, but have an error status: no download begins for them."""
        begun = {download.playwright.url for download in self._begun}
        hops = [*self._watch.hops, *self._watch.frame_hops]
        refused = [hop for hop in hops if hop.status >= 400 and hop.url not in begun and self._would_be_file(hop)]
        return [self._watch.chain_of(hop) for hop in refused]

    def _would_be_file(self, hop: Hop) -> bool:
        return is_attachment(hop.headers) or self._request.as_file or hop is self._watch.unshown

    async def _refused(self, chain: list[Hop], *, page_url: str) -> Download:
        origin = self._origin_of_chain(chain, page_url=page_url)
        file = self._intake.begin(origin, name_of_answer(origin.final_url, origin.headers))
        return await self._intake.fail(file, Verdict("http_error", f"the server answered {origin.status}"))

    async def _save(self, download: PageDownload) -> Download:
        file, transfer = download.file, download.transfer
        try:
            arrived = await self._arrived(download)
            if isinstance(arrived, Verdict) and arrived.state in RESUMABLE:
                arrived = await self._resumed(download, arrived)
            return await to_the_end(self._settled(download, arrived))  # what is complete is put in its place
        finally:
            transfer.on_progress = None
            with anyio.CancelScope(shield=True):
                await _give_up(download)
                await anyio.to_thread.run_sync(remove, *transfer.parts)
            transfer.owner.release(transfer)
            self._intake.forget(file)

    async def _settled(self, download: PageDownload, arrived: Path | Verdict) -> Download:
        file, transfer = download.file, download.transfer
        if isinstance(arrived, Path):
            return await self._intake.keep(file, arrived)
        await _give_up(download)
        file.received_bytes = max(file.received_bytes, transfer.received_bytes)
        return await self._intake.fail(file, arrived, *transfer.parts)

    async def _arrived(self, download: PageDownload) -> Path | Verdict:
        """Where the complete file lies, or why there is none.

        Raises:
            BrowserCrashed: the browser died.
        """
        file = download.file
        remaining = file.deadline - self._intake.clock.monotonic()
        # What came in time, in a visit that went on for longer, is given the time to be told of.
        with anyio.move_on_after(max(LAST_WORD_SECONDS, remaining)):
            try:
                path = await download.playwright.path()
            except PlaywrightError as error:
                return file.verdict or await self._why_not(download, error)
            return file.verdict or path
        return file.verdict or self._intake.late_verdict

    async def _why_not(self, download: PageDownload, error: PlaywrightError) -> Verdict:
        if is_gone(error):
            if self._context.browser.is_dead:
                raise BrowserCrashed("the browser died during the download", phase="download") from error
            return Verdict("cancelled", "its page or session was closed")
        if await _is_closed(download.playwright.page):
            return Verdict("cancelled", "its page or session was closed")
        transfer = download.transfer
        with anyio.move_on_after(LAST_WORD_SECONDS):
            await transfer.over.wait()
        free = await anyio.to_thread.run_sync(free_bytes, transfer.owner.folder)
        return why_broken_off(
            BrokenOff(
                status=download.file.origin.status,
                received_bytes=transfer.received_bytes,
                total_bytes=transfer.total_bytes,
                free_bytes=free,
            )
        )

    async def _resumed(self, download: PageDownload, verdict: Verdict) -> Path | Verdict:
        """Fetch what is missing by requests of the same session, as often as the configuration says."""
        file, parts = download.file, download.transfer.parts
        if not (file.origin.is_get and is_web(file.origin.final_url) and parts):
            return verdict
        conditions = conditions_of(file.origin.headers)
        if not conditions:
            # Nothing would tell whether the rest belongs to the same file: from the beginning.
            await anyio.to_thread.run_sync(remove, parts[0])
        with suppress(PlaywrightError):  # the context is gone
            async with self._context.requests() as requests:
                ranged = RangedGet(
                    requests,
                    file.origin.final_url,
                    parts[0],
                    headers={"Referer": file.origin.referrer} if file.origin.referrer else {},
                    conditions=conditions,
                )
                return await resume(ranged, file, self._intake, verdict=verdict)
        return verdict

    def __repr__(self) -> str:
        """How many there are."""
        return f"<VisitDownloads {self.count} begun>"


async def cancel_quietly(download: PlaywrightDownload) -> None:
    """Have the browser give it up. Nothing when it is over, or the browser gone."""
    with anyio.move_on_after(CANCEL_SECONDS, shield=True), suppress(PlaywrightError):
        await download.cancel()


async def discard(download: PlaywrightDownload, transfer: Transfer) -> None:
    """Give up a file that belongs to no visit, and delete what came of it."""
    await cancel_quietly(download)
    with anyio.move_on_after(LAST_WORD_SECONDS):
        await transfer.over.wait()
    await anyio.to_thread.run_sync(remove, *transfer.parts)
    transfer.owner.release(transfer)


async def _give_up(download: PageDownload) -> None:
    if download.transfer.over.is_set():
        return
    await cancel_quietly(download.playwright)
    with anyio.move_on_after(LAST_WORD_SECONDS, shield=True):
        await download.transfer.over.wait()


async def _is_closed(page: Page) -> bool:
    """Whether the page is gone or going. Closing it ends its transfers first, and by the same word as any other end."""
    with anyio.move_on_after(LAST_WORD_SECONDS):
        try:
            await page.evaluate("0")
        except PlaywrightError as error:
            return is_gone(error)
    return False


def _referer_of(request: Request) -> str:
    return next((value for name, value in request.headers.items() if name.lower() == "referer"), "")
