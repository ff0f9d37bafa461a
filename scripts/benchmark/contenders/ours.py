"""This package, as its README uses it.

Options: `html` (no content), `quiet` (the default ready), `lag` (how long the event loop is away), `objects` (what of
Playwright is alive, after some pages and at the end), and switches of Chromium.
"""

from __future__ import annotations

import asyncio
import gc
import tempfile
import time
from collections import Counter
from pathlib import Path

from playwright._impl.event_emitter import EventEmitter

from crawl4ai_browser import (
    BrowserConfig,
    CapacityConfig,
    ContentConfig,
    CrawlConfig,
    Crawler,
    CrawlResult,
    VisitConfig,
)
from crawl4ai_browser.ready import Quiet, Selector
from scripts.benchmark.protocol import READY_SELECTOR, Job, Report

NO_CONTENT = ContentConfig(markdown=False, links=False, media=False, tables=False, metadata=False)

LAG_INTERVAL = 0.005
"""Seconds between two looks at the event loop: a tenth of the pause that is looked for."""

COUNTED_AFTER = 500
"""Pages after which living objects are counted for the first time."""

COUNTED_CLASSES = ("Page", "BrowserContext", "CDPSession", "Frame", "Request", "Response")


def config(job: Job) -> CrawlConfig:
    """The defaults, but for what all contenders are given alike."""
    switches = tuple(option for option in job.options if option.startswith("--"))
    return CrawlConfig(
        browser=BrowserConfig(executable=Path(job.executable), count=1, args=switches),
        visit=VisitConfig(ready=Quiet() if "quiet" in job.options else Selector(css=READY_SELECTOR)),
        content=NO_CONTENT if "html" in job.options else ContentConfig(),
        capacity=CapacityConfig(max_pages=job.concurrency),
    )


def is_complete(result: CrawlResult, job: Job) -> bool:
    """Whether the content is there, where it was asked for."""
    if "html" in job.options:
        return result.ok
    has_table = any(len(table.rows) == 20 for table in result.tables)
    has_title = (result.metadata.title or "").startswith("Survey")
    has_rest = len(result.links) >= 20 and len(result.media) >= 6 and has_title
    return result.ok and "Station 19" in (result.markdown or "") and has_table and has_rest


async def measure_lag(lags: list[float]) -> None:
    """How much later than asked for the event loop comes back, over and over."""
    while True:
        asked = time.monotonic() + LAG_INTERVAL
        await asyncio.sleep(LAG_INTERVAL)
        lags.append(time.monotonic() - asked)


def count_objects(report: Report, when: str) -> None:
    """Tell how many of Playwright's objects are alive, and how many listeners there are."""
    gc.collect()
    emitters = [each for each in gc.get_objects() if isinstance(each, EventEmitter)]
    names = Counter(type(emitter).__name__ for emitter in emitters)
    for name in COUNTED_CLASSES:
        report.figure(f"{name} {when}", names[name])
    listeners = sum(emitter.listener_count(event) for emitter in emitters for event in emitter.event_names())
    report.figure(f"listeners {when}", listeners)
    report.figure(f"descriptors {when}", len(list(Path("/proc/self/fd").iterdir())))


def report_end(report: Report, lags: list[float]) -> None:
    """What is left behind when everything is closed, and how long the loop was away."""
    gc.collect()
    left = list(Path(tempfile.gettempdir()).glob("crawl4ai-browser-*"))
    report.figure("temp files left", len(left))
    if lags:
        lags.sort()
        report.figure("lag p99 ms", lags[int(len(lags) * 0.99)] * 1000)
        report.figure("lag max ms", lags[-1] * 1000)


async def run(job: Job) -> None:
    """Visit everything."""
    report, lags = Report(job), list[float]()
    watch = asyncio.create_task(measure_lag(lags)) if "lag" in job.options else None
    async with Crawler(config(job)) as crawler:
        count = 0
        async for result in crawler.crawl(job.urls):
            report.page(result.url, result.html, is_complete=is_complete(result, job))
            count += 1
            if "objects" in job.options and count in {COUNTED_AFTER, len(job.urls)}:
                count_objects(report, f"after {count}")
    if watch is not None:
        watch.cancel()
    report_end(report, lags)


if __name__ == "__main__":
    asyncio.run(run(Job.of_command_line()))
