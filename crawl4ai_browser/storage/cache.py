"""SnapshotCache: snapshots in a database of their own, which several crawls may share."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from crawl4ai_browser.download import Download
from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.snapshot import Snapshot
from crawl4ai_browser.storage.cache_schema import CACHE
from crawl4ai_browser.storage.database import Connection, Database

DATABASE_NAME = "cache.sqlite"

_LEVEL = 1
"""Of zlib: pages become a fifth of their size in 1.5 ms for 100 KB; the best level takes ten times as long for a tenth
less."""

_PURGE_ROWS = 100
"""Rows that are looked at by one statement that makes room."""


@dataclass(frozen=True)
class Stored:
    """A snapshot as it lay there."""

    snapshot: Snapshot
    checked: datetime
    """When it was visited, or last known to be unchanged."""


class SnapshotCache:
    """What visits yielded, by key. Every method runs in the database's thread."""

    def __init__(self, database: Database, max_bytes: int) -> None:
        """For `open` alone."""
        self._database = database
        self._max_bytes = max_bytes

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path, *, max_bytes: int, must_exist: bool = False) -> AsyncGenerator[SnapshotCache]:
        """The cache in this folder, made where there is none.

        Raises:
            ConfigError: the file there is another program's or of another version; or there is none and must be.
            StorageError: it is damaged, or cannot be written.
        """
        path = folder / DATABASE_NAME
        if must_exist and not path.exists():
            raise ConfigError(f"there is no cache to be offline with: {path}")
        async with Database.open(path, CACHE) as database:
            yield cls(database, max_bytes)

    async def load(self, key: bytes) -> Stored | None:
        """What is stored under the key; None where nothing is, or the files that it speaks of are not as they were.

        Raises:
            StorageError: it could not be read.
        """
        return await self._database.run(_load, key)

    async def store(self, key: bytes, snapshot: Snapshot, checked: datetime) -> None:
        """Put it there, in the place of what is there. What is older goes where room is needed.

        Raises:
            StorageError: it could not be written.
        """
        await self._database.run(_store, key, (snapshot, checked.timestamp()), self._max_bytes)

    async def confirm(self, key: bytes, checked: datetime) -> None:
        """Record that it is still as the site shows it.

        Raises:
            StorageError: it could not be written.
        """
        await self._database.run(_confirm, key, checked.timestamp())

    async def remove(self, key: bytes) -> None:
        """Nothing is stored under it any more.

        Raises:
            StorageError: it could not be written.
        """
        await self._database.run(_remove, key)

    async def size(self) -> int:
        """Bytes of all that is stored."""
        return await self._database.run(_size)

    def __repr__(self) -> str:
        """Where it lies."""
        return f"<SnapshotCache in {self._database!r}>"


def _load(connection: Connection, key: bytes) -> Stored | None:
    row: tuple[float, bytes] | None = connection.execute(
        "SELECT checked, snapshot FROM snapshots WHERE key = ?", (key,)
    ).fetchone()
    if row is None:
        return None
    checked, packed = row
    try:
        snapshot = Snapshot.model_validate_json(zlib.decompress(packed))
    except (zlib.error, ValidationError):
        return None  # of another release, which a new visit takes the place of
    if not all(map(_is_there, snapshot.downloads)):
        return None
    return Stored(snapshot, datetime.fromtimestamp(checked, UTC))


def _is_there(download: Download) -> bool:
    try:
        return download.path is not None and download.path.stat().st_size == download.size_bytes
    except OSError:
        return False


# Each operation that writes begins with it: the lock is waited for by the first statement, and can't be had by one that
# follows on a read which another process has overtaken (https://www.sqlite.org/rescode.html#busy_snapshot).


def _store(connection: Connection, key: bytes, content: tuple[Snapshot, float], max_bytes: int) -> None:
    snapshot, checked = content
    packed = zlib.compress(snapshot.model_dump_json().encode(), _LEVEL)
    _remove(connection, key)
    if len(packed) > max_bytes:
        return
    connection.execute(
        "INSERT INTO snapshots (key, checked, size, snapshot) VALUES (?, ?, ?, ?)",
        (key, checked, len(packed), sqlite3.Binary(packed)),
    )
    _make_room(connection, max_bytes)


def _make_room(connection: Connection, max_bytes: int) -> None:
    while (surplus := _size(connection) - max_bytes) > 0:
        oldest = connection.execute("SELECT id, size FROM snapshots ORDER BY checked, size LIMIT ?", (_PURGE_ROWS,))
        gone: list[tuple[int]] = []
        for row, size in oldest.fetchall():
            if surplus <= 0:
                break
            gone.append((row,))
            surplus -= size
        connection.executemany("DELETE FROM snapshots WHERE id = ?", gone)


def _remove(connection: Connection, key: bytes) -> None:
    connection.execute("DELETE FROM snapshots WHERE key = ?", (key,))


def _confirm(connection: Connection, key: bytes, checked: float) -> None:
    connection.execute("UPDATE snapshots SET checked = ? WHERE key = ?", (checked, key))


def _size(connection: Connection) -> int:
    (size,) = connection.execute("SELECT size FROM total").fetchone()
    return int(size)
