"""Crawls as a process of its own, which something is taken away from: before it begins, or in the middle.

    python scarce_machine.py (files|temp|temp later) NUMBER

NUMBER: how many more files may be opened. Prints a line of JSON: the error that was raised, as class and blame, or how
many of the pages were ok; and what is left in the temp folder.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from contextlib import suppress
from pathlib import Path

import anyio

from crawl4ai_browser import CapacityConfig, CrawlConfig, Crawler, PolitenessConfig
from crawl4ai_browser.errors import LaunchFailed
from crawl4ai_browser.testing.site import SiteServer, install_fault_routes

PAGES = 6


async def crawl(lacking: str, number: int) -> dict[str, object]:
    """What came of it."""
    config = CrawlConfig(
        politeness=PolitenessConfig(obey_robots=False), capacity=CapacityConfig(max_pages=2, content_workers=0)
    )
    with SiteServer() as site:
        install_fault_routes(site)
        try:
            async with Crawler(config) as crawler:
                return {"ok": await visits(crawler, site, lacking, number=number)}
        except LaunchFailed as error:
            return {"raised": type(error).__name__, "blame": error.blame}


async def visits(crawler: Crawler, site: SiteServer, lacking: str, *, number: int) -> int:
    """How many pages were ok."""
    if lacking == "files":
        limit = len(os.listdir("/proc/self/fd")) + number
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    ok = 0
    for page in range(PAGES):
        if page == 2 and lacking == "temp later":
            fill(Path(os.environ["TMPDIR"]))
        ok += (await crawler.fetch(site.url(f"/leaf/{page}"))).ok
    return ok


def fill(folder: Path) -> None:
    """Until nothing more can be written into it."""
    with suppress(OSError), (folder / "filled").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(65536))


if __name__ == "__main__":
    said = anyio.run(crawl, sys.argv[1], int(sys.argv[2]))
    left = [name for name in os.listdir(os.environ["TMPDIR"]) if name != "filled"]
    sys.stdout.write(json.dumps({**said, "left": left}) + "\n")
