"""SiteMap: the URLs that a site lists itself, without visiting one of them.

Sitemaps are those that robots.txt names, else `/sitemap.xml`; an index leads to further ones. Each is fetched by a
plain request in its host's turn, and read in a thread a batch at a time, so that neither a long list nor a slow reader
costs memory beyond the file itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from random import Random

from anyio import to_thread

from crawl4ai_browser import urls
from crawl4ai_browser.clock import Clock
from crawl4ai_browser.config import RetryConfig
from crawl4ai_browser.crawling import retry
from crawl4ai_browser.errors import CrawlError, ExtractError, FetchError, HttpStatusError, RobotsDenied
from crawl4ai_browser.events import Observer, SitemapRead, UrlRefused
from crawl4ai_browser.fetcher import PlainResponse
from crawl4ai_browser.frontier.gate import Gate, Refusal
from crawl4ai_browser.frontier.scope import Scope
from crawl4ai_browser.frontier.sitemaps import SitemapEntry, read_sitemap
from crawl4ai_browser.frozen import Frozen
from crawl4ai_browser.page_content import Link
from crawl4ai_browser.politeness.polite_get import PoliteGet
from crawl4ai_browser.result import ErrorInfo

MAX_SITEMAPS = 50_000
"""Read of one site: what the protocol lets an index name. More are a trap, or several indexes of a giant."""

_BATCH = 1000
"""Entries read at once: some 10 ms of a thread, so that the hand-over costs little and nobody waits for long."""

_CHUNK_BYTES = 2**18
_GUESS = "/sitemap.xml"
_NEAR = Scope()


class SiteUrl(Frozen):
    """A URL that a site lists."""

    url: str
    modified: datetime | None = None
    """When the page changed last, as the site says."""
    alternates: tuple[str, ...] = ()
    """The page in other languages."""
    sitemap: str
    """Where it is listed."""


@dataclass(frozen=True)
class _Sitemap:
    url: str
    is_guess: bool = False
    """Whether nothing says that it exists."""


class SiteMap:
    """Reads the sitemaps of sites."""

    def __init__(
        self, get: PoliteGet, config: RetryConfig, *, observers: Observer, clock: Clock, random: Random
    ) -> None:
        self._get = get
        self._retry = config
        self._observers = observers
        self._clock = clock
        self._random = random

    async def urls(self, site: str, *, scope: Scope = _NEAR, since: datetime | None = None) -> AsyncGenerator[SiteUrl]:
        """The URLs in scope of the site that `site` is a page of, each once, in the order of the sitemaps.

        `since` leaves out what has not changed since then, and sitemaps of which an index says so; what has no date
        stays. A sitemap that can't be read is reported as a `SitemapRead` event with its error, and left out. What is
        known of each URL seen is 8 bytes of digest, in all some 70 MB for a million.

        Raises:
            RobotsDenied: the site's robots.txt can't be read, so nothing is.
            FetchError: the site does not answer.
        """
        since = None if since is None else _aware(since)
        choice = _Choice(Gate(scope.model_copy(update={"link_kinds": frozenset({"anchor"})})), site, since)
        async with aclosing(self._all_entries(await self._roots(site), choice)) as entries:
            async for sitemap, entry in entries:
                found = choice.page(entry, sitemap.url)
                if isinstance(found, SiteUrl):
                    yield found
                elif found is not None:
                    self._observers(UrlRefused(url=entry.url, reason=str(found)))

    async def _roots(self, site: str) -> list[_Sitemap]:
        rules = await self._get.rules(site)
        if rules.refusal:
            raise RobotsDenied(rules.refusal, phase="robots")
        named = [_Sitemap(url) for url in rules.sitemaps if urls.is_web(url)]
        return named[:MAX_SITEMAPS] or [_Sitemap(f"{urls.origin(site)}{_GUESS}", is_guess=True)]

    async def _all_entries(
        self, roots: list[_Sitemap], choice: _Choice
    ) -> AsyncGenerator[tuple[_Sitemap, SitemapEntry]]:
        """The pages of the sitemaps, and of those that they lead to."""
        pending = deque(roots)
        seen = {sitemap.url for sitemap in roots}
        while pending:
            sitemap = pending.popleft()
            async for entry in self._entries(sitemap):
                if entry.kind == "page":
                    yield sitemap, entry
                elif entry.url not in seen and len(seen) < MAX_SITEMAPS and choice.is_recent(entry):
                    seen.add(entry.url)
                    pending.append(_Sitemap(entry.url))

    async def _entries(self, sitemap: _Sitemap) -> AsyncGenerator[SitemapEntry]:
        count = 0
        error: CrawlError | None = None
        try:
            response = await self._response(sitemap.url)
        except (FetchError, RobotsDenied) as failure:
            if sitemap.is_guess and isinstance(failure, HttpStatusError | RobotsDenied):
                return
            error = failure
        else:
            entries = read_sitemap(_chunks(response.body), base_url=response.url)
            is_more = True
            while is_more:
                batch, error = await to_thread.run_sync(_batch, entries)
                is_more = len(batch) == _BATCH and error is None
                count += len(batch)
                for entry in batch:
                    yield entry
        info = None if error is None else ErrorInfo.from_error(error)
        self._observers(SitemapRead(url=sitemap.url, entries=count, error=info))

    async def _response(self, url: str) -> PlainResponse:
        """The answer, after as many attempts as a page would have.

        Raises:
            FetchError: the last attempt's error.
        """
        attempts = 0
        while True:
            try:
                response = await self._get.get(url)
                if response.status < 400:
                    return response
                raise HttpStatusError(
                    f"{urls.without_credentials(url)} answered {response.status}", status=response.status
                )
            except FetchError as error:
                decision = retry.decide(
                    error,
                    attempts=attempts,
                    browser_deaths=attempts,
                    records=(),
                    config=self._retry,
                    random=self._random,
                )
                attempts += 1
                if isinstance(decision, retry.GiveUp) or attempts >= self._retry.max_attempts:
                    raise
                await self._clock.sleep(decision.delay)

    def __repr__(self) -> str:
        """How it asks."""
        return f"<SiteMap {self._get!r}>"


class _Choice:
    """Decides which entries are given out. Pure but for its memory of those that were."""

    def __init__(self, gate: Gate, site: str, since: datetime | None) -> None:
        self._gate = gate
        self._seed = urls.origin(site)
        self._since = since
        self._digests: set[int] = set()

    def is_recent(self, entry: SitemapEntry) -> bool:
        """Whether it may have changed since then."""
        return self._since is None or entry.modified is None or entry.modified >= self._since

    def page(self, entry: SitemapEntry, sitemap: str) -> SiteUrl | Refusal | None:
        """What to give out for an entry, or why the scope refuses it; None: it is known, or too old."""
        if not self.is_recent(entry):
            return None
        judged = self._gate.judge_link(Link(url=entry.url, internal=True), depth=0, seed=self._seed)
        if judged is None or isinstance(judged, Refusal):
            return judged
        digest = int.from_bytes(urls.digest_of_canonical(judged.canonical)[:8])
        if digest in self._digests:
            return None
        self._digests.add(digest)
        return SiteUrl(url=judged.href, modified=entry.modified, alternates=entry.alternates, sitemap=sitemap)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _chunks(body: bytes) -> Iterator[bytes]:
    view = memoryview(body)
    return (bytes(view[start : start + _CHUNK_BYTES]) for start in range(0, len(body), _CHUNK_BYTES))


def _batch(entries: Iterator[SitemapEntry]) -> tuple[list[SitemapEntry], ExtractError | None]:
    """The next entries, and what ended them, if that was an error."""
    batch: list[SitemapEntry] = []
    try:
        batch.extend(islice(entries, _BATCH))
    except ExtractError as error:
        return batch, error
    return batch, None
