"""RunReport: what a crawl did, for those who were not there, added up from its events. Pure and of bounded size."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from crawl4ai_browser import urls
from crawl4ai_browser.clock import SYSTEM_CLOCK, Clock
from crawl4ai_browser.events import (
    BrowserLost,
    CrawlFinished,
    CrawlStarted,
    DownloadFinished,
    Event,
    PageFinished,
    PageRetried,
    UrlRefused,
)
from crawl4ai_browser.frozen import Frozen, PageText
from crawl4ai_browser.proxy_status import ProxyStatus

MAX_LISTED = 1000
"""Failures and retries that are listed one by one; the others are only counted. A page of more is not read."""

SHOWN_HOSTS = 20
_MAX_HOSTS = 10_000
"""Hosts that are remembered, some 2 MB; beyond, the faster half is forgotten, as the slow ones are asked for."""

MAX_SPANS = 120
"""Points of the plot: as many as can be told apart on a page. A longer crawl has longer spans."""


class FailedPage(Frozen):
    """A page that was given out as failed."""

    url: PageText
    """Without credentials."""
    status: int | None
    kind: str
    """Name of the error's class."""
    message: PageText


class RetriedPage(Frozen):
    """An attempt that was followed by another."""

    url: PageText
    """Without credentials."""
    attempt: int
    kind: str
    message: PageText
    delay: float


class HostReport(Frozen):
    """One host's share."""

    host: PageText
    pages: int
    failed: int
    mean_seconds: float
    """Of its pages, from the visit's start to the result."""
    max_seconds: float


class Span(Frozen):
    """Pages given out in one span of time."""

    ok: int = 0
    failed: int = 0
    """Skipped ones included."""


class RunReport(Frozen):
    """A crawl, or what there has been of it so far."""

    started_at: datetime
    seconds: float
    reason: str | None
    """Why it ended, as in `CrawlFinished`; None: it has not."""
    ok: int
    failed: int
    skipped: int
    """Not visited on purpose (robots.txt)."""
    refused: int
    """URLs that were found, or given, and are not in scope."""
    statuses: dict[str, int]
    """Pages by final status, the most first; `none` where there was no answer."""
    errors: dict[str, int]
    """Pages by the class of their error, the most first."""
    retries: dict[str, int]
    """Attempts followed by another, by the class of their error."""
    html_characters: int
    files: int
    """Downloads, failed ones included."""
    file_bytes: int
    browsers_lost: int
    slowest_hosts: tuple[HostReport, ...]
    span_seconds: float
    spans: tuple[Span, ...]
    """Throughput: from the start on, each of `span_seconds`."""
    failed_pages: tuple[FailedPage, ...]
    """The first thousand."""
    retried_pages: tuple[RetriedPage, ...]
    """The first thousand."""
    proxies: tuple[ProxyStatus, ...] = ()
    """How each stood when the crawl had ended, the first thousand; none where it goes on, or went out directly."""

    @property
    def pages(self) -> int:
        """All results."""
        return self.ok + self.failed + self.skipped


@dataclass(slots=True)
class _Host:
    pages: int = 0
    failed: int = 0
    seconds: float = 0.0
    max_seconds: float = 0.0

    @property
    def mean(self) -> float:
        return self.seconds / self.pages


