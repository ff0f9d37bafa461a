"""Snapshot: all that one visit of a page yields, before anything is made of it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from crawl4ai_browser.action_outcome import ActionOutcome
from crawl4ai_browser.captured import CapturedResponse, CaptureFault, CaptureFile, Certificate
from crawl4ai_browser.download import Download
from crawl4ai_browser.frozen import Frozen, PageText
from crawl4ai_browser.storage_state import StoredCookie


class Redirect(Frozen):
    """One hop that led on to another."""

    url: str
    status: int | None
    """The HTTP status; None for a hop by meta refresh or script."""
    kind: Literal["http", "client"]


class ReadyReport(Frozen):
    """Whether the page became ready, and after how long."""

    kind: str
    """The condition, as in `ready`: quiet, selector, predicate, load, domcontentloaded, delay."""
    met: bool
    seconds: float
    """From DOMContentLoaded, or from the start of waiting when that was later."""
    detail: PageText = ""
    """What was still going on when it was not met."""


class ConsoleMessage(Frozen):
    """A console message or an uncaught error of the page."""

    level: str
    """As the console names it (log, info, warning, error, ...), or `uncaught`."""
    text: PageText
    url: str = ""
    line: int | None = None


class NetworkRecord(Frozen):
    """One request of the page."""

    url: str
    method: str
    resource_type: str
    status: int | None = None
    mime_type: str = ""
    failure: str | None = None
    """The browser's word for why there was no response; `unfinished`: there was none yet when the page was done."""
    seconds: float | None = None
    """From the start of the request to the end of the response."""
    body_bytes: int | None = None
    from_cache: bool = False
    """Whether the browser had it already."""


class Snapshot(Frozen):
    """What the browser showed and what happened on the way there."""

    url: str
    """As requested."""
    final_url: str
    """The document's address when it was read."""
    status: int | None
    """Of the final document; None where there was no HTTP (raw html, about:blank) or no answer."""
    headers: dict[str, str] = {}
    """Of the final document; names in lower case."""
    redirects: tuple[Redirect, ...] = ()
    html: PageText | None = None
    """The rendered DOM. None where the URL was a file or the visit failed before the page could be read."""
    base_url: str | None = None
    """The document's base for relative URLs (`document.baseURI`)."""
    content_type: str = ""
    """The document's media type, as the browser took it."""
    charset: str = ""
    """The encoding the browser decoded it with."""
    has_fetched: bool | None = None
    """Whether its scripts or frames may have fetched some of what it shows. None: not known."""
    ready: ReadyReport | None = None
    actions: tuple[ActionOutcome, ...] = ()
    downloads: tuple[Download, ...] = ()
    screenshot: bytes | None = None
    """In the format of `Picture.format`."""
    pdf: bytes | None = None
    mhtml: PageText | None = None
    har: PageText | None = None
    """An HTTP Archive 1.2, as JSON."""
    responses: tuple[CapturedResponse, ...] = ()
    certificate: Certificate | None = None
    cookies: tuple[StoredCookie, ...] = ()
    capture_files: tuple[CaptureFile, ...] = ()
    capture_faults: tuple[CaptureFault, ...] = ()
    console: tuple[ConsoleMessage, ...] = ()
    requests: tuple[NetworkRecord, ...] = ()
    popups: tuple[str, ...] = ()
    """Addresses of windows the page opened; they were closed."""
    dialogs: tuple[PageText, ...] = ()
    """Texts of dialogs the page opened; they were dismissed."""
    session: str | None = None
    proxy: str | None = None
    """The proxy that carried it, without its secret."""
    timings: dict[str, float] = {}
    """Seconds by phase."""
    fetched_at: datetime
    """UTC."""
    from_cache: bool = False
