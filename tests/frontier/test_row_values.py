"""What a row keeps of a request comes back as it was."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crawl4ai_browser.capture_config import CaptureConfig
from crawl4ai_browser.config import VisitConfig
from crawl4ai_browser.errors import ConnectionFailed
from crawl4ai_browser.frontier.row_values import (
    attempts_from,
    attempts_json,
    overrides_of,
    request_from,
    session_override,
)
from crawl4ai_browser.ready import Selector
from crawl4ai_browser.request import Request
from crawl4ai_browser.result import Attempt, ErrorInfo

URL = "https://a.example/"


@pytest.mark.parametrize(
    "request_",
    [
        Request(url=URL),
        Request(url=URL, session="alice"),
        Request(url=URL, visit=VisitConfig(ready=Selector(css="#done"), timeout=5)),
        Request(url=URL, visit=VisitConfig(), capture=CaptureConfig(pdf=True)),
        Request(url=URL, headers={"Cookie": "a=b"}, priority=2.5, metadata={"row": 7, "tags": ["x", None]}),
        Request(url=URL, html="<p>ä\u2028</p>"),
    ],
)
def test_a_request_comes_back_as_it_was(request_: Request) -> None:
    assert request_from(URL, overrides_of(request_)) == request_


def test_a_plain_request_takes_no_room() -> None:
    assert overrides_of(Request(url=URL)) is None
    assert session_override(None) is None


def test_a_link_keeps_the_session_of_its_page() -> None:
    assert request_from(URL, session_override("alice")) == Request(url=URL, session="alice")


def test_attempts_come_back_as_they_were() -> None:
    error = ErrorInfo.from_error(ConnectionFailed("refused", phase="goto"))
    attempts = (
        Attempt(number=1, started_at=datetime(2025, 1, 1, tzinfo=UTC), seconds=0.5, error=error),
        Attempt(number=2, started_at=datetime(2025, 1, 2, tzinfo=UTC), seconds=1.5, status=503, charged=False),
    )
    assert attempts_from(attempts_json(attempts)) == attempts
    assert attempts_from(None) == ()
