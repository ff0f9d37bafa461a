"""Files moved into their places: never over another one, never outside the folder."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from crawl4ai_browser.browser.files.names import FileFacts
from crawl4ai_browser.browser.files.store import FileStore, examine, free_bytes
from crawl4ai_browser.config import DownloadConfig, FileNames
from crawl4ai_browser.download import Download

MOMENT = datetime(2024, 2, 29, tzinfo=UTC)


def store_in(folder: Path, **names: object) -> FileStore:
    return FileStore(DownloadConfig(folder=folder / "files", names=FileNames.model_validate(names)))


def kept(store: FileStore, content: bytes, *, name: str = "a.txt", url: str | None = None) -> Path:
    """Put a file with this content into the store."""
    sha256 = hashlib.sha256(content).hexdigest()
    part = store.folder.parent / f"part-{os.urandom(4).hex()}"
    part.write_bytes(content)
    found = store.keep(part, FileFacts(url or f"https://a.test/{sha256}", name, None, sha256, "text/plain", MOMENT))
    assert not part.exists()
    assert found.read_bytes() == content
    return found.relative_to(store.folder)


def test_equal_names_are_numbered(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    found = [str(kept(store, content)) for content in (b"one", b"two", b"three")]
    assert found == ["a.txt", "a (2).txt", "a (3).txt"]


def test_equal_names_are_told_apart_by_their_hash(tmp_path: Path) -> None:
    store = store_in(tmp_path, when_taken="hash")
    found = [str(kept(store, content)) for content in (b"one", b"two")]
    assert found == ["a.txt", f"a-{hashlib.sha256(b'two').hexdigest()[:8]}.txt"]


def test_an_identical_file_is_replaced_where_that_is_wanted_and_another_is_not(tmp_path: Path) -> None:
    for contents, expected in (((b"one",), ["a.txt"]), ((b"one", b"two"), ["a.txt", "a (2).txt"])):
        store = store_in(tmp_path, when_taken="overwrite_identical")
        assert [str(kept(store, content)) for content in contents] == expected


def test_the_same_bytes_of_the_same_address_are_kept_once(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    urls = ("https://a.test/1", "https://a.test/1", "https://a.test/2")
    assert [str(kept(store, b"one", url=url)) for url in urls] == ["a.txt", "a.txt", "a (2).txt"]


def test_one_copy_keeps_equal_bytes_once_whatever_their_address(tmp_path: Path) -> None:
    store = store_in(tmp_path, one_copy=True)
    assert [str(kept(store, b"one", name=name)) for name in ("a.txt", "b.txt")] == ["a.txt", "a.txt"]


def test_a_copy_that_the_user_has_deleted_is_stored_again(tmp_path: Path) -> None:
    store = store_in(tmp_path, one_copy=True)
    (store.folder / kept(store, b"one")).unlink()
    assert str(kept(store, b"one", name="b.txt")) == "b.txt"


def test_a_link_that_lies_in_the_way_is_not_followed(tmp_path: Path) -> None:
    store = store_in(tmp_path, when_taken="overwrite_identical")
    outside = tmp_path / "outside.txt"
    outside.write_bytes(b"one")
    store.folder.mkdir()
    (store.folder / "a.txt").symlink_to(outside)
    assert str(kept(store, b"one")) == "a (2).txt"
    assert outside.read_bytes() == b"one"


def test_a_folder_that_is_a_link_or_a_file_is_not_entered(tmp_path: Path) -> None:
    store = store_in(tmp_path, layout="{host}/{name}")
    store.folder.mkdir()
    (tmp_path / "outside").mkdir()
    (store.folder / "a.test").symlink_to(tmp_path / "outside")
    (store.folder / "b.test").write_bytes(b"a file of that name")
    assert str(kept(store, b"one", url="https://a.test/x")) == "a (2).test/a.txt"
    assert str(kept(store, b"one", url="https://b.test/x")) == "b (2).test/a.txt"
    assert list((tmp_path / "outside").iterdir()) == []


def test_twenty_files_of_one_name_at_once_all_find_a_place(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    contents = [bytes([number]) * 1000 for number in range(20)]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(partial(kept, store), contents))
    assert len(set(found)) == 20


def test_without_hard_links_a_file_is_moved_without_replacing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_source: Path, _place: Path) -> None:
        raise OSError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(os, "link", refuse)
    store = store_in(tmp_path)
    assert [str(kept(store, content)) for content in (b"one", b"two")] == ["a.txt", "a (2).txt"]


def test_a_file_system_with_shorter_names_gets_the_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = os.link

    def short_names(source: Path, place: Path) -> None:
        if len(place.name) > 143:  # eCryptfs
            raise OSError(errno.ENAMETOOLONG, "too long")
        link(source, place)

    monkeypatch.setattr(os, "link", short_names)
    store = store_in(tmp_path)
    assert str(kept(store, b"one", name="n" * 200 + ".txt")) == f"{hashlib.sha256(b'one').hexdigest()[:32]}.txt"


def test_a_file_is_read_once_for_size_hash_and_type(tmp_path: Path) -> None:
    part = tmp_path / "part"
    part.write_bytes(b"%PDF-1.7\n" + b"x" * 100_000)
    found = examine(part, content_type="text/plain", name="x.txt")
    assert found == (100_009, hashlib.sha256(part.read_bytes()).hexdigest(), "application/pdf")


def test_free_space_is_that_of_the_folder_to_be(tmp_path: Path) -> None:
    assert abs(free_bytes(tmp_path / "not" / "there" / "yet") - free_bytes(tmp_path)) < 2**30


def test_the_manifest_has_a_line_for_each_record(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    record = Download(
        url="https://a.test/x",
        referrer="",
        suggested_name="ü.txt",
        path=None,
        state="refused",
        started_at=MOMENT,
        finished_at=MOMENT,
    )
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(store.list, [record] * 50))
    lines = (store.folder / "downloads.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 50
    assert {json.loads(line)["suggested_name"] for line in lines} == {"ü.txt"}
    assert Download.model_validate_json(lines[0]) == record
