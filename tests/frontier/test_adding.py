"""Seeds that come while others are visited already."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import anyio
import pytest

from crawl4ai_browser.frontier.scope import Scope
from crawl4ai_browser.request import Request
from tests.frontier.small_crawl import open_now, opened, requests, url

OTHER = "https://b.example"


async def test_leasing_goes_on_while_seeds_come() -> None:
    may_go_on = anyio.Event()
    woken: list[bool] = []

    async def source() -> AsyncGenerator[Request]:
        yield Request(url=url("early"))
        await may_go_on.wait()
        yield Request(url=url("late"))

    async with opened(seeds="none yet") as crawl, anyio.create_task_group() as tasks:
        crawl.frontier.call_when_queued(lambda: woken.append(True))
        tasks.start_soon(crawl.frontier.add_seeds, source())
        while not woken:
            await anyio.lowlevel.checkpoint()
        assert await crawl.visit_all() == ["early"]
        assert not crawl.frontier.is_finished, "more may come"
        may_go_on.set()
        while crawl.frontier.counts.discovered < 2:
            await anyio.lowlevel.checkpoint()
        assert await crawl.visit_all() == ["late"]
        tasks.cancel_scope.cancel()


async def test_an_endless_source_ends_with_the_page_budget() -> None:
    def source() -> Iterator[Request]:
        number = 0
        while True:
            yield Request(url=url(number))
            number += 1

    async with opened(seeds="none yet", scope=Scope(max_pages=2)) as crawl, anyio.create_task_group() as tasks:
        tasks.start_soon(crawl.frontier.add_seeds, source())
        while (await crawl.frontier.lease(open_now)) is None:
            await anyio.lowlevel.checkpoint()
        second = await crawl.lease()
        assert not crawl.frontier.is_finished
        await crawl.frontier.complete(second, ())
        tasks.cancel_scope.cancel()


async def test_what_a_source_raises_is_raised_to_who_adds_it() -> None:
    def source() -> Iterator[Request]:
        yield Request(url=url("good"))
        raise LookupError("the list is gone")

    async with opened(seeds="none yet") as crawl:
        with pytest.raises(LookupError, match="the list is gone"):
            await crawl.frontier.add_seeds(source())


async def test_seeds_that_are_not_crawled_are_told() -> None:
    seeds = [Request(url="file:///etc/passwd"), Request(url="ftp://a.example/"), *requests("good")]
    async with opened(seeds=seeds) as crawl:
        assert crawl.refused == [
            ("file:///etc/passwd", "allow_files: file: URLs are not allowed"),
            ("ftp://a.example/", "scheme: only http: and https: are visited, not ftp:"),
        ]
        assert await crawl.visit_all() == ["good"]
    async with opened(seeds=seeds[:1], allow_files=True) as crawl:
        lease = await crawl.lease()
        assert (lease.request.url, lease.host) == ("file:///etc/passwd", "file://")


async def test_a_link_found_first_becomes_a_seed_when_it_is_given_as_one() -> None:
    async with opened(scope=Scope(same="any")) as crawl:
        await crawl.visit("x", site=OTHER)
        seed = Request(url=f"{OTHER}/x", priority=3, metadata={"row": 1})
        await crawl.frontier.add_seeds([seed])
        lease = await crawl.lease()
        assert (lease.request, lease.depth, lease.parent) == (seed, 0, None)


async def test_no_more_seeds_are_taken_while_too_much_is_queued(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawl4ai_browser.frontier.seeds.MAX_QUEUED", 300)
    taken = 0

    def source() -> Iterator[Request]:
        nonlocal taken
        for request in requests(*range(5000)):
            taken += 1
            yield request

    async with opened(seeds="none yet") as crawl, anyio.create_task_group() as tasks:
        tasks.start_soon(crawl.frontier.add_seeds, source())
        visited = 0
        while visited < 5000:
            await anyio.wait_all_tasks_blocked()
            assert crawl.frontier.counts.queued <= 300 + 256
            assert taken <= visited + 300 + 3 * 256
            visited += len(await crawl.visit_all())


async def test_all_who_add_seeds_go_on_when_there_is_room_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawl4ai_browser.frontier.seeds.MAX_QUEUED", 300)
    with anyio.fail_after(30):
        async with opened(seeds="none yet") as crawl, anyio.create_task_group() as tasks:
            for part in range(3):
                tasks.start_soon(crawl.frontier.add_seeds, requests(*range(part * 1000, part * 1000 + 1000)))
            visited = 0
            while visited < 3000:
                await anyio.wait_all_tasks_blocked()
                visited += len(await crawl.visit_all())


async def test_a_crawl_that_goes_on_with_too_much_queued_compares_its_seeds_all_the_same(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(file, seeds=requests(*range(600))):
        pass
    monkeypatch.setattr("crawl4ai_browser.frontier.seeds.MAX_QUEUED", 300)
    async with opened(file, seeds=requests(*range(600))) as crawl:
        assert len(await crawl.visit_all()) == 600
