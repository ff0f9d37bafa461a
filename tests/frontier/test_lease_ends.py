"""What becomes of a lease: done, failed, skipped, tried again, given back; and only once."""

from __future__ import annotations

import anyio
import pytest

from tests.frontier.small_crawl import failed_attempt, links, open_now, opened, requests, url


async def test_a_retried_request_comes_again_with_its_attempts() -> None:
    async with opened() as crawl:
        await crawl.retry(await crawl.lease(), charged=True)
        await crawl.retry(await crawl.lease(), charged=False, died=True)
        lease = await crawl.lease()
        assert (lease.attempts, lease.browser_deaths) == (1, 1)
        assert lease.attempt_records == (failed_attempt(1), failed_attempt(2))


async def test_a_delayed_request_waits_and_others_do_not() -> None:
    async with opened(seeds=requests("1", "2")) as crawl:
        await crawl.retry(await crawl.lease(), delay=30.0)
        assert await crawl.visit_all() == ["2"]
        assert crawl.frontier.wakes_at == 30.0
        assert crawl.frontier.counts.queued == 1
        async with crawl.clock.jumping():
            await crawl.clock.sleep(29.9)
            assert await crawl.frontier.lease(open_now) is None
            await crawl.clock.sleep(0.1)
        assert await crawl.visit_all() == ["1"]
        assert crawl.frontier.is_finished


async def test_a_released_request_is_leased_again_as_if_it_had_not_been() -> None:
    async with opened(seeds=requests("1", "2")) as crawl:
        lease = await crawl.lease()
        await crawl.frontier.release(lease)
        assert await crawl.lease() == lease


async def test_a_lease_ends_once() -> None:
    async with opened() as crawl:
        lease = await crawl.lease()
        await crawl.frontier.complete(lease, ())
        with pytest.raises(ValueError, match=f"not leased: {url(0)}"):
            await crawl.frontier.complete(lease, links("1"))
        with pytest.raises(ValueError, match="not leased"):
            await crawl.retry(lease)
        with pytest.raises(ValueError, match="not leased"):
            await crawl.frontier.skip(lease)
        with pytest.raises(ValueError, match="not leased"):
            await crawl.frontier.release(lease)
        assert crawl.frontier.counts.discovered == 1


async def test_two_completions_of_one_lease_at_once_count_once() -> None:
    refused: list[ValueError] = []
    async with opened() as crawl:
        lease = await crawl.lease()

        async def complete() -> None:
            try:
                await crawl.frontier.complete(lease, links("1"))
            except ValueError as error:
                refused.append(error)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(complete)
            tasks.start_soon(complete)
        assert len(refused) == 1
        assert crawl.frontier.counts.done == 1
