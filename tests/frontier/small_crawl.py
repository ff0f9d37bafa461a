"""A frontier on a fake clock, with everything it tells written down."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from crawl4ai_browser.errors import ConnectionFailed
from crawl4ai_browser.events import Event, PageQueued, UrlRefused, Warned
from crawl4ai_browser.frontier.frontier import Frontier, Lease
from crawl4ai_browser.frontier.order import Order, breadth_first
from crawl4ai_browser.frontier.schedule import OpensAt
from crawl4ai_browser.frontier.scope import Scope
from crawl4ai_browser.page_content import Link
from crawl4ai_browser.request import Request
from crawl4ai_browser.result import Attempt, ErrorInfo
from crawl4ai_browser.storage.database import Database
from crawl4ai_browser.testing.fake_clock import FakeClock

SITE = "https://a.example"


def url(name: object, site: str = SITE) -> str:
    return f"{site}/{name}"


def links(*names: object, site: str = SITE) -> list[Link]:
    return [Link(url=url(name, site), text=str(name), internal=True) for name in names]


def requests(*names: object, site: str = SITE) -> list[Request]:
    return [Request(url=url(name, site)) for name in names]


def open_now(_: str) -> float:
    return 0.0


def failed_attempt(number: int = 1) -> Attempt:
    error = ErrorInfo.from_error(ConnectionFailed("refused", phase="goto"))
    return Attempt(number=number, started_at=datetime(2025, 1, 1, tzinfo=UTC), seconds=0.1, error=error)


@dataclass
class Crawl:
    """A frontier and what it was seen to do."""

    frontier: Frontier
    clock: FakeClock
    events: list[Event] = field(default_factory=list[Event])

    async def lease(self, opens_at: OpensAt = open_now) -> Lease:
        lease = await self.frontier.lease(opens_at)
        assert lease is not None, f"nothing to lease: {self.frontier!r}"
        return lease

    async def visit(self, *found: object, site: str = SITE) -> str:
        """Lease what is next and complete it with links; gives its URL without the site."""
        lease = await self.lease()
        await self.frontier.complete(lease, links(*found, site=site))
        return name_of(lease)

    async def visit_all(self, opens_at: OpensAt = open_now) -> list[str]:
        """Visit what is left, without finding more."""
        visited: list[str] = []
        while (lease := await self.frontier.lease(opens_at)) is not None:
            await self.frontier.complete(lease, ())
            visited.append(name_of(lease))
        return visited

    async def retry(self, lease: Lease, *, delay: float = 0.0, charged: bool = True, died: bool = False) -> None:
        record = failed_attempt(len(lease.attempt_records) + 1)
        await self.frontier.retry(lease, delay=delay, charged=charged, browser_died=died, record=record)

    @property
    def queued(self) -> list[str]:
        return [event.url for event in self.events if isinstance(event, PageQueued)]

    @property
    def refused(self) -> list[tuple[str, str]]:
        return [(event.url, event.reason) for event in self.events if isinstance(event, UrlRefused)]

    @property
    def warnings(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, Warned)]

    def check_counts(self) -> None:
        counts = self.frontier.counts
        assert counts.queued + counts.leased + counts.done + counts.failed + counts.skipped == counts.discovered


def name_of(lease: Lease) -> str:
    return lease.request.url.removeprefix(f"{SITE}/")


@asynccontextmanager
async def opened(
    path: Path | None = None,
    *,
    seeds: Iterable[Request] | Literal["none yet"] | None = None,
    scope: Scope | None = None,
    order: Order | None = None,
    allow_files: bool = False,
) -> AsyncGenerator[Crawl]:
    """A crawl with the one seed `/0`, unless others are given."""
    clock = FakeClock()
    events: list[Event] = []
    async with (
        Database.open(path) as database,
        Frontier.open(
            database,
            scope=scope or Scope(),
            order=order or breadth_first(),
            clock=clock,
            observers=events.append,
            allow_files=allow_files,
        ) as frontier,
    ):
        crawl = Crawl(frontier, clock, events)
        if seeds != "none yet":
            await frontier.add_seeds(requests(0) if seeds is None else seeds)
        yield crawl
        crawl.check_counts()
