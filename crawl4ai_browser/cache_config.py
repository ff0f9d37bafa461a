"""CacheConfig: whether pages that were visited before are visited again."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from crawl4ai_browser.frozen import Frozen

CacheMode = Literal["off", "read", "write", "refresh", "offline"]
"""`off`: pages are visited. `read`: what is stored is taken, the rest visited. `write`: so, and what is visited is
stored. `refresh`: all is visited, and stored anew. `offline`: nothing is visited, and what is not stored fails."""


class CacheConfig(Frozen):
    """Whether visits are stored, and taken from there instead of made again.

    Stored is what a visit yielded (a `Snapshot`): Markdown, items and all else are made of it each time. Only visits
    that went well are: nothing of an error, a status other than 200 or 203, a page that was read before it was ready, a
    challenge, a file that did not come whole. It is found again by all that it depends on: the URL, the session, how it
    is visited, and as whom.
    """

    mode: CacheMode = "off"
    folder: Path | None = None
    """Where it lies, as `cache.sqlite`. Crawls may share one, also at the same time. None: in the `state_dir`."""
    max_age: float | None = Field(default=None, gt=0)
    """Seconds for which a visit stands. None: for ever, as for `offline`."""
    revalidate: bool = True
    """Whether the site is asked about what is older than that, by its ETag or Last-Modified, and what has not changed
    stands as long again. Only where the page's scripts fetched nothing: of what they did fetch, the document's date
    tells nothing."""
    max_bytes: int = Field(default=4 * 2**30, gt=0)
    """Of all that is stored, compressed. What was stored first goes first."""
