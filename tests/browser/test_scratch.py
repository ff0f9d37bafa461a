from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from crawl4ai_browser.browser.scratch import PREFIX, Scratch, remove_leftovers

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no such locks")

HOLDER = """
import sys, tempfile
from crawl4ai_browser.browser.scratch import Scratch
tempfile.tempdir = sys.argv[1]
scratch = Scratch.open()
(scratch.folder / "profile").mkdir()
print(scratch.folder, flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def own_temp_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_it_is_for_its_owner_alone_and_goes_when_it_is_removed(tmp_path: Path) -> None:
    scratch = Scratch.open()
    assert scratch.folder.parent == tmp_path
    assert scratch.folder.stat().st_mode & 0o777 == 0o700
    scratch.remove()
    assert list(tmp_path.iterdir()) == []


def test_what_is_in_use_is_no_leftover() -> None:
    scratch = Scratch.open()
    assert remove_leftovers() == 0
    assert scratch.folder.is_dir()
    scratch.remove()


def test_the_folder_of_a_killed_process_is_deleted_by_the_next(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        folder = Path(holder.stdout.readline().strip())
        assert remove_leftovers() == 0
        assert (folder / "profile").is_dir()
        holder.kill()
        holder.wait()
    assert remove_leftovers() == 1
    assert not folder.exists()


def test_nothing_else_is_touched(tmp_path: Path) -> None:
    (tmp_path / f"{PREFIX}new").mkdir()
    (tmp_path / "notes").mkdir()
    target = tmp_path / "elsewhere"
    target.mkdir()
    (target / "in-use").touch()
    (tmp_path / f"{PREFIX}link").symlink_to(target)
    assert remove_leftovers() == 0
    assert (target / "in-use").exists()
    assert (tmp_path / f"{PREFIX}new").is_dir()
