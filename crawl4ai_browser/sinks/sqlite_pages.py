"""SQLite: a table `pages` with a row a page, in a database of its own that anything can query."""

from __future__ import annotations

import json
import sqlite3
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
from anyio import to_thread
from pydantic_core import to_json

from crawl4ai_browser.errors import ConfigError, SinkError
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.sinks.columns import COLUMNS, Column, Kind
from crawl4ai_browser.sinks.output import check_can_open

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from crawl4ai_browser.sinks.sink import IfExists

_TYPES: dict[Kind, str] = {
    "text": "TEXT",
    "boolean": "INTEGER",
    "integer": "INTEGER",
    "number": "REAL",
    "moment": "TEXT",  # ISO 8601 in UTC, as SQLite's own functions take it
    "bytes": "BLOB",
    "records": "TEXT",  # JSON, for json_each
    "json": "TEXT",
}

_KEY = "fingerprint"

_CREATE = "CREATE TABLE pages ({})".format(
    ", ".join(
        f"{column.name} {_TYPES[column.kind]}{' PRIMARY KEY' if column.name == _KEY else ''}" for column in COLUMNS
    )
)

_PUT = f"INSERT OR REPLACE INTO pages VALUES ({','.join('?' * len(COLUMNS))})"

_SIDE_FILES = ("-wal", "-shm", "-journal")


class SqliteSink:
    """One row a page. A page that comes again, after a kill or in a later crawl, takes the place of its older row."""

    def __init__(self, path: Path | str, *, if_exists: IfExists = "refuse") -> None:
        self._path = Path(path)
        self._if_exists: IfExists = if_exists
        self._connection: sqlite3.Connection | None = None
        self._turn = anyio.Lock()

    async def __aenter__(self) -> Self:
        """Open the file.

        Raises:
            ConfigError: it can't be opened, exists and may not be touched, or holds something else.
        """
        self._connection = await to_thread.run_sync(self._open)
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        """Close the file.

        Raises:
            SinkError: it could not be completed.
        """
        with anyio.CancelScope(shield=True):
            async with self._turn:
                await to_thread.run_sync(self._close)

    async def write(self, result: CrawlResult) -> None:
        """Add a row, committed when this returns.

        Raises:
            SinkError: it could not be stored.
        """
        async with self._turn:
            await to_thread.run_sync(self._write, result)

    def _open(self) -> sqlite3.Connection:
        check_can_open(self._path, self._if_exists)
        connection: sqlite3.Connection | None = None
        try:
            if self._if_exists == "overwrite":
                for name in (self._path.name, *(f"{self._path.name}{suffix}" for suffix in _SIDE_FILES)):
                    self._path.with_name(name).unlink(missing_ok=True)
            connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            self._make_or_check(connection)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
        except (sqlite3.Error, OSError) as error:
            if connection is not None:
                connection.close()
            raise ConfigError(f"can't write {str(self._path)!r}: {error}") from error
        except ConfigError:
            if connection is not None:
                connection.close()
            raise
        return connection

    def _make_or_check(self, connection: sqlite3.Connection) -> None:
        found = [name for _, name, *_ in connection.execute("PRAGMA table_info(pages)")]
        if not found:
            if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone() != (0,):
                raise ConfigError(f"can't append to {str(self._path)!r}: it holds something else than pages")
            connection.execute(_CREATE)
        elif found != [column.name for column in COLUMNS]:
            raise ConfigError(f"can't append to {str(self._path)!r}: its table pages has other columns")

    def _write(self, result: CrawlResult) -> None:
        assert self._connection is not None, "opened before"
        try:
            self._connection.execute(_PUT, [_value(column, result) for column in COLUMNS])
        except (sqlite3.Error, UnicodeEncodeError) as error:
            raise SinkError(f"can't write {str(self._path)!r}: {error}", phase="store") from error

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            # What is in the log goes into the file, so that it is whole without the files beside it.
            with suppress(sqlite3.OperationalError):  # somebody reads it: whoever closes it last does that
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.close()
        except sqlite3.Error as error:
            raise SinkError(f"can't complete {str(self._path)!r}: {error}", phase="store") from error

    def __repr__(self) -> str:
        """Where it writes."""
        return f"<SqliteSink {self._path} {'open' if self._connection is not None else 'closed'}>"


def _value(column: Column, result: CrawlResult) -> object:
    cell = column.cell(result)
    if column.kind == "json":
        return to_json(cell).decode()
    if column.kind == "records":
        return json.dumps(cell, ensure_ascii=False, default=_iso)
    return _iso(cell) if column.kind == "moment" and isinstance(cell, datetime) else cell


def _iso(moment: datetime) -> str:
    return moment.isoformat()
