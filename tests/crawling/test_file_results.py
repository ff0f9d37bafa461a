"""A URL that is a file is a result like any other: ok with its record, or failed with the true reason."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from crawl4ai_browser.config import CapacityConfig, CrawlConfig, DownloadConfig, PolitenessConfig, RetryConfig
from crawl4ai_browser.crawling.crawler import Crawler
from crawl4ai_browser.errors import DownloadError
from crawl4ai_browser.request import Request
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.testing.site import Response, SiteServer, install_fault_routes


@pytest.fixture(scope="module")
async def crawler(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Crawler]:
    files = DownloadConfig(folder=tmp_path_factory.mktemp("files"), resume_attempts=0, max_bytes=100_000, timeout=5)
    config = CrawlConfig(
        capacity=CapacityConfig(content_workers=0),
        download=files,
        politeness=PolitenessConfig(obey_robots=False),
        retry=RetryConfig(first_delay=0.0),
    )
    async with Crawler(config) as opened:
        await opened.fetch(Request.from_html("<p>starts the browser</p>"))
        yield opened


@pytest.fixture(autouse=True)
def started(crawler: Crawler) -> None:
    """The browser runs before a test counts what it leaves."""


@pytest.fixture(scope="module")
def site() -> Iterator[SiteServer]:
    with SiteServer() as server:
        install_fault_routes(server)
        yield server


async def test_a_file_is_an_ok_result_without_html(crawler: Crawler, site: SiteServer) -> None:
    result = await crawler.fetch(site.url("/download/csv"))
    assert (result.ok, result.error, result.html, result.markdown, result.status) == (True, None, None, None, 200)
    assert [download.state for download in result.downloads] == ["complete"]
    assert result.timings["download"] <= result.timings["total"]
    assert CrawlResult.model_validate_json(result.model_dump_json()) == result


@pytest.mark.parametrize(
    ("path", "kind", "state", "attempts"),
    [
        ("/download/truncated", "DownloadError", "truncated", 2),
        ("/download/large?bytes=200000", "DownloadRefused", "too_large", 1),
        ("/download/missing", "HttpStatusError", "http_error", 1),
    ],
)
async def test_a_file_that_cannot_be_had_is_a_failed_result_with_its_record(
    crawler: Crawler, site: SiteServer, path: str, kind: str, state: str, attempts: int
) -> None:
    result = await crawler.fetch(site.url(path))
    assert result.error is not None
    assert (result.ok, result.error.kind, len(result.attempts)) == (False, kind, attempts)
    assert [download.state for download in result.downloads] == [state]


async def test_a_failed_file_raises_its_own_error(crawler: Crawler, site: SiteServer) -> None:
    with pytest.raises(DownloadError, match="truncated: the transfer broke off after 12000 of 13000 bytes"):
        (await crawler.fetch(site.url("/download/truncated"))).raise_for_error()


async def test_a_page_whose_file_failed_is_ok_all_the_same(crawler: Crawler, site: SiteServer) -> None:
    site.route("/page-with-broken-file", site_page("/download/truncated"))
    result = await crawler.fetch(site.url("/page-with-broken-file"))
    assert result.ok
    assert [download.state for download in result.downloads] == ["truncated"]


async def test_a_request_says_that_its_url_is_a_file(crawler: Crawler, site: SiteServer) -> None:
    url = site.url("/status/200")
    page, file = await crawler.fetch(url), await crawler.fetch(Request(url=url, as_file=True))
    assert (page.html is None, page.downloads) == (False, ())
    assert (file.html, [download.mime_type for download in file.downloads]) == (None, ["text/html"])
    assert page.fingerprint != file.fingerprint


def site_page(file: str) -> Response:
    return Response.html(f"<p>text</p><a id=start href={file} download>x</a><script>start.click()</script>")
