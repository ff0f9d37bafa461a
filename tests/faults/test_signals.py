"""Signals to a crawl as a terminal, a service manager and a killer send them: what was done is kept, nothing is left.

To the whole group of processes: the driver and the browsers get what the command gets.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from crawl4ai_browser.testing.site import Hit, Response, SiteServer
from tests.faults.processes import processes_of

ROOT = Path(__file__).parents[2]

END_SECONDS = 20.0
"""For processes to end. Measured: 0.3 to 1.5 s."""

pytestmark = [
    pytest.mark.timeout(90),
    pytest.mark.skipif(sys.platform == "win32", reason="signals and process groups of POSIX"),
]


@pytest.fixture
def endless(site: SiteServer) -> str:
    """A site of pages that lead to more pages."""

    def tree(hit: Hit) -> Response:
        links = "".join(f'<a href="{hit.path}{number}/">{number}</a> ' for number in range(9))
        return Response.html(f"<!doctype html><title>{hit.path}</title>{links}")

    site.route("/endless/*", tree)
    return site.url("/endless/")


@pytest.fixture
def crawl(endless: str, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A crawl as the leader of a group of its own, with results in `pages.jsonl`, of which there are some already."""
    (tmp_path / "temp").mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "crawl4ai_browser", "crawl", endless, "--output", "pages.jsonl", "--quiet"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path / "temp")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while len(results(tmp_path)) < 3:
            assert process.poll() is None, "it ended by itself"
            time.sleep(0.05)
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def results(folder: Path) -> list[str]:
    """The URLs of the results that are written, each a whole line."""
    file = folder / "pages.jsonl"
    lines = file.read_bytes().splitlines(keepends=True) if file.exists() else []
    return [json.loads(line)["url"] for line in lines if line.endswith(b"\n")]


def what_is_left(folder: Path) -> list[str]:
    """Processes that have their scratch there, once they had time to end."""
    end = time.monotonic() + END_SECONDS
    while (left := processes_of(folder)) and time.monotonic() < end:
        time.sleep(0.1)
    return left


@pytest.mark.parametrize(
    ("signals", "code"),
    [
        pytest.param((signal.SIGINT,), 130, id="SIGINT"),
        pytest.param((signal.SIGINT, signal.SIGINT), 130, id="SIGINT twice"),
        pytest.param((signal.SIGTERM,), 143, id="SIGTERM"),
    ],
)
def test_a_signal_to_all_ends_the_crawl_with_its_code_and_leaves_nothing(
    crawl: subprocess.Popen[bytes], tmp_path: Path, signals: tuple[signal.Signals, ...], code: int
) -> None:
    for number in signals:
        os.killpg(crawl.pid, number)
        time.sleep(0.2)  # two that come at once are one
    assert crawl.wait(timeout=END_SECONDS * 2) == code
    written = (tmp_path / "pages.jsonl").read_bytes()
    assert written.endswith(b"\n")
    urls = results(tmp_path)
    assert len(urls) == len(set(urls)) >= 3
    assert all(json.loads(line)["ok"] for line in written.splitlines()), "none was cut off, or failed for it"
    assert what_is_left(tmp_path / "temp") == []
    assert list((tmp_path / "temp").iterdir()) == []


def test_a_killed_crawl_leaves_no_process_and_what_it_has_written(
    crawl: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    crawl.kill()
    crawl.wait()
    assert what_is_left(tmp_path / "temp") == []
    assert len(results(tmp_path)) >= 3
