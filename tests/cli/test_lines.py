from __future__ import annotations

import pytest

from crawl4ai_browser.cli.lines import duration, event_line, plural, progress_line, size
from crawl4ai_browser.cli.memory import MemoryUse, memory_use
from crawl4ai_browser.cli.progress_bar import display_lines, file_lines
from crawl4ai_browser.cli.streams import Verbosity, visible
from crawl4ai_browser.crawling.file_progress import ArrivingFile, FileStatistics
from crawl4ai_browser.crawling.progress import CrawlStatistics, CurrentVisit, HostProgress
from crawl4ai_browser.download import Download
from crawl4ai_browser.errors import NavigationTimeout
from crawl4ai_browser.events import (
    BrowserLost,
    DownloadFinished,
    Event,
    PageFinished,
    PageRetried,
    PageStarted,
    ProxyRecovered,
    ProxyRested,
    UrlRefused,
    Warned,
)
from crawl4ai_browser.result import ErrorInfo
from crawl4ai_browser.testing.fake_clock import START

ERROR = ErrorInfo.from_error(NavigationTimeout("no document after 30 s", phase="goto"))
GOOD = PageFinished(
    url="http://a.example/", status=200, ok=True, error=None, seconds=1.234, html_length=10, new_links=2
)
BAD = GOOD.model_copy(update={"status": None, "ok": False, "error": ERROR})

STATISTICS = CrawlStatistics(
    seconds=75,
    done=1200,
    failed=3,
    skipped=0,
    retried=0,
    html_length=10,
    pages_per_second=16.04,
    visits=(),
    hosts=(HostProgress(host="http://a.example", visiting=0, done=1200, failed=3),),
    queued=4500,
)


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (GOOD, "200    1.23 s  http://a.example/"),
        (BAD, "---    1.23 s  http://a.example/  NavigationTimeout (goto): no document after 30 s"),
        (Warned(text="root"), "warning: root"),
        (BrowserLost(reason="died", visits=2), "warning: a browser was lost (died); its 2 visits will be repeated"),
        (PageStarted(url="http://a.example/", attempt=1), None),
        (PageRetried(url="http://a.example/", attempt=1, error=ERROR, delay=2), None),
        (UrlRefused(url="http://b.example/", reason="another host"), None),
    ],
)
def test_pages_and_warnings_are_said(event: Event, line: str | None) -> None:
    assert event_line(event, "normal") == line
    assert event_line(event, "quiet") is None


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            PageRetried(url="http://a.example/", attempt=1, error=ERROR, delay=2),
            "again  in 2.0 s  http://a.example/  attempt 1: NavigationTimeout (goto): no document after 30 s",
        ),
        (UrlRefused(url="http://b.example/", reason="another host"), "refused  http://b.example/  another host"),
        (UrlRefused(url="b.example", reason="no scheme", line=3), None),
        (
            ProxyRested(proxy="http://10.0.0.1:80", reason="connection refused", seconds=5.0),
            "proxy rests for 5 s  http://10.0.0.1:80: connection refused",
        ),
        (
            ProxyRecovered(proxy="http://10.0.0.1:80", host="http://a.example"),
            "proxy works again  http://10.0.0.1:80 with http://a.example",
        ),
    ],
)
def test_details_are_said_when_asked_for(event: Event, line: str | None) -> None:
    assert event_line(event, "verbose") == line


def test_progress_is_one_line() -> None:
    assert progress_line(STATISTICS) == "done 1,200   queued 4,500   failed 3   16.0 pages/s   1:15"
    retried = STATISTICS.model_copy(update={"retried": 7})
    assert "failed 3   retried 7   16.0" in progress_line(retried)


def test_the_display_shows_memory_note_and_visits() -> None:
    visits = (
        CurrentVisit(url="http://a.example/1", attempt=1, seconds=12),
        CurrentVisit(url="http://a.example/2", attempt=2, seconds=0.5),
    )
    lines = display_lines(
        STATISTICS.model_copy(update={"visits": visits}), MemoryUse(size_bytes=1_500_000_000, process_count=9), "wait"
    )
    assert lines == [
        "done 1,200   queued 4,500   failed 3   16.0 pages/s   1:15   1.5 GB in 9 processes",
        "wait",
        "    12.0 s  http://a.example/1",
        "     0.5 s  http://a.example/2  (attempt 2)",
    ]


def test_the_display_shows_hosts_where_there_are_several_and_counts_the_rest() -> None:
    hosts = tuple(HostProgress(host=f"http://{n}.example", visiting=1, done=10 - n, failed=0) for n in range(6))
    lines = display_lines(STATISTICS.model_copy(update={"hosts": hosts}), MemoryUse(size_bytes=1, process_count=1), "")
    assert lines[1] == "      10 done     0 failed    1 now  http://0.example"
    assert lines[5] == "            and 2 more hosts"
    assert len(lines) == 6


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0 s"), (59.94, "59.9 s"), (60, "1:00"), (3599.4, "59:59"), (3661, "1:01:01")]
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(("count", "text"), [(0, "0 bytes"), (999, "999 bytes"), (1500, "2 kB"), (2.5e9, "2.5 GB")])
def test_sizes(count: float, text: str) -> None:
    assert size(count) == text


def test_plurals() -> None:
    assert [plural(count, "page") for count in (0, 1, 1000)] == ["0 pages", "1 page", "1,000 pages"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Grüezi 日本", "Grüezi 日本"),
        ("a\nb", "a\nb"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("a\rb\tc", "a b c"),
        ("\u202eevil", "\\u202eevil"),
        ("\ud800", "\\ud800"),
    ],
)
def test_text_of_strangers_cannot_drive_the_terminal(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_memory_counts_this_process() -> None:
    use = memory_use()
    assert use.process_count >= 1
    assert 5_000_000 < use.size_bytes < 10_000_000_000


@pytest.mark.parametrize("verbosity", ["quiet", "normal", "verbose"])
def test_no_event_is_too_strange_to_be_said(verbosity: Verbosity) -> None:
    assert event_line(Event(), verbosity) is None


def record(**fields: object) -> Download:
    known = {"url": "https://a.test/x", "referrer": "", "suggested_name": "x", "path": None, "state": "truncated"}
    return Download.model_validate({**known, "started_at": START, "finished_at": START, **fields})


@pytest.mark.parametrize(
    ("download", "line"),
    [
        (record(state="complete", path="/d/x.pdf", size_bytes=1_500_000), "file      2 MB  /d/x.pdf"),
        (record(reason="it broke off"), "file  truncated  https://a.test/x  it broke off"),
    ],
)
def test_a_file_is_a_line(download: Download, line: str) -> None:
    assert event_line(DownloadFinished(download=download), "normal") == line
    assert event_line(DownloadFinished(download=download), "quiet") is None


def test_files_are_shown_from_the_first_on() -> None:
    nothing = FileStatistics(kept=0, kept_bytes=0, failed=0, arriving=())
    assert file_lines(nothing) == []
    arriving = [
        ArrivingFile(url=f"https://a.test/{number}", name="x", received_bytes=250, total_bytes=total, seconds=3.0)
        for number, total in enumerate((1000, None, 1, 1, 1))
    ]
    some = FileStatistics(kept=3, kept_bytes=2_000_000, failed=1, arriving=tuple(arriving))
    assert file_lines(some)[:3] == [
        "files 3   2 MB   failed 1   arriving 5",
        "     3.0 s  25 % of 1 kB  https://a.test/0",
        "     3.0 s  250 bytes  https://a.test/1",
    ]
    assert file_lines(some)[-1].strip() == "and 1 more files"
