from __future__ import annotations

import anyio
import pytest

from crawl4ai_browser.browser.sessions.entry import SessionEntry, reached_limit
from crawl4ai_browser.config import SessionLimits
from crawl4ai_browser.errors import SessionEnded
from crawl4ai_browser.testing.fake_clock import FakeClock


@pytest.mark.parametrize(
    ("limits", "age", "idle", "visits", "reason"),
    [
        (SessionLimits(), 1e9, 1e9, 10**9, None),
        (SessionLimits(max_pages=3), 0, 0, 2, None),
        (SessionLimits(max_pages=3), 0, 0, 3, "it has visited its 3 pages"),
        (SessionLimits(max_age=60), 59, 0, 0, None),
        (SessionLimits(max_age=60), 60, 0, 0, "it is 60 s old"),
        (SessionLimits(max_idle=5), 100, 4, 0, None),
        (SessionLimits(max_idle=5), 100, 5, 0, "it was not used for 5 s"),
    ],
)
def test_limits_end_a_session_when_they_are_reached(
    limits: SessionLimits, age: float, idle: float, visits: int, reason: str | None
) -> None:
    assert reached_limit(limits, age=age, idle=idle, visits=visits) == reason


def entry_of(clock: FakeClock, limits: SessionLimits) -> SessionEntry:
    def nothing_to_start(function: object) -> None:
        raise AssertionError(function)

    return SessionEntry("ann", clock, start=nothing_to_start, limits=limits)


async def visit(entry: SessionEntry) -> None:
    async with entry.visit():
        pass


async def test_the_page_after_the_last_is_refused() -> None:
    entry = entry_of(FakeClock(), SessionLimits(max_pages=2))
    await visit(entry)
    await visit(entry)
    with pytest.raises(SessionEnded, match="session 'ann' has ended: it has visited its 2 pages"):
        await visit(entry)


async def test_no_more_pages_at_once_than_allowed() -> None:
    entry = entry_of(FakeClock(), SessionLimits(max_pages_at_once=2))
    inside = most = 0
    leave = anyio.Event()

    async def stay() -> None:
        nonlocal inside, most
        async with entry.visit():
            inside += 1
            most = max(most, inside)
            await leave.wait()
            inside -= 1

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(stay)
        await anyio.wait_all_tasks_blocked()
        assert inside == 2
        leave.set()
    assert most == 2


async def test_a_session_in_use_is_not_idle() -> None:
    clock = FakeClock()
    entry = entry_of(clock, SessionLimits(max_idle=10))
    async with entry.visit():
        await clock.advance(100)
        entry.check_open()
    await clock.advance(9)
    await visit(entry)
    await clock.advance(10)
    with pytest.raises(SessionEnded, match="it was not used for 10 s"):
        entry.check_open()


async def test_the_watch_ends_an_idle_session_that_nobody_asks_for() -> None:
    clock = FakeClock()
    entry = entry_of(clock, SessionLimits(max_idle=10, max_age=60))
    ended: list[str] = []
    entry.on_end = lambda: ended.append("ended")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(entry.watch_limits)
        await clock.advance(8)
        await visit(entry)
        await clock.advance(8)
        assert entry.is_open
        await clock.advance(3)
        assert not entry.is_open
    assert ended == ["ended"]


async def test_visits_inside_go_on_when_the_session_ends() -> None:
    clock = FakeClock()
    entry = entry_of(clock, SessionLimits(max_age=10))
    is_empty = anyio.Event()

    async def watch() -> None:
        await entry.emptied()
        is_empty.set()

    async with anyio.create_task_group() as tasks, entry.visit():
        await clock.advance(10)
        with pytest.raises(SessionEnded, match="it is 10 s old"):
            entry.check_open()
        tasks.start_soon(watch)
        await anyio.wait_all_tasks_blocked()
        assert not is_empty.is_set()
    assert is_empty.is_set()
