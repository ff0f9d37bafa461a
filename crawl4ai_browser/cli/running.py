"""Runs a crawl for a command: results into a sink, progress to the person, signals into an end in good order."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from crawl4ai_browser.cli.exit_codes import ExitCode, of_signal
from crawl4ai_browser.cli.interrupts import Interrupts
from crawl4ai_browser.cli.lines import duration, plural
from crawl4ai_browser.cli.live_statistics import told_on_request
from crawl4ai_browser.cli.reports import Report
from crawl4ai_browser.cli.session_use import in_kept_session
from crawl4ai_browser.cli.sitemap_seeds import with_sitemaps
from crawl4ai_browser.cli.streams import say
from crawl4ai_browser.config import CrawlConfig, LimitsConfig
from crawl4ai_browser.crawling.crawler import Crawler
from crawl4ai_browser.crawling.run import CrawlRun
from crawl4ai_browser.crawling.seeds import Seeds
from crawl4ai_browser.errors import Skipped, error_classes
from crawl4ai_browser.events import Observer
from crawl4ai_browser.frontier.order import Order
from crawl4ai_browser.frontier.scope import Scope
from crawl4ai_browser.proxy_status import ProxyStatus
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.sinks.sink import Sink


@dataclass(frozen=True)
class PlannedCrawl:
    """A crawl as the command line asks for it."""

    config: CrawlConfig
    seeds: Seeds
    scope: Scope
    order: Order
    sinks: Sequence[Sink]
    observers: Sequence[Observer] = ()
    """Told of every event, beside the person."""
    sitemaps: bool = False
    """Whether the URLs that the seeds' sites list in their sitemaps are seeds too."""
    since: datetime | None = None
    """Of those, leave out what has not changed since then."""
    session: str | None = None
    """The kept session that it goes out as. None: nobody in particular."""


@dataclass
class Tally:
    """What came of the pages, counted as they come."""

    ok: int = 0
    failed: int = 0
    skipped: int = 0
    """Not visited on purpose, as robots.txt asked for."""
    seconds: float = 0.0
    interrupted_by: signal.Signals | None = None
    limit: str | None = None
    """The field of `LimitsConfig` that ended the crawl."""
    proxies: tuple[ProxyStatus, ...] = ()
    """How each stood at the end."""
    _kinds: dict[str, type[Exception]] = field(default_factory=lambda: dict(error_classes()), repr=False)

    def count(self, result: CrawlResult) -> None:
        """Add a result."""
        if result.ok:
            self.ok += 1
        elif result.error is not None and issubclass(self._kinds.get(result.error.kind, Exception), Skipped):
            self.skipped += 1
        else:
            self.failed += 1

    @property
    def exit_code(self) -> int:
        """How the command ends. Where all there was had to be skipped, that is a failure too."""
        if self.interrupted_by is not None:
            return of_signal(self.interrupted_by)
        if self.limit is not None:
            return ExitCode.LIMITED
        return ExitCode.FAILED if self.failed or (self.skipped and not self.ok) else ExitCode.OK

    @property
    def total(self) -> int:
        """All results."""
        return self.ok + self.failed + self.skipped

    def __str__(self) -> str:
        """A summary in one line."""
        parts = [f"{self.ok:,} ok", f"{self.failed:,} failed"]
        if self.skipped:
            parts.append(f"{self.skipped:,} skipped")
        speed = f" ({self.total / self.seconds:.1f} pages/s)" if self.seconds >= 1 else ""
        end = f"; ended by its limit {self.limit}" if self.limit else ""
        return f"{plural(self.total, 'page')}: {', '.join(parts)} in {duration(self.seconds)}{speed}{end}"


async def run_crawl(planned: PlannedCrawl, report: Report, tally: Tally) -> None:
    """Crawl until the end or until interrupted, counting in `tally`.

    Raises:
        CrawlError: what stopped the crawl; the results until then are written and counted.
    """
    interrupts = Interrupts()
    async with (
        Crawler(planned.config, observers=[report, *planned.observers]) as crawler,
        in_kept_session(crawler, planned.session, planned.config.context) as visitor,
    ):
        seeds = planned.seeds
        if planned.sitemaps:
            seeds = with_sitemaps(crawler, seeds, scope=planned.scope, since=planned.since, warn=report.warn)
        run = visitor.crawl(seeds, scope=planned.scope, order=planned.order, sinks=planned.sinks)
        try:
            async with (
                interrupts.watched(lambda number: _drain(run, report, number)),
                report.shown(run),
                told_on_request(lambda: run.statistics, say),
            ):
                await _read(run, tally)
        finally:
            tally.seconds = run.statistics.seconds
            tally.proxies = crawler.proxies
            tally.interrupted_by = interrupts.first
            tally.limit = run.end_reason if run.end_reason in LimitsConfig.model_fields else None


async def _read(run: CrawlRun, tally: Tally) -> None:
    async with run:
        async for result in run:
            tally.count(result)


def _drain(run: CrawlRun, report: Report, number: signal.Signals) -> None:
    run.drain()
    visits = plural(len(run.statistics.visits), "visit")
    again = "Ctrl-C again" if number == signal.SIGINT else f"{number.name} again"
    report.note(f"stopping: {visits} under way will be finished; {again} stops at once")
