"""Captures that go to files."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from crawl4ai_browser.browser.capturing.filing import CaptureFolders, Filed, capture_name
from crawl4ai_browser.capture_config import Traffic
from crawl4ai_browser.testing.site import Response, SiteServer
from tests.browser.capturing.archive import Archive
from tests.browser.capturing.looking import Take
from tests.browser.visiting import html_of, page

DAY = datetime(2024, 2, 29, tzinfo=UTC)


def filed(data: bytes, *, url: str = "https://a.test/docs/x", name: str = "x.png", is_secret: bool = False) -> Filed:
    return Filed("screenshot", data, url, name, "image/png", DAY, is_secret)


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_large_captures_are_in_files_and_the_result_has_their_paths(
    site: SiteServer, take: Take, tmp_path: Path
) -> None:
    site.route("/data.json", Response.json({"some": "data"}))
    site.route("/filing/", page("fetch('/data.json').then(answer => answer.json())"))
    wanted = {"screenshot": "viewport", "pdf": True, "mhtml": True, "har": True, "responses": "*.json"}
    snapshot = await take("/filing/", folder=tmp_path, **wanted)
    assert (snapshot.screenshot, snapshot.pdf, snapshot.mhtml, snapshot.har) == (None, None, None, None)
    files = {file.kind: file for file in snapshot.capture_files}
    starts = {"screenshot": b"\x89PNG", "pdf": b"%PDF", "mhtml": b"From:", "har": b'{"log"'}
    assert files.keys() == starts.keys()
    for kind, file in files.items():
        data = file.path.read_bytes()
        assert data.startswith(starts[kind])
        assert (file.size_bytes, file.sha256) == (len(data), sha256(data).hexdigest())
        assert tmp_path in file.path.parents
    Archive.model_validate_json(files["har"].path.read_bytes())
    [response] = snapshot.responses
    assert response.body is None
    assert response.path is not None
    assert (response.path.name, response.data()) == ("data.json", {"some": "data"})
    assert len(files_in(tmp_path)) == 5, "nothing else is left"


async def test_a_folder_that_cannot_be_written_is_a_fault_and_the_capture_stays_in_the_result(
    site: SiteServer, take: Take, tmp_path: Path
) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    site.route("/filing", page(""))
    snapshot = await take("/filing", screenshot="viewport", har=True, folder=in_the_way)
    assert [(fault.kind, fault.blame) for fault in snapshot.capture_faults] == [
        ("screenshot", "machine"),
        ("har", "machine"),
    ]
    assert all("could not be written" in fault.message for fault in snapshot.capture_faults)
    assert snapshot.screenshot is not None
    assert snapshot.har is not None
    assert "shell" in html_of(snapshot)


async def test_files_with_secrets_are_their_owners_alone(site: SiteServer, take: Take, tmp_path: Path) -> None:
    site.route("/filing", page(""))
    snapshot = await take("/filing", har=True, folder=tmp_path, traffic=Traffic(secrets=True))
    [file] = snapshot.capture_files
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_nothing_that_is_there_is_replaced(tmp_path: Path) -> None:
    folders = CaptureFolders()
    paths = [folders.write(tmp_path, filed(data)).path for data in (b"one", b"two", b"one")]
    assert [path.name for path in paths] == ["x.png", "x (2).png", "x.png"], "equal bytes of one address are one file"
    assert [path.read_bytes() for path in paths] == [b"one", b"two", b"one"]
    assert CaptureFolders().write(tmp_path, filed(b"three")).path.name == "x (3).png"


@pytest.mark.parametrize("name", ["../../etc/passwd", "con.png", "a" * 400 + ".png", ".hidden", "a/b\x00c.png"])
def test_names_never_lead_out_of_the_folder(tmp_path: Path, name: str) -> None:
    path = CaptureFolders().write(tmp_path / "in", filed(b"x", name=name)).path
    assert path.parent == tmp_path / "in" / "a.test"
    assert len(path.name.encode()) <= 255
    assert not path.name.startswith(".")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://a.test/", "index-01234567.png"),
        ("https://a.test", "index-01234567.png"),
        ("https://a.test/docs/page.html?x=1", "page-01234567.png"),
        ("https://a.test/docs/", "docs-01234567.png"),
        ("about:blank", "index-01234567.png"),
    ],
)
def test_pages_captures_are_named_for_the_page(url: str, name: str) -> None:
    assert capture_name(url, "0123456789abcdef", ".png") == name
