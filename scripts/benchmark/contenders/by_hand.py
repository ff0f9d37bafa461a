"""What a careful user writes with Playwright alone: pages kept, `goto`, `wait_for_selector`, `content`."""

from __future__ import annotations

import asyncio
from collections import deque

from playwright.async_api import BrowserContext, async_playwright

from scripts.benchmark.protocol import READY_SELECTOR, Job, Report


async def visit(context: BrowserContext, urls: deque[str], report: Report) -> None:
    """Visit URLs in one page until there are none."""
    page = await context.new_page()
    while urls:
        url = urls.popleft()
        await page.goto(url, wait_until="domcontentloaded")
        await page.wait_for_selector(READY_SELECTOR)
        report.page(url, await page.content())


async def run(job: Job) -> None:
    """Visit everything."""
    urls, report = deque(job.urls), Report(job)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=job.executable)
        context = await browser.new_context()
        await asyncio.gather(*(visit(context, urls, report) for _ in range(job.concurrency)))
        await browser.close()


if __name__ == "__main__":
    asyncio.run(run(Job.of_command_line()))
