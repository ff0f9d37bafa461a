"""`map` and `crawl --sitemaps` against a real browser and a small site."""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path

import pytest

from crawl4ai_browser.cli.main import run
from crawl4ai_browser.testing.site import Response, SiteServer

pytestmark = pytest.mark.timeout(60)  # a browser starts in a second alone on a core, and in ten on a busy machine

URLSET = """<urlset><url><loc>/listed</loc><lastmod>2026-02-01</lastmod></url>
<url><loc>/old</loc><lastmod>2020-01-01</lastmod></url></urlset>"""


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def listing() -> Generator[SiteServer]:
    """A site of three pages that do not link to each other; a sitemap names two of them."""
    with SiteServer() as server:
        server.route("/robots.txt", Response.text("Sitemap: /pages.xml"))
        server.route("/pages.xml", Response.text(URLSET))
        for name in ("", "listed", "old"):
            server.route(f"/{name}", Response.html(f"<h1>{name}</h1>"))
        yield server


def test_map_lists_a_site_without_visiting_it(listing: SiteServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["map", listing.url("/")]) == 0
    printed = capsys.readouterr()
    assert printed.out == f"{listing.url('/listed')}\n{listing.url('/old')}\n"
    assert printed.err.splitlines()[-1] == "URLs: 2, sitemaps read: 1"
    assert {hit.path for hit in listing.hits} == {"/robots.txt", "/pages.xml"}


def test_map_writes_what_changed_as_json_lines(listing: SiteServer) -> None:
    assert run(["map", listing.url("/"), "--since", "2026-01-01", "--format", "jsonl", "--output", "a.jsonl"]) == 0
    (line,) = Path("a.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == {
        "url": listing.url("/listed"),
        "modified": "2026-02-01T00:00:00Z",
        "alternates": [],
        "sitemap": listing.url("/pages.xml"),
    }


def test_a_crawl_visits_what_sitemaps_list_too(listing: SiteServer) -> None:
    arguments = ["--sitemaps", "--since", "2026-01-01", "--max-depth", "0", "--output", "a.jsonl"]
    assert run(["crawl", listing.url("/"), *arguments]) == 0
    found = {json.loads(line)["url"] for line in Path("a.jsonl").read_bytes().splitlines()}
    assert found == {listing.url("/"), listing.url("/listed")}


def test_map_says_so_where_there_is_no_sitemap(site: SiteServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["map", site.url("/")]) == 1
    assert "no sitemap: robots.txt names none" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["map", "example.com"], "example.com"),
        (["map", "https://example.com", "--since", "soon"], "--since 'soon': not a date"),
        (["crawl", "https://example.com", "--since", "2026-01-01"], "it needs --sitemaps"),
    ],
)
def test_bad_input_is_refused_before_anything_starts(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
