"""LinkedFiles: fetches the links of pages that are files, as `DownloadConfig.linked` says.

They go the way that pages go, through the same fetcher: robots.txt is asked, the host's turn waited for, the session is
the page's. Their records stand in the page's result.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import anyio

from crawl4ai_browser import urls
from crawl4ai_browser.clock import Clock
from crawl4ai_browser.config import CrawlConfig
from crawl4ai_browser.crawling import retry
from crawl4ai_browser.crawling.pipeline import Pipeline, Visit
from crawl4ai_browser.download import Download, DownloadState
from crawl4ai_browser.errors import ConfigError, CrawlError, HttpStatusError, Skipped
from crawl4ai_browser.page_content import Link
from crawl4ai_browser.request import Request
from crawl4ai_browser.result import Attempt, CrawlResult
from crawl4ai_browser.url_patterns import UrlTest, compile_pattern


def link_tests(config: CrawlConfig) -> tuple[UrlTest, ...]:
    """What tells the links that are files from those that are pages.

    Raises:
        ConfigError: a pattern is wrong.
    """
    try:
        return tuple(compile_pattern(pattern) for pattern in config.download.linked)
    except ValueError as error:
        raise ConfigError(f"a pattern of linked files: {error}") from error


class LinkedFiles:
    """The files that pages of one crawler link to. Each is fetched once, for the first page that links to it."""

    def __init__(
        self, pipeline: Pipeline, tests: Sequence[UrlTest], config: CrawlConfig, *, clock: Clock, random: Random
    ) -> None:
        """Links that pass one of the tests are files; without tests, none is."""
        self._pipeline = pipeline
        self._config = config
        self._clock = clock
        self._random = random
        self._limiter = anyio.CapacityLimiter(config.download.max_at_once)
        self._known: set[bytes] = set()
        self._tests = tests

    def without_files(self, links: tuple[Link, ...]) -> tuple[Link, ...]:
        """The links that are pages, for a crawl to follow."""
        return tuple(link for link in links if not self._matches(link.url)) if self._tests else links

    def _matches(self, url: str) -> bool:
        address = urls.take_apart(url) if urls.is_web(url) else None
        return address is not None and any(test(address) for test in self._tests)

    async def added_to(self, result: CrawlResult) -> CrawlResult:
        """The result with the records of the files that its page links to, once they are there.

        Raises:
            LaunchFailed: there is no browser.
        """
        # A page that answers 4xx or 5xx links to what the site shows everywhere, or to nothing that exists.
        if not self._tests or (result.error and result.error.kind == HttpStatusError.__name__):
            return result
        wanted = self._new_files(result)
        if not wanted:
            return result
        started = self._clock.monotonic()
        records: dict[str, tuple[Download, ...]] = {}

        async def fetch(url: str) -> None:
            async with self._limiter:
                records[url] = await self._fetch(url, result)

        async with anyio.create_task_group() as tasks:
            for url in wanted:
                tasks.start_soon(fetch, url)
        fetched = [record for url in wanted for record in records[url]]
        seconds = self._clock.monotonic() - started
        timings = {**result.timings, "linked": seconds, "total": result.timings.get("total", 0.0) + seconds}
        return result.model_copy(update={"downloads": (*result.downloads, *fetched), "timings": timings})

    def _new_files(self, result: CrawlResult) -> list[str]:
        wanted: list[str] = []
        for link in result.links:
            if not self._matches(link.url):
                continue
            digest = urls.digest_of_canonical(urls.canonicalize(link.url), result.session or "")
            if digest not in self._known:
                self._known.add(digest)
                wanted.append(urls.without_fragment(link.url))
        return wanted

    async def _fetch(self, url: str, page: CrawlResult) -> tuple[Download, ...]:
        request = Request(url=url, session=page.session, headers={"Referer": _referer(page.final_url)}, as_file=True)
        records: list[Attempt] = []
        attempts = browser_deaths = 0
        while True:
            visit = await self._pipeline.visit(request)
            if visit.error is None:
                break
            decision = retry.decide(
                visit.error,
                attempts=attempts,
                browser_deaths=browser_deaths,
                records=records,
                config=self._config.retry,
                random=self._random,
            )
            if isinstance(decision, retry.GiveUp):
                break
            attempts += decision.charged
            browser_deaths += decision.browser_died
            records.append(visit.attempt(len(records) + 1, charged=decision.charged))
            await self._clock.sleep(decision.delay)
        return _records_of(visit) or (self._unfetched(request, visit),)

    def _unfetched(self, request: Request, visit: Visit) -> Download:
        """The record of a file of which nothing came."""
        error = visit.error
        return Download(
            url=request.url,
            referrer=request.headers["Referer"],
            suggested_name="",
            path=None,
            state=_state_of(error),
            reason=error.message if error else "the server answered without content",
            status=visit.snapshot.status if visit.snapshot else None,
            proxy=visit.snapshot.proxy if visit.snapshot else None,
            started_at=visit.started_at,
            finished_at=self._clock.now(),
        )

    def __repr__(self) -> str:
        """How many were asked for."""
        return f"<LinkedFiles {len(self._known)} asked for>"


def _records_of(visit: Visit) -> tuple[Download, ...]:
    return visit.snapshot.downloads if visit.snapshot else ()


def _state_of(error: CrawlError | None) -> DownloadState:
    match error:
        case Skipped():
            return "refused"
        case HttpStatusError():
            return "http_error"
        case _:
            return "unreachable"


def _referer(url: str) -> str:
    """The page's address as a browser would send it along (RFC 9110, 10.1.3: neither fragment nor credentials)."""
    return urls.without_credentials(urls.without_fragment(url))
