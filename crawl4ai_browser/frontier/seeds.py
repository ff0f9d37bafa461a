"""Seeds: a stream of requests in batches, and the record by which a crawl that goes on is known to be the same."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from contextlib import suppress

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.frontier.row_values import overrides_of
from crawl4ai_browser.frozen import Frozen
from crawl4ai_browser.request import Request
from crawl4ai_browser.urls import without_credentials

BATCH = 256
"""Requests added in one transaction. Enough to make the commit's share small (the cost of a seed falls by 3 % beyond);
a source that never waits holds the event loop for as long as it takes to give so many, about 5 ms."""

MAX_QUEUED = 1_000_000
"""While so many requests are queued, no more seeds are taken: an endless source must not fill the disk."""

Seeds = Iterable[Request] | AsyncIterable[Request]


async def _each(seeds: Seeds) -> AsyncIterator[Request]:
    if isinstance(seeds, AsyncIterable):
        async for request in seeds:
            yield request
    else:
        for request in seeds:
            yield request


async def read(seeds: Seeds, send: MemoryObjectSendStream[Request]) -> None:
    """Send every seed, then close. Waits while a batch is waiting to be taken."""
    async with send:
        async for request in _each(seeds):
            try:
                send.send_nowait(request)
            except anyio.WouldBlock:
                await send.send(request)


async def next_batch(receive: MemoryObjectReceiveStream[Request]) -> list[Request]:
    """What has arrived: at least one, at most `BATCH`; empty at the end. A source that trickles is not waited for."""
    batch: list[Request] = []
    with suppress(anyio.EndOfStream, anyio.WouldBlock):
        batch.append(await receive.receive())
        while len(batch) < BATCH:
            batch.append(receive.receive_nowait())
    return batch


class SeedRecord(Frozen):
    """The seeds that a database holds already."""

    count: int = 0
    digest: str = ""
    """Of all of them, in their order."""
    is_complete: bool = False
    """Whether their source had ended."""
    first: str = ""
    """The URL of the first one, for people."""


class SeedLedger:
    """Compares the seeds of a crawl that goes on with those it began with.

    Seeds may be a generator, so all that can be asked is that the same come again in the same order; nothing may be
    leased before that is known.
    """

    def __init__(self, stored: SeedRecord) -> None:
        self._stored = stored
        self._hash = hashlib.blake2b(digest_size=16)
        self._count = 0
        self._first = ""

    @property
    def is_verified(self) -> bool:
        """Whether all seeds of the database have come again."""
        return self._count >= self._stored.count

    @property
    def record(self) -> SeedRecord:
        """What has come so far."""
        return SeedRecord(count=self._count, digest=self._hash.hexdigest(), first=self._first)

    def take(self, requests: Iterable[Request]) -> list[Request]:
        """Those of the next seeds that the database does not hold.

        Raises:
            ConfigError: the database is of another seed set.
        """
        new: list[Request] = []
        for request in requests:
            if self._stored.is_complete and self._count == self._stored.count:
                raise self._refusal(f"and this one has more, {without_credentials(request.url)} after them")
            text = f"{request.url}\0{overrides_of(request) or ''}\0"
            self._hash.update(text.encode("utf-8", "surrogatepass"))
            self._first = self._first or without_credentials(request.url)
            self._count += 1
            if self._count == self._stored.count and self._hash.hexdigest() != self._stored.digest:
                raise self._refusal("and these are others, or in another order")
            if self._count > self._stored.count:
                new.append(request)
        return new

    def end(self) -> SeedRecord | None:
        """No more come: the record of all of them, where the database has none yet.

        Raises:
            ConfigError: the database is of another seed set.
        """
        if not self.is_verified:
            raise self._refusal(f"and this one has {self._count}")
        return None if self._stored.is_complete else self.record.model_copy(update={"is_complete": True})

    def _refusal(self, difference: str) -> ConfigError:
        stored = self._stored
        return ConfigError(
            f"the state is of a crawl from other seeds: it began with {stored.count} from {stored.first} on,"
            f" {difference} (give the same seeds, or use another state folder)"
        )
