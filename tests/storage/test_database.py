"""Transactions in the database's own thread: whole or not at all, whatever becomes of who asked."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import anyio
import pytest

from crawl4ai_browser.errors import StorageError
from crawl4ai_browser.storage import request_rows
from crawl4ai_browser.storage.database import Connection, Database


def note(connection: Connection, name: str, value: str) -> str:
    request_rows.note(connection, name, value)
    return value


def note_and_fail(connection: Connection, error: Exception) -> None:
    request_rows.note(connection, "colour", "red")
    raise error


async def fact(database: Database, name: str) -> str | None:
    return await database.run(request_rows.fact, name)


async def test_an_operation_is_committed(file: Path) -> None:
    async with Database.open(file) as database:
        assert await database.run(note, "colour", "blue") == "blue"
    async with Database.open(file) as database:
        assert await fact(database, "colour") == "blue"


async def test_an_operation_that_raises_changes_nothing() -> None:
    async with Database.open(None) as database:
        await database.run(note, "colour", "blue")
        with pytest.raises(LookupError, match="no"):
            await database.run(note_and_fail, LookupError("no"))
        assert await fact(database, "colour") == "blue"


async def test_operations_run_in_another_thread_one_after_the_other() -> None:
    order: list[int] = []
    threads: set[int] = set()

    def operate(_: Connection, number: int) -> None:
        threads.add(threading.get_ident())
        order.append(number)

    async with Database.open(None) as database, anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(database.run, operate, number)
    assert order == list(range(20))
    assert len(threads) == 1
    assert threading.get_ident() not in threads


async def test_the_event_loop_goes_on_while_an_operation_runs() -> None:
    went_on = threading.Event()

    def wait(_: Connection) -> bool:
        return went_on.wait(10)

    async with Database.open(None) as database, anyio.create_task_group() as tasks:
        tasks.start_soon(database.run, wait)
        await anyio.lowlevel.checkpoint()
        went_on.set()


async def test_what_follows_a_commit_runs_on_the_event_loop() -> None:
    threads: list[int] = []

    def then(value: str) -> str:
        threads.append(threading.get_ident())
        return value.upper()

    async with Database.open(None) as database:
        assert await database.run(note, "colour", "blue", then=then) == "BLUE"
    assert threads == [threading.get_ident()]


async def test_nothing_follows_an_operation_that_failed() -> None:
    called: list[object] = []
    async with Database.open(None) as database:
        with pytest.raises(LookupError):
            await database.run(note_and_fail, LookupError(), then=called.append)
    assert called == []


async def test_an_error_in_what_follows_reaches_the_caller() -> None:
    def then(_: str) -> None:
        raise LookupError("afterwards")

    async with Database.open(None) as database:
        with pytest.raises(LookupError, match="afterwards"):
            await database.run(note, "colour", "blue", then=then)
        assert await fact(database, "colour") == "blue"


@pytest.mark.parametrize("is_native", [False, True])
async def test_a_cancelled_caller_does_not_stop_the_transaction_nor_what_follows(*, is_native: bool) -> None:
    followed: list[str] = []
    holds, may_go_on = threading.Event(), threading.Event()

    def hold(connection: Connection) -> str:
        holds.set()
        may_go_on.wait(10)
        return note(connection, "colour", "blue")

    async with Database.open(None) as database:
        task = asyncio.get_running_loop().create_task(database.run(hold, then=followed.append))
        await anyio.to_thread.run_sync(holds.wait)
        if is_native:
            task.cancel()
        may_go_on.set()
        await asyncio.wait([task])
        assert task.cancelled() == is_native
        assert await fact(database, "colour") == "blue"
        assert followed == ["blue"]


async def test_a_cancelled_scope_lets_the_transaction_finish() -> None:
    async with Database.open(None) as database:
        with anyio.CancelScope() as scope:
            scope.cancel()
            await database.run(note, "colour", "blue")
        assert await fact(database, "colour") == "blue"


async def test_a_full_disk_is_said_and_what_was_committed_is_intact(file: Path) -> None:
    def limit_pages(connection: Connection) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 5}")

    async with Database.open(file) as database:
        await database.run(limit_pages)
        await database.run(note, "colour", "blue")
        with pytest.raises(StorageError, match=f"the disk: {file} .*free some space"):
            await database.run(note, "novel", "x" * 100_000)
    async with Database.open(file) as database:
        assert await fact(database, "colour") == "blue"
        assert await fact(database, "novel") is None
        await database.run(note, "novel", "x" * 100_000)


async def test_after_an_error_of_sqlite_nothing_more_is_done() -> None:
    def nonsense(connection: Connection) -> None:
        connection.execute("SELECT colour FROM nowhere")

    async with Database.open(None) as database:
        with pytest.raises(StorageError, match="no such table: nowhere"):
            await database.run(nonsense)
        with pytest.raises(StorageError, match="failed before: .*nowhere"):
            await database.run(note, "colour", "blue")


async def test_a_closed_database_says_so(file: Path) -> None:
    async with Database.open(file) as database:
        assert repr(database) == f"<Database {file}>"
    with pytest.raises(StorageError, match="closed"):
        await database.run(note, "colour", "blue")


async def test_closing_waits_for_what_was_asked_before(file: Path) -> None:
    async with anyio.create_task_group() as tasks, Database.open(file) as database:
        for number in range(50):
            tasks.start_soon(database.run, note, f"fact {number}", "noted")
        await anyio.lowlevel.checkpoint()
    async with Database.open(file) as database:
        assert await fact(database, "fact 49") == "noted"
