"""Files that a visit brought: awaited, moved into the folder, described."""

from __future__ import annotations

import hashlib
import mimetypes
import re
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
from playwright.async_api import Download as PlaywrightDownload
from playwright.async_api import Error as PlaywrightError

from crawl4ai_browser.download import Download, DownloadState

if TYPE_CHECKING:
    from datetime import datetime

    from crawl4ai_browser.browser.kept_page import VisitRecord
    from crawl4ai_browser.clock import Clock
    from crawl4ai_browser.config import DownloadConfig
    from crawl4ai_browser.request import Request


class DownloadSaver:
    """Saves what visits bring into one folder."""

    def __init__(self, config: DownloadConfig, clock: Clock) -> None:
        """The folder is made when the first file comes."""
        self._config = config
        self._clock = clock

    async def save_all(self, visit: VisitRecord, request: Request) -> tuple[Download, ...]:
        """A record of every file of the visit, in the order they began, each whole or with the reason why not."""
        records: dict[int, Download] = {}

        async def save(number: int, download: PlaywrightDownload) -> None:
            records[number] = await self._save(download, visit, request)

        async with anyio.create_task_group() as tasks:
            for number, download in enumerate(visit.downloads):
                tasks.start_soon(save, number, download)
        return tuple(records[number] for number in sorted(records))

    async def _save(self, download: PlaywrightDownload, visit: VisitRecord, request: Request) -> Download:
        started = self._clock.now()
        state: DownloadState = "timed_out"
        reason = f"not complete within {self._config.timeout:g} s"
        path: Path | None = None
        with anyio.move_on_after(self._config.timeout):
            try:
                path = await download.path()
                state, reason = "complete", ""
            except PlaywrightError as error:
                state, reason = "truncated", str(error.message)
        if path is None:
            with anyio.move_on_after(3, shield=True), suppress(PlaywrightError):
                await download.cancel()
            return self._record(download, request, state=state, reason=reason, started=started)
        saved = await anyio.to_thread.run_sync(_keep, path, self._folder, download.suggested_filename)
        record = self._record(download, request, state=state, reason="", started=started)
        return record.model_copy(update=await anyio.to_thread.run_sync(_facts, saved))

    @property
    def _folder(self) -> Path:
        return self._config.folder or Path("downloads")

    def _record(
        self, download: PlaywrightDownload, request: Request, *, state: DownloadState, reason: str, started: datetime
    ) -> Download:
        return Download(
            url=download.url,
            referrer=request.url,
            suggested_name=download.suggested_filename,
            path=None,
            state=state,
            reason=reason,
            started_at=started,
            finished_at=self._clock.now(),
        )


def _keep(source: Path, folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    safe = re.sub(r'[\x00-\x1f<>:"/\\|?*]', "_", name).strip(". ")[-120:] or "download"
    target = folder / safe
    number = 1
    while True:
        try:
            target.touch(exist_ok=False)
            break
        except FileExistsError:
            number += 1
            target = folder / f"{Path(safe).stem} ({number}){Path(safe).suffix}"
    shutil.move(source, target)
    return target


def _facts(path: Path) -> dict[str, object]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    kind = mimetypes.guess_type(path.name)[0] or ""
    return {"path": path, "size_bytes": path.stat().st_size, "sha256": digest, "mime_type": kind}
