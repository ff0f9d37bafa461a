"""Many tasks lease at once: each request goes to one of them."""

from __future__ import annotations

import random
from collections import Counter

import anyio
import pytest
from anyio.lowlevel import checkpoint

from crawl4ai_browser.frontier.schedule import FETCHED, Schedule
from crawl4ai_browser.storage.request_rows import QueuedRow, Rank, Tally
from tests.frontier.small_crawl import Crawl, links, opened, requests, url

HOST = 1
TASKS = 8


def rows(*ids: int) -> list[QueuedRow]:
    return [
        QueuedRow(
            id=number,
            host=HOST,
            rank=Rank(0.0, float(number)),
            depth=0,
            parent_url=None,
            attempts=0,
            browser_deaths=0,
            url=url(number),
            overrides=None,
            attempt_records=None,
        )
        for number in ids
    ]


@pytest.fixture
def schedule() -> Schedule:
    schedule = Schedule(Tally(discovered=40, done=0, failed=0, skipped=0), refused=0, max_pages=None)
    schedule.add_host("https://a.example")
    schedule.offer(HOST, (0.0, 1.0))
    return schedule


def taken(schedule: Schedule, count: int) -> list[int]:
    leased = [schedule.take(HOST) for _ in range(count)]
    return [row.id for row in leased if row is not None]


def test_an_answer_from_before_the_stock_was_leased_is_not_taken(schedule: Schedule) -> None:
    first, second = schedule.to_fetch(HOST), schedule.to_fetch(HOST)
    answer = rows(*range(1, FETCHED + 1))
    schedule.fetched([(HOST, answer)], first)
    assert taken(schedule, FETCHED) == list(range(1, FETCHED + 1))
    third = schedule.to_fetch(HOST)
    schedule.fetched([(HOST, answer)], second)
    assert schedule.take(HOST) is None
    assert third.hosts == [(HOST, frozenset(range(1, FETCHED + 1)))]
    schedule.fetched([(HOST, rows(17, 18))], third)
    assert taken(schedule, 3) == [17, 18]


def test_an_answer_from_before_a_lease_was_given_back_is_not_taken(schedule: Schedule) -> None:
    schedule.fetched([(HOST, rows(1))], schedule.to_fetch(HOST))
    assert taken(schedule, 1) == [1]
    schedule.offer(HOST, (0.0, 2.0))
    early = schedule.to_fetch(HOST)
    schedule.give_back(1)
    late = schedule.to_fetch(HOST)
    schedule.fetched([(HOST, rows(2))], early)
    assert schedule.take(HOST) is None
    schedule.fetched([(HOST, rows(1, 2))], late)
    assert taken(schedule, 3) == [1, 2]


def test_the_first_of_several_answers_is_taken(schedule: Schedule) -> None:
    first, second = schedule.to_fetch(HOST), schedule.to_fetch(HOST)
    schedule.fetched([(HOST, rows(1, 2))], first)
    schedule.fetched([(HOST, rows(1, 2))], second)
    assert taken(schedule, 3) == [1, 2]


@pytest.mark.parametrize("seed", range(5))
async def test_no_request_goes_to_two_tasks(seed: int) -> None:
    dice = random.Random(seed)
    sites = [f"https://{letter}.example" for letter in "abcdefgh"[: dice.choice([1, 3, 8])]]
    ended: Counter[str] = Counter()
    async with opened(seeds=[seed for site in sites for seed in requests(0, site=site)]) as crawl:
        async with anyio.create_task_group() as tasks:
            for _ in range(TASKS):
                tasks.start_soon(visit_some, crawl, dice, ended)
        counts = crawl.frontier.counts
        assert (counts.discovered, counts.queued) == (len(sites) * PAGES, 0)
        assert ended == dict.fromkeys((url(page, site) for site in sites for page in range(PAGES)), 1)


PAGES = 200


async def visit_some(crawl: Crawl, dice: random.Random, ended: Counter[str]) -> None:
    frontier = crawl.frontier
    while not frontier.is_finished:
        lease = await frontier.lease(lambda _: 0.0)
        await checkpoint()
        if lease is None:
            continue
        for _ in range(dice.randrange(4)):
            await checkpoint()
        fate = dice.random()
        if fate < 0.05:
            await frontier.release(lease)
        elif fate < 0.15 and lease.attempts < 3:
            await crawl.retry(lease)
        else:
            site, _, page = lease.request.url.rpartition("/")
            found = [number for number in (2 * int(page) + 1, 2 * int(page) + 2) if number < PAGES]
            await frontier.complete(lease, links(*found, site=site))
            ended[lease.request.url] += 1
