"""Lines for people: what happened and how it went, in words. Pure; `reports` writes them."""

from __future__ import annotations

from crawl4ai_browser.cli.streams import Verbosity
from crawl4ai_browser.crawling.file_progress import ArrivingFile, FileStatistics
from crawl4ai_browser.crawling.progress import CrawlStatistics
from crawl4ai_browser.download import Download
from crawl4ai_browser.events import (
    BrowserLaunched,
    BrowserLost,
    BrowserRetired,
    CapacityChanged,
    DownloadFinished,
    Event,
    PageFinished,
    PageRetried,
    ProxyRecovered,
    ProxyRested,
    SitemapRead,
    UrlRefused,
    Warned,
)
from crawl4ai_browser.result import ErrorInfo


def event_line(event: Event, verbosity: Verbosity) -> str | None:
    """What to say about an event; None: nothing."""
    if verbosity == "quiet":
        return None
    match event:
        case PageFinished(error=ErrorInfo(kind="ConfigError")):
            return None  # a bad seed, which was reported with its line when it was read
        case PageFinished():
            return page_line(event)
        case SitemapRead(error=ErrorInfo()):
            return (
                f"warning: the sitemap {event.url} was not read to its end (entries: {event.entries:,}): {event.error}"
            )
        case DownloadFinished():
            return file_line(event.download)
        case Warned():
            return f"warning: {event.text}"
        case BrowserLost():
            return f"warning: a browser was lost ({event.reason}); its {plural(event.visits, 'visit')} will be repeated"
        case _:
            return _detail_line(event) if verbosity == "verbose" else None


def _detail_line(event: Event) -> str | None:
    match event:
        case PageRetried():
            return f"again  in {event.delay:.1f} s  {event.url}  attempt {event.attempt}: {event.error}"
        case UrlRefused(line=None):  # with a line: a bad seed again
            return f"refused  {event.url}  {event.reason}"
        case SitemapRead():
            return f"sitemap  {event.url}  entries: {event.entries:,}"
        case BrowserLaunched():
            return f"browser launched: {event.kind} {event.version}"
        case BrowserRetired():
            return f"browser replaced: {event.reason}"
        case CapacityChanged():
            return f"capacity  {event.before} pages, now {event.pages}: {event.reason}"
        case ProxyRested():
            return f"proxy rests for {event.seconds:.0f} s  {_of_proxy(event.proxy, event.host)}: {event.reason}"
        case ProxyRecovered():
            return f"proxy works again  {_of_proxy(event.proxy, event.host)}"
        case _:
            return None


def _of_proxy(proxy: str, host: str) -> str:
    return f"{proxy} with {host}" if host else proxy


def page_line(event: PageFinished) -> str:
    """Status, seconds, URL, and what failed."""
    status = "---" if event.status is None else str(event.status)
    line = f"{status}  {event.seconds:6.2f} s  {event.url}"
    return f"{line}  {event.error}" if event.error else line


def file_line(record: Download) -> str:
    """What became of a file: its size and place, or why it has none."""
    if record.path is not None:
        return f"file  {size(record.size_bytes or 0):>8}  {record.path}"
    return f"file  {record.state:>8}  {record.url}  {record.reason}"


def arriving_line(file: ArrivingFile) -> str:
    """How far a file has come."""
    if file.total_bytes is None:
        return f"{duration(file.seconds):>8}  {size(file.received_bytes)}  {file.url}"
    percent = 100 * file.received_bytes // file.total_bytes
    return f"{duration(file.seconds):>8}  {percent} % of {size(file.total_bytes)}  {file.url}"


def files_line(files: FileStatistics) -> str:
    """The counts of files at one moment."""
    failed = f"   failed {files.failed:,}" if files.failed else ""
    return f"files {files.kept:,}   {size(files.kept_bytes)}{failed}   arriving {len(files.arriving)}"


def progress_line(statistics: CrawlStatistics) -> str:
    """All counts at one moment."""
    parts = [
        f"done {statistics.done:,}",
        f"queued {statistics.queued:,}",
        f"failed {statistics.failed:,}",
        f"{statistics.pages_per_second:.1f} pages/s",
        duration(statistics.seconds),
    ]
    if statistics.retried:
        parts.insert(3, f"retried {statistics.retried:,}")
    return "   ".join(parts)


def duration(seconds: float) -> str:
    """`4.2 s`, `12:07`, `3:05:09`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def size(count: float) -> str:
    """Bytes as people say them: `812 MB`."""
    for unit in ("bytes", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def plural(count: int, noun: str) -> str:
    """`1 page`, `2 pages`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
