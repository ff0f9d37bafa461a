"""What happened, as values, and who is told.

An observer is a plain function. It is called on the event loop, in order, and must not block; what it raises is
reported and never reaches the crawl.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from crawl4ai_browser.download import Download
from crawl4ai_browser.frozen import Frozen
from crawl4ai_browser.proxy_status import ProxyStatus
from crawl4ai_browser.result import CrawlResult, ErrorInfo

_log = logging.getLogger("crawl4ai_browser")


class Event(Frozen):
    """Root of all events."""


class CrawlStarted(Event):
    """A crawl has begun to lease requests."""

    at: datetime


class CrawlFinished(Event):
    """A crawl has ended; `reason` says why.

    "done", "max_pages", "interrupted", "failed", or the field of `LimitsConfig` that was reached.
    """

    at: datetime
    reason: str
    pages: int
    failed: int
    proxies: tuple[ProxyStatus, ...] = ()
    """How each proxy stood then, that the crawler has used by then; in the order of the pool."""


class PageQueued(Event):
    """A URL was accepted by the frontier."""

    url: str
    depth: int


class UrlRefused(Event):
    """A URL was not accepted; `reason` names the rule."""

    url: str
    reason: str
    line: int | None = None
    """Of the seed list, where it came from one."""


class SitemapRead(Event):
    """A sitemap was read, or `error` says why not, or not to its end."""

    url: str
    entries: int
    error: ErrorInfo | None = None


class PageStarted(Event):
    """A visit has begun."""

    url: str
    attempt: int


class PageVisited(Event):
    """A visit has ended, well or not. Its content, or another attempt, is still to come."""

    url: str
    attempt: int
    status: int | None
    seconds: float


class PageFinished(Event):
    """A result was given out and taken: whoever reads the results came back for the next one."""

    url: str
    status: int | None
    ok: bool
    error: ErrorInfo | None
    seconds: float
    html_length: int
    """Characters of the html."""
    from_cache: bool = False
    new_links: int
    """URLs found on it that the frontier had not known."""

    @classmethod
    def of(cls, result: CrawlResult, *, new_links: int) -> PageFinished:
        """The event of that result."""
        return cls(
            url=result.url,
            status=result.status,
            ok=result.ok,
            error=result.error,
            seconds=result.timings.get("total", 0.0),
            html_length=len(result.html or ""),
            from_cache=result.from_cache,
            new_links=new_links,
        )


class PageRetried(Event):
    """An attempt failed and the page will be tried again after `delay` seconds."""

    url: str
    attempt: int
    error: ErrorInfo
    delay: float


class DownloadStarted(Event):
    """A file has begun to arrive."""

    url: str
    name: str
    """As suggested."""
    total_bytes: int | None
    """As announced; None: not known yet."""


class DownloadProgress(Event):
    """More of a file has arrived. At most twice a second for each."""

    url: str
    name: str
    received_bytes: int
    total_bytes: int | None


class DownloadFinished(Event):
    """A file is complete, or has failed; its record says which."""

    download: Download


class BrowserLaunched(Event):
    """A browser of the pool has started."""

    version: str
    kind: str


class BrowserLost(Event):
    """A browser died or was given up; its visits are repeated without being charged."""

    reason: str
    visits: int


class BrowserRetired(Event):
    """A browser was replaced in good order."""

    reason: str


class CapacityChanged(Event):
    """Another number of pages may be open from now on."""

    pages: int
    before: int
    reason: str


class ProxyRested(Event):
    """A proxy has failed, and is left alone for a while."""

    proxy: str
    """Its id, or `direct`."""
    reason: str
    seconds: float
    host: str = ""
    """For which; empty: for all."""


class ProxyRecovered(Event):
    """A proxy that was left alone works again."""

    proxy: str
    host: str = ""
    """For which; empty: for all."""


class ConnectionRefused(Event):
    """Something of a page wanted to connect to an address that is not public, and was kept from it.

    Told once for each host and port of a crawler, for the first ten thousand of them.
    """

    host: str
    port: int
    reason: str
    """What the address is, and why nothing allows it."""


class Warned(Event):
    """Something the user should know that stops nothing. Given once for each text."""

    text: str


Observer = Callable[[Event], None]


class Observers:
    """Tells every observer of every event; one that raises is logged and does not disturb the others."""

    def __init__(self, observers: tuple[Observer, ...] = ()) -> None:
        self._observers = list(observers)

    def add(self, observer: Observer) -> None:
        """Tell this one too from now on."""
        self._observers.append(observer)

    def __call__(self, event: Event) -> None:
        """Tell all."""
        for observer in self._observers:
            try:
                observer(event)
            except Exception:  # noqa: BLE001 - a user's function; reported, never raised into the crawl
                _log.exception("observer %r failed on %r", observer, event)

    def __repr__(self) -> str:
        """How many listen."""
        return f"<Observers {len(self._observers)}>"
