"""Crawls in processes to be killed: `python -m tests.frontier.crawl_process DATABASE LOG`.

The site has `PAGES` pages; each links to five, so that all are found from the first. What is leased and what is
completed is written into the log, completions after they have been committed.
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

import anyio

from crawl4ai_browser.clock import SYSTEM_CLOCK
from crawl4ai_browser.events import Observers
from crawl4ai_browser.frontier.frontier import Frontier, Lease
from crawl4ai_browser.frontier.order import breadth_first
from crawl4ai_browser.frontier.scope import Scope
from crawl4ai_browser.page_content import Link
from crawl4ai_browser.request import Request
from crawl4ai_browser.storage.database import Database
from tests.frontier.small_crawl import failed_attempt, links

PAGES = 1000
SEEDS = [Request(url="https://a.example/0")]


def links_of(page: int) -> list[Link]:
    """Page n leads to 2n+1 and 2n+2, so to all, and to some that are known."""
    return links(*(number for number in (2 * page + 1, 2 * page + 2, page // 2, page // 3, 0) if number < PAGES))


def say(number: int) -> None:
    """To whoever started this process."""
    os.write(1, f"{number}\n".encode())


async def crawl(frontier: Frontier, log: int, *, workers: int) -> None:
    """Visit with several tasks at once; every tenth visit fails and is tried again."""
    dice = random.Random(os.getpid())

    def write(what: str, lease: Lease) -> None:
        os.write(log, f"{what} {lease.request.url}\n".encode())

    async def work() -> None:
        while not frontier.is_finished:
            lease = await frontier.lease(lambda _: 0.0)
            if lease is None:
                await SYSTEM_CLOCK.sleep(0.001)
                continue
            write("leased", lease)
            await SYSTEM_CLOCK.sleep(dice.random() * 0.004)
            if lease.attempts == 0 and dice.random() < 0.1:
                delay = dice.choice([0.0, 0.01])
                await frontier.retry(lease, delay=delay, charged=True, browser_died=False, record=failed_attempt())
            else:
                await frontier.complete(lease, links_of(int(lease.request.url.rpartition("/")[2])))
                write("done", lease)

    async with anyio.create_task_group() as tasks:
        for _ in range(workers):
            tasks.start_soon(work)


async def main(database: Path, log_file: Path) -> None:
    """Go on with the crawl until it is finished, or this process is killed."""
    log = os.open(log_file, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    async with (
        Database.open(database) as open_database,
        Frontier.open(
            open_database, scope=Scope(), order=breadth_first(), clock=SYSTEM_CLOCK, observers=Observers()
        ) as frontier,
    ):
        await frontier.add_seeds(SEEDS)
        say(os.getpid())
        await crawl(frontier, log, workers=4)


def serve(database: Path, log_file: Path) -> None:
    """Fork a crawl for every line of the input; say its process id when it has begun, and the signal that ended it."""
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            anyio.run(main, database, log_file)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        say(status & 0x7F)


if __name__ == "__main__":
    serve(Path(sys.argv[1]), Path(sys.argv[2]))
