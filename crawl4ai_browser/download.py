"""Download: the record of one file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal

from crawl4ai_browser.frozen import Frozen, PageText

DownloadState = Literal[
    "complete", "cancelled", "truncated", "refused", "too_large", "http_error", "timed_out", "disk_full"
]


class Download(Frozen):
    """One file that a visit brought, whole or not."""

    url: str
    """The file's address, `blob:` and `data:` included."""
    referrer: str
    """The page that caused it."""
    suggested_name: PageText
    path: Path | None
    """Where the file lies; None unless the state is complete."""
    state: DownloadState
    reason: str = ""
    """Why it is not complete."""
    size_bytes: int | None = None
    sha256: str | None = None
    """Hex digits."""
    mime_type: str = ""
    """By the file's first bytes, else by header."""
    status: int | None = None
    started_at: datetime
    finished_at: datetime
