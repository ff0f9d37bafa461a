"""A crawl that goes on in another process: here, in another opening of its file."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import anyio
import pytest

from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.frontier.order import best_first, depth_first
from crawl4ai_browser.frontier.scope import Scope, TrapLimits
from crawl4ai_browser.request import Request
from tests.frontier.small_crawl import links, open_now, opened, requests, url


def contents(file: Path) -> bytes:
    return file.read_bytes()


async def test_what_was_leased_is_queued_and_what_was_done_stays_done(file: Path) -> None:
    async with opened(file) as crawl:
        await crawl.visit("1", "2", "3")
        await crawl.frontier.complete(await crawl.lease(), (), failed=True)
        await crawl.frontier.skip(await crawl.lease())
        await crawl.lease()
    async with opened(file) as crawl:
        counts = crawl.frontier.counts
        assert (counts.discovered, counts.queued, counts.leased) == (4, 1, 0)
        assert (counts.done, counts.failed, counts.skipped) == (1, 1, 1)
        assert await crawl.visit_all() == ["3"]
        assert crawl.frontier.is_finished


async def test_attempts_and_waits_survive(file: Path) -> None:
    async with opened(file, seeds=requests("1", "2")) as crawl:
        first = await crawl.lease()
        await crawl.retry(first, charged=True, died=True, delay=3600)
    async with opened(file, seeds=requests("1", "2")) as crawl:
        lease = await crawl.lease()
        assert lease.request == first.request, "a wait ends with the process"
        assert (lease.attempts, lease.browser_deaths, len(lease.attempt_records)) == (1, 1, 1)


async def test_requests_come_back_as_they_were(file: Path) -> None:
    seeds = [Request(url=url("a"), session="alice", headers={"X": "y"}, priority=-3, metadata={"n": 1})]
    async with opened(file, seeds=seeds):
        pass
    async with opened(file, seeds=seeds) as crawl:
        assert (await crawl.lease()).request == seeds[0]


async def test_the_page_budget_counts_earlier_runs(file: Path) -> None:
    seeds, scope = requests(*range(9)), Scope(max_pages=5)
    for failed in (False, True):
        async with opened(file, seeds=seeds, scope=scope) as crawl:
            await crawl.frontier.complete(await crawl.lease(), (), failed=failed)
            await crawl.frontier.complete(await crawl.lease(), (), failed=failed)
            await crawl.lease()
    async with opened(file, seeds=seeds, scope=scope) as crawl:
        assert await crawl.visit_all() == ["4"]
        counts = crawl.frontier.counts
        assert (counts.done, counts.failed, counts.queued) == (3, 2, 4)
    async with opened(file, seeds=seeds, scope=Scope(max_pages=7)) as crawl:
        assert len(await crawl.visit_all()) == 2, "a larger budget lets it go on"


async def test_depth_and_quotas_hold_across_a_stop(file: Path) -> None:
    scope = Scope(max_depth=2, traps=TrapLimits(max_pages_per_host=4, max_query_variants=1))
    async with opened(file, scope=scope) as crawl:
        await crawl.visit("list?page=1")
    async with opened(file, scope=scope) as crawl:
        assert await crawl.frontier.complete(await crawl.lease(), links("list?page=2", "2", "3", "4", "5")) == 2
        assert [reason.partition(":")[0] for _, reason in crawl.refused] == [
            "max_query_variants",
            "max_pages_per_host",
            "max_pages_per_host",
        ]
        assert await crawl.visit("deeper") == "2"
        assert await crawl.visit_all() == ["3"]
        assert crawl.frontier.counts.refused == 4
    async with opened(file, scope=scope) as crawl:
        assert crawl.frontier.counts.refused == 4


async def test_the_order_goes_on_where_it_was(file: Path) -> None:
    async with opened(file, order=depth_first()) as crawl:
        await crawl.visit("1", "2")
        await crawl.visit("11", "12")
    async with opened(file, order=depth_first()) as crawl:
        assert await crawl.visit("111") == "11"
        assert await crawl.visit_all() == ["111", "12", "2"]


async def test_hosts_keep_their_numbers(file: Path) -> None:
    sites = [f"https://{letter}.example" for letter in "abcdefgh"]
    seeds = [request for site in sites for request in requests("x", "y", site=site)]
    async with opened(file, seeds=seeds) as crawl:
        await crawl.visit_all(lambda host: 1e9 if host in sites[:4] else 0.0)
    async with opened(file, seeds=seeds) as crawl:
        hosts = [(await crawl.lease()).host for _ in range(8)]
        assert hosts == [*sites[:4], *sites[:4]]


async def test_a_crawl_in_another_order_is_refused_untouched(file: Path) -> None:
    async with opened(file) as crawl:
        await crawl.visit("1")
    before = contents(file)
    with pytest.raises(ConfigError, match="in the order breadth_first, not best_first"):
        async with opened(file, order=best_first(lambda _: 0.0)):
            pass
    assert contents(file) == before


@pytest.mark.parametrize("seeds", [requests("other", 1), requests(0, 1, 2), requests(0), requests(1, 0), []])
async def test_a_crawl_from_other_seeds_is_refused_untouched(file: Path, seeds: list[Request]) -> None:
    async with opened(file, seeds=requests(0, 1)) as crawl:
        await crawl.visit("x")
    before = contents(file)
    with pytest.raises(ConfigError, match=f"other seeds: it began with 2 from {url(0)} on"):
        async with opened(file, seeds=seeds):
            pass
    assert contents(file) == before


async def test_nothing_is_leased_before_the_seeds_are_known_to_be_the_same(file: Path) -> None:
    async with opened(file, seeds=requests(*range(1000))) as crawl:
        await crawl.visit("x")
    may_go_on = anyio.Event()

    async def slow_seeds() -> AsyncGenerator[Request]:
        for request in requests(*range(999)):
            yield request
        await may_go_on.wait()
        yield requests(999)[0]

    async with opened(file, seeds="none yet") as crawl:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(crawl.frontier.add_seeds, slow_seeds())
            for _ in range(20):
                await anyio.wait_all_tasks_blocked()
                assert await crawl.frontier.lease(open_now) is None
            may_go_on.set()
        assert (await crawl.lease()).request.url == url(1)


async def test_a_crawl_stopped_while_its_seeds_came_takes_the_rest(file: Path) -> None:
    def broken(count: int) -> Iterator[Request]:
        yield from requests(*range(count))
        raise LookupError

    with pytest.raises(LookupError):
        async with opened(file, seeds=broken(700)):
            pass
    async with opened(file, seeds=requests(*range(1500))) as crawl:
        assert crawl.frontier.counts.discovered == 1500
        assert await crawl.visit_all() == [str(number) for number in range(1500)]


async def test_seeds_added_later_are_no_part_of_the_seed_set(file: Path) -> None:
    async with opened(file) as crawl:
        await crawl.frontier.add_seeds(requests("later"))
    async with opened(file) as crawl:
        assert crawl.frontier.counts.discovered == 2


async def test_a_wider_scope_holds_for_what_is_found_from_then_on(file: Path) -> None:
    async with opened(file, scope=Scope(exclude=("/2*",))) as crawl:
        await crawl.visit("1", "2")
    async with opened(file) as crawl:
        await crawl.visit("2", "1")
        assert await crawl.visit_all() == ["2"]