class ReportBuilder:
    """An observer that adds up what it hears: `Crawler(observers=[builder])`, `builder.report()`. For one crawl."""

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        self._clock = clock
        self._started_at = clock.now()
        self._started = clock.monotonic()
        self._ended: float | None = None
        self._reason: str | None = None
        self._counts: Counter[str] = Counter()
        self._statuses: Counter[str] = Counter()
        self._errors: Counter[str] = Counter()
        self._retries: Counter[str] = Counter()
        self._hosts: dict[str, _Host] = {}
        self._span_seconds = 1.0
        self._spans: list[Span] = []
        self._failed: list[FailedPage] = []
        self._retried: list[RetriedPage] = []
        self._proxies: tuple[ProxyStatus, ...] = ()

    def __call__(self, event: Event) -> None:
        """Take note of an event."""
        match event:
            case CrawlStarted():
                self._started_at, self._started = event.at, self._clock.monotonic()
            case PageFinished():
                self._finish(event)
            case PageRetried():
                self._retry(event)
            case DownloadFinished():
                self._counts["files"] += 1
                self._counts["file_bytes"] += event.download.size_bytes or 0
            case UrlRefused():
                self._counts["refused"] += 1
            case BrowserLost():
                self._counts["browsers_lost"] += 1
            case CrawlFinished():
                self._reason, self._ended = event.reason, self._clock.monotonic()
                self._proxies = event.proxies[:MAX_LISTED]
            case _:
                pass

    def _finish(self, event: PageFinished) -> None:
        is_skip = event.error is not None and event.error.is_skip
        self._counts["ok" if event.ok else "skipped" if is_skip else "failed"] += 1
        self._counts["html"] += event.html_length
        self._statuses["none" if event.status is None else str(event.status)] += 1
        if event.error is not None:
            self._errors[event.error.kind] += 1
            if not is_skip and len(self._failed) < MAX_LISTED:
                error = event.error
                page = FailedPage(
                    url=urls.without_credentials(event.url), status=event.status, kind=error.kind, message=error.message
                )
                self._failed.append(page)
        if not is_skip:
            self._add_to_host(event)
        self._add_to_span(is_ok=event.ok)

    def _add_to_host(self, event: PageFinished) -> None:
        host = self._hosts.setdefault(urls.origin(event.url), _Host())
        host.pages += 1
        host.failed += not event.ok
        host.seconds += event.seconds
        host.max_seconds = max(host.max_seconds, event.seconds)
        if len(self._hosts) > _MAX_HOSTS:
            slowest = sorted(self._hosts.items(), key=lambda item: item[1].mean, reverse=True)
            self._hosts = dict(slowest[: _MAX_HOSTS // 2])

    def _add_to_span(self, *, is_ok: bool) -> None:
        seconds = self._clock.monotonic() - self._started
        while seconds >= self._span_seconds * MAX_SPANS:
            self._spans = _halved(self._spans)
            self._span_seconds *= 2
        index = int(seconds / self._span_seconds)
        self._spans.extend(Span() for _ in range(index + 1 - len(self._spans)))
        span = self._spans[index]
        self._spans[index] = Span(ok=span.ok + is_ok, failed=span.failed + (not is_ok))

    def _retry(self, event: PageRetried) -> None:
        error = event.error
        self._retries[error.kind] += 1
        if len(self._retried) < MAX_LISTED:
            page = RetriedPage(
                url=urls.without_credentials(event.url),
                attempt=event.attempt,
                kind=error.kind,
                message=error.message,
                delay=event.delay,
            )
            self._retried.append(page)

    def report(self) -> RunReport:
        """What has happened until now, or until the crawl's end."""
        ended = self._clock.monotonic() if self._ended is None else self._ended
        slowest = sorted(self._hosts.items(), key=lambda item: item[1].mean, reverse=True)[:SHOWN_HOSTS]
        return RunReport(
            started_at=self._started_at,
            seconds=ended - self._started,
            reason=self._reason,
            ok=self._counts["ok"],
            failed=self._counts["failed"],
            skipped=self._counts["skipped"],
            refused=self._counts["refused"],
            statuses=dict(self._statuses.most_common()),
            errors=dict(self._errors.most_common()),
            retries=dict(self._retries.most_common()),
            html_characters=self._counts["html"],
            files=self._counts["files"],
            file_bytes=self._counts["file_bytes"],
            browsers_lost=self._counts["browsers_lost"],
            slowest_hosts=tuple(_host_report(name, host) for name, host in slowest),
            span_seconds=self._span_seconds,
            spans=tuple(self._spans),
            failed_pages=tuple(self._failed),
            retried_pages=tuple(self._retried),
            proxies=self._proxies,
        )

    def __repr__(self) -> str:
        """How much was heard."""
        return f"<ReportBuilder {self._statuses.total()} pages, {self._retries.total()} retries>"


def _host_report(name: str, host: _Host) -> HostReport:
    return HostReport(
        host=name, pages=host.pages, failed=host.failed, mean_seconds=host.mean, max_seconds=host.max_seconds
    )


def _halved(spans: list[Span]) -> list[Span]:
    """Half as many spans, each twice as long."""
    padded = [*spans, Span()] if len(spans) % 2 else spans
    pairs = zip(padded[::2], padded[1::2], strict=True)
    return [Span(ok=one.ok + two.ok, failed=one.failed + two.failed) for one, two in pairs]
