"""Limits hold exactly, whatever is done."""

from __future__ import annotations

import math
from pathlib import Path

from crawl4ai_browser.frontier.order import depth_first
from crawl4ai_browser.frontier.scope import Scope, TrapLimits
from tests.frontier.small_crawl import links, open_now, opened, requests, url

OTHER = "https://b.example"


async def test_the_page_budget_is_never_exceeded_and_counts_failures_but_not_skips() -> None:
    async with opened(seeds=requests(*range(9)), scope=Scope(max_pages=3)) as crawl:
        first, second, third = [await crawl.lease() for _ in range(3)]
        assert await crawl.frontier.lease(open_now) is None
        assert crawl.frontier.wakes_at == math.inf
        await crawl.frontier.skip(first)
        fourth = await crawl.lease()
        assert await crawl.frontier.lease(open_now) is None
        await crawl.frontier.complete(second, (), failed=True)
        await crawl.retry(third)
        fifth = await crawl.lease()
        assert await crawl.frontier.lease(open_now) is None
        await crawl.frontier.complete(fourth, ())
        is_finished = [crawl.frontier.is_finished]
        await crawl.frontier.complete(fifth, ())
        is_finished.append(crawl.frontier.is_finished)
        assert is_finished == [False, True]
        counts = crawl.frontier.counts
        assert (counts.done, counts.failed, counts.skipped, counts.queued) == (2, 1, 1, 5)


async def test_nothing_beyond_the_greatest_depth_is_queued() -> None:
    async with opened(scope=Scope(max_depth=1)) as crawl:
        await crawl.visit("1", "2")
        await crawl.visit("11", "12", "13")
        assert await crawl.visit_all() == ["2"]
        assert crawl.frontier.counts.refused == 3
        assert crawl.refused == [], "the links of the deepest pages are counted, not told one by one"


async def test_a_shorter_path_to_a_queued_url_counts() -> None:
    async with opened(seeds=requests("long", "short"), order=depth_first(), scope=Scope(max_depth=2)) as crawl:
        await crawl.visit("1")
        await crawl.visit("goal")
        goal = await crawl.lease()
        assert (goal.request.url, goal.depth) == (url("goal"), 2)
        await crawl.visit("goal")
        # It was leased when the link from "short" was found, yet its links are one hop nearer now.
        assert await crawl.frontier.complete(goal, links("beyond")) == 1
        assert (await crawl.lease()).depth == 2


async def test_a_shorter_path_counts_after_a_stop(file: Path) -> None:
    seeds, scope = requests("long", "short"), Scope(max_depth=2)
    async with opened(file, seeds=seeds, order=depth_first(), scope=scope) as crawl:
        await crawl.visit("1")
        await crawl.visit("goal")
    async with opened(file, seeds=seeds, order=depth_first(), scope=scope) as crawl:
        goal = await crawl.lease()
        assert (goal.request.url, goal.depth) == (url("goal"), 2)
        await crawl.visit("goal")
    async with opened(file, seeds=seeds, order=depth_first(), scope=scope) as crawl:
        goal = await crawl.lease()
        assert (goal.request.url, goal.depth) == (url("goal"), 1)
        assert await crawl.frontier.complete(goal, links("beyond")) == 1
        assert await crawl.visit_all() == ["beyond"]


async def test_a_host_has_its_quota_of_pages() -> None:
    scope = Scope(same="any", traps=TrapLimits(max_pages_per_host=3))
    async with opened(scope=scope) as crawl:
        found = [*links(*range(1, 10)), *links("x", site=OTHER)]
        assert await crawl.frontier.complete(await crawl.lease(), found) == 3
        assert len(crawl.refused) == 7
        assert crawl.refused[0] == (url(3), "max_pages_per_host: 3 of https://a.example are known")


async def test_a_calendar_is_left_after_its_quota_of_months() -> None:
    scope = Scope(traps=TrapLimits(max_query_variants=5))
    async with opened(scope=scope) as crawl:
        await crawl.visit("calendar?month=0", "about")
        month = 0
        while (lease := await crawl.frontier.lease(open_now)) is not None:
            month += 1
            found = links(f"calendar?month={month}") if "calendar" in lease.request.url else links("about?lang=de")
            await crawl.frontier.complete(lease, found)
        assert crawl.frontier.counts.done == 1 + 5 + 1 + 1
        assert crawl.refused[-1][1] == "max_query_variants: 5 of /calendar are known"
