"""Links that are files: fetched once, politely, in the page's session, and recorded in the page's result."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from crawl4ai_browser.config import CapacityConfig, CrawlConfig, DownloadConfig, PolitenessConfig, RetryConfig
from crawl4ai_browser.crawling.crawler import Crawler
from crawl4ai_browser.download import Download
from crawl4ai_browser.errors import ConfigError, ConnectionFailed, DownloadError, RobotsDenied
from crawl4ai_browser.frontier.scope import Scope
from crawl4ai_browser.request import Request
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.snapshot import Snapshot
from crawl4ai_browser.testing.fake_clock import START
from crawl4ai_browser.testing.scripted_fetcher import Answer, ScriptedFetcher, page
from crawl4ai_browser.testing.site import Response, SiteServer, attachment
from crawl4ai_browser.testing.site_downloads import REPORT

HOME = "https://a.test/"
PDF = "https://a.test/plan.pdf"


def file(url: str, *, state: str = "complete", status: int = 200) -> Snapshot:
    """What a fetcher makes of a request for a file."""
    record = Download.model_validate(
        {
            "url": url,
            "referrer": HOME,
            "suggested_name": "x",
            "path": None,
            "state": state,
            "status": status,
            "started_at": START,
            "finished_at": START,
        }
    )
    return page(url, status=status).model_copy(update={"html": None, "downloads": (record,)})


def links(*urls: str) -> str:
    return "<body>" + "".join(f'<a href="{url}">x</a>' for url in urls)


def config(*patterns: str, **more: object) -> CrawlConfig:
    return CrawlConfig(
        capacity=CapacityConfig(content_workers=0),
        download=DownloadConfig.model_validate({"linked": patterns, **more}),
        retry=RetryConfig(first_delay=0.0),
    )


async def crawl(
    script: dict[str, Answer | Sequence[Answer]], settings: CrawlConfig, *, scope: Scope | None = None
) -> tuple[list[CrawlResult], list[Request]]:
    """The results, and what was fetched."""
    fetcher = ScriptedFetcher(script)
    async with Crawler(settings, fetcher=fetcher) as crawler:
        results = [result async for result in crawler.crawl(HOME, scope=scope or Scope(max_depth=0))]
    return results, [visit.request for visit in fetcher.visits]


async def test_matching_links_are_fetched_as_files_for_their_page() -> None:
    script: dict[str, Answer | Sequence[Answer]] = {
        HOME: links("/plan.pdf?v=2#page=3", "/other.html", "https://cdn.test/x.PDF", "https://cdn.test/y.pdf"),
        f"{PDF}?v=2": file(f"{PDF}?v=2"),
        "https://cdn.test/y.pdf": file("https://cdn.test/y.pdf"),
    }
    [result], asked = await crawl(script, config("*.pdf"))
    assert result.ok
    assert [download.url for download in result.downloads] == [f"{PDF}?v=2", "https://cdn.test/y.pdf"]
    assert result.timings["linked"] <= result.timings["total"]
    assert [(request.url, request.as_file, request.headers) for request in asked[1:]] == [
        (f"{PDF}?v=2", True, {"Referer": HOME}),
        ("https://cdn.test/y.pdf", True, {"Referer": HOME}),
    ]


async def test_without_a_pattern_no_link_is_a_file() -> None:
    [result], asked = await crawl({HOME: links("/plan.pdf")}, config())
    assert (result.downloads, len(asked)) == ((), 1)


async def test_each_file_is_fetched_once_and_never_visited_as_a_page() -> None:
    script: dict[str, Answer | Sequence[Answer]] = {
        HOME: links("/2", "/3", "/plan.pdf"),
        f"{HOME}2": links("/plan.pdf", "/PLAN.pdf?utm_source=x"),
        f"{HOME}3": links("/plan.pdf?utm_source=mail"),
        PDF: file(PDF),
        f"{HOME}PLAN.pdf?utm_source=x": file(f"{HOME}PLAN.pdf?utm_source=x"),
    }
    results, asked = await crawl(script, config("*.pdf"), scope=Scope(max_depth=3))
    assert len(results) == 3
    files = [request.url for request in asked if request.as_file]
    assert sorted(files) == sorted([PDF, f"{HOME}PLAN.pdf?utm_source=x"])
    assert sum(len(result.downloads) for result in results) == 2
    assert not [request.url for request in asked if "pdf" in request.url.lower() and not request.as_file]


@pytest.mark.parametrize(
    ("answers", "state", "visits"),
    [
        ([ConnectionFailed("refused"), file(PDF)], "complete", 2),
        ([file(PDF, state="http_error", status=503), file(PDF)], "complete", 2),
        ([file(PDF, state="http_error", status=404)], "http_error", 1),
        ([RobotsDenied("robots.txt forbids this URL")], "refused", 1),
        ([ConnectionFailed("refused")], "unreachable", 3),
        ([page(PDF).model_copy(update={"status": 204, "html": None})], "unreachable", 1),
    ],
)
async def test_a_file_is_tried_as_a_page_is_and_its_record_tells_how_it_ended(
    answers: list[Answer], state: str, visits: int
) -> None:
    [result], asked = await crawl({HOME: links("/plan.pdf"), PDF: answers}, config("*.pdf"))
    assert result.ok
    assert [(download.url, download.referrer, download.state) for download in result.downloads] == [(PDF, HOME, state)]
    assert len(asked) == 1 + visits


async def test_the_record_of_a_file_that_broke_off_is_kept() -> None:
    error = DownloadError("truncated")
    error.snapshot = file(PDF, state="truncated")
    [result], asked = await crawl({HOME: links("/plan.pdf"), PDF: [error]}, config("*.pdf"))
    assert [download.state for download in result.downloads] == ["truncated"]
    assert len(asked) == 3


@pytest.mark.parametrize(
    "answer", [page(HOME, links("/plan.pdf"), status=404), ConnectionFailed("refused")], ids=["404", "no page"]
)
async def test_a_page_that_failed_leads_to_no_files(answer: Answer) -> None:
    [result], asked = await crawl({HOME: answer, PDF: file(PDF)}, config("*.pdf"))
    assert result.downloads == ()
    assert not [request for request in asked if request.as_file]


async def test_no_more_files_at_once_than_are_allowed() -> None:
    urls = [f"{HOME}{number}.pdf" for number in range(12)]
    script: dict[str, Answer | Sequence[Answer]] = {HOME: links(*urls), **{url: file(url) for url in urls}}
    fetcher = ScriptedFetcher(script, linger=0.02)
    settings = config("*.pdf", max_at_once=3).model_copy(
        update={"capacity": CapacityConfig(content_workers=0, max_pages=10)}
    )
    async with Crawler(settings, fetcher=fetcher) as crawler:
        result = await crawler.fetch(HOME)
    assert len(result.downloads) == 12
    assert fetcher.max_active_count == 3


async def test_links_that_are_not_shown_are_files_all_the_same() -> None:
    settings = config("*.pdf")
    settings = settings.model_copy(update={"content": settings.content.model_copy(update={"links": False})})
    [result], _ = await crawl({HOME: links("/plan.pdf"), PDF: file(PDF)}, settings)
    assert len(result.downloads) == 1


@pytest.mark.parametrize("pattern", ["", "re:("])
def test_a_wrong_pattern_is_said_before_anything_starts(pattern: str) -> None:
    with pytest.raises(ConfigError, match="a pattern of linked files"):
        Crawler(config(pattern))


async def test_linked_files_come_with_the_session_s_cookies_and_only_where_robots_allow(tmp_path: Path) -> None:
    report = attachment(REPORT, "report.txt")
    with SiteServer() as site:
        site.route("/robots.txt", Response.text("User-agent: *\nDisallow: /secret"))
        home = Response.html(links("/files/a.txt", "/files/b.txt", "/secret/c.txt", "/page.html"))
        site.route("/", Response(headers=(*home.headers, ("Set-Cookie", "who=alice; Path=/")), body=home.body))
        site.route("/files/*", lambda hit: report if hit.cookies().get("who") == "alice" else Response(status=403))
        site.route("/secret/*", report)
        settings = config("*.txt", folder=tmp_path / "files").model_copy(
            update={"politeness": PolitenessConfig(min_delay=0.2)}
        )
        async with Crawler(settings) as crawler:
            result = await crawler.fetch(site.url("/"))
        starts = sorted(hit.at for hit in site.hits if hit.path.startswith("/files") and hit.method == "HEAD")
    assert result.ok
    states = {download.url.removeprefix(site.origin): download.state for download in result.downloads}
    assert states == {"/files/a.txt": "complete", "/files/b.txt": "complete", "/secret/c.txt": "refused"}
    assert {download.referrer for download in result.downloads} == {site.url("/")}
    assert starts[1] - starts[0] >= 0.2
    assert not [hit for hit in site.hits if hit.path.startswith("/secret")]
