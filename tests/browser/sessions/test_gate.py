from __future__ import annotations

import anyio
import pytest

from crawl4ai_browser.browser.sessions.gate import SessionGate
from crawl4ai_browser.errors import ConfigError


async def test_visits_are_inside_together() -> None:
    gate = SessionGate()
    both = anyio.Event()
    inside: list[int] = []

    async def visit(number: int) -> None:
        async with gate.shared():
            inside.append(number)
            if len(inside) == 2:
                both.set()
            await both.wait()

    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(visit, 1)
            tasks.start_soon(visit, 2)
    assert repr(gate) == "<SessionGate 0 visits, 0 waiting>"


async def test_a_step_alone_waits_for_visits_and_later_visits_for_it() -> None:
    gate = SessionGate()
    order: list[str] = []
    leave = anyio.Event()

    async def first() -> None:
        async with gate.shared():
            await leave.wait()
            order.append("first visit")

    async def step() -> None:
        async with gate.alone():
            order.append("step")

    async def second() -> None:
        async with gate.shared():
            order.append("second visit")

    async with anyio.create_task_group() as tasks:
        for each in (first, step, second):
            tasks.start_soon(each)
            await anyio.wait_all_tasks_blocked()
        assert repr(gate) == "<SessionGate 1 visits, 1 waiting>"
        leave.set()
    assert order == ["first visit", "step", "second visit"]


async def test_what_begins_inside_is_inside() -> None:
    gate = SessionGate()
    done: list[str] = []

    async def visit(name: str) -> None:
        async with gate.shared():
            done.append(name)

    with anyio.fail_after(10):
        async with gate.alone():
            await visit("by the step")
            async with gate.alone(), anyio.create_task_group() as tasks:
                tasks.start_soon(visit, "by its task")
        async with gate.shared(), gate.shared():
            await visit("by a visit")
    assert done == ["by the step", "by its task", "by a visit"]


async def test_what_outlives_the_step_that_began_it_waits_like_others() -> None:
    gate = SessionGate()
    done: list[str] = []
    go = anyio.Event()

    async def late() -> None:
        await go.wait()
        async with gate.shared():
            done.append("late")

    async with anyio.create_task_group() as tasks:
        async with gate.alone():
            tasks.start_soon(late)
            await anyio.wait_all_tasks_blocked()
        async with gate.alone():
            go.set()
            await anyio.wait_all_tasks_blocked()
            assert done == []
    assert done == ["late"]


async def test_a_visit_that_wants_to_be_alone_is_told_that_it_would_wait_for_itself() -> None:
    gate = SessionGate()
    async with gate.shared():
        with pytest.raises(ConfigError, match="can't begin inside one of its visits"):
            async with gate.alone():
                pass


async def test_whoever_is_cancelled_while_waiting_stands_in_nobodys_way() -> None:
    gate = SessionGate()
    entered: list[str] = []
    leave = anyio.Event()

    async def visit() -> None:
        async with gate.shared():
            await leave.wait()

    async def step(name: str) -> None:
        async with gate.alone():
            entered.append(name)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(visit)
        await anyio.wait_all_tasks_blocked()
        async with anyio.create_task_group() as given_up:
            given_up.start_soon(step, "first")
            await anyio.wait_all_tasks_blocked()
            given_up.cancel_scope.cancel()
        tasks.start_soon(step, "second")
        leave.set()
    assert entered == ["second"]


async def test_emptied_waits_for_whoever_is_inside_also_from_inside() -> None:
    gate = SessionGate()
    is_empty = anyio.Event()

    async def watch() -> None:
        await gate.emptied()
        is_empty.set()

    async with anyio.create_task_group() as tasks:
        async with gate.shared():
            tasks.start_soon(watch)
            await anyio.wait_all_tasks_blocked()
            assert not is_empty.is_set()
        with anyio.fail_after(10):
            await is_empty.wait()
