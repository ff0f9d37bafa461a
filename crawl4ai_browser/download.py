"""Download: the record of one file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal

from crawl4ai_browser.frozen import Frozen

DownloadState = Literal[
    "complete",
    "cancelled",
    "truncated",
    "refused",
    "too_large",
    "http_error",
    "timed_out",
    "disk_full",
    "unreachable",
]
"""What became of a file. Only a complete one has a path.

`cancelled`: its page, session or crawl ended, or it could not be stored. `truncated`: the transfer broke off.
`refused`: the configuration does not want it, or robots.txt forbids it. `too_large`: a byte cap. `http_error`: the
server answered 4xx or 5xx. `timed_out`: not complete within its deadline. `disk_full`: it would leave too little room.
`unreachable`: no answer at all.
"""


class Download(Frozen):
    """One file that a visit brought, whole or not."""

    url: str
    """The address that was asked for, `blob:` and `data:` included (a `data:` one is cut to 1000 characters)."""
    final_url: str = ""
    """The address that sent it, after redirects. Empty: the same."""
    referrer: str
    """The page that caused it; empty where the file itself was asked for."""
    suggested_name: str
    """As the server or the page named it, made harmless by the browser; the file's own name may differ."""
    path: Path | None
    """Where the file lies, absolute; None unless the state is complete."""
    state: DownloadState
    reason: str = ""
    """Why it is not complete."""
    size_bytes: int | None = None
    """Of the file; where the state is not complete, what had come of it. None: nothing is known."""
    sha256: str | None = None
    """Hex digits."""
    mime_type: str = ""
    """By the file's first bytes, else by header, else by its name."""
    content_type: str = ""
    """As the server named it, without parameters; empty where the browser did not tell."""
    status: int | None = None
    """The HTTP status; None where there was none, or the browser did not tell (`<a download>`)."""
    headers: dict[str, str] = {}
    """Of the response, names in lower case; empty where the browser did not tell."""
    proxy: str | None = None
    """The id of the proxy that it came through, which is another than its page's where a pool takes turns. None:
    directly."""
    started_at: datetime
    finished_at: datetime
