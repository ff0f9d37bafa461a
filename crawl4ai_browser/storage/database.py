"""Database: an SQLite database, driven from a thread of its own so that the event loop never waits.

The thread is ours, not one of anyio's pool: handing a call to it and back costs 45 µs of CPU where that of
`anyio.to_thread` with a limiter of one costs 80 to 150, measured with 1 to 16 tasks that call at once.
"""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import asynccontextmanager, suppress
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, Generic, TypeVar, TypeVarTuple, overload

import anyio

from crawl4ai_browser.errors import StorageError
from crawl4ai_browser.storage.connect import connect
from crawl4ai_browser.storage.schema import CRAWL
from crawl4ai_browser.storage.sqlite_errors import storage_error

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from pathlib import Path

    from crawl4ai_browser.storage.schema import DatabaseKind

Connection = sqlite3.Connection
"""What an operation is given. It has no business with BEGIN, COMMIT or PRAGMA."""

Args = TypeVarTuple("Args")
R = TypeVar("R")
T = TypeVar("T")


class _Job(Generic[R, T]):
    """One operation on its way through the thread and back."""

    def __init__(self, operation: Callable[[Connection], R], then: Callable[[R], T], answer: asyncio.Future[T]) -> None:
        self.operation = operation
        self.then = then
        self.answer = answer

    def deliver(self, value: R) -> None:
        """On the event loop, after the commit."""
        try:
            result = self.then(value)
        except BaseException as error:  # noqa: BLE001 - handed to the caller of `run`
            self.fail(error)
        else:
            if not self.answer.done():
                self.answer.set_result(result)

    def fail(self, error: BaseException) -> None:
        """On the event loop, after the rollback."""
        if not self.answer.done():
            self.answer.set_exception(error)


def _same(value: Any) -> Any:
    return value


class Database:
    """A database, open.

    Operations run one after the other, in the order of their calls, each in a transaction of its own. After an error
    of SQLite itself it takes no more of them: what was committed is in the file, what is in memory beside it may not
    agree with it any more.
    """

    def __init__(self, connection: Connection, name: str, kind: DatabaseKind) -> None:
        """For `open` alone."""
        self._connection = connection
        self._name = name
        self._kind = kind
        self._jobs: SimpleQueue[_Job[Any, Any] | None] = SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._thread = Thread(target=self._work, name=f"database {name}", daemon=True)
        self._failure: StorageError | None = None
        self._is_closed = False

    @classmethod
    @asynccontextmanager
    async def open(cls, path: Path | None, kind: DatabaseKind = CRAWL) -> AsyncGenerator[Database]:
        """The database in the file `path`, made when there is none; None: one that is gone with the process.

        Raises:
            ConfigError: the file belongs to something else, or to another version of this package.
            StorageError: it is damaged, in use by another process, or cannot be written. It is left as it was.
        """
        connection = await anyio.to_thread.run_sync(connect, path, kind)
        database = cls(connection, "in memory" if path is None else str(path), kind)
        database._thread.start()
        try:
            yield database
        finally:
            with anyio.CancelScope(shield=True):
                await database._close()

    @overload
    async def run(self, operation: Callable[[Connection, *Args], R], *args: *Args) -> R: ...

    @overload
    async def run(self, operation: Callable[[Connection, *Args], R], *args: *Args, then: Callable[[R], T]) -> T: ...

    async def run(
        self, operation: Callable[[Connection, *Args], Any], *args: *Args, then: Callable[[Any], Any] = _same
    ) -> Any:
        """What `then` makes of what `operation(connection, *args)` returned.

        The operation runs in the database's thread, in one transaction. `then` runs on the event loop right after the
        commit, in the order of the commits. Both happen even when the caller is cancelled while it waits, so what
        `then` keeps in memory agrees with the file.

        Raises:
            StorageError: SQLite failed, now or earlier.
        """
        if self._is_closed:
            raise StorageError(f"the database is closed: {self._name}")
        answer: asyncio.Future[Any] = self._loop.create_future()
        self._jobs.put(_Job(lambda connection: operation(connection, *args), then, answer))
        with anyio.CancelScope(shield=True):
            await answer
        return answer.result()

    async def _close(self) -> None:
        self._is_closed = True
        self._jobs.put(None)
        await anyio.to_thread.run_sync(self._thread.join)

    def _work(self) -> None:
        """The thread: until it is handed None."""
        while (job := self._jobs.get()) is not None:
            try:
                value = self._transact(job.operation)
            except BaseException as error:  # noqa: BLE001 - handed to the caller of `run`
                self._tell(job.fail, error)
            else:
                self._tell(job.deliver, value)
        self._connection.close()

    def _tell(self, receiver: Callable[[Any], None], value: object) -> None:
        with suppress(RuntimeError):  # the event loop is closed, and who asked is gone with it
            self._loop.call_soon_threadsafe(receiver, value)

    def _transact(self, operation: Callable[[Connection], R]) -> R:
        if self._failure is not None:
            raise StorageError(f"the database failed before: {self._failure.message}")
        connection = self._connection
        try:
            connection.execute("BEGIN")
            try:
                value = operation(connection)
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._failure = storage_error(error, self._name, self._kind)
            raise self._failure from error
        return value

    def __repr__(self) -> str:
        """Where it lies."""
        return f"<Database {self._name}>"
