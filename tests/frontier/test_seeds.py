"""Batches of a stream of seeds, and the ledger that knows the seeds of a crawl again."""

from __future__ import annotations

from collections.abc import Iterator

import anyio
import pytest

from crawl4ai_browser.config import VisitConfig
from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.frontier.seeds import BATCH, SeedLedger, SeedRecord, next_batch, read
from crawl4ai_browser.request import Request


def seeds(count: int, start: int = 0) -> list[Request]:
    return [Request(url=f"https://a.example/{number}") for number in range(start, start + count)]


def record_of(requests: list[Request], *, is_complete: bool) -> SeedRecord:
    ledger = SeedLedger(SeedRecord())
    ledger.take(requests)
    return ledger.record.model_copy(update={"is_complete": is_complete})


async def test_a_source_is_read_in_batches_and_no_further_than_one_ahead() -> None:
    given = 0

    def source() -> Iterator[Request]:
        nonlocal given
        for request in seeds(10 * BATCH):
            given += 1
            yield request

    send, receive = anyio.create_memory_object_stream[Request](BATCH)
    async with anyio.create_task_group() as tasks, receive:
        tasks.start_soon(read, source(), send)
        for number in range(1, 11):
            assert len(await next_batch(receive)) == BATCH
            await anyio.wait_all_tasks_blocked()
            assert given <= (number + 1) * BATCH + 1
        assert await next_batch(receive) == []


async def test_a_source_that_trickles_is_not_waited_for() -> None:
    send, receive = anyio.create_memory_object_stream[Request](BATCH)
    with send, receive:
        for request in seeds(3):
            await send.send(request)
        assert await next_batch(receive) == seeds(3)


def test_a_new_crawl_takes_every_seed() -> None:
    ledger = SeedLedger(SeedRecord())
    assert ledger.is_verified
    assert ledger.take(seeds(3)) == seeds(3)
    record = ledger.end()
    assert record is not None
    assert (record.count, record.is_complete, record.first) == (3, True, "https://a.example/0")


def test_a_crawl_that_had_all_its_seeds_takes_none_again() -> None:
    ledger = SeedLedger(record_of(seeds(5), is_complete=True))
    assert ledger.take(seeds(4)) == []
    was_verified = ledger.is_verified
    assert ledger.take(seeds(1, start=4)) == []
    assert (was_verified, ledger.is_verified) == (False, True)
    assert ledger.end() is None


def test_a_crawl_stopped_among_its_seeds_takes_the_rest() -> None:
    ledger = SeedLedger(record_of(seeds(2), is_complete=False))
    assert ledger.take(seeds(5)) == seeds(3, start=2)
    record = ledger.end()
    assert record == record_of(seeds(5), is_complete=True)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (seeds(4), r"began with 5 from https://a.example/0 on, and this one has 4"),
        (seeds(6), r"and this one has more, https://a.example/5 after them"),
        (seeds(5, start=1), "others, or in another order"),
        (seeds(5)[::-1], "others, or in another order"),
        ([*seeds(4), Request(url="https://a.example/4", visit=VisitConfig(timeout=5))], "others, or in another order"),
    ],
)
def test_other_seeds_are_refused(given: list[Request], message: str) -> None:
    ledger = SeedLedger(record_of(seeds(5), is_complete=True))

    def go_through() -> None:
        ledger.take(given)
        ledger.end()

    with pytest.raises(ConfigError, match=message):
        go_through()


def test_seeds_are_told_apart_where_their_texts_would_run_together() -> None:
    one = record_of([Request(url="https://a.example/1"), Request(url="https://a.example/23")], is_complete=True)
    other = record_of([Request(url="https://a.example/12"), Request(url="https://a.example/3")], is_complete=True)
    assert one.digest != other.digest
