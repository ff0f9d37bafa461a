"""CaptureFolders: captures on their way into files."""

from __future__ import annotations

import os
import secrets
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from crawl4ai_browser.browser.files.names import FileFacts, name_of_answer, split_suffix
from crawl4ai_browser.browser.files.store import FileStore, examine, remove
from crawl4ai_browser.captured import CaptureFile, CaptureKind
from crawl4ai_browser.config import DownloadConfig, FileNames

_NAMES = FileNames(layout="{host}/{name}")


class Filed(NamedTuple):
    """A capture that is to become a file."""

    kind: CaptureKind
    data: bytes
    url: str
    """What it is of."""
    name: str
    mime_type: str
    day: datetime
    is_secret: bool = False
    """Whether nobody but its owner may read it."""


def capture_name(url: str, fingerprint: str, suffix: str) -> str:
    """The name of a page's capture: the last part of its path, and a piece of the request's identity."""
    stem = split_suffix(name_of_answer(url, {}))[0] if url.partition("//")[2].partition("/")[2] else "index"
    return f"{stem}-{fingerprint[:8]}{suffix}"


class CaptureFolders:
    """Writes captures, each below the folder of its configuration. Nothing that is there is ever replaced.

    What it does blocks: call it in a thread.
    """

    def __init__(self) -> None:
        self._stores: dict[Path, FileStore] = {}

    def write(self, folder: Path, capture: Filed) -> CaptureFile:
        """Write it whole or not at all: it arrives under a hidden name, and is moved to its place when it is complete.

        Raises:
            OSError: it can't be written.
        """
        store = self._stores.setdefault(folder, FileStore(DownloadConfig(folder=folder, names=_NAMES)))
        store.folder.mkdir(parents=True, exist_ok=True)
        part = store.folder / f".capture-{secrets.token_hex(8)}"
        try:
            mode = 0o600 if capture.is_secret else 0o666
            with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode), "wb") as file:
                file.write(capture.data)
            facts = examine(part, content_type=capture.mime_type, name=capture.name)
            place = store.keep(
                part,
                FileFacts(
                    url=capture.url,
                    name=capture.name,
                    session=None,
                    sha256=facts.sha256,
                    mime_type=capture.mime_type,
                    day=capture.day,
                ),
            )
        finally:
            remove(part)
        return CaptureFile(
            kind=capture.kind,
            path=place,
            size_bytes=facts.size_bytes,
            sha256=facts.sha256,
            mime_type=capture.mime_type,
        )

    def __repr__(self) -> str:
        """The folders."""
        return f"<CaptureFolders {' '.join(str(folder) for folder in self._stores)}>"
