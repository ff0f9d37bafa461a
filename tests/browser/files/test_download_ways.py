"""Every way in which a file reaches a page: one record each, the same in the headless shell and in a full Chromium."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from crawl4ai_browser.browser.files import resume
from crawl4ai_browser.browser.pool import BrowserPool
from crawl4ai_browser.browser.provisioning.discovery import BrowserKind
from crawl4ai_browser.download import Download, DownloadState
from crawl4ai_browser.testing.site import Response, SiteServer, attachment, delayed
from crawl4ai_browser.testing.site_downloads import REPORT, pdf_file
from tests.browser.downloading import CLICK, Downloading, clicking, config_for, is_there, opened_pool, page_with

CSV = b"place,metres\nHollow,610\nFell,870\n"


@dataclass(frozen=True)
class Expected:
    """What a record says. Addresses are paths of the site."""

    name: str
    content: bytes | None
    mime_type: str = ""
    content_type: str = ""
    status: int | None = 200
    url: str = ""
    final_url: str = ""
    state: DownloadState = "complete"
    referrer: str = ""


REPORT_FILE = Expected("report.txt", REPORT, "text/plain", "text/plain")

# Files that are asked for by their own address.
DIRECT = {
    "/download/attachment": REPORT_FILE,
    "/download/csv": Expected("csv.csv", CSV, "text/csv", "text/csv"),
    "/download/pdf": Expected("pdf.pdf", pdf_file("Inline"), "application/pdf", "application/pdf"),
    "/download/pdf-attachment": Expected("plan.pdf", pdf_file("Attached"), "application/pdf", "application/pdf"),
    "/download/empty": Expected("empty.txt", b"", "text/plain", "text/plain"),
    "/download/redirect": Expected("report.txt", REPORT, "text/plain", "text/plain", final_url="/download/attachment"),
    "/download/missing": Expected("report.txt", None, "", "text/plain", status=404, state="http_error"),
    "/named-pdf": Expected("inline name.pdf", pdf_file("Named"), "application/pdf", "application/pdf"),
    "/missing-csv": Expected("missing-csv.csv", None, "", "text/csv", status=404, state="http_error"),
}

# Files that a page leads to. Those of `<a download>` in a window have no status: the browser does not tell.
SLOW = Expected("slow.bin", b"\1" * 5000, "application/octet-stream", "application/octet-stream", url="/slow-file")
SLOW_IN_WINDOW = Expected("slow.bin", b"\1" * 5000, "application/octet-stream", status=None, url="/slow-file")
BY_PAGE = {
    "/by/link": ("<a href=/download/attachment>x</a>", REPORT_FILE),
    "/by/anchor": (
        "<a href=/download/csv download=named.csv>x</a>",
        Expected("named.csv", CSV, "text/csv", "text/csv"),
    ),
    "/by/data": (
        "<a href=data:text/plain,inline%20data download=inline.txt>x</a>",
        Expected("inline.txt", b"inline data", "text/plain", status=None, url="data:text/plain,inline%20data"),
    ),
    "/by/window": (
        "<a href=/download/attachment target=_blank>x</a>",
        Expected("report.txt", REPORT, "text/plain", status=None),
    ),
    "/by/slow-anchor": ("<a href=/slow-file download>x</a>", SLOW),
    "/by/slow-link": ("<a href=/slow-file>x</a>", SLOW),
    "/by/slow-window": ("<a href=/slow-file target=_blank>x</a>", SLOW_IN_WINDOW),
    "/by/missing-anchor": (
        "<a href=/download/missing download>x</a>",
        Expected("report.txt", None, "", "text/plain", status=404, state="http_error", url="/download/missing"),
    ),
}
FRAME = "const f = document.createElement('iframe'); f.hidden = true; f.src = '%s'; document.body.append(f)"
BY_SCRIPT = {
    "/by/location": ("location.href = '/download/attachment'", REPORT_FILE),
    "/by/later-location": ("setTimeout(() => { location.href = '/slow-file' }, 30)", SLOW),
    "/by/open": ("window.open('/slow-file')", SLOW_IN_WINDOW),
    "/by/frame": (FRAME % "/download/attachment", REPORT_FILE),
    "/by/slow-frame": (FRAME % "/slow-file", SLOW),
    "/by/missing-frame": (
        FRAME % "/download/missing",
        Expected("report.txt", None, "", "text/plain", status=404, state="http_error", url="/download/missing"),
    ),
    "/by/form": (
        "document.body.innerHTML += '<form method=post action=/download/posted><input name=q value=7></form>';"
        "document.forms[0].submit()",
        Expected("posted.txt", b"q=7", "text/plain", "text/plain", url="/download/posted"),
    ),
}


KINDS: tuple[BrowserKind, ...] = ("headless_shell", "full")


@pytest.fixture(scope="module", autouse=True)
async def pools(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, BrowserPool]]:
    """A pool for each kind of browser that this machine has."""
    async with AsyncExitStack() as stack:
        config = config_for(tmp_path_factory.mktemp("pools"))
        there: list[BrowserKind] = [kind for kind in KINDS if is_there(kind)]
        yield {kind: await stack.enter_async_context(opened_pool(kind, config)) for kind in there}


@pytest.fixture(scope="module")
def ways(site: SiteServer) -> SiteServer:
    """The site with a page for each way."""
    named = (("Content-Type", "application/pdf"), ("Content-Disposition", 'inline; filename="inline name.pdf"'))
    site.route("/named-pdf", Response(headers=named, body=pdf_file("Named")))
    site.route("/missing-csv", Response(status=404, headers=(("Content-Type", "text/csv"),), body=CSV))
    site.route("/slow-file", delayed(attachment(b"\1" * 5000, "slow.bin"), 0.4))
    for path, (element, _) in BY_PAGE.items():
        site.route(path, clicking(element))
    for path, (script, _) in BY_SCRIPT.items():
        site.route(path, page_with(script))
    return site


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken files are asked for again soon."""
    monkeypatch.setattr(resume, "FIRST_DELAY", 0.05)


