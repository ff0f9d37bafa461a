from __future__ import annotations

from pathlib import Path

import pytest

from crawl4ai_browser.testing.site import Hit, Response
from crawl4ai_browser.testing.site_files import StaticFolder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "www"
    (root / "sub").mkdir(parents=True)
    (root / "index.html").write_text("home")
    (root / "sub/index.html").write_text("sub")
    (root / "a b.txt").write_text("spaced")
    (root / "data.bin").write_bytes(b"0123456789")
    (tmp_path / "secret.txt").write_text("secret")
    (root / "way-out").symlink_to(tmp_path)
    return root


def get(files: StaticFolder, path: str, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return files.answer(Hit("GET", path, "", named, b"", 0, 0.0, 1))


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/", b"home"),
        ("/index.html", b"home"),
        ("/sub/", b"sub"),
        ("/a%20b.txt", b"spaced"),
        ("/data.bin", b"0123456789"),
    ],
)
def test_path_means_a_file(folder: Path, path: str, body: bytes) -> None:
    response = get(StaticFolder(folder), path)
    assert (response.status, response.body) == (200, body)


def test_folder_without_slash_is_redirected(folder: Path) -> None:
    response = get(StaticFolder(folder), "/sub")
    assert (response.status, response.header("Location")) == (301, "/sub/")


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/sub/../../secret.txt",
        "/..%2fsecret.txt",
        "/way-out/secret.txt",
        "//secret.txt",
        "/sub//index.html",
        "/index.html/",
        "/nothing",
        "/%00",
        "/sub%5c..%5cindex.html",
    ],
)
def test_nothing_outside_and_no_second_spelling_is_served(folder: Path, path: str) -> None:
    assert get(StaticFolder(folder), path).status == 404


def test_unknown_path_shows_the_folders_own_404_page(folder: Path) -> None:
    (folder / "404.html").write_text("no such page")
    response = get(StaticFolder(folder), "/nothing")
    assert (response.status, response.body) == (404, b"no such page")


def test_changed_and_removed_files_are_noticed(folder: Path) -> None:
    files = StaticFolder(folder)
    assert get(files, "/sub/").body == b"sub"
    (folder / "sub/index.html").write_text("changed")
    assert get(files, "/sub/").body == b"changed"
    (folder / "sub/index.html").unlink()
    assert get(files, "/sub/").status == 404


def test_client_with_a_current_copy_is_told_so(folder: Path) -> None:
    files = StaticFolder(folder)
    tag = get(files, "/").header("ETag")
    assert tag is not None
    assert get(files, "/", if_none_match=tag).status == 304
    (folder / "index.html").write_text("new home")
    assert get(files, "/", if_none_match=tag).body == b"new home"


def test_part_of_a_file_can_be_asked_for(folder: Path) -> None:
    response = get(StaticFolder(folder), "/data.bin", range="bytes=3-5")
    assert (response.status, response.body, response.header("Content-Range")) == (206, b"345", "bytes 3-5/10")


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("x.html", "text/html; charset=utf-8"),
        ("x.JS", "text/javascript; charset=utf-8"),
        ("x.svg", "image/svg+xml"),
        ("x.unheard-of", "application/octet-stream"),
    ],
)
def test_type_goes_by_the_suffix(folder: Path, name: str, content_type: str) -> None:
    (folder / name).write_text("x")
    assert get(StaticFolder(folder), f"/{name}").header("Content-Type") == content_type


def test_missing_folder_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        StaticFolder(tmp_path / "nowhere")
