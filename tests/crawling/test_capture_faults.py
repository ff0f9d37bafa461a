"""What a capture that could not be had does to a result, and to a crawl."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from crawl4ai_browser.captured import CapturedResponse, CaptureFault, CaptureFile
from crawl4ai_browser.config import CrawlConfig
from crawl4ai_browser.crawling.crawler import Crawler
from crawl4ai_browser.crawling.spending import result_bytes
from crawl4ai_browser.frontier.scope import Scope
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.snapshot import Snapshot
from crawl4ai_browser.testing.scripted_fetcher import ScriptedFetcher, page

ROOT = "https://a.test/"
FAULTS = (
    CaptureFault(kind="screenshot", message="no element matches '#map'"),
    CaptureFault(kind="har", message="it could not be written: no space left", blame="machine"),
)


def faulty(url: str, *, status: int = 200, html: str = "<a href=/next>next</a>") -> Snapshot:
    return page(url, html, status=status).model_copy(update={"capture_faults": FAULTS})


async def test_a_capture_that_failed_is_the_error_and_the_page_is_kept_and_followed(config: CrawlConfig) -> None:
    script = {ROOT: faulty(ROOT), f"{ROOT}next": page(f"{ROOT}next", "<p>next")}
    fetcher = ScriptedFetcher(script)
    async with Crawler(config, fetcher=fetcher) as crawler:
        results = {result.url: result async for result in crawler.crawl(ROOT, scope=Scope(max_depth=1))}
    assert results[f"{ROOT}next"].ok
    first = results[ROOT]
    assert not first.ok
    assert first.error is not None
    assert (first.error.kind, first.error.phase, first.error.blame) == ("CaptureFailed", "capture", "site")
    assert first.error.message == "screenshot: no element matches '#map' (and 1 more)"
    assert first.capture_faults == FAULTS
    assert "next" in (first.markdown or "")
    assert len(first.attempts) == 1, "it would fail again"


async def test_the_status_goes_before_a_capture_that_failed(config: CrawlConfig) -> None:
    async with Crawler(config, fetcher=ScriptedFetcher({ROOT: faulty(ROOT, status=404)})) as crawler:
        result = await crawler.fetch(ROOT)
    assert result.error is not None
    assert (result.error.kind, result.error.status) == ("HttpStatusError", 404)


def test_captures_count_as_bytes_of_a_crawl_wherever_they_are() -> None:
    answer = CapturedResponse(url=ROOT, method="GET", resource_type="fetch", body=b"12345")
    file = CaptureFile(kind="pdf", path=Path("page.pdf"), size_bytes=100, sha256="0" * 64, mime_type="application/pdf")
    result = CrawlResult(
        url=ROOT,
        final_url=ROOT,
        ok=True,
        screenshot=b"123",
        har="{}",
        mhtml="M",
        responses=(answer,),
        capture_files=(file,),
        fingerprint="0" * 32,
        fetched_at=datetime(2024, 1, 1, tzinfo=UTC),
    )
    assert result_bytes(result) == 3 + 2 + 1 + 5 + 100
