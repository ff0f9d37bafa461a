"""FakeClock: time moves when told to, wakes in order, and jumps when everybody waits."""

from __future__ import annotations

import math
import time
from datetime import timedelta

import anyio
import pytest

from crawl4ai_browser.clock import SYSTEM_CLOCK, Clock
from crawl4ai_browser.testing.fake_clock import START, FakeClock


def as_clock(clock: Clock) -> Clock:
    """The type checkers hold the fake to the protocol here."""
    return clock


async def test_time_stands_still_until_it_is_advanced() -> None:
    clock = FakeClock()
    assert (clock.monotonic(), clock.now()) == (0.0, START)
    await clock.advance(90)
    assert (as_clock(clock).monotonic(), clock.now()) == (90.0, START + timedelta(seconds=90))


async def test_a_sleeper_wakes_at_its_time_and_not_before() -> None:
    clock = FakeClock()
    woken: list[float] = []

    async def sleep() -> None:
        await clock.sleep(10)
        woken.append(clock.monotonic())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(sleep)
        await clock.advance(9.75)
        assert woken == []
        assert repr(clock) == "<FakeClock 9.750 s, 1 asleep>"
        await clock.advance(0.25)
        assert woken == [10.0]


async def test_one_advance_wakes_a_task_each_time_it_sleeps_again() -> None:
    clock = FakeClock()
    ticks: list[float] = []

    async def tick() -> None:
        while True:
            await clock.sleep(1)
            ticks.append(clock.monotonic())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(tick)
        await clock.advance(3.5)
        tasks.cancel_scope.cancel()
    assert ticks == [1.0, 2.0, 3.0]


async def test_sleepers_of_one_moment_wake_in_the_order_in_which_they_fell_asleep() -> None:
    clock = FakeClock()
    woken: list[str] = []

    async def sleep(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append(name)

    async with clock.jumping(), anyio.create_task_group() as tasks:
        for name, seconds in [("late", 2.0), ("first", 1.0), ("second", 1.0), ("third", 1.0)]:
            tasks.start_soon(sleep, name, seconds)
    assert woken == ["first", "second", "third", "late"]


async def test_jumping_makes_a_day_pass_at_once() -> None:
    clock = FakeClock()
    begun = SYSTEM_CLOCK.monotonic()
    async with clock.jumping():
        for _ in range(100):
            await clock.sleep(864)
    assert clock.monotonic() == 86_400
    assert SYSTEM_CLOCK.monotonic() - begun < 5


async def test_jumping_waits_until_every_task_waits() -> None:
    clock = FakeClock()
    order: list[str] = []

    async def work() -> None:
        for _ in range(50):
            await anyio.lowlevel.checkpoint()
        order.append(f"worked at {clock.monotonic()}")

    async def sleep() -> None:
        await clock.sleep(1)
        order.append(f"woke at {clock.monotonic()}")

    async with clock.jumping(), anyio.create_task_group() as tasks:
        tasks.start_soon(sleep)
        tasks.start_soon(work)
    assert order == ["worked at 0.0", "woke at 1.0"]


async def test_jumping_with_idle_lets_a_thread_come_to_its_end_first() -> None:
    clock = FakeClock()
    order: list[str] = []

    async def ask_a_thread() -> None:
        for _ in range(5):
            await anyio.to_thread.run_sync(SYSTEM_CLOCK.monotonic)
            clock.monotonic()
        order.append("thread")

    async def sleep() -> None:
        await clock.sleep(1)
        order.append("sleeper")

    async with clock.jumping(idle=0.25), anyio.create_task_group() as tasks:
        tasks.start_soon(sleep)
        tasks.start_soon(ask_a_thread)
    assert order == ["thread", "sleeper"]


async def test_time_does_not_jump_while_outside_work_is_under_way() -> None:
    clock = FakeClock()
    order: list[str] = []
    is_busy = True

    async def ask_a_thread() -> None:
        nonlocal is_busy
        await anyio.to_thread.run_sync(time.sleep, 0.05)
        order.append("thread")
        is_busy = False

    async def sleep() -> None:
        await clock.sleep(1)
        order.append("sleeper")

    async with clock.jumping(is_busy=lambda: is_busy), anyio.create_task_group() as tasks:
        tasks.start_soon(sleep)
        tasks.start_soon(ask_a_thread)
    assert order == ["thread", "sleeper"]


async def test_time_does_not_jump_any_more_once_jumping_has_ended() -> None:
    clock = FakeClock()
    async with clock.jumping():
        await clock.sleep(1)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(clock.sleep, 1)
        await anyio.wait_all_tasks_blocked()
        assert clock.monotonic() == 1.0
        await clock.advance(1)


async def test_an_exception_leaves_jumping_as_it_was_raised() -> None:
    clock = FakeClock()
    with pytest.raises(KeyError, match="mine"):
        async with clock.jumping():
            raise KeyError("mine")


async def test_jumping_can_be_cancelled_from_outside() -> None:
    clock = FakeClock()
    async with anyio.create_task_group() as tasks:

        async def wait_for_ever() -> None:
            async with clock.jumping():
                await anyio.sleep_forever()

        tasks.start_soon(wait_for_ever)
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    assert clock.sleeper_count == 0


async def test_a_cancelled_sleeper_is_forgotten() -> None:
    clock = FakeClock()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(clock.sleep, 5)
        await anyio.wait_all_tasks_blocked()
        assert (clock.sleeper_count, clock.next_due) == (1, 5.0)
        tasks.cancel_scope.cancel()
    assert (clock.sleeper_count, clock.next_due) == (0, math.inf)


@pytest.mark.parametrize("seconds", [0.0, -1.0])
async def test_sleeping_for_nothing_returns_without_time_passing(seconds: float) -> None:
    clock = FakeClock()
    await clock.sleep(seconds)
    assert clock.monotonic() == 0.0


async def test_sleeping_for_ever_is_never_woken_by_a_jump() -> None:
    clock = FakeClock()
    async with clock.jumping(), anyio.create_task_group() as tasks:
        tasks.start_soon(clock.sleep, math.inf)
        await clock.sleep(10)
        tasks.cancel_scope.cancel()
    assert clock.monotonic() == 10.0
