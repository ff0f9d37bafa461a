"""Run reports: added up from events, and shown without trusting a word of them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawl4ai_browser.config import CapacityConfig, CrawlConfig, RetryConfig
from crawl4ai_browser.crawling.crawler import Crawler
from crawl4ai_browser.crawling.report_files import make_report_folder, write_report
from crawl4ai_browser.crawling.report_page import report_page
from crawl4ai_browser.crawling.run_report import MAX_LISTED, MAX_SPANS, ReportBuilder, RunReport, Span
from crawl4ai_browser.errors import ConfigError, ConnectionFailed, CrawlError, RobotsDenied, SinkError
from crawl4ai_browser.events import CrawlFinished, CrawlStarted, PageFinished, PageRetried, UrlRefused
from crawl4ai_browser.result import ErrorInfo
from crawl4ai_browser.snapshot import Snapshot
from crawl4ai_browser.testing.fake_clock import FakeClock
from crawl4ai_browser.testing.scripted_fetcher import ScriptedFetcher, page

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
REFUSED = ErrorInfo.from_error(ConnectionFailed("refused"))
EVIL = 'https://a.test/"><script>alert(1)</script>'


def finished(url: str = "https://a.test/", *, error: ErrorInfo | None = None, seconds: float = 1.0) -> PageFinished:
    status = None if error else 200
    return PageFinished(
        url=url, status=status, ok=error is None, error=error, seconds=seconds, html_length=10, new_links=0
    )


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def builder(clock: FakeClock) -> ReportBuilder:
    builder = ReportBuilder(clock)
    builder(CrawlStarted(at=START))
    return builder


async def test_a_crawl_is_added_up_from_its_events() -> None:
    builder = ReportBuilder()
    script: dict[str, Snapshot | CrawlError | list[Snapshot | CrawlError | str]] = {
        "https://a.test/": page("https://a.test/", "<p>one</p>"),
        "https://b.test/": [ConnectionFailed("reset"), page("https://b.test/")],
        "https://c.test/": RobotsDenied("forbidden"),
    }
    config = CrawlConfig(capacity=CapacityConfig(content_workers=0), retry=RetryConfig(first_delay=0))
    async with Crawler(config, fetcher=ScriptedFetcher(script), observers=[builder]) as crawler:
        _ = [result async for result in crawler.crawl([*script, "https://d.test/missing", "no url"])]
    report = builder.report()
    assert (report.pages, report.ok, report.failed, report.skipped, report.refused) == (5, 2, 2, 1, 1)
    assert report.statuses == {"200": 2, "none": 2, "404": 1}
    assert report.errors == {"RobotsDenied": 1, "HttpStatusError": 1, "ConfigError": 1}
    assert report.retries == {"ConnectionFailed": 1}
    assert [retried.url for retried in report.retried_pages] == ["https://b.test/"]
    assert {failed.url: failed.kind for failed in report.failed_pages} == {
        "https://d.test/missing": "HttpStatusError",
        "no url": "ConfigError",
    }
    assert report.reason == "done"
    assert RunReport.model_validate_json(report.model_dump_json()) == report


async def test_throughput_keeps_its_size_and_every_page_however_long_it_takes(
    builder: ReportBuilder, clock: FakeClock
) -> None:
    for number in range(1000):
        builder(finished(error=REFUSED if number % 10 == 0 else None))
        await clock.advance(1.0)
    builder(CrawlFinished(at=START, reason="done", pages=1000, failed=100))
    await clock.advance(50.0)
    report = builder.report()
    assert len(report.spans) <= MAX_SPANS
    assert report.span_seconds == 16.0
    assert (sum(span.ok for span in report.spans), sum(span.failed for span in report.spans)) == (900, 100)
    assert report.spans[0] == Span(ok=14, failed=2)
    assert report.seconds == pytest.approx(1000.0)


def test_the_slowest_hosts_come_first(builder: ReportBuilder) -> None:
    for seconds in (1.0, 3.0):
        builder(finished("https://slow.test/x", seconds=seconds, error=REFUSED if seconds > 2 else None))
    builder(finished("https://fast.test/", seconds=0.5))
    slow, fast = builder.report().slowest_hosts
    assert slow.model_dump() == {
        "host": "https://slow.test",
        "pages": 2,
        "failed": 1,
        "mean_seconds": 2.0,
        "max_seconds": 3.0,
    }
    assert fast.host == "https://fast.test"


def test_beyond_a_thousand_failures_are_counted_and_the_page_says_so(builder: ReportBuilder) -> None:
    for number in range(MAX_LISTED + 5):
        builder(finished(f"https://a.test/{number}", error=REFUSED))
    report = builder.report()
    assert (report.failed, len(report.failed_pages)) == (MAX_LISTED + 5, MAX_LISTED)
    assert "Failed pages: the first 1,000 of 1,005" in report_page(report)


def test_what_strangers_wrote_is_text_and_no_markup(builder: ReportBuilder) -> None:
    error = ErrorInfo.from_error(ConnectionFailed("<img src=x onerror=alert(1)> & more"))
    builder(finished(EVIL, error=error))
    builder(finished("javascript:alert(1)", error=error))
    builder(PageRetried(url=EVIL, attempt=1, error=error, delay=0.5))
    builder(UrlRefused(url=EVIL, reason="scope"))
    shown = report_page(builder.report())
    assert "<script" not in shown
    assert "<img" not in shown
    assert "&lt;img src=x onerror=alert(1)&gt; &amp; more" in shown
    assert 'href="javascript' not in shown
    assert "default-src 'none'" in shown


def test_no_password_is_repeated(builder: ReportBuilder) -> None:
    builder(finished("https://me:secret@a.test/", error=REFUSED))
    report = builder.report()
    assert "secret" not in report.model_dump_json() + report_page(report)


def test_the_page_needs_nothing_from_elsewhere(builder: ReportBuilder) -> None:
    builder(finished())
    shown = report_page(builder.report())
    assert not re.findall(r'(?:src|href)="|url\(|@import', shown)
    assert "<svg" in shown


def test_a_crawl_that_gave_nothing_has_a_report_too(builder: ReportBuilder) -> None:
    assert "No page was given out." in report_page(builder.report())


def test_both_files_are_written_and_replaced(builder: ReportBuilder, tmp_path: Path) -> None:
    folder = tmp_path / "report"
    make_report_folder(folder)
    write_report(builder.report(), folder)
    builder(finished("https://a.test/\udcff", error=REFUSED))
    write_report(builder.report(), folder)
    assert sorted(path.name for path in folder.iterdir()) == ["report.html", "report.json"]
    assert RunReport.model_validate_json((folder / "report.json").read_bytes()).failed == 1


def test_a_folder_that_cannot_be_is_refused(builder: ReportBuilder, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="can't make the report's folder"):
        make_report_folder(tmp_path / "file")
    with pytest.raises(SinkError, match="can't write the report into"):
        write_report(builder.report(), tmp_path / "missing")
