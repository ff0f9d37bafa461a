"""What the plugin's fixtures give, used here as a suite of a user's would."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawl4ai_browser.config import CrawlConfig
from crawl4ai_browser.frontier.scope import Scope
from crawl4ai_browser.testing.assertions import assert_no_broken_links, assert_no_console_errors, assert_same_as
from crawl4ai_browser.testing.fixtures import Crawl, Crawlers, CrawlSite, Fetch
from crawl4ai_browser.testing.site import (
    Response,
    SiteServer,
    attachment,
    delayed,
    dripped,
    dropped,
    truncated,
    with_cookie,
)

pytestmark = pytest.mark.timeout(180)  # dozens of visits, on a machine that is busy


@pytest.fixture(scope="module", autouse=True)
def browser_of_the_module(crawlers: Crawlers, crawler_config: CrawlConfig) -> None:
    """Started before the first test, which would be blamed for it."""
    with SiteServer() as site:
        site.route("/", Response.html("here"))
        assert crawlers.fetch(site.url("/"), crawler_config).ok


def test_routes_of_all_kinds_are_served(crawl_site: CrawlSite, crawl: Crawl, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<h1>from a file</h1>")
    names = ("file", "late", "gone", "drip", "moved", "cookie", "turns", "handled")
    site = crawl_site(
        {
            "/": "".join(f"<a href='/{name}'>{name}</a>" for name in names),
            "/file": page,
            "/late": delayed(Response.text("late"), 0.05),
            "/gone": 410,
            "/drip": dripped(Response.html("drop by drop"), chunk_bytes=4, interval=0.01),
            "/moved": Response.redirect("/file"),
            "/cookie": with_cookie(Response.html("set"), "seen", "yes"),
            "/turns": [Response.text("not now", status=429), Response.html("now")],
            "/handled": lambda hit: Response.html(f"asked by {hit.method}"),
        }
    )
    results = {result.url: result for result in crawl(site.url("/"), scope=Scope())}

    assert results[site.url("/file")].markdown == "# from a file"
    assert results[site.url("/late")].ok
    assert results[site.url("/gone")].status == 410
    assert "drop by drop" in (results[site.url("/drip")].markdown or "")
    assert results[site.url("/moved")].final_url == site.url("/file")
    assert "now" in (results[site.url("/turns")].markdown or "")
    assert len(results[site.url("/turns")].attempts) == 2
    assert "asked by GET" in (results[site.url("/handled")].markdown or "")
    assert site.hit_count("/turns") == 2


def test_files_and_broken_connections(crawl_site: CrawlSite, fetch: Fetch) -> None:
    data = b"name;height\n" * 50
    site = crawl_site(
        {
            "/file": attachment(data, "list.csv"),
            "/cut": truncated(attachment(data, "list.csv"), missing_bytes=10),
            "/drop": dropped(),
        }
    )
    (whole,) = fetch(site.url("/file")).downloads
    dropped_result = fetch(site.url("/drop"))

    assert whole.path is not None
    assert whole.path.read_bytes() == data
    assert [download.state for download in fetch(site.url("/cut")).downloads] == ["truncated"]
    assert dropped_result.error is not None
    assert dropped_result.error.kind == "ConnectionFailed"


def test_folder_with_routes_before_it(crawl_site: CrawlSite, fetch: Fetch, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<title>folder</title>")
    (tmp_path / "other.html").write_text("<title>file</title>")
    site = crawl_site(tmp_path, {"/other.html": "<title>route</title>"}, faults=True)

    assert fetch(site.url("/")).metadata.title == "folder"
    assert fetch(site.url("/other.html")).metadata.title == "route"
    assert fetch(site.url("/status/418")).status == 418
    with pytest.raises(NotADirectoryError, match="missing"):
        crawl_site(tmp_path / "missing")


def test_assertions_on_a_real_crawl(crawl_site: CrawlSite, crawl: Crawl, fetch: Fetch) -> None:
    site = crawl_site(
        {
            "/": "<h1>start</h1><a href='/next'>next</a><a href='/missing'>nowhere</a>",
            "/next": "<script>nothing()</script><h1>next</h1>",
        }
    )
    results = crawl(site.url("/"), scope=Scope())

    with pytest.raises(AssertionError, match=r"(?s)1 of 3 pages.*/missing.*linked from .* as 'nowhere'"):
        assert_no_broken_links(results)
    with pytest.raises(AssertionError, match=r"(?s)/next\n    uncaught: nothing is not defined"):
        assert_no_console_errors(results, ignore=["404"])
    assert_same_as(fetch(site.url("/")), next(result for result in results if result.url == site.url("/")))
