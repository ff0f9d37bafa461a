"""The soak itself: crawl, compare each result with what is owed, look at the machine, kill a process now and then."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import anyio.to_thread
import psutil

from crawl4ai_browser import Crawler
from crawl4ai_browser.config import (
    BrowserConfig,
    CapacityConfig,
    CrawlConfig,
    DownloadConfig,
    PolitenessConfig,
    RetryConfig,
)
from crawl4ai_browser.events import BrowserLost, Event, PageRetried
from crawl4ai_browser.request import Request
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.testing.site import SiteServer
from crawl4ai_browser.testing.site_outcomes import DOWNLOAD_SECONDS, MEMORY_ARGS, Outcome
from scripts.soaking.growth import Growth, look

LOOK_INTERVAL = 2.0
"""Seconds."""

LEFT_SECONDS = 5.0
"""For processes to end after the crawler was closed."""

VICTIMS = ("--remote-debugging-pipe", "run-driver")
"""What only the command line of a browser, and of the driver, has: they are killed in turns."""


@dataclass(frozen=True)
class SoakPlan:
    """How long, and how."""

    pages: int | None
    seconds: float | None
    """Whichever comes first; None: no limit."""
    pages_at_once: int
    kill_every: int
    """A process is killed each time so many results have come; 0: never."""


@dataclass
class SoakReport:
    """What came of it."""

    seconds: float = 0.0
    results: int = 0
    attempts: int = 0
    kills: int = 0
    browsers_lost: int = 0
    retries: Counter[str] = field(default_factory=Counter[str])
    """By the name of the error."""
    deviations: list[str] = field(default_factory=list[str])
    growth: Growth = field(default_factory=Growth)

    def see(self, event: Event) -> None:
        """Count what happens."""
        if isinstance(event, BrowserLost):
            self.browsers_lost += 1
        elif isinstance(event, PageRetried):
            self.retries[event.error.kind] += 1


class Soak:
    """One run over a site."""

    def __init__(self, site: SiteServer, outcomes: Iterator[Outcome], plan: SoakPlan, scratch: Path) -> None:
        """`scratch`: the temp folder of this process, and nobody else's."""
        self._site = site
        self._outcomes = outcomes
        self._plan = plan
        self._scratch = scratch
        self._owed: dict[str, Outcome] = {}
        """What has been asked for and has not come yet."""
        self._started = time.monotonic()
        self.report = SoakReport()

    async def run(self, tell: Callable[[str], None]) -> SoakReport:
        """Soak. `tell` gets a line for each deviation as it comes."""
        others = psutil.Process().children(recursive=True)
        async with anyio.create_task_group() as tasks:
            async with Crawler(self._config(), observers=[self.report.see]) as crawler:
                tasks.start_soon(self._look_again_and_again)
                async for result in crawler.crawl(self._requests()):
                    for deviation in self._judge(result):
                        tell(deviation)
                    self._kill_when_due()
            tasks.cancel_scope.cancel()
        self.report.seconds = time.monotonic() - self._started
        self.report.deviations += [f"no result: {outcome.path}" for outcome in self._owed.values()]
        self.report.deviations += self.report.growth.faults()
        self.report.deviations += await anyio.to_thread.run_sync(self._what_is_left, others)
        return self.report

    def _config(self) -> CrawlConfig:
        return CrawlConfig(
            browser=BrowserConfig(args=MEMORY_ARGS),
            retry=RetryConfig(first_delay=0.05),
            politeness=PolitenessConfig(obey_robots=False),
            capacity=CapacityConfig(max_pages=self._plan.pages_at_once, content_workers=1),
            download=DownloadConfig(folder=self._scratch / "downloads", timeout=DOWNLOAD_SECONDS, resume_attempts=0),
        )

    def _requests(self) -> Iterator[Request]:
        """Read by the crawl as it needs them."""
        for number, outcome in enumerate(self._outcomes):
            plan, elapsed = self._plan, time.monotonic() - self._started
            if number == plan.pages or (plan.seconds is not None and elapsed > plan.seconds):
                return
            request = outcome.request(self._site)
            self._owed[request.url] = outcome
            yield request

    def _judge(self, result: CrawlResult) -> list[str]:
        self.report.results += 1
        self.report.attempts += len(result.attempts)
        owed = self._owed.pop(result.url, None)
        deviations = owed.breaches(result) if owed is not None else [f"not asked for, or twice: {result.url}"]
        self.report.deviations += deviations
        return deviations

    def _kill_when_due(self) -> None:
        report, every = self.report, self._plan.kill_every
        if not every or report.results % every:
            return
        victim = VICTIMS[report.kills % len(VICTIMS)]
        report.kills += 1
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                if victim in process.cmdline():
                    process.kill()

    async def _look_again_and_again(self) -> None:
        while True:
            await anyio.sleep(LOOK_INTERVAL)
            self.report.growth.looks.append(await anyio.to_thread.run_sync(look, self.report.results))

    def _what_is_left(self, others: list[psutil.Process]) -> list[str]:
        """Processes, but for the others that were there before, and files that should be gone."""
        own = set(psutil.Process().children(recursive=True)) - set(others)
        _, alive = psutil.wait_procs(list(own), timeout=LEFT_SECONDS)
        left: list[str] = []
        for process in alive:
            with suppress(psutil.Error):
                left.append(f"process {process.pid} is left: {' '.join(process.cmdline())[:100]}")
        folders = [entry.name for entry in self._scratch.iterdir() if entry.name != "downloads"]
        parts = [path.name for path in self._scratch.glob("downloads/**/*.part")]
        return left + [f"{name} is left" for name in (*folders, *parts)]
