"""Dates as pages write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawl4ai_browser.dates import parse_date


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-05-06T07:08:09Z", datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)),
        ("2024-05-06T07:08:09+02:00", datetime(2024, 5, 6, 5, 8, 9, tzinfo=UTC)),
        ("2024-05-06T07:08:09+0200", datetime(2024, 5, 6, 5, 8, 9, tzinfo=UTC)),
        ("2024-05-06T07:08:09 -05", datetime(2024, 5, 6, 12, 8, 9, tzinfo=UTC)),
        ("2024-05-06T07:08:09.1234567Z", datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)),
        ("2024-05-06T07:08:09,5Z", datetime(2024, 5, 6, 7, 8, 9, 500000, tzinfo=UTC)),
        ("2024-05-06 07:08", datetime(2024, 5, 6, 7, 8, tzinfo=UTC)),
        ("2024-05-06 07:08:09 UTC", datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)),
        (" 2024-05-06\n", datetime(2024, 5, 6, tzinfo=UTC)),
        ("20240506", datetime(2024, 5, 6, tzinfo=UTC)),
        ("2024-05", datetime(2024, 5, 1, tzinfo=UTC)),
        ("2024", datetime(2024, 1, 1, tzinfo=UTC)),
        ("2024/05/06", datetime(2024, 5, 6, tzinfo=UTC)),
        ("06.05.2024", datetime(2024, 5, 6, tzinfo=UTC)),
        ("Mon, 06 May 2024 07:08:09 GMT", datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)),
        ("Mon, 06 May 2024 07:08:09 +0200", datetime(2024, 5, 6, 5, 8, 9, tzinfo=UTC)),
        ("May 6, 2024", datetime(2024, 5, 6, tzinfo=UTC)),
        ("May 6th, 2024", datetime(2024, 5, 6, tzinfo=UTC)),
        ("6 May 2024", datetime(2024, 5, 6, tzinfo=UTC)),
        ("Sept 6, 2024", datetime(2024, 9, 6, tzinfo=UTC)),
    ],
)
def test_date(text: str, expected: datetime) -> None:
    assert parse_date(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "01/02/2024",
        "2024-13-01",
        "2024-02-30",
        "0001-01-01T00:00+23:00",
        "9999-12-31T23:59-23:00",
        "1" * 500,
    ],
)
def test_no_date(text: str) -> None:
    assert parse_date(text) is None


@given(
    st.one_of(
        st.text(max_size=40), st.datetimes().map(str), st.text(st.sampled_from("0123456789-:T+Z ./,"), max_size=30)
    )
)
def test_any_text_is_a_moment_in_utc_or_none(text: str) -> None:
    moment = parse_date(text)

    assert moment is None or moment.tzinfo is UTC
