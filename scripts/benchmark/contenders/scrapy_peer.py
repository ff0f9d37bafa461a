"""scrapy-playwright, as its README has it: the download handlers, and a page method that waits."""

from __future__ import annotations

from collections.abc import AsyncIterator

import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.http import Response
from scrapy_playwright.page import PageMethod

from scripts.benchmark.protocol import READY_SELECTOR, Job, Report

HANDLER = "scrapy_playwright.handler.ScrapyPlaywrightDownloadHandler"


class Pages(scrapy.Spider):
    """Visits the URLs of a job."""

    name = "pages"
    job: Job
    report: Report

    async def start(self) -> AsyncIterator[scrapy.Request]:
        """A request for each URL."""
        methods = [PageMethod("wait_for_selector", READY_SELECTOR)]
        for url in self.job.urls:
            yield scrapy.Request(url, meta={"playwright": True, "playwright_page_methods": methods})

    def parse(self, response: Response) -> None:
        """The page, as its browser had it."""
        self.report.page(response.url, response.text)


def settings(job: Job) -> dict[str, object]:
    """Those that the README names, and the concurrency."""
    return {
        "DOWNLOAD_HANDLERS": {"http": HANDLER, "https": HANDLER},
        "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
        "PLAYWRIGHT_LAUNCH_OPTIONS": {"executable_path": job.executable},
        "PLAYWRIGHT_MAX_PAGES_PER_CONTEXT": job.concurrency,
        "CONCURRENT_REQUESTS": job.concurrency,
        "CONCURRENT_REQUESTS_PER_DOMAIN": job.concurrency,
        "DOWNLOAD_DELAY": 0,
        "LOG_LEVEL": "WARNING",
        "TELNETCONSOLE_ENABLED": False,
    }


def main() -> None:
    """Visit everything."""
    job = Job.of_command_line()
    process = CrawlerProcess(settings(job))
    process.crawl(Pages, job=job, report=Report(job))
    process.start()


if __name__ == "__main__":
    main()