@pytest.fixture(params=KINDS)
def downloading(
    request: pytest.FixtureRequest, pools: dict[str, BrowserPool], *, ways: SiteServer, tmp_path: Path
) -> Downloading:
    if request.param not in pools:
        pytest.skip(f"no browser of kind {request.param} here")
    return Downloading(pools[request.param], ways, config_for(tmp_path / "files", resume_attempts=1))


def check(record: Download, expected: Expected, *, site: SiteServer, url: str, page: str = "") -> None:
    """The record is what is expected, and so is the file."""
    asked = expected.url or url
    assert record.state == expected.state, record.reason
    assert record.url == (site.url(asked) if asked.startswith("/") else asked)
    assert record.final_url == (site.url(expected.final_url) if expected.final_url else "")
    assert record.referrer == (site.url(page) if page else "")
    assert (record.suggested_name, record.status) == (expected.name, expected.status)
    assert (record.mime_type, record.content_type) == (expected.mime_type, expected.content_type)
    assert record.headers.get("content-type", "").startswith(expected.content_type)
    assert record.started_at <= record.finished_at
    if expected.content is None:
        assert (record.path, record.sha256) == (None, None)
    else:
        assert record.path is not None
        assert record.path.read_bytes() == expected.content
        assert record.size_bytes == len(expected.content)
        assert record.sha256 == hashlib.sha256(expected.content).hexdigest()


@pytest.mark.parametrize("path", DIRECT)
async def test_a_file_asked_for_by_its_address_is_a_snapshot_with_its_record(
    downloading: Downloading, ways: SiteServer, path: str
) -> None:
    expected = DIRECT[path]
    snapshot = await downloading.fetch(path)
    assert downloading.error is None
    assert (snapshot.html, snapshot.status) == (None, expected.status)
    assert snapshot.final_url == ways.url(expected.final_url or path)
    assert len(snapshot.downloads) == 1
    check(snapshot.downloads[0], expected, site=ways, url=path)
    assert downloading.left() == ({expected.name} if expected.content is not None else set())


