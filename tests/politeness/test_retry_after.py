"""Retry-After in all the forms servers send it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crawl4ai_browser.politeness.retry_after import retry_after

NOW = datetime(2025, 3, 9, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 7 ", 7.0),
        ("1.5", 1.5),
        ("30, 60", 30.0),
        ("Sun, 09 Mar 2025 12:02:00 GMT", 120.0),
        ("Sunday, 09-Mar-25 12:02:00 GMT", 120.0),
        ("Sun Mar  9 12:02:00 2025", 120.0),
        ("Sun, 09 Mar 2025 13:02:00 +0100", 120.0),
        ("99999999999", 99_999_999_999.0),
    ],
)
def test_seconds_and_dates_are_read(value: str, seconds: float) -> None:
    assert retry_after({"retry-after": value}, NOW) == seconds


@pytest.mark.parametrize(
    "value",
    ["", "0", "-5", "soon", "1e9", "nan", "Sun, 09 Mar 2025 11:59:59 GMT", "Sun, 09 Mar 99999 12:00:00 GMT", "٣"],
)
def test_what_asks_for_no_wait_is_none(value: str) -> None:
    assert retry_after({"retry-after": value}, NOW) is None


def test_no_header_is_none() -> None:
    assert retry_after({"content-type": "text/html"}, NOW) is None


def test_a_date_is_read_by_the_server_s_own_clock() -> None:
    an_hour_slow = {"retry-after": "Sun, 09 Mar 2025 11:00:30 GMT", "date": "Sun, 09 Mar 2025 11:00:00 GMT"}
    assert retry_after(an_hour_slow, NOW) == 30.0


def test_a_number_too_big_for_any_clock_is_still_a_number() -> None:
    assert retry_after({"retry-after": "9" * 400}, NOW) == float("inf")
