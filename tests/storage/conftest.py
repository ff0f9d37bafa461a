"""A database's file, and a process that uses it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

_USE = """
import sys
from pathlib import Path
from crawl4ai_browser.storage import request_rows
from crawl4ai_browser.storage.connect import connect

connection = connect(Path(sys.argv[1]))
connection.execute("BEGIN")
request_rows.note(connection, "left by", sys.argv[2])
connection.execute("COMMIT")
print("open", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "crawl.sqlite"


@pytest.fixture
def start_user(file: Path) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Start a process that opens the file, notes a fact and keeps the file open until its input ends."""
    processes: list[subprocess.Popen[str]] = []

    def start(fact: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", _USE, str(file), fact], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        processes.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()
