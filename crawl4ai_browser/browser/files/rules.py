"""Decides whether a file may be had: before its bytes come, while they arrive, and when all are there. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import NamedTuple

from crawl4ai_browser.browser.files.types import UNTOLD_TYPES
from crawl4ai_browser.config import DownloadConfig, FileFilter
from crawl4ai_browser.download import Download, DownloadState
from crawl4ai_browser.errors import DownloadError, DownloadRefused


class Verdict(NamedTuple):
    """Why a file is not to be had."""

    state: DownloadState
    reason: str


class Arrival(NamedTuple):
    """How far a file has come."""

    received_bytes: int
    total_bytes: int | None
    """As announced. None: not known."""
    crawl_bytes: int
    """Of all files of the crawler so far, this one included."""
    free_bytes: int
    """On the folder's disk."""


@dataclass(frozen=True)
class FileRules:
    """The configuration's rules, asked in this order."""

    config: DownloadConfig

    def at_start(self, *, name: str, content_type: str) -> Verdict | None:
        """By what is said of it. A type that says nothing (`application/octet-stream`) is judged at the end."""
        reason = _suffix_refusal(self.config.accept, name)
        if reason is None and content_type not in UNTOLD_TYPES:
            reason = _type_refusal(self.config.accept, content_type)
        return Verdict("refused", reason) if reason else None

    def while_arriving(self, arrival: Arrival) -> Verdict | None:
        """By its size, the announced one as soon as it is known; and by the room there is for it."""
        config = self.config
        expected = max(arrival.received_bytes, arrival.total_bytes or 0)
        if config.max_bytes is not None and expected > config.max_bytes:
            return Verdict("too_large", f"{_at_least(arrival)} bytes, at most {config.max_bytes}")
        crawl_bytes = arrival.crawl_bytes - arrival.received_bytes + expected
        if config.max_crawl_bytes is not None and crawl_bytes > config.max_crawl_bytes:
            return Verdict(
                "too_large", f"with its {_at_least(arrival)} bytes over {config.max_crawl_bytes} of the crawl"
            )
        missing = expected - arrival.received_bytes
        if arrival.free_bytes - missing < config.min_free_bytes:
            return Verdict(
                "disk_full",
                f"{missing} bytes are to come, {arrival.free_bytes} are free, {config.min_free_bytes} must stay so",
            )
        return None

    def at_end(self, *, mime_type: str, size_bytes: int) -> Verdict | None:
        """By what it turned out to be."""
        reason = _type_refusal(self.config.accept, mime_type)
        if reason is None and size_bytes < self.config.accept.min_bytes:
            reason = f"{size_bytes} bytes, at least {self.config.accept.min_bytes}"
        return Verdict("refused", reason) if reason else None


DISK_MARGIN_BYTES = 64 * 2**10
"""What a full disk may have left: a file system gives space in blocks, and the browser writes in pieces of 64 KiB."""


class BrokenOff(NamedTuple):
    """What is known of a transfer that the browser gave up."""

    status: int | None
    received_bytes: int
    total_bytes: int | None
    free_bytes: int
    """Afterwards, when the browser has removed what it had."""


def why_broken_off(broken: BrokenOff) -> Verdict:
    """The reason behind the browser's one word, "canceled", where nobody here had cancelled anything."""
    if broken.status is not None and broken.status >= 400:
        return Verdict("http_error", f"the server answered {broken.status}")
    # Nothing says that the disk was full, but the file would not fit on it.
    if max(broken.received_bytes, broken.total_bytes or 0) > broken.free_bytes - DISK_MARGIN_BYTES:
        return Verdict("disk_full", f"the disk was full after {broken.received_bytes} bytes")
    if broken.status is None and not broken.received_bytes:
        return Verdict("unreachable", "the browser gave it up without an answer that it could save")
    whole = "" if broken.total_bytes is None else f" of {broken.total_bytes}"
    return Verdict("truncated", f"the transfer broke off after {broken.received_bytes}{whole} bytes")


def file_failure(record: Download) -> DownloadError | None:
    """The error of a request that asked for this very file; None where it came, or its status tells all."""
    if record.state in ("complete", "http_error"):
        return None
    message = f"{record.state}: {record.reason}"
    match record.state:
        case "refused" | "too_large":
            return DownloadRefused(message, phase="download")
        case "disk_full":
            return DownloadRefused(message, phase="download", blame="machine")
        case _:
            return DownloadError(message, phase="download")


def content_type_of(headers: dict[str, str]) -> str:
    """The media type of a Content-Type header: lower case, without parameters; empty where there is none."""
    return headers.get("content-type", "").partition(";")[0].partition(",")[0].strip().lower()


def is_attachment(headers: dict[str, str]) -> bool:
    """Whether the server wants it saved (RFC 6266, 4.2: whatever is not inline is an attachment)."""
    disposition = headers.get("content-disposition", "").partition(";")[0].strip().lower()
    return disposition not in ("", "inline") and "=" not in disposition


_SHOWN_TYPES = re.compile(
    r"|text/(?:html|plain|xml|css|javascript|ecmascript|xsl|vtt|markdown)|.+[/+]xml|.+[/+]json|multipart/.+"
    r"|application/(?:(?:x-)?javascript|ecmascript|xhtml\+xml)|image/.+|audio/.+|video/.+"
)
"""What Chromium shows in a page (blink/common/mime_util). The empty one is sniffed, and mostly a page."""


def is_saved(headers: dict[str, str]) -> bool:
    """Whether the browser saves an answer with these headers instead of showing it, as far as they tell."""
    return is_attachment(headers) or _SHOWN_TYPES.fullmatch(content_type_of(headers)) is None


def _suffix_refusal(accept: FileFilter, name: str) -> str | None:
    lower = name.lower()
    if any(lower.endswith(_with_dot(suffix)) for suffix in accept.refused_suffixes):
        return f"files called {name!r} are refused"
    if accept.suffixes and not any(lower.endswith(_with_dot(suffix)) for suffix in accept.suffixes):
        return f"{name!r} has none of the suffixes {' '.join(accept.suffixes)}"
    return None


def _type_refusal(accept: FileFilter, mime_type: str) -> str | None:
    if any(fnmatchcase(mime_type, pattern.lower()) for pattern in accept.refused_types):
        return f"files of type {mime_type} are refused"
    if accept.types and not any(fnmatchcase(mime_type, pattern.lower()) for pattern in accept.types):
        return f"{mime_type} is none of the types {' '.join(accept.types)}"
    return None


def _with_dot(suffix: str) -> str:
    return f".{suffix.lower().lstrip('.')}"


def _at_least(arrival: Arrival) -> str:
    return str(arrival.total_bytes) if arrival.total_bytes else f"{arrival.received_bytes} or more"
