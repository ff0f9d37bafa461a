"""Who may take a page, and who waits for one."""

from __future__ import annotations

import math

import anyio
from anyio.abc import TaskGroup

from crawl4ai_browser.crawling.page_turns import LATE_AFTER, PageTurn, PageTurns
from crawl4ai_browser.testing.fake_clock import FakeClock


class Turns:
    """Some turns, with a limit that can be changed, and how often there was news."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.news = 0
        self.clock = FakeClock()
        self.turns = PageTurns(lambda: self.limit, changed=self._changed, clock=self.clock)
        self.closed: dict[str, float] = {}

    def _changed(self) -> None:
        self.news += 1

    def grant(self, *, among: str | None = None) -> bool:
        numbers = None if among is None else [ord(host) for host in among]
        return self.turns.grant_next(lambda host, _: host not in self.closed, among=numbers)


async def waiting(turns: PageTurns, host: str, tasks: TaskGroup) -> PageTurn:
    turn = turns.begin(host, ord(host), is_granted=False)
    tasks.start_soon(turn.wait)
    await anyio.wait_all_tasks_blocked()
    return turn


async def test_a_page_that_is_kept_for_a_visit_is_not_free() -> None:
    some = Turns(2)
    turn = some.turns.begin("a", 1, is_granted=True)
    await turn.wait()
    assert (some.turns.free, some.turns.ahead) == (1, 0)
    turn.end()
    assert (some.turns.free, some.news) == (2, 1)
    turn.end()
    assert some.turns.free == 2, "an end counts once"


async def test_who_waits_longest_is_next_if_its_host_is_open() -> None:
    some = Turns(1)
    async with anyio.create_task_group() as tasks:
        first, second = [await waiting(some.turns, host, tasks) for host in ("a", "b")]
        some.closed = {"a": 5.0}
        assert some.turns.opens_at(lambda host, _: some.closed.get(host, 3.0)) == 3.0
        assert some.grant()
        await anyio.wait_all_tasks_blocked()
        assert second.granted.is_set()
        assert not first.granted.is_set()
        assert not some.grant()
        some.closed.clear()
        second.end()
        assert some.grant()
        assert first.granted.is_set()
    assert some.turns.opens_at(lambda _host, _in_flight: 0.0) == math.inf


async def test_a_page_goes_to_who_waits_for_its_own_site() -> None:
    some = Turns(2)
    async with anyio.create_task_group() as tasks:
        turns = [await waiting(some.turns, host, tasks) for host in "abcb"]
        assert some.grant(among="xb")
        assert [turn.granted.is_set() for turn in turns] == [False, True, False, False]
        assert not some.grant(among="x")
        tasks.cancel_scope.cancel()


async def test_whoever_gives_up_before_a_page_came_leaves_nothing_behind() -> None:
    some = Turns(1)
    preparing = some.turns.begin("a", 1, is_granted=False)
    async with anyio.create_task_group() as tasks:
        queued = await waiting(some.turns, "b", tasks)
        assert some.turns.ahead == 2
        tasks.cancel_scope.cancel()
        preparing.end()
        queued.end()
    assert (some.turns.free, some.turns.ahead) == (1, 0)
    assert not some.grant()


async def test_fewer_pages_than_are_in_use_are_none() -> None:
    some = Turns(2)
    turns = [some.turns.begin("a", 1, is_granted=True) for _ in range(2)]
    some.limit = 1
    assert some.turns.free == 0
    turns[0].end()
    assert some.turns.free == 0
    turns[1].end()
    assert some.turns.free == 1


async def test_whoever_prepares_for_long_is_late_until_a_page_would_do() -> None:
    some = Turns(1)
    turns = some.turns
    slow = turns.begin("a", 1, is_granted=False)
    assert (turns.late, turns.next_late_at) == (0, some.clock.monotonic() + LATE_AFTER)
    await some.clock.advance(LATE_AFTER)
    assert (turns.late, turns.next_late_at) == (1, math.inf)
    other = turns.begin("b", 2, is_granted=False)
    assert (turns.late, turns.next_late_at) == (1, some.clock.monotonic() + LATE_AFTER)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(slow.wait)
        await anyio.wait_all_tasks_blocked()
        await some.clock.advance(LATE_AFTER)
        assert (turns.late, turns.ahead) == (1, 2), "the other one"
        tasks.cancel_scope.cancel()
    slow.end()
    other.end()
    assert (turns.late, turns.ahead, turns.next_late_at) == (0, 0, math.inf)
