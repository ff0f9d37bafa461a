from __future__ import annotations

import signal
from datetime import UTC, datetime

import pytest

from crawl4ai_browser.cli.running import Tally
from crawl4ai_browser.errors import ConfigError, CrawlError, HttpStatusError, OutOfScope, RobotsDenied
from crawl4ai_browser.result import CrawlResult, ErrorInfo


def result(error: CrawlError | None) -> CrawlResult:
    return CrawlResult(
        url="http://a.example/",
        final_url="http://a.example/",
        ok=error is None,
        error=ErrorInfo.from_error(error) if error else None,
        fingerprint="0" * 32,
        fetched_at=datetime(2024, 1, 1, tzinfo=UTC),
    )


NOT_FOUND = HttpStatusError("404", status=404)


def test_a_limit_that_ended_the_crawl_has_an_exit_code_of_its_own() -> None:
    tally = Tally(seconds=2.0, limit="max_failures")
    tally.count(result(NOT_FOUND))
    assert tally.exit_code == 4
    assert str(tally).endswith("; ended by its limit max_failures")


@pytest.mark.parametrize(
    ("errors", "exit_code", "summary"),
    [
        ([], 0, "0 pages: 0 ok, 0 failed in 2.0 s (0.0 pages/s)"),
        ([None, None], 0, "2 pages: 2 ok, 0 failed in 2.0 s (1.0 pages/s)"),
        ([None, NOT_FOUND], 1, "2 pages: 1 ok, 1 failed in 2.0 s (1.0 pages/s)"),
        ([ConfigError("no URL")], 1, "1 page: 0 ok, 1 failed in 2.0 s (0.5 pages/s)"),
        ([None, RobotsDenied("no")], 0, "2 pages: 1 ok, 0 failed, 1 skipped in 2.0 s (1.0 pages/s)"),
        ([RobotsDenied("no"), OutOfScope("no")], 1, "2 pages: 0 ok, 0 failed, 2 skipped in 2.0 s (1.0 pages/s)"),
    ],
)
def test_results_are_counted_and_decide_the_exit_code(
    errors: list[CrawlError | None], exit_code: int, summary: str
) -> None:
    tally = Tally()
    for error in errors:
        tally.count(result(error))
    tally.seconds = 2.0
    assert (tally.exit_code, str(tally)) == (exit_code, summary)


def test_an_interrupt_decides_the_exit_code() -> None:
    assert Tally(failed=1, interrupted_by=signal.SIGTERM).exit_code == 143
