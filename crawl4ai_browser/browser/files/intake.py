"""FileIntake: every file of a crawler on its way in, whoever brings it: counted, judged, put in its place, recorded."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import anyio.to_thread

from crawl4ai_browser.browser.files.names import FileFacts, safe_name
from crawl4ai_browser.browser.files.rules import Arrival, FileRules, Verdict, content_type_of
from crawl4ai_browser.browser.files.store import Examined, FileStore, examine, free_bytes, remove
from crawl4ai_browser.download import Download, DownloadState
from crawl4ai_browser.events import DownloadFinished, DownloadProgress, DownloadStarted, Observers, Warned

if TYPE_CHECKING:
    from crawl4ai_browser.clock import Clock
    from crawl4ai_browser.config import DownloadConfig

REPORT_INTERVAL = 0.5
"""Seconds between two progress events of one file."""

_MAX_RECORDED_URL = 1000
"""Characters of a `data:` URL in a record: it holds the whole file."""


class FileOrigin(NamedTuple):
    """Where a file comes from, as far as it is known when it begins to arrive."""

    url: str
    """As asked for."""
    final_url: str
    referrer: str
    session: str | None
    status: int | None = None
    headers: dict[str, str] = {}
    is_get: bool = True
    """Whether asking for the address again brings the same: not for a form's POST."""
    proxy: str | None = None
    """The id of the one it comes through."""


@dataclass(eq=False)
class IncomingFile:
    """A file that has begun to arrive."""

    origin: FileOrigin
    name: str
    started_at: datetime
    deadline: float
    """On the clock's monotonic time."""
    received_bytes: int = 0
    total_bytes: int | None = None
    verdict: Verdict | None = None
    """Why it will not be kept, once that is decided."""
    reported_at: float = 0.0


