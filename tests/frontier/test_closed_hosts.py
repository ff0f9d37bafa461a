"""Hosts that may not be visited now do not hold up others, and cost nothing."""

from __future__ import annotations

import math

from tests.frontier.small_crawl import opened, requests, url

OTHER = "https://b.example"


async def test_a_closed_host_does_not_hold_up_others() -> None:
    async with opened(seeds=[*requests(*range(2000)), *requests("x", "y", site=OTHER)]) as crawl:
        asked: list[str] = []

        def opens_at(host: str) -> float:
            asked.append(host)
            return 50.0 if host == "https://a.example" else 0.0

        assert await crawl.visit_all(opens_at) == [f"{OTHER}/x", f"{OTHER}/y"]
        assert asked.count("https://a.example") == 1, "a parked host is not asked about again"
        assert crawl.frontier.wakes_at == 50.0
        assert not crawl.frontier.is_finished
        async with crawl.clock.jumping():
            await crawl.clock.sleep(50)
        assert (await crawl.lease(opens_at=lambda _: 50.0)).request.url == url(0)


async def test_a_full_host_is_served_again_when_one_of_its_visits_has_ended() -> None:
    async with opened(seeds=requests("1", "2", "3")) as crawl:
        visiting = 0

        def opens_at(_: str) -> float:
            return math.inf if visiting else 0.0

        first = await crawl.lease(opens_at)
        visiting = 1
        assert await crawl.frontier.lease(opens_at) is None
        assert crawl.frontier.wakes_at == math.inf
        visiting = 0  # the visit ended, its result is not read yet
        second = await crawl.lease(opens_at)
        visiting = 1
        assert await crawl.frontier.lease(opens_at) is None
        await crawl.frontier.complete(first, ())
        await crawl.frontier.complete(second, ())
        assert (await crawl.lease()).request.url == url("3")


async def test_a_host_that_is_full_of_others_visits_is_looked_at_again_soon() -> None:
    async with opened() as crawl:
        assert await crawl.frontier.lease(lambda _: math.inf) is None
        assert crawl.frontier.wakes_at == 1.0
