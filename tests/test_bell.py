"""Bell: nobody who waits is forgotten."""

from __future__ import annotations

import anyio

from crawl4ai_browser.bell import Bell


async def test_it_wakes_all_who_wait() -> None:
    bell = Bell()
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(bell.wait)
            await anyio.wait_all_tasks_blocked()
            assert repr(bell) == "<Bell waited for>"
            bell.ring()
    assert repr(bell) == "<Bell not waited for>"


async def test_who_comes_later_waits_for_the_next_time() -> None:
    bell = Bell()
    bell.ring()
    woken: list[int] = []

    async def wait_twice() -> None:
        for number in range(2):
            await bell.wait()
            woken.append(number)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait_twice)
        for rung in range(2):
            await anyio.wait_all_tasks_blocked()
            assert len(woken) == rung
            bell.ring()
            bell.ring()  # nobody waits any more
    assert woken == [0, 1]


async def test_who_gives_up_keeps_nobody_from_waking() -> None:
    bell = Bell()
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(bell.wait)
            await anyio.wait_all_tasks_blocked()
            with anyio.move_on_after(0):
                await bell.wait()
            bell.ring()
