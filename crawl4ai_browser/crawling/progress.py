"""Progress: what a crawl has done so far, gathered from its events. Everything a live display shows comes from here."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass

from crawl4ai_browser import urls
from crawl4ai_browser.clock import SYSTEM_CLOCK, Clock
from crawl4ai_browser.events import CrawlStarted, Event, PageFinished, PageRetried, PageStarted, PageVisited, UrlRefused
from crawl4ai_browser.frozen import Frozen

_RECENT_SECONDS = 20.0
"""The span over which the current speed is taken: long enough for a few pages of a slow site."""

_MAX_HOSTS = 1000
"""Hosts that are remembered; those not heard of for longest are forgotten first, as a crawl may see a million."""


class CurrentVisit(Frozen):
    """A visit under way."""

    url: str
    attempt: int
    seconds: float
    """Since it began."""


class HostProgress(Frozen):
    """One host's share."""

    host: str
    """Scheme, host and port."""
    visiting: int
    done: int
    """Pages given out with `ok`."""
    failed: int


class CrawlStatistics(Frozen):
    """A crawl at one moment. `queued`, `discovered` and `refused` are the frontier's own counts."""

    seconds: float
    """Since the crawl began."""
    done: int
    """Pages given out with `ok`."""
    failed: int
    """Pages given out without."""
    skipped: int
    """Given out as not visited on purpose (robots.txt)."""
    retried: int
    """Attempts that were followed by another."""
    html_length: int
    """Characters of html given out."""
    pages_per_second: float
    """Pages given out in the last 20 seconds, or since the start."""
    visits: tuple[CurrentVisit, ...]
    """Under way, the oldest first."""
    hosts: tuple[HostProgress, ...]
    """Of the last thousand hosts heard of; those with most pages first."""
    discovered: int = 0
    """URLs the frontier has accepted."""
    queued: int = 0
    """URLs that wait for a visit, a retry included."""
    refused: int = 0
    """URLs the frontier has not accepted."""
    from_cache: int = 0
    """Pages given out that were not visited, but taken from the cache."""


@dataclass(slots=True)
class _Host:
    visiting: int = 0
    done: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class _Visit:
    started: float
    host: _Host


class Progress:
    """An observer that adds up what it hears. `Crawler(observers=[progress])`, or a `CrawlRun` does it for itself."""

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        """Time counts from now, or from the start of a crawl."""
        self._clock = clock
        self._started = clock.monotonic()
        self._done = 0
        self._failed = 0
        self._skipped = 0
        self._retried = 0
        self._from_cache = 0
        self._refused = 0
        self._html_length = 0
        self._visits: dict[tuple[str, int], _Visit] = {}
        self._hosts: OrderedDict[str, _Host] = OrderedDict()
        self._recent: deque[float] = deque()

    def __call__(self, event: Event) -> None:
        """Take note of an event."""
        match event:
            case CrawlStarted():
                self._started = self._clock.monotonic()
            case PageStarted():
                host = self._host(event.url)
                host.visiting += 1
                self._visits[event.url, event.attempt] = _Visit(self._clock.monotonic(), host)
            case PageVisited():
                visit = self._visits.pop((event.url, event.attempt), None)
                if visit is not None:
                    visit.host.visiting -= 1
            case PageRetried():
                self._retried += 1
            case PageFinished():
                self._finish(event)
            case UrlRefused():
                self._refused += 1
            case _:
                pass

    def _finish(self, event: PageFinished) -> None:
        host = self._host(event.url)
        if event.ok:
            self._done += 1
            host.done += 1
        elif event.error is not None and event.error.is_skip:
            self._skipped += 1
        else:
            self._failed += 1
            host.failed += 1
        self._from_cache += event.from_cache
        self._html_length += event.html_length
        self._recent.append(self._clock.monotonic())
        self._forget_old()

    def _host(self, url: str) -> _Host:
        name = urls.origin(url)
        host = self._hosts.setdefault(name, _Host())
        self._hosts.move_to_end(name)
        if len(self._hosts) > _MAX_HOSTS:
            self._hosts.popitem(last=False)
        return host

    def _forget_old(self) -> None:
        horizon = self._clock.monotonic() - _RECENT_SECONDS
        while self._recent and self._recent[0] < horizon:
            self._recent.popleft()

    def statistics(self) -> CrawlStatistics:
        """How things stand now."""
        self._forget_old()
        now = self._clock.monotonic()
        seconds = now - self._started
        span = min(seconds, _RECENT_SECONDS)
        hosts = [
            HostProgress(host=name, visiting=host.visiting, done=host.done, failed=host.failed)
            for name, host in self._hosts.items()
        ]
        hosts.sort(key=lambda host: host.done + host.failed, reverse=True)
        return CrawlStatistics(
            seconds=seconds,
            done=self._done,
            failed=self._failed,
            skipped=self._skipped,
            retried=self._retried,
            from_cache=self._from_cache,
            html_length=self._html_length,
            pages_per_second=len(self._recent) / span if span > 0 else 0.0,
            visits=tuple(
                CurrentVisit(url=url, attempt=attempt, seconds=now - visit.started)
                for (url, attempt), visit in self._visits.items()
            ),
            hosts=tuple(hosts),
            refused=self._refused,
        )
