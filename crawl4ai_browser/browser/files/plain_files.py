"""PlainFiles: fetches what is asked for as a file by plain requests of its session, where that does.

It does where the server says how long the file is, and sends it in pieces or it is short: then it goes to the disk
without ever being in memory. Everywhere else a page has to download it.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
from playwright.async_api import Error as PlaywrightError

from crawl4ai_browser.browser.files.intake import FileOrigin, storage_verdict
from crawl4ai_browser.browser.files.names import name_of_answer
from crawl4ai_browser.browser.files.ranged_get import RangedGet, conditions_of
from crawl4ai_browser.browser.files.resume import resume
from crawl4ai_browser.browser.files.rules import Verdict, file_failure
from crawl4ai_browser.browser.files.store import remove
from crawl4ai_browser.browser.proxies.errand import errand_of
from crawl4ai_browser.browser.shielded import to_the_end
from crawl4ai_browser.snapshot import Snapshot
from crawl4ai_browser.urls import is_web

if TYPE_CHECKING:
    from pathlib import Path

    from crawl4ai_browser.browser.files.intake import FileIntake, IncomingFile
    from crawl4ai_browser.browser.files.ranged_get import Head
    from crawl4ai_browser.browser.leased import PlainWay
    from crawl4ai_browser.browser.pool import BrowserPool
    from crawl4ai_browser.download import Download
    from crawl4ai_browser.fetcher import OnAnswer
    from crawl4ai_browser.request import Request

HEAD_SECONDS = 30.0
"""For the answer to the first question. As long as a page's navigation has by default."""


class PlainFiles:
    """Files by plain requests."""

    def __init__(self, pool: BrowserPool, intake: FileIntake) -> None:
        """Nothing is opened before the first request."""
        self._pool = pool
        self._intake = intake

    async def fetch(self, request: Request, *, on_answer: OnAnswer | None = None) -> Snapshot | None:
        """The snapshot with the file's record; None where a page has to download it.

        Raises:
            DownloadError: it began and could not be had; the snapshot says why.
        """
        if not is_web(request.url):
            return None
        async with self._pool.plain(errand_of(request)) as way:
            return await self._fetch_through(way, request, on_answer)

    async def _fetch_through(self, way: PlainWay, request: Request, on_answer: OnAnswer | None) -> Snapshot | None:
        fetched_at, started = self._intake.clock.now(), self._intake.clock.monotonic()
        ranged = self._ranged_get(way, request)
        head = await _head(ranged) if ranged else None
        if ranged is None or head is None or not head.comes_in_pieces or self._is_signed_out(request, head):
            return None
        way.turn.succeeded()
        if on_answer is not None:
            on_answer(self._intake.clock.monotonic() - started)
        record = await self._fetch(request, ranged, head, proxy=way.context.proxy_id)
        snapshot = Snapshot(
            url=request.url,
            final_url=head.url,
            status=record.status,
            headers=record.headers,
            downloads=(record,),
            session=request.session,
            proxy=way.context.proxy_id,
            timings={"download": self._intake.clock.monotonic() - started},
            fetched_at=fetched_at,
        )
        failure = file_failure(record)
        if failure is not None:
            failure.request, failure.snapshot = request, snapshot
            raise failure
        return snapshot

    def _is_signed_out(self, request: Request, head: Head) -> bool:
        """Whether the answer is one to somebody who is not signed in: the page that asks next says so."""
        signing_in = self._pool.session(request.session).entry.signing_in
        if signing_in is None:
            return False
        watch = signing_in.watch()
        return watch.refusal(url=request.url, final_url=head.url, status=head.status) is not None

    def _ranged_get(self, way: PlainWay, request: Request) -> RangedGet | None:
        transfers = way.context.browser.transfers
        if transfers is None:
            return None
        part = transfers.folder / f"plain-{secrets.token_hex(8)}"
        return RangedGet(way.requests, request.url, part, headers=request.headers)

    async def _fetch(self, request: Request, ranged: RangedGet, head: Head, *, proxy: str | None) -> Download:
        origin = FileOrigin(
            url=request.url,
            final_url=head.url,
            referrer=next((value for name, value in request.headers.items() if name.lower() == "referer"), ""),
            session=request.session,
            status=head.status,
            headers=head.headers,
            proxy=proxy,
        )
        name = name_of_answer(head.url, head.headers)
        file = self._intake.begin(origin, name, total_bytes=head.total_bytes)
        try:
            arrived = await self._arrived(file, ranged, head)
            return await to_the_end(self._settled(file, arrived))
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(remove, ranged.part)
            self._intake.forget(file)

    async def _settled(self, file: IncomingFile, arrived: Path | Verdict) -> Download:
        if isinstance(arrived, Verdict):
            return await self._intake.fail(file, arrived)
        return await self._intake.keep(file, arrived)

    async def _arrived(self, file: IncomingFile, ranged: RangedGet, head: Head) -> Path | Verdict:
        def check(received_bytes: int, total_bytes: int | None) -> Verdict | None:
            return self._intake.progress(file, received_bytes=received_bytes, total_bytes=total_bytes)

        verdict = file.verdict or check(0, head.total_bytes)
        if verdict is not None:
            return verdict
        ranged.answer, ranged.total_bytes, ranged.conditions = head, head.total_bytes, conditions_of(head.headers)
        remaining = file.deadline - self._intake.clock.monotonic()
        with anyio.move_on_after(max(0.0, remaining)):
            try:
                verdict = await ranged.run(check)
            except PlaywrightError:
                broken = Verdict("truncated", f"the transfer broke off after {file.received_bytes} bytes")
                return await resume(ranged, file, self._intake, verdict=broken)
            except OSError as error:
                return storage_verdict(error)
            return verdict or ranged.part
        return self._intake.late_verdict

    def __repr__(self) -> str:
        """Where they go."""
        return f"<PlainFiles into {self._intake!r}>"


async def _head(ranged: RangedGet) -> Head | None:
    # What is wrong is told better by the page that asks next.
    with anyio.move_on_after(HEAD_SECONDS):
        try:
            return await ranged.head()
        except PlaywrightError:
            return None
    return None
