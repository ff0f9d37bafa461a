"""A crawl with a state folder that is killed again and again: nothing is lost, nothing dealt with comes again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from random import Random

import pytest

from crawl4ai_browser.clock import SYSTEM_CLOCK
from crawl4ai_browser.storage import schema
from crawl4ai_browser.storage.connect import connect
from tests.crawling.crawl_process import PAGES

ROOT = Path(__file__).parents[2]
KILLS = 20


@pytest.fixture
def nursery(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Starts crawls of 511 pages on the same state."""
    module = "tests.crawling.crawl_process"
    command = [sys.executable, "-m", module, str(tmp_path / "state"), str(tmp_path / "log")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, cwd=ROOT
    ) as process:
        yield process


async def killed_after(nursery: subprocess.Popen[str], seconds: float) -> bool:
    """Start a crawl and kill it so long after it began; whether it was still at work then."""
    assert nursery.stdin is not None
    assert nursery.stdout is not None
    nursery.stdin.write("start\n")
    process = int(nursery.stdout.readline())
    await SYSTEM_CLOCK.sleep(seconds)
    with suppress(ProcessLookupError):  # it had finished
        os.kill(process, signal.SIGKILL)
    return int(nursery.stdout.readline()) == signal.SIGKILL


def finished(nursery: subprocess.Popen[str]) -> bool:
    """Start a crawl and let it come to its end; whether it did."""
    assert nursery.stdin is not None
    assert nursery.stdout is not None
    nursery.stdin.write("start\n")
    nursery.stdout.readline()
    return int(nursery.stdout.readline()) == 0


def done_in(state: Path) -> set[str]:
    """The URLs that the database has as done."""
    file = state / "crawl.sqlite"
    if not file.exists():
        return set()
    with closing(connect(file)) as connection:
        rows = connection.execute("SELECT url FROM requests WHERE state = ?", (schema.DONE,))
        return {url for (url,) in rows}


class ServerLog:
    """What was fetched and given out, read on from one kill to the next."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read = 0

    def news(self, what: str) -> set[str]:
        """The URLs of the lines of that kind since `forget` was called last."""
        return {line.split()[1] for line in self._lines()[self._read :] if line.startswith(f"{what} ")}

    def all(self, what: str) -> set[str]:
        return {line.split()[1] for line in self._lines() if line.startswith(f"{what} ")}

    def forget(self) -> None:
        self._read = len(self._lines())

    def _lines(self) -> list[str]:
        return self._file.read_text().splitlines() if self._file.exists() else []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="crawls are forked")
@pytest.mark.timeout(150)
async def test_twenty_kills_at_any_moment_lose_no_page_and_none_is_fetched_after_it_was_done(
    nursery: subprocess.Popen[str], tmp_path: Path
) -> None:
    dice, log, state = Random(11), ServerLog(tmp_path / "log"), tmp_path / "state"
    done: set[str] = set()
    kill_count = 0
    for _ in range(KILLS):
        # From before the database is there to some way into the crawl; a fast machine may come to its end.
        kill_count += await killed_after(nursery, dice.uniform(0.0, 0.25))
        assert log.news("fetch").isdisjoint(done), "fetched again after it was committed"
        log.forget()
        done = done_in(state)
        assert done <= log.all("given"), "done without having been given out"
    assert kill_count >= 5, "the site must be large enough for several kills"
    assert finished(nursery)
    assert log.news("fetch").isdisjoint(done)
    done = done_in(state)
    truth = {f"https://a.test/{number}" for number in range(PAGES)}
    assert log.all("given") == log.all("fetch") == done == truth
