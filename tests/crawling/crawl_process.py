"""Whole crawls in processes to be killed: `python -m tests.crawling.crawl_process STATE LOG`.

For each line of its input it forks a crawl, says its process id, and when that has ended, how. Forked from a process
that has imported everything, crawls start in milliseconds. Each page that is fetched is written into the log before it
is answered, as a server's log has it; each result that is given out, too.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import anyio

from crawl4ai_browser import CapacityConfig, ContentConfig, CrawlConfig, Crawler, Scope
from crawl4ai_browser.testing.scripted_fetcher import ScriptedFetcher

PAGES = 511
"""Of a tree in which each page links to two, eight links deep."""

SEED = "https://a.test/0"


def say(number: int) -> None:
    """To whoever started this process."""
    os.write(1, f"{number}\n".encode())


async def crawl(state: Path, log: int) -> None:
    """Go on with the crawl until it is finished, or this process is killed."""

    def page(url: str) -> str:
        os.write(log, f"fetch {url}\n".encode())
        number = int(url.rpartition("/")[2])
        return "".join(f'<a href="/{child}">{child}</a>' for child in (2 * number + 1, 2 * number + 2, number // 3))

    config = CrawlConfig(
        state_dir=state, capacity=CapacityConfig(content_workers=0, max_pages=4), content=ContentConfig(markdown=False)
    )
    async with Crawler(config, fetcher=ScriptedFetcher(page, delay=0.001)) as crawler:
        async for result in crawler.crawl(SEED, scope=Scope(max_depth=8, max_pages=PAGES)):
            os.write(log, f"given {result.url}\n".encode())


def main(state: Path, log_file: Path) -> None:
    """Serve until the input ends."""
    for _ in sys.stdin:
        process = os.fork()
        if process == 0:
            say(os.getpid())
            log = os.open(log_file, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
            anyio.run(crawl, state, log)
            os._exit(0)
        _, status = os.waitpid(process, 0)
        say(os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
