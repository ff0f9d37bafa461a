"""A machine that has nothing more to give: no file handles, no room in the temp folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest

ROOT = Path(__file__).parents[2]
CRAWL = [sys.executable, str(Path(__file__).with_name("scarce_machine.py"))]

pytestmark = [
    pytest.mark.timeout(60),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits and mounts of Linux"),
]


def said(command: list[str], temp_folder: Path) -> dict[str, Any]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temp_folder)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return cast("dict[str, Any]", json.loads(done.stdout.splitlines()[-1]))


def in_a_small_temp_folder(folder: Path, options: str, lacking: str) -> dict[str, Any]:
    """Run the crawl where the folder is a file system of its own, which nobody else sees and which ends with it."""
    mount = f'mount -t tmpfs -o {options} tmpfs "$TMPDIR" && exec "$@"'
    return said(["unshare", "--mount", "sh", "-c", mount, "sh", *CRAWL, lacking, "0"], folder)


def may_mount() -> bool:
    if shutil.which("unshare") is None:
        return False
    tried = ["unshare", "--mount", "sh", "-c", "mount -t tmpfs tmpfs /mnt"]
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0


needs_mount = pytest.mark.skipif(not may_mount(), reason="a small temp folder needs the right to mount one: root")


@pytest.mark.parametrize("free", [0, 5])
def test_a_crawl_without_file_handles_says_that_the_machine_is_to_blame(tmp_path: Path, free: int) -> None:
    assert said([*CRAWL, "files", str(free)], tmp_path) == {"raised": "LaunchFailed", "blame": "machine", "left": []}


@needs_mount
@pytest.mark.parametrize("files", [1, 3])
def test_a_temp_folder_without_room_at_the_start_says_that_the_machine_is_to_blame(tmp_path: Path, files: int) -> None:
    outcome = in_a_small_temp_folder(tmp_path, f"size=64k,nr_inodes={files}", "temp")
    assert outcome == {"raised": "LaunchFailed", "blame": "machine", "left": []}


@needs_mount
def test_a_temp_folder_that_fills_up_later_disturbs_no_page(tmp_path: Path) -> None:
    assert in_a_small_temp_folder(tmp_path, "size=32m", "temp later") == {"ok": 6, "left": []}
