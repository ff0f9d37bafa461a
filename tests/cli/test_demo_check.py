from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from crawl4ai_browser.cli.demo_check import DemoCheck
from crawl4ai_browser.download import Download
from crawl4ai_browser.errors import CrawlError, HttpStatusError, RobotsDenied, TooManyRedirects
from crawl4ai_browser.result import CrawlResult, ErrorInfo
from crawl4ai_browser.testing.site_fixture import ExpectedPage

ORIGIN = "http://127.0.0.1:8000"
NOW = datetime(2024, 1, 1, tzinfo=UTC)


def result(path: str, *, error: CrawlError | None = None, **fields: Any) -> CrawlResult:
    values = {
        "url": ORIGIN + path,
        "final_url": ORIGIN + path,
        "status": 200,
        "ok": error is None,
        "error": ErrorInfo.from_error(error) if error else None,
        "html": "<p>js:home:1</p>",
        "fingerprint": "0" * 32,
        "fetched_at": NOW,
    }
    return CrawlResult.model_validate(values | fields)


HOME = ExpectedPage(path="/", kind="page", status=200, final_path="/", text="js:home:1")


async def problems(expected: list[ExpectedPage], results: list[CrawlResult]) -> list[str]:
    async with DemoCheck(expected, ORIGIN) as check:
        for each in results:
            await check.write(each)
    return check.problems()


async def test_a_complete_crawl_has_no_problems() -> None:
    expected = [
        HOME,
        ExpectedPage(path="/old?a=1", kind="redirect", status=200, final_path="/", text="js:home:1"),
        ExpectedPage(path="/gone", kind="error", status=404, final_path="/gone", text=None),
        ExpectedPage(path="/loop", kind="redirect-loop", status=None, final_path=None, text=None),
        ExpectedPage(path="/private", kind="robots-denied", status=None, final_path=None, text=None),
        ExpectedPage(path="/file", kind="download", status=200, final_path="/file", text=None),
    ]
    download = Download(
        url=ORIGIN, referrer="", suggested_name="x", path=None, state="complete", started_at=NOW, finished_at=NOW
    )
    results = [
        result("/"),
        result("/old?a=1", final_url=ORIGIN + "/"),
        result("/gone", status=404, error=HttpStatusError("404", status=404)),
        result("/loop", status=None, error=TooManyRedirects("loop"), html=None),
        result("/private", status=None, error=RobotsDenied("no"), html=None),
        result("/file", html=None, downloads=(download,)),
    ]
    assert await problems(expected, results) == []


@pytest.mark.parametrize(
    ("results", "problem"),
    [
        ([], "/: not found"),
        ([result("/"), result("/")], "/: 2 results"),
        ([result("/"), result("/other")], "/other: not a page of the site"),
        ([result("/", status=500)], "/: status 500 instead of 200"),
        ([result("/", final_url=ORIGIN + "/x")], "/: ended at /x instead of /"),
        ([result("/", html="<p>loading</p>")], "/: without the text that its script writes (js:home:1)"),
        ([result("/", html=None)], "/: without the text that its script writes (js:home:1)"),
        ([result("/", error=TooManyRedirects("loop"))], "/: TooManyRedirects: loop instead of none"),
    ],
)
async def test_what_is_wrong_is_said(results: list[CrawlResult], problem: str) -> None:
    assert await problems([HOME], results) == [problem]


async def test_a_download_must_be_complete() -> None:
    expected = ExpectedPage(path="/file", kind="download", status=200, final_path="/file", text=None)
    assert await problems([expected], [result("/file")]) == ["/file: the file was not downloaded"]


async def test_an_error_must_be_the_expected_one() -> None:
    expected = ExpectedPage(path="/private", kind="robots-denied", status=None, final_path=None, text=None)
    assert await problems([expected], [result("/private")]) == ["/private: no error instead of RobotsDenied"]
