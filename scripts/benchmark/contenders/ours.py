"""This package, as its README uses it. Options: `html` (no content), `quiet` (the default ready), `lag` (measures)."""

from __future__ import annotations

import asyncio
import gc
import tempfile
import time
from pathlib import Path

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


def config(job: Job) -> CrawlConfig:
    """The defaults, but for what all contenders are given alike."""
    return CrawlConfig(
        browser=BrowserConfig(executable=Path(job.executable), count=1),
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
        async for result in crawler.crawl(job.urls):
            report.page(result.url, result.html, is_complete=is_complete(result, job))
    if watch is not None:
        watch.cancel()
    report_end(report, lags)


if __name__ == "__main__":
    asyncio.run(run(Job.of_command_line()))
