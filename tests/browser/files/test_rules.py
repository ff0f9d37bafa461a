"""Which files may be had, and what a broken one means."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crawl4ai_browser.browser.files.rules import (
    Arrival,
    BrokenOff,
    FileRules,
    content_type_of,
    file_failure,
    is_attachment,
    is_saved,
    why_broken_off,
)
from crawl4ai_browser.config import DownloadConfig, FileFilter
from crawl4ai_browser.download import Download, DownloadState
from crawl4ai_browser.errors import DownloadError, DownloadRefused

GIB = 2**30
MOMENT = datetime(2024, 2, 29, tzinfo=UTC)


def rules(**accept: object) -> FileRules:
    return FileRules(DownloadConfig(accept=FileFilter.model_validate(accept)))


def arrival(received: int = 0, total: int | None = None, *, crawl: int | None = None, free: int = 100 * GIB) -> Arrival:
    return Arrival(received, total, crawl_bytes=received if crawl is None else crawl, free_bytes=free)


@pytest.mark.parametrize(
    ("accept", "name", "content_type", "is_wanted"),
    [
        ({}, "x.exe", "application/x-msdownload", True),
        ({"suffixes": ["pdf", ".TXT"]}, "Report.PDF", "", True),
        ({"suffixes": ["pdf", ".TXT"]}, "x.txt", "", True),
        ({"suffixes": ["pdf"]}, "notapdf", "", False),
        ({"suffixes": [".tar.gz"]}, "x.tar.gz", "", True),
        ({"refused_suffixes": ["exe"]}, "x.EXE", "", False),
        ({"refused_suffixes": ["exe"], "suffixes": ["exe"]}, "x.exe", "", False),
        ({"types": ["image/*"]}, "x", "image/png", True),
        ({"types": ["image/*"]}, "x", "text/html", False),
        ({"types": ["image/*"]}, "x", "application/octet-stream", True),
        ({"types": ["image/*"]}, "x", "", True),
        ({"refused_types": ["text/html"]}, "x.pdf", "text/html", False),
    ],
)
def test_what_is_said_of_a_file_decides_at_its_start(
    accept: dict[str, object], name: str, content_type: str, is_wanted: bool
) -> None:
    verdict = rules(**accept).at_start(name=name, content_type=content_type)
    assert (verdict is None) == is_wanted
    assert verdict is None or verdict.state == "refused"


@pytest.mark.parametrize(
    ("accept", "mime_type", "size_bytes", "is_wanted"),
    [
        ({"types": ["application/pdf"]}, "application/pdf", 10, True),
        ({"types": ["application/pdf"]}, "text/html", 10, False),
        ({"refused_types": ["application/*"]}, "application/zip", 10, False),
        ({"min_bytes": 11}, "text/plain", 10, False),
        ({"min_bytes": 10}, "text/plain", 10, True),
    ],
)
def test_what_a_file_turned_out_to_be_decides_at_its_end(
    accept: dict[str, object], mime_type: str, size_bytes: int, is_wanted: bool
) -> None:
    assert (rules(**accept).at_end(mime_type=mime_type, size_bytes=size_bytes) is None) == is_wanted


@pytest.mark.parametrize(
    ("config", "state_of", "state"),
    [
        (DownloadConfig(), arrival(50 * GIB), None),
        (DownloadConfig(max_bytes=100), arrival(100, 100), None),
        (DownloadConfig(max_bytes=100), arrival(101), "too_large"),
        (DownloadConfig(max_bytes=100), arrival(0, 101), "too_large"),
        (DownloadConfig(max_crawl_bytes=1000), arrival(10, 500, crawl=510), None),
        (DownloadConfig(max_crawl_bytes=1000), arrival(10, 501, crawl=510), "too_large"),
        (DownloadConfig(max_crawl_bytes=1000), arrival(200, crawl=1001), "too_large"),
        (DownloadConfig(min_free_bytes=50), arrival(10, 60, free=100), None),
        (DownloadConfig(min_free_bytes=50), arrival(10, 61, free=100), "disk_full"),
        (DownloadConfig(min_free_bytes=50), arrival(10, free=49), "disk_full"),
        (DownloadConfig(min_free_bytes=0), arrival(10, 10, free=0), None),
    ],
)
def test_caps_hold_while_bytes_arrive(config: DownloadConfig, state_of: Arrival, state: DownloadState | None) -> None:
    verdict = FileRules(config).while_arriving(state_of)
    assert (verdict.state if verdict else None) == state


@pytest.mark.parametrize(
    ("broken", "state"),
    [
        (BrokenOff(404, 0, 1200, GIB), "http_error"),
        (BrokenOff(200, 500, 1200, GIB), "truncated"),
        (BrokenOff(200, 500, None, GIB), "truncated"),
        (BrokenOff(200, 500, 2 * GIB, GIB), "disk_full"),
        (BrokenOff(200, 2 * GIB, None, GIB), "disk_full"),
        (BrokenOff(200, GIB, None, GIB), "disk_full"),
        (BrokenOff(None, 0, 1200, GIB), "unreachable"),
        (BrokenOff(None, 5, 1200, GIB), "truncated"),
    ],
)
def test_one_word_of_the_browser_stands_for_several_reasons(broken: BrokenOff, state: DownloadState) -> None:
    assert why_broken_off(broken).state == state


@pytest.mark.parametrize(
    ("headers", "is_it"),
    [
        ({}, False),
        ({"content-disposition": "attachment; filename=x"}, True),
        ({"content-disposition": "ATTACHMENT"}, True),
        ({"content-disposition": "inline; filename=x"}, False),
        ({"content-disposition": "filename=x"}, False),
        ({"content-disposition": "unheard-of"}, True),
    ],
)
def test_what_the_server_wants_saved(headers: dict[str, str], is_it: bool) -> None:
    assert is_attachment(headers) == is_it


@pytest.mark.parametrize(
    ("content_type", "is_it"),
    [
        ("text/html; charset=utf-8", False),
        ("TEXT/HTML", False),
        ("", False),
        ("application/json", False),
        ("image/png", False),
        ("application/atom+xml", False),
        ("text/csv", True),
        ("application/zip", True),
        ("application/pdf", True),
        ("application/octet-stream", True),
    ],
)
def test_what_the_browser_saves_by_itself(content_type: str, is_it: bool) -> None:
    assert is_saved({"content-type": content_type}) == is_it
    assert content_type_of({"content-type": content_type}) == content_type.partition(";")[0].lower()


@pytest.mark.parametrize(
    ("state", "error", "blame"),
    [
        ("complete", None, None),
        ("http_error", None, None),
        ("truncated", DownloadError, "site"),
        ("timed_out", DownloadError, "site"),
        ("refused", DownloadRefused, "user"),
        ("too_large", DownloadRefused, "user"),
        ("disk_full", DownloadRefused, "machine"),
    ],
)
def test_a_file_that_was_asked_for_and_failed_is_an_error(
    state: DownloadState, error: type[DownloadError] | None, blame: str | None
) -> None:
    record = Download(
        url="https://a.test/x",
        referrer="",
        suggested_name="x",
        path=None,
        state=state,
        reason="why",
        started_at=MOMENT,
        finished_at=MOMENT,
    )
    failure = file_failure(record)
    assert type(failure) is (error or type(None))
    if failure is not None:
        assert (failure.message, failure.blame, failure.phase) == (f"{state}: why", blame, "download")
