"""A cancelled call loses nothing, and a failing database leaves the counts as they were."""

from __future__ import annotations

import anyio
import pytest

from crawl4ai_browser.errors import StorageError
from crawl4ai_browser.frontier.lease import FrontierCounts
from crawl4ai_browser.storage.database import Connection
from tests.frontier.small_crawl import links, open_now, opened, requests, url


async def test_nothing_is_lost_when_a_lease_is_cancelled_at_any_point() -> None:
    async with opened(seeds=requests(*range(40))) as crawl:
        leased: set[str] = set()

        async def take() -> None:
            lease = await crawl.frontier.lease(open_now)
            if lease is not None:
                leased.add(lease.request.url)

        for _ in range(400):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(take)
                await anyio.lowlevel.checkpoint()
                tasks.cancel_scope.cancel()
        assert leased == {url(number) for number in range(40)}
        assert crawl.frontier.counts.leased == 40


async def test_a_cancelled_completion_is_made_whole() -> None:
    async with opened() as crawl:
        lease = await crawl.lease()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(crawl.frontier.complete, lease, links("1"))
            await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()
        assert crawl.frontier.counts == FrontierCounts(
            discovered=2, queued=1, leased=0, done=1, failed=0, skipped=0, refused=0
        )
        assert await crawl.visit_all() == ["1"]


async def test_a_failure_of_the_database_is_raised_and_changes_no_count() -> None:
    async with opened() as crawl:
        lease = await crawl.lease()
        before = crawl.frontier.counts

        def break_it(connection: Connection) -> None:
            connection.execute("DROP TABLE refusals")
            connection.execute("ALTER TABLE requests RENAME TO gone")

        await crawl.frontier._database.run(break_it)
        with pytest.raises(StorageError, match="no such table"):
            await crawl.frontier.complete(lease, links("1"))
        assert crawl.frontier.counts == before


async def test_a_frontier_prints_its_counts() -> None:
    async with opened(seeds=requests("1", "2", "3")) as crawl:
        await crawl.visit()
        await crawl.lease()
        assert repr(crawl.frontier) == "<Frontier 1 queued, 1 leased, 1 done, 0 failed>"
