"""What is asked for as a file, whatever it is: by plain requests where they do, else by a page."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from crawl4ai_browser.browser.files import resume
from crawl4ai_browser.browser.files.ranged_get import PIECE_BYTES
from crawl4ai_browser.browser.pool import BrowserPool
from crawl4ai_browser.config import ContextConfig, FileFilter
from crawl4ai_browser.errors import DownloadError, DownloadRefused
from crawl4ai_browser.proxy import Proxy
from crawl4ai_browser.testing.site import (
    Hit,
    Response,
    SiteServer,
    attachment,
    chunked,
    gzipped,
    ranged,
    reset_after,
    with_headers,
)
from crawl4ai_browser.testing.site_downloads import REPORT, pdf_file
from tests import proxy_servers
from tests.browser.downloading import Downloading, config_for, opened_pool

PATTERN = bytes(range(256))


@pytest.fixture(scope="module", autouse=True)
async def shell(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[BrowserPool]:
    async with opened_pool("headless_shell", config_for(tmp_path_factory.mktemp("shell"))) as pool:
        yield pool


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken files are asked for again soon."""
    monkeypatch.setattr(resume, "FIRST_DELAY", 0.05)


@pytest.fixture
def downloading(shell: BrowserPool, site: SiteServer, tmp_path: Path) -> Downloading:
    site.reset_hits()
    return Downloading(shell, site, config_for(tmp_path / "files", resume_attempts=1))


def asked(site: SiteServer, path: str) -> list[tuple[str, str | None]]:
    """Method and range of each request for a path."""
    return [(hit.method, hit.headers.get("range")) for hit in site.hits if hit.path == path]


async def test_a_short_file_is_one_question_and_one_answer(downloading: Downloading, site: SiteServer) -> None:
    download = await downloading.file("/download/pdf", as_file=True)
    assert (download.state, download.suggested_name, download.mime_type) == ("complete", "pdf.pdf", "application/pdf")
    assert (download.status, download.sha256) == (200, hashlib.sha256(pdf_file("Inline")).hexdigest())
    assert asked(site, "/download/pdf") == [("HEAD", None), ("GET", f"bytes=0-{PIECE_BYTES - 1}")]
    assert downloading.left() == {"pdf.pdf"}


