"""The command as a process: signals, pipes, terminals, locales and start-up."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import pytest

from crawl4ai_browser.testing.site import SiteServer

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and terminals of POSIX")


class Start(Protocol):
    def __call__(
        self, *arguments: str, env: Mapping[str, str] | None = None, stderr: int = subprocess.PIPE
    ) -> subprocess.Popen[str]: ...


def read_until(process: subprocess.Popen[str], text: str) -> list[str]:
    """The lines of standard error up to the first one with the text."""
    assert process.stderr is not None
    lines: list[str] = []
    for line in process.stderr:
        lines.append(line)
        if text in line:
            return lines
    raise AssertionError(f"never said {text!r}: {lines}")


def test_one_interrupt_lets_the_visits_under_way_finish(start: Start, site: SiteServer, tmp_path: Path) -> None:
    process = start("crawl", site.url("/endless/"), "--output", "a.jsonl")
    read_until(process, "/endless/0/")
    process.send_signal(signal.SIGINT)
    said = read_until(process, "results in a.jsonl")
    assert process.wait() == 130
    assert any("will be finished; Ctrl-C again stops at once" in line for line in said)
    results = [json.loads(line) for line in (tmp_path / "a.jsonl").read_bytes().splitlines()]
    assert len(results) >= 2
    assert all(result["ok"] for result in results), "none was cut off"
    summary = said[-1]
    assert summary.startswith(f"{len(results)} pages: {len(results)} ok, 0 failed in ")


def test_a_crawl_tells_how_it_stands_and_goes_on(start: Start, site: SiteServer, tmp_path: Path) -> None:
    process = start("crawl", site.url("/endless/"), "--output", "a.jsonl")
    read_until(process, "/endless/0/")
    process.send_signal(signal.SIGUSR1)
    said = read_until(process, "host http")
    assert any(line.startswith("done ") and "pages/s" in line for line in said)
    assert f"host {site.origin}: " in said[-1]
    read_until(process, "/endless/")
    process.send_signal(signal.SIGINT)
    assert process.wait() == 130, "it went on until it was stopped"


def test_two_interrupts_stop_at_once_and_leave_a_whole_array(start: Start, site: SiteServer, tmp_path: Path) -> None:
    process = start("crawl", site.url("/endless/"), "--ready", "30", "--output", "a.json")
    read_until(process, "sandbox" if os.geteuid() == 0 else "")  # said when the browser is launched
    process.send_signal(signal.SIGINT)
    read_until(process, "stopping: ")
    process.send_signal(signal.SIGINT)
    read_until(process, "results in a.json")
    assert process.wait(10) == 130
    assert json.loads((tmp_path / "a.json").read_bytes()) == []


def test_termination_drains_too(start: Start, site: SiteServer) -> None:
    process = start("crawl", site.url("/endless/"), "--output", "a.jsonl")
    read_until(process, "/endless/")
    process.terminate()
    said = read_until(process, "results in a.jsonl")
    assert process.wait() == 143
    assert any("SIGTERM again stops at once" in line for line in said)


def test_an_interrupt_ends_a_fetch(start: Start, site: SiteServer) -> None:
    process = start("fetch", site.url("/one"), "--ready", "30", "--verbose")
    read_until(process, "browser launched")
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=50)
    assert (process.returncode, output) == (130, "")


def test_a_reader_that_goes_ends_the_crawl_quietly(start: Start, site: SiteServer) -> None:
    process = start("crawl", site.url("/endless/"), "--quiet")
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["url"] == site.url("/endless/")
    process.stdout.close()
    assert process.wait() == 141
    assert process.stderr is not None
    assert process.stderr.read() == ""


def test_help_through_a_pipe_that_closes_is_quiet(start: Start) -> None:
    process = start("crawl", "--help")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == ""
    assert process.wait() == 1, "click's own code for it"


def test_output_is_utf8_where_the_locale_is_not(start: Start, site: SiteServer) -> None:
    process = start("fetch", site.url("/one"), env={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"})
    output, _ = process.communicate()
    assert "# Grüezi" in output
    assert process.returncode == 0


def test_help_and_version_load_nothing_heavy(start: Start) -> None:
    program = """
import sys
from crawl4ai_browser.cli.main import run
assert run(["--help"]) == 0 and run(["version"]) == 0
print([name for name in ("pydantic", "playwright", "lxml", "rich", "anyio", "sqlite3") if name in sys.modules])
for command in ("crawl", "fetch", "demo", "doctor", "install"):
    assert run([command, "--help"]) == 0
print([name for name in ("playwright", "lxml", "rich", "sqlite3") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert [line for line in done.stdout.splitlines() if line.startswith("[")] == ["[]", "[]"]


def test_a_terminal_gets_a_live_display_without_colours_when_asked(
    start: Start, site: SiteServer, tmp_path: Path
) -> None:
    ours, theirs = os.openpty()
    environment = {"TERM": "xterm-256color", "NO_COLOR": "1", "COLUMNS": "100"}
    process = start("crawl", site.url("/flawed"), "--output", "a.jsonl", stderr=theirs, env=environment)
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # the terminal is gone when the process has ended
        while block := os.read(ours, 65536):
            shown += block
    os.close(ours)
    assert process.wait() == 1
    text = shown.decode()
    assert "pages/s" in text
    assert " processes" in text
    assert "HttpStatusError" in text, "failures have their line"
    assert f"s  {site.url('/one')}\r\n200" not in text
    assert "3 pages: 2 ok, 1 failed" in text
    assert "\x1b[3" not in text, "no colour"
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h"), "the cursor is shown again"
