"""The files of a crawler, added up from its events."""

from __future__ import annotations

from pathlib import Path

from crawl4ai_browser.crawling.file_progress import FileProgress
from crawl4ai_browser.download import Download, DownloadState
from crawl4ai_browser.events import DownloadFinished, DownloadProgress, DownloadStarted, Event
from crawl4ai_browser.testing.fake_clock import START, FakeClock

URL = "https://a.test/plan.pdf"


def finished(state: DownloadState = "complete", url: str = URL) -> DownloadFinished:
    path = Path("/plan.pdf") if state == "complete" else None
    record = Download(
        url=url,
        referrer="",
        suggested_name="plan.pdf",
        path=path,
        state=state,
        size_bytes=1000,
        started_at=START,
        finished_at=START,
    )
    return DownloadFinished(download=record)


async def test_a_file_is_followed_from_its_start_to_its_end() -> None:
    clock = FakeClock()
    files = FileProgress(clock)
    files(DownloadStarted(url=URL, name="plan.pdf", total_bytes=None))
    await clock.advance(2)
    files(DownloadProgress(url=URL, name="plan.pdf", received_bytes=600, total_bytes=1000))
    [arriving] = files.statistics().arriving
    assert (arriving.url, arriving.received_bytes, arriving.total_bytes, arriving.seconds) == (URL, 600, 1000, 2.0)
    files(finished())
    statistics = files.statistics()
    assert (statistics.kept, statistics.kept_bytes, statistics.failed, statistics.arriving) == (1, 1000, 0, ())


def test_files_that_were_not_kept_are_counted_apart() -> None:
    files = FileProgress()
    for state in ("complete", "truncated", "refused"):
        files(finished(state))
    assert (files.statistics().kept, files.statistics().failed) == (1, 2)


def test_other_events_change_nothing() -> None:
    files = FileProgress()
    before = files.statistics()
    files(Event())
    files(DownloadProgress(url=URL, name="never begun", received_bytes=1, total_bytes=None))
    assert files.statistics() == before
