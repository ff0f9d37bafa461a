"""Crawlee, as its documentation has it: `PlaywrightCrawler` with a request handler, and a fixed concurrency."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from crawlee import ConcurrencySettings
from crawlee.crawlers import PlaywrightCrawler, PlaywrightCrawlingContext

from scripts.benchmark.protocol import READY_SELECTOR, Job, Report


async def run(job: Job) -> None:
    """Visit everything."""
    report, count = Report(job), job.concurrency
    crawler = PlaywrightCrawler(
        browser_launch_options={"executable_path": job.executable, "chromium_sandbox": False},
        concurrency_settings=ConcurrencySettings(
            min_concurrency=count, desired_concurrency=count, max_concurrency=count
        ),
        request_handler_timeout=timedelta(seconds=60),
        configure_logging=False,
    )

    @crawler.router.default_handler
    async def handle(context: PlaywrightCrawlingContext) -> None:
        await context.page.wait_for_selector(READY_SELECTOR)
        report.page(context.request.url, await context.page.content())

    await crawler.run(list(job.urls))


if __name__ == "__main__":
    asyncio.run(run(Job.of_command_line()))