@pytest.mark.parametrize("path", [*BY_PAGE, *BY_SCRIPT])
async def test_a_file_that_a_page_leads_to_stands_in_the_page_s_snapshot(
    downloading: Downloading, ways: SiteServer, path: str
) -> None:
    expected = (BY_PAGE | BY_SCRIPT)[path][1]
    snapshot = await downloading.fetch(path)
    assert downloading.error is None
    assert snapshot.html is not None
    assert (snapshot.final_url, snapshot.status) == (ways.url(path), 200)
    assert len(snapshot.downloads) == 1, snapshot.downloads
    url = "/download/csv" if path == "/by/anchor" else "/download/attachment"
    check(snapshot.downloads[0], expected, site=ways, url=url, page=path)
    assert downloading.left() == ({expected.name} if expected.content is not None else set())
    assert downloading.under_way() == 0


async def test_three_files_that_a_script_starts_are_three_records(downloading: Downloading, ways: SiteServer) -> None:
    snapshot = await downloading.fetch("/download/by-script")
    assert {download.url for download in snapshot.downloads} == {
        ways.url(f"/download/same-name/{number}") for number in (1, 2, 3)
    }
    for download in snapshot.downloads:
        assert download.path is not None
        assert download.path.read_bytes() == download.url.removeprefix(ways.origin).encode() * 50
    assert downloading.left() == {"report.txt", "report (2).txt", "report (3).txt"}


async def test_a_blob_that_a_page_makes_is_saved(downloading: Downloading, ways: SiteServer) -> None:
    download = await downloading.file("/download/by-blob")
    assert download.url.startswith(f"blob:{ways.origin}/")
    assert (download.state, download.suggested_name, download.size_bytes) == ("complete", "made-here.txt", 16)
    assert download.path is not None
    assert download.path.read_bytes() == b"made in the page"


async def test_an_answer_without_content_is_no_file(downloading: Downloading) -> None:
    snapshot = await downloading.fetch("/204")
    assert (snapshot.status, snapshot.html, snapshot.downloads, downloading.error) == (204, None, (), None)


async def test_a_file_that_never_begins_is_said_to_be_missing(downloading: Downloading, ways: SiteServer) -> None:
    ways.route("/by/hanging-anchor", clicking("<a href=/hang-headers download>x</a>"))
    snapshot = await downloading.fetch("/by/hanging-anchor")
    assert snapshot.html is not None
    assert [(download.url, download.state) for download in snapshot.downloads] == [
        (ways.url("/hang-headers"), "unreachable")
    ]


async def test_a_page_that_leads_to_a_refused_file_shows_no_page_of_the_browser(
    downloading: Downloading, ways: SiteServer
) -> None:
    ways.route("/by/missing-location", page_with("location.href = '/download/missing'"))
    snapshot = await downloading.fetch("/by/missing-location")
    assert (snapshot.status, snapshot.html) == (404, None)
    assert [(download.state, download.referrer) for download in snapshot.downloads] == [
        ("http_error", ways.url("/by/missing-location"))
    ]


async def test_windows_that_became_files_are_closed(downloading: Downloading) -> None:
    await downloading.fetch("/by/slow-window")
    assert await downloading.settled_pages() == 1


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("traversal-name", "_.._.._etc_passwd"),
        ("dots-name", "download"),
        ("unicode-name", "Übersicht ☃ 山.txt"),
        ("control-name", "a b_c.txt"),
        ("reserved-name", "_CON.txt"),
        ("dash-name", "_rf.txt"),
    ],
)
async def test_hostile_names_end_inside_the_folder(downloading: Downloading, path: str, name: str) -> None:
    download = await downloading.file(f"/download/{path}")
    assert download.path is not None
    assert download.path.parent == downloading.folder
    assert download.path.name == name
    assert downloading.left() == {name}


async def test_a_name_of_four_hundred_bytes_is_cut(downloading: Downloading) -> None:
    download = await downloading.file("/download/long-name")
    assert len(download.suggested_name) > 400
    assert download.path is not None
    assert download.path.name == "n" * 251 + ".txt"


async def test_a_page_that_stays_open_waits_for_each_file_once(downloading: Downloading, ways: SiteServer) -> None:
    ways.route("/staying", page_with("", "<a id=start href=/slow-file>x</a>"))
    snapshots = await downloading.steps("/staying", CLICK, "1 + 1", CLICK)
    assert [len(snapshot.downloads) for snapshot in snapshots] == [0, 1, 0, 1]
    assert {download.referrer for snapshot in snapshots for download in snapshot.downloads} == {ways.url("/staying")}
    assert downloading.left() == {"slow.bin"}