async def test_a_long_file_comes_in_pieces(downloading: Downloading, site: SiteServer) -> None:
    size = PIECE_BYTES * 2 + 1000
    download = await downloading.file(f"/download/large?bytes={size}", as_file=True)
    assert (download.state, download.size_bytes) == ("complete", size)
    assert download.sha256 == hashlib.sha256((PATTERN * (size // 256 + 1))[:size]).hexdigest()
    assert len(asked(site, "/download/large")) == 4


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(chunked(attachment(REPORT, "x.txt")), id="length unknown"),
        pytest.param(attachment(bytes(PIECE_BYTES + 1), "x.txt"), id="long, without ranges"),
        pytest.param(gzipped(attachment(REPORT, "x.txt")), id="compressed"),
    ],
)
async def test_what_could_fill_the_memory_is_left_to_a_page(
    downloading: Downloading, site: SiteServer, response: Response
) -> None:
    site.route("/by-page", response)
    download = await downloading.file("/by-page", as_file=True)
    assert download.state == "complete"
    assert asked(site, "/by-page")[-1] == ("GET", None)
    assert downloading.left() == {"x.txt"}


async def test_a_page_is_saved_as_a_file_too(downloading: Downloading, site: SiteServer) -> None:
    site.route("/as-page", chunked(Response.html("<!doctype html><title>a page</title>")))
    snapshot = await downloading.fetch("/as-page", as_file=True)
    assert (snapshot.html, snapshot.status, downloading.error) == (None, 200, None)
    assert [download.mime_type for download in snapshot.downloads] == ["text/html"]
    assert downloading.left() == {"as-page.html"}


async def test_a_missing_file_is_known_by_its_status(downloading: Downloading) -> None:
    snapshot = await downloading.fetch("/no/such/file.pdf", as_file=True)
    assert snapshot.status == 404
    assert [download.state for download in snapshot.downloads] == ["http_error"]
    assert downloading.left() == set()


async def test_a_server_that_refuses_head_is_asked_by_a_page(downloading: Downloading, site: SiteServer) -> None:
    report = attachment(REPORT, "x.txt")
    site.route("/no-head", lambda hit: Response(status=405) if hit.method == "HEAD" else report)
    assert (await downloading.file("/no-head", as_file=True)).state == "complete"


async def test_redirects_are_followed_and_told(downloading: Downloading, site: SiteServer) -> None:
    download = await downloading.file("/download/redirect", as_file=True)
    assert (download.url, download.final_url) == (site.url("/download/redirect"), site.url("/download/attachment"))


async def test_the_session_s_cookies_go_along(downloading: Downloading, site: SiteServer) -> None:
    report = attachment(REPORT, "x.txt")
    site.route("/members", lambda hit: report if hit.cookies().get("who") == "carol" else Response(status=403))
    await downloading.fetch("/set-cookie?name=who&value=carol", session="carol")
    assert (await downloading.file("/members", session="carol", as_file=True)).state == "complete"
    assert (await downloading.file("/members", session="dave", as_file=True)).state == "http_error"


async def test_a_broken_piece_is_fetched_again(downloading: Downloading, site: SiteServer) -> None:
    content = PATTERN * (PIECE_BYTES // 128)
    whole = with_headers(attachment(content, "x.bin"), ("Accept-Ranges", "bytes"), ("ETag", '"1"'))

    def answer(hit: Hit) -> Response:
        part = ranged(whole, hit)
        return reset_after(part, sent_bytes=1000) if hit.index == 2 else part

    site.route("/one-broken-piece", answer)
    download = await downloading.file("/one-broken-piece", as_file=True)
    assert (download.state, download.sha256) == ("complete", hashlib.sha256(content).hexdigest())


async def test_a_file_that_breaks_off_again_and_again_is_truncated(downloading: Downloading) -> None:
    download = await downloading.file("/download/reset", as_file=True)
    assert download.state == "truncated"
    assert isinstance(downloading.error, DownloadError)
    assert downloading.left() == set()


async def test_what_is_not_wanted_is_not_asked_for(downloading: Downloading, site: SiteServer) -> None:
    config = config_for(downloading.folder, accept=FileFilter(types=("application/pdf",)), max_bytes=600)
    downloading = downloading.with_config(config)
    assert (await downloading.file("/download/csv", as_file=True)).state == "refused"
    assert (await downloading.file("/download/large?bytes=601", as_file=True)).state == "too_large"
    assert isinstance(downloading.error, DownloadRefused)
    assert (await downloading.file("/download/pdf", as_file=True)).state == "complete"
    assert [hit.method for hit in site.hits if hit.path in ("/download/csv", "/download/large")] == ["HEAD", "HEAD"]


async def test_an_empty_file_is_a_file(downloading: Downloading) -> None:
    download = await downloading.file("/download/empty", as_file=True)
    assert (download.state, download.size_bytes) == ("complete", 0)


def part_of(hit: Hit, content: bytes, content_range: str) -> Response:
    """A HEAD that promises ranges, and parts whose Content-Range is as given: `{first}`, `{last}` filled in."""
    if hit.method == "HEAD":
        return with_headers(attachment(content, "x.bin"), ("Accept-Ranges", "bytes"))
    first = int(hit.headers["range"].removeprefix("bytes=").partition("-")[0])
    body = content[first : first + PIECE_BYTES // 2]
    told = content_range.format(first=first, last=first + len(body) - 1)
    if not body:
        return Response(status=416, headers=(("Content-Range", f"bytes */{len(content)}"),))
    return Response(status=206, headers=(("Content-Range", told),), body=body)


@pytest.mark.parametrize("content_range", ["bytes {first}-{last}/*", f"bytes {{first}}-{{last}}/{PIECE_BYTES + 5}"])
async def test_pieces_may_be_shorter_than_asked_and_of_a_whole_unknown(
    downloading: Downloading, site: SiteServer, content_range: str
) -> None:
    content = (PATTERN * (PIECE_BYTES // 256 + 1))[: PIECE_BYTES + 5]
    site.route("/short-pieces", lambda hit: part_of(hit, content, content_range))
    download = await downloading.file("/short-pieces", as_file=True)
    assert (download.state, download.sha256) == ("complete", hashlib.sha256(content).hexdigest())


async def test_a_piece_from_elsewhere_is_not_taken(downloading: Downloading, site: SiteServer) -> None:
    content = bytes(PIECE_BYTES + 5)
    site.route("/wrong-piece", lambda hit: part_of(hit, content, "bytes 7-9/1000"))
    download = await downloading.file("/wrong-piece", as_file=True)
    assert (download.state, download.path) == ("truncated", None)
    assert "another range than asked" in download.reason
    assert downloading.left() == set()


@pytest.mark.parametrize("as_file", [True, False], ids=["plain", "continued"])
async def test_requests_for_files_go_out_through_the_session_s_proxy(
    site: SiteServer, tmp_path: Path, as_file: bool
) -> None:
    content = PATTERN * 12_000
    whole = with_headers(attachment(content, "x.bin"), ("Accept-Ranges", "bytes"), ("ETag", '"1"'))
    broken = reset_after(whole, sent_bytes=2_000_000)
    path = f"/proxied-{'file' if as_file else 'broken-file'}"
    site.route(path, lambda hit: broken if hit.index == 0 and not as_file else ranged(whole, hit))
    site.reset_hits()
    with proxy_servers.tinyproxy() as proxy:
        config = config_for(tmp_path / "files", resume_attempts=1)
        config = config.model_copy(update={"context": ContextConfig(proxy=Proxy.parse(proxy.url))})
        async with opened_pool("headless_shell", config) as pool:
            download = await Downloading(pool, site, config).file(path, as_file=as_file)
        assert (download.state, download.sha256) == ("complete", hashlib.sha256(content).hexdigest())
        asked_for = [line for line in proxy.lines() if f"{site.port}" in line]
    # Playwright's own requests are tunnels, so the log has their target alone.
    assert len(asked_for) >= len([hit for hit in site.hits if hit.path == path])
    assert any(hit.headers.get("range") for hit in site.hits if hit.path == path)
