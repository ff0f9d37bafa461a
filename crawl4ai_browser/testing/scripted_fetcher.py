"""ScriptedFetcher: a fetcher whose pages are written down, for tests of everything that stands before the browser."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from crawl4ai_browser import urls
from crawl4ai_browser.clock import SYSTEM_CLOCK, Clock
from crawl4ai_browser.errors import CrawlError
from crawl4ai_browser.fetcher import OnAnswer
from crawl4ai_browser.request import Request
from crawl4ai_browser.snapshot import Snapshot
from crawl4ai_browser.testing.fake_clock import START

Answer = Snapshot | CrawlError | str
"""What one visit brings: a snapshot, an error that is raised, or the html of a page with status 200."""

Script = Mapping[str, Answer | Sequence[Answer]] | Callable[[str], Answer | Sequence[Answer]]
"""What each URL answers. Of a sequence the first visit gets the first answer and so on; the last one stays."""

Seconds = float | Callable[[str], float]
"""A time for all URLs, or one for each."""


@dataclass(frozen=True, slots=True)
class ScriptedVisit:
    """One visit that has ended; times are the clock's monotonic ones."""

    request: Request
    attempt: int
    """Which visit of this URL it was, from 1."""
    started: float
    ended: float
    outcome: Literal["snapshot", "error", "cancelled"]

    @property
    def url(self) -> str:
        """The requested URL."""
        return self.request.url


def page(
    url: str,
    html: str = "<html><body></body></html>",
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    fetched_at: datetime = START,
) -> Snapshot:
    """A snapshot as of a plain page: no redirects, nothing captured."""
    return Snapshot(
        url=url,
        final_url=url,
        status=status,
        headers={"content-type": "text/html; charset=utf-8", **(headers or {})},
        html=html,
        base_url=url,
        content_type="text/html",
        charset="UTF-8",
        fetched_at=fetched_at,
    )


class ScriptedFetcher:
    """A `Fetcher` that answers from a script and remembers who came, and how many at once.

        fetcher = ScriptedFetcher({"https://a.test/": ["<h1>hi</h1>", ConnectionFailed("reset")]}, delay=0.2)
        snapshot = await fetcher.fetch(Request(url="https://a.test/"))      # the page; a second time: the error
        assert [visit.url for visit in fetcher.visits] == ["https://a.test/"]

    A URL that a mapping lacks is answered with status 404. `delay` is the time until the answer begins, `linger` from
    there to the snapshot, both in seconds on `clock`.
    """

    def __init__(
        self, script: Script, *, clock: Clock = SYSTEM_CLOCK, delay: Seconds = 0.0, linger: Seconds = 0.0
    ) -> None:
        self._script = script
        self._clock = clock
        self._delay = delay
        self._linger = linger
        self._attempts: Counter[str] = Counter()
        self._active_hosts: Counter[str] = Counter()
        self._max_active_hosts: Counter[str] = Counter()
        self.visits: list[ScriptedVisit] = []
        """The visits that have ended, in the order in which they did."""
        self.active_count = 0
        """Visits under way."""
        self.max_active_count = 0
        """The most that were ever under way at once."""

    def max_active_of(self, url: str) -> int:
        """The most visits that were ever under way at once on this URL's host (its `urls.origin`)."""
        return self._max_active_hosts[urls.origin(url)]

    def visit_count(self, url: str) -> int:
        """How often this URL was visited, visits under way included."""
        return self._attempts[url]

    def starts_of(self, url: str) -> list[float]:
        """When the visits that have ended on this URL's host began, in order."""
        origin = urls.origin(url)
        return sorted(visit.started for visit in self.visits if urls.origin(visit.url) == origin)

    async def fetch(self, request: Request, *, on_answer: OnAnswer | None = None) -> Snapshot:
        """What the script says, after the delay it asks for.

        Raises:
            CrawlError: where the answer is one.
        """
        self._attempts[request.url] += 1
        attempt = self._attempts[request.url]
        started = self._clock.monotonic()
        outcome: Literal["snapshot", "error", "cancelled"] = "cancelled"
        self._enter(request.url)
        try:
            await self._clock.sleep(_seconds(self._delay, request.url))
            answer = self._answer(request.url, attempt)
            if on_answer is not None and isinstance(answer, Snapshot):
                on_answer(self._clock.monotonic() - started)
            await self._clock.sleep(_seconds(self._linger, request.url))
            if isinstance(answer, CrawlError):
                outcome = "error"
                raise _copy_of(answer, request)
            outcome = "snapshot"
            return answer
        finally:
            self._leave(request.url)
            ended = self._clock.monotonic()
            self.visits.append(ScriptedVisit(request, attempt, started, ended, outcome))

    def _answer(self, url: str, attempt: int) -> Snapshot | CrawlError:
        scripted = self._script(url) if callable(self._script) else self._script.get(url)
        if scripted is None:
            return page(url, "<html><body>not in the script</body></html>", status=404)
        if isinstance(scripted, Sequence) and not isinstance(scripted, str):
            scripted = scripted[min(attempt, len(scripted)) - 1]
        return page(url, scripted) if isinstance(scripted, str) else scripted

    def _enter(self, url: str) -> None:
        origin = urls.origin(url)
        self.active_count += 1
        self.max_active_count = max(self.max_active_count, self.active_count)
        self._active_hosts[origin] += 1
        self._max_active_hosts[origin] = max(self._max_active_hosts[origin], self._active_hosts[origin])

    def _leave(self, url: str) -> None:
        self.active_count -= 1
        self._active_hosts[urls.origin(url)] -= 1

    def __repr__(self) -> str:
        """How many visits there were and are."""
        return f"<ScriptedFetcher {len(self.visits)} visits, {self.active_count} active>"


def _seconds(time: Seconds, url: str) -> float:
    return time(url) if callable(time) else time


def _copy_of(error: CrawlError, request: Request) -> CrawlError:
    """The error anew: an exception that is raised twice would gather the tracebacks of both."""
    copy = type(error).__new__(type(error), *error.args)
    copy.__dict__.update(error.__dict__)
    copy.request = copy.request or request
    return copy
