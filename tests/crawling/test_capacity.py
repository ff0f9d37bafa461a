"""How many pages may be open: decided from made-up loads, and done to a real pool."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import product

import anyio
import pytest

from crawl4ai_browser.browser.pool import BrowserPool
from crawl4ai_browser.browser.retirement import reason_to_retire
from crawl4ai_browser.config import BrowserConfig, CapacityConfig, CrawlConfig
from crawl4ai_browser.crawling.capacity import Change, Load, decide
from crawl4ai_browser.crawling.capacity_keeper import INTERVAL, CapacityKeeper, machine_memory
from crawl4ai_browser.events import BrowserRetired, CapacityChanged, Event, Observers
from crawl4ai_browser.proxy_status import ProxyErrand
from crawl4ai_browser.testing.fake_clock import FakeClock

MB = 2**20
CONFIG = CapacityConfig(max_pages=8, memory_reserve=0.1)
CALM = Load(pages=8, used=8, memory=4000 * MB, available=2000 * MB, browsers=800 * MB, lateness=0.0)


def pages(load: Load, config: CapacityConfig = CONFIG) -> int:
    change = decide(load, config)
    return load.pages if change is None else change.pages


def test_with_enough_of_everything_nothing_changes() -> None:
    assert decide(CALM, CONFIG) is None


@pytest.mark.parametrize(("available", "expected"), [(400, 8), (399, 7), (250, 6), (50, 4), (0, 4)])
def test_as_many_pages_go_as_the_reserve_lacks(available: int, expected: int) -> None:
    """Ten per cent of 4000 MB are kept, and a page takes 100 MB."""
    assert pages(replace(CALM, available=available * MB)) == expected


def test_what_is_open_counts_and_not_what_might_be() -> None:
    load = replace(CALM, used=3, available=350 * MB, browsers=300 * MB)
    assert decide(load, CONFIG) == Change(2, "350 of 4,000 MB of memory are left")


def test_one_page_always_stays() -> None:
    assert pages(replace(CALM, pages=1, used=1, available=0)) == 1
    assert pages(replace(CALM, used=2, available=0)) == 1


def test_a_late_event_loop_costs_a_quarter_of_the_pages() -> None:
    assert decide(replace(CALM, lateness=0.8), CONFIG) == Change(6, "the event loop is late by 0.8 s")
    assert pages(replace(CALM, pages=2, used=2, lateness=9.0)) == 1
    assert pages(replace(CALM, lateness=0.4)) == 8


def test_pages_come_back_one_by_one_where_they_are_wanted_and_there_is_room() -> None:
    shrunk = replace(CALM, pages=4, used=4, browsers=400 * MB)
    assert pages(shrunk) == 5
    assert pages(replace(shrunk, used=3)) == 4, "nobody waits"
    assert pages(replace(shrunk, available=590 * MB)) == 4, "less than two pages' worth beside the reserve"
    assert pages(replace(shrunk, lateness=0.2)) == 4


def test_it_neither_swings_nor_sticks() -> None:
    """A machine on which six of eight pages fit: it comes to rest there."""
    load = CALM
    seen: list[int] = []
    for _ in range(40):
        available = (400 + 650 - load.pages * 100) * MB
        load = replace(load, used=load.pages, available=available, browsers=load.pages * 100 * MB)
        load = replace(load, pages=pages(load))
        seen.append(load.pages)
    assert seen == [6] * 40


def test_a_decision_is_for_any_load_within_its_bounds() -> None:
    for available, now, used, lateness in product(range(0, 4000, 37), range(1, 9), range(9), (0.0, 0.3, 2.0)):
        load = Load(now, min(now, used), 4000 * MB, available * MB, used * 90 * MB, lateness)
        assert 1 <= pages(load) <= CONFIG.max_pages


def test_the_machine_says_how_much_memory_it_has() -> None:
    memory, available = machine_memory()
    assert 0 < available <= memory


@dataclass
class Served:
    visits: int = 100
    launched_at: float = 0.0
    memory_bytes: int = 0


@pytest.mark.parametrize(
    ("browser", "config", "reason"),
    [
        (Served(), BrowserConfig(), None),
        (Served(visits=100), BrowserConfig(max_pages=100), "100 visits"),
        (Served(), BrowserConfig(max_age=50.0), "60 s old"),
        (Served(), BrowserConfig(max_age=61.0), None),
        (Served(memory_bytes=5000 * MB), BrowserConfig(), "5,000 MB of memory after 100 visits"),
        (Served(memory_bytes=5000 * MB, visits=10), BrowserConfig(), None),
        (Served(memory_bytes=5000 * MB), BrowserConfig(max_memory_bytes=None), None),
    ],
)
def test_why_a_browser_is_replaced(browser: Served, config: BrowserConfig, reason: str | None) -> None:
    assert reason_to_retire(browser, config, 60.0) == reason


class Setting:
    """A pool with a real browser, on a machine with as much memory as we say."""

    def __init__(self, config: CrawlConfig) -> None:
        self.events: list[Event] = []
        self.pool = BrowserPool(config, Observers((self.events.append,)))
        self.available = 2000 * MB
        self.clock = FakeClock()
        self.keeper = CapacityKeeper(
            self.pool, config.capacity, clock=self.clock, measure=lambda: (4000 * MB, self.available)
        )

    @property
    def changes(self) -> list[tuple[int, int]]:
        return [(event.before, event.pages) for event in self.events if isinstance(event, CapacityChanged)]


@pytest.fixture
async def setting(browser_config: CrawlConfig) -> AsyncGenerator[Setting]:
    capacity = browser_config.capacity.model_copy(update={"max_pages": 3})
    made = Setting(browser_config.model_copy(update={"capacity": capacity}))
    async with made.pool:
        yield made


@asynccontextmanager
async def held(pool: BrowserPool, count: int) -> AsyncGenerator[None]:
    """So many pages in use, each by a task of its own."""
    done = anyio.Event()
    opened = 0

    async def hold(number: int) -> None:
        nonlocal opened
        async with pool.page(ProxyErrand(host="https://example.com", session=None, key=str(number))):
            opened += 1
            await done.wait()

    async with anyio.create_task_group() as tasks:
        for number in range(count):
            tasks.start_soon(hold, number)
        while opened < count:  # noqa: ASYNC110 - browsers take their own time
            await anyio.sleep(0.01)
        yield
        done.set()


async def test_a_pool_gives_out_fewer_pages_while_memory_is_short_and_all_again_later(setting: Setting) -> None:
    pool = setting.pool
    async with held(pool, 3):
        setting.available = 380 * MB
        await setting.keeper.look()
        assert all(browser.memory_bytes > 20 * MB for browser in pool.browsers), "a browser takes more than that"
        assert repr(pool) == "<BrowserPool 1 browsers, 3/2 pages, 0 waiting>", "nothing under way is stopped"
    setting.available = 3000 * MB
    await setting.keeper.look()
    assert setting.changes == [(3, 2)], "nobody wants more"
    async with held(pool, 2):
        await setting.keeper.look()
    assert setting.changes == [(3, 2), (2, 3)]
    reasons = [event.reason for event in setting.events if isinstance(event, CapacityChanged)]
    assert reasons == ["380 of 4,000 MB of memory are left", "3,000 of 4,000 MB of memory are left"]


async def test_a_browser_that_is_too_old_is_replaced_when_it_is_looked_at(browser_config: CrawlConfig) -> None:
    browser = browser_config.browser.model_copy(update={"max_age": 1e-6})
    setting = Setting(browser_config.model_copy(update={"browser": browser}))
    async with setting.pool as pool:
        async with pool.page(ProxyErrand(host="https://example.com", session=None, key="a")):
            (first,) = pool.browsers
            await setting.keeper.look()
            assert first in pool.browsers, "it is still in use"
            assert not first.is_usable
        assert first not in pool.browsers
        while any(process.is_running() for process in first.processes):  # noqa: ASYNC110 - the processes end in their own time
            await anyio.sleep(0.05)
    retired = [event for event in setting.events if isinstance(event, BrowserRetired)]
    assert len(retired) == 1
    assert retired[0].reason.endswith(" s old")


async def test_it_looks_at_intervals_and_leaves_a_pool_without_browsers_alone(browser_config: CrawlConfig) -> None:
    setting = Setting(browser_config)
    setting.available = 0
    async with setting.pool, anyio.create_task_group() as tasks:
        tasks.start_soon(setting.keeper.run)
        await setting.clock.advance(INTERVAL * 5)
        tasks.cancel_scope.cancel()
    assert setting.changes == []
