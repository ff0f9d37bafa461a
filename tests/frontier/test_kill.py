"""A crawl killed again and again loses nothing and repeats nothing that it had completed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from crawl4ai_browser.clock import SYSTEM_CLOCK
from crawl4ai_browser.storage import request_rows
from crawl4ai_browser.storage.connect import connect
from tests.frontier.crawl_process import PAGES, SEEDS, links_of
from tests.frontier.small_crawl import opened

ROOT = Path(__file__).resolve().parent.parent.parent
KILLS = 20


@pytest.fixture
def nursery(file: Path, log: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that starts crawls: forked from one that has imported everything, they start in milliseconds."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.frontier.crawl_process", str(file), str(log)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
        cwd=ROOT,
    ) as process:
        yield process


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


async def run_and_kill(nursery: subprocess.Popen[str], after: float) -> bool:
    """Start a crawl and kill it so many seconds after it began; whether it was still at work then."""
    assert nursery.stdin is not None
    assert nursery.stdout is not None
    nursery.stdin.write("start\n")
    pid = int(nursery.stdout.readline())
    await SYSTEM_CLOCK.sleep(after)
    with suppress(ProcessLookupError):  # it had finished
        os.kill(pid, signal.SIGKILL)
    return int(nursery.stdout.readline()) == signal.SIGKILL


async def test_nothing_is_lost_and_nothing_is_done_twice_however_often_the_process_is_killed(
    file: Path, log: Path, nursery: subprocess.Popen[str]
) -> None:
    dice = random.Random(7)
    killed = [await run_and_kill(nursery, dice.uniform(0.0, 0.06)) for _ in range(KILLS)]
    with closing(connect(file)) as connection:
        done_before = request_rows.tally(connection).done
    assert sum(killed) >= 5, "the site must be large enough for several kills"
    assert done_before > 0, "and small enough for something to be done between them"
    left = await finish(file)
    check_log(log, left, done_before)


async def finish(file: Path) -> set[str]:
    """Visit what is left, here; gives what that was."""
    async with opened(file, seeds=SEEDS) as crawl:
        left: set[str] = set()
        while (lease := await crawl.frontier.lease(lambda _: 0.0)) is not None:
            left.add(lease.request.url)
            await crawl.frontier.complete(lease, links_of(int(lease.request.url.rpartition("/")[2])))
        counts = crawl.frontier.counts
        assert (counts.discovered, counts.done, counts.queued) == (PAGES, PAGES, 0)
        return left


def check_log(log: Path, left: set[str], done_before: int) -> None:
    done: Counter[str] = Counter()
    for line in log.read_text().splitlines():
        what, url = line.split()
        assert done[url] == 0, f"{what} again after it was completed: {url}"
        done[url] += what == "done"
    finished = {url for url, count in done.items() if count}
    assert finished.isdisjoint(left), "what the log has as done is not visited again"
    # A process killed between a commit and its line in the log leaves one page that is done and not in the log.
    assert len(finished) <= done_before <= len(finished) + 4 * KILLS
    truth = {f"https://a.example/{number}" for number in range(PAGES)}
    assert finished | left <= truth
    assert len(truth - finished - left) == done_before - len(finished)
