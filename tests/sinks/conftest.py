"""Results to write."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from crawl4ai_browser import urls
from crawl4ai_browser.errors import NavigationTimeout
from crawl4ai_browser.page_content import Link, PageMetadata
from crawl4ai_browser.result import CrawlResult, ErrorInfo

MakeResult = Callable[..., CrawlResult]


def _make_result(url: str = "http://example.com/a", **fields: object) -> CrawlResult:
    values: dict[str, object] = {
        "url": url,
        "final_url": url,
        "ok": True,
        "status": 200,
        "html": "<p>Grüezi</p>",
        "markdown": "Grüezi",
        "links": (Link(url="http://example.com/b", internal=True),),
        "metadata": PageMetadata(title="Greeting", keywords=("a", "b: c")),
        "timings": {"total": 0.1234},
        "fingerprint": urls.fingerprint(url),
        "fetched_at": datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC),
    }
    return CrawlResult.model_validate(values | fields)


@pytest.fixture
def make_result() -> MakeResult:
    return _make_result


@pytest.fixture
def results() -> list[CrawlResult]:
    return [_make_result(f"http://example.com/page/{number}") for number in range(3)]


@pytest.fixture
def failed_result() -> CrawlResult:
    error = ErrorInfo.from_error(NavigationTimeout("no document after 30 s", phase="goto"))
    return _make_result(
        "http://example.com/late",
        ok=False,
        status=None,
        error=error,
        html=None,
        markdown=None,
        links=(),
        metadata=PageMetadata(),
        timings={},
    )
