"""KeptManners: what politeness knows, kept in the crawl's database, so that a resumed crawl is as polite as before."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import anyio

from crawl4ai_browser.clock import Clock
from crawl4ai_browser.errors import StorageError
from crawl4ai_browser.fetcher import PlainResponse
from crawl4ai_browser.politeness.memory import HostMemory, KeptRobots
from crawl4ai_browser.politeness.polite_fetcher import PoliteFetcher
from crawl4ai_browser.storage import manners_rows
from crawl4ai_browser.storage.database import Database
from crawl4ai_browser.storage.manners_rows import HostRow, RobotsRow

_PAUSE = 0.5
"""Seconds between two writings, so that a host with a short delay does not mean a transaction for each hit. The first
change after a rest is written at once."""


class KeptManners:
    """A `MannersMemory` in a database. Robots files are read when they are asked for, hosts at the beginning."""

    def __init__(self, database: Database, polite: PoliteFetcher, clock: Clock) -> None:
        self._database = database
        self._throttle = polite.throttle
        self._clock = clock
        self._changed: set[str] = set()
        self._written: dict[str, HostMemory] = {}
        self._news = anyio.Event()

    async def recall(self) -> None:
        """Let the throttle know what is remembered."""
        for host, text in await self._database.run(manners_rows.hosts, self._now()):
            memory = HostMemory.model_validate_json(text)
            self._written[host] = memory
            self._throttle.recall(host, memory)

    async def robots(self, origin: str) -> KeptRobots | None:
        """As `MannersMemory.robots`."""
        row = await self._database.run(manners_rows.robots, origin)
        if row is None or row.expires <= self._now():
            return None
        response = None
        if row.status is not None:
            response = PlainResponse(url=row.url, status=row.status, headers={}, body=row.body)
        return KeptRobots(expires=row.expires, response=response, refusal=row.refusal)

    async def keep_robots(self, origin: str, kept: KeptRobots) -> None:
        """As `MannersMemory.keep_robots`."""
        found = kept.response
        status, url, body = (None, "", b"") if found is None else (found.status, found.url, found.body)
        await self._database.run(
            manners_rows.keep_robots, origin, RobotsRow(kept.expires, status, url, kept.refusal, body)
        )

    def host_changed(self, host: str) -> None:
        """As `MannersMemory.host_changed`."""
        self._changed.add(host)
        self._news.set()

    async def write_changes(self) -> None:
        """Until cancelled."""
        while True:
            await self._news.wait()
            self._news = anyio.Event()
            await self.flush()
            await self._clock.sleep(_PAUSE)

    async def flush(self) -> None:
        """Write what has changed.

        Raises:
            StorageError: it could not be written.
        """
        changed, self._changed = self._changed, set()
        rows = [row for host in changed if (row := self._row(host)) is not None]
        if rows:
            await self._database.run(manners_rows.keep_hosts, rows)

    def _row(self, host: str) -> HostRow | None:
        """What is to be written of a host; None: it is there as it is."""
        memory = self._throttle.memory_of(host)
        if memory == self._written.get(host):
            return None
        if memory is None:
            del self._written[host]
            return HostRow(host, 0.0, None)
        self._written[host] = memory
        return HostRow(host, memory.expires(self._now()), memory.model_dump_json(exclude_defaults=True))

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def __repr__(self) -> str:
        """How much there is."""
        return f"<KeptManners of {len(self._written)} hosts in {self._database!r}>"


@asynccontextmanager
async def kept_manners(database: Database, polite: PoliteFetcher, clock: Clock) -> AsyncGenerator[None]:
    """While the block runs, what politeness learns is kept in the database; what is there, it knows.

    Raises:
        StorageError: the database failed.
    """
    manners = KeptManners(database, polite, clock)
    await manners.recall()
    async with anyio.create_task_group() as background:
        background.start_soon(manners.write_changes)
        polite.remember_in(manners)
        try:
            yield
        except BaseException:
            with suppress(StorageError):
                await manners.flush()
            raise
        finally:
            polite.remember_in(None)
            background.cancel_scope.cancel()
    await manners.flush()
