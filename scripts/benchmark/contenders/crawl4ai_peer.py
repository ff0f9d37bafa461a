"""crawl4ai, as its documentation has it for many URLs: `arun_many` with a semaphore dispatcher.

That dispatcher, its fastest, gives all results at the end, so a hook of its own tells of each page; the results are
looked at when they are there. It takes no path to a browser, so Playwright's `launch` is given one for it.
"""

from __future__ import annotations

import asyncio
from functools import partialmethod

from crawl4ai import AsyncWebCrawler, BrowserConfig, CacheMode, CrawlerRunConfig, SemaphoreDispatcher
from playwright.async_api import BrowserContext, BrowserType, Page

from scripts.benchmark.protocol import READY_SELECTOR, Job, Report, marker_of


async def run(job: Job) -> None:
    """Visit everything."""
    report = Report(job)
    BrowserType.launch = partialmethod(BrowserType.launch, executable_path=job.executable)

    async def tell(page: Page, context: BrowserContext, html: str, **_: object) -> Page:
        report.page(page.url, html)
        return page

    config = CrawlerRunConfig(cache_mode=CacheMode.BYPASS, wait_for=f"css:{READY_SELECTOR}", verbose=False)
    dispatcher = SemaphoreDispatcher(semaphore_count=job.concurrency)
    async with AsyncWebCrawler(config=BrowserConfig(headless=True, verbose=False)) as crawler:
        crawler.crawler_strategy.set_hook("before_return_html", tell)
        results = await crawler.arun_many(list(job.urls), config=config, dispatcher=dispatcher)
        for result in results:
            if not (result.success and marker_of(result.url) in result.html and result.markdown):
                raise SystemExit(f"no content for {result.url}: {result.error_message}")


if __name__ == "__main__":
    asyncio.run(run(Job.of_command_line()))