class FileIntake:
    """The files of one crawler. Holds its folder, its byte budget and its manifest."""

    def __init__(self, config: DownloadConfig, clock: Clock, observers: Observers) -> None:
        """Nothing is written before the first file."""
        self.config = config
        self.clock = clock
        self.store = FileStore(config)
        self._rules = FileRules(config)
        self._observers = observers
        self._kept_bytes = 0
        self._incoming: set[IncomingFile] = set()

    def begin(self, origin: FileOrigin, name: str, *, total_bytes: int | None = None) -> IncomingFile:
        """A file that arrives from now on. Its `verdict` may say at once that it is not wanted.

        End it by `keep` or `fail`.
        """
        now = self.clock.monotonic()
        file = IncomingFile(
            origin,
            name,
            started_at=self.clock.now(),
            deadline=now + self.config.timeout,
            total_bytes=total_bytes,
            reported_at=now,
        )
        self._incoming.add(file)
        self._observers(DownloadStarted(url=_shown(origin.url), name=name, total_bytes=total_bytes))
        file.verdict = self._rules.at_start(name=name, content_type=content_type_of(origin.headers))
        return file

    def progress(self, file: IncomingFile, *, received_bytes: int, total_bytes: int | None) -> Verdict | None:
        """Take note of how much has come; a verdict, also set on the file, when it may not go on.

        Asks for the disk's free space, which takes some microseconds.
        """
        file.received_bytes, file.total_bytes = received_bytes, total_bytes
        now = self.clock.monotonic()
        if file.verdict is None:
            file.verdict = self.late_verdict if now > file.deadline else self._judge(file)
        if file.verdict is None and now - file.reported_at >= REPORT_INTERVAL:
            file.reported_at = now
            self._observers(
                DownloadProgress(
                    url=_shown(file.origin.url),
                    name=file.name,
                    received_bytes=received_bytes,
                    total_bytes=total_bytes,
                )
            )
        return file.verdict

    @property
    def late_verdict(self) -> Verdict:
        """Of a file that is not complete at its deadline."""
        return Verdict("timed_out", f"not complete within {self.config.timeout:g} s")

    def _judge(self, file: IncomingFile) -> Verdict | None:
        arrival = Arrival(
            received_bytes=file.received_bytes,
            total_bytes=file.total_bytes,
            crawl_bytes=self._kept_bytes + sum(other.received_bytes for other in self._incoming),
            free_bytes=free_bytes(self.store.folder),
        )
        return self._rules.while_arriving(arrival)

    async def keep(self, file: IncomingFile, part: Path) -> Download:
        """The record of a file that has come whole and lies at `part`, now moved into its place, if it may be had."""
        content_type = content_type_of(file.origin.headers)
        try:
            found = await anyio.to_thread.run_sync(_examine, part, content_type, file.name)
            file.received_bytes = found.size_bytes
            file.verdict = file.verdict or self._judge_whole(file, found)
            if file.verdict is None:
                path = await anyio.to_thread.run_sync(self.store.keep, part, self._facts(file, found))
                self._kept_bytes += found.size_bytes
                return await self._finish(file, "complete", path=path, found=found)
        except OSError as error:
            file.verdict = storage_verdict(error)
        return await self.fail(file, file.verdict, part)

    def _judge_whole(self, file: IncomingFile, found: Examined) -> Verdict | None:
        file.total_bytes = found.size_bytes
        return self._judge(file) or self._rules.at_end(mime_type=found.mime_type, size_bytes=found.size_bytes)

    def _facts(self, file: IncomingFile, found: Examined) -> FileFacts:
        return FileFacts(
            url=file.origin.url,
            name=file.name,
            session=file.origin.session,
            sha256=found.sha256,
            mime_type=found.mime_type,
            day=file.started_at,
        )

    async def fail(self, file: IncomingFile, verdict: Verdict, *parts: Path) -> Download:
        """The record of a file that is not to be had. What lies at `parts` is deleted."""
        await anyio.to_thread.run_sync(remove, *parts)
        return await self._finish(file, verdict.state, reason=verdict.reason)

    def forget(self, file: IncomingFile) -> None:
        """It will have no record: its visit was cancelled. Nothing when it has one."""
        self._incoming.discard(file)

    async def _finish(
        self,
        file: IncomingFile,
        state: DownloadState,
        *,
        reason: str = "",
        path: Path | None = None,
        found: Examined | None = None,
    ) -> Download:
        self._incoming.discard(file)
        origin = file.origin
        record = Download(
            url=_shown(origin.url),
            final_url=_shown(origin.final_url) if origin.final_url != origin.url else "",
            referrer=origin.referrer,
            suggested_name=file.name,
            path=path,
            state=state,
            reason=reason,
            size_bytes=found.size_bytes if found else file.received_bytes or None,
            sha256=found.sha256 if found else None,
            mime_type=found.mime_type if found else "",
            content_type=content_type_of(origin.headers),
            status=origin.status,
            headers=origin.headers,
            proxy=origin.proxy,
            started_at=file.started_at,
            finished_at=self.clock.now(),
        )
        await self._list(record)
        self._observers(DownloadFinished(download=record))
        return record

    async def _list(self, record: Download) -> None:
        if not self.config.manifest:
            return
        try:
            await anyio.to_thread.run_sync(self.store.list, record)
        except OSError as error:
            self._observers(Warned(text=f"the list of downloads can't be written: {error}"))

    def __repr__(self) -> str:
        """The folder and its load."""
        return f"<FileIntake {self.store.folder}, {len(self._incoming)} arriving, {self._kept_bytes} bytes kept>"


def _examine(part: Path, content_type: str, name: str) -> Examined:
    return examine(part, content_type=content_type, name=safe_name(name))


def storage_verdict(error: OSError) -> Verdict:
    """What the disk's refusal means for a file."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Verdict("disk_full", str(error))
    return Verdict("cancelled", f"the file could not be stored: {error}")


def _shown(url: str) -> str:
    return url[:_MAX_RECORDED_URL] if url.startswith("data:") else url
