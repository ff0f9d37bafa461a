"""A crawl with a state folder that is killed again and again: nothing is lost, nothing dealt with comes again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

ROOT = Path(__file__).parents[2]
PAGES = 63

SCRIPT = """
import sys
from pathlib import Path
import anyio
from crawl4ai_browser import CapacityConfig, CrawlConfig, Crawler, Scope
from crawl4ai_browser.testing.scripted_fetcher import ScriptedFetcher

def tree(url):
    number = int(url.rpartition("/")[2])
    return f'<a href="/{2 * number + 1}">left</a> <a href="/{2 * number + 2}">right</a>'

async def main():
    config = CrawlConfig(state_dir=Path(sys.argv[1]), capacity=CapacityConfig(content_workers=0))
    async with Crawler(config, fetcher=ScriptedFetcher(tree, delay=0.002)) as crawler:
        async for result in crawler.crawl("https://a.test/0", scope=Scope(max_depth=5)):
            print(result.url.rpartition("/")[2], flush=True)

anyio.run(main)
"""


def run_and_kill(state: Path, kill_after: int) -> list[int]:
    """The pages given out by a crawl that is killed as soon as it has given out so many."""
    numbers: list[int] = []
    command = [sys.executable, "-c", SCRIPT, str(state)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdout is not None
        for line in process.stdout:
            numbers.append(int(line))
            if len(numbers) == kill_after:
                process.kill()
    assert process.returncode in (0, -9)
    return numbers


@pytest.mark.timeout(90)  # each run loads the package anew: a second alone on a core, three on a busy machine
def test_a_killed_crawl_goes_on_where_it_was(tmp_path: Path) -> None:
    random = Random(7)
    runs: list[list[int]] = []
    while len({number for run in runs for number in run}) < PAGES:
        assert len(runs) < 20, "it makes no progress"
        runs.append(run_and_kill(tmp_path / "state", random.randint(10, 30)))

    assert {number for run in runs for number in run} == set(range(PAGES))
    # All but the last result of a run were acknowledged by asking for the next one.
    acknowledged = [number for run in runs for number in run[:-1]]
    assert len(acknowledged) == len(set(acknowledged))
    for index, run in enumerate(runs):
        later = {number for other in runs[index + 1 :] for number in other}
        assert later & set(run[:-1]) == set()
