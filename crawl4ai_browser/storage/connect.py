"""How the database's file is made, checked and opened. A file that is refused is left as it was."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from crawl4ai_browser.errors import ConfigError, StorageError
from crawl4ai_browser.storage.schema import CRAWL, DatabaseKind
from crawl4ai_browser.storage.sqlite_errors import storage_error

_CACHE_KIB = 16 * 1024
"""Of pages, in memory. Tables are read and written in order; what is hit at random is the queue of many hosts."""

_WAL_PAGES = 4000
"""After so many pages of 4 KiB the log is written into the file, and the disk synced twice, which may take long; with
SQLite's own 1000 that would be four times as often. The processor's time is the same, 8 µs a completed page."""

_SHARED_WAIT = 30.0
"""Seconds for another process to end its transaction, of a database that processes share. Those last milliseconds."""

_HEADER_BYTES = 100
_MAGIC = b"SQLite format 3\0"
# https://www.sqlite.org/fileformat.html, 1.3


def connect(path: Path | None, kind: DatabaseKind = CRAWL) -> sqlite3.Connection:
    """A connection to a database with its tables, which it makes; None: to one that ends with the process.

    Raises:
        ConfigError: the file is another program's, or of another version of this package.
        StorageError: it is damaged, in use by another process, or cannot be opened.
    """
    if path is None:
        return _temporary(kind)
    try:
        if not path.exists():
            _make_private(path)
        elif kind.is_shared:
            _check_header(path, kind)
        else:
            _check(path, kind)
        return _shared(path, kind) if kind.is_shared else _durable(path, kind)
    except sqlite3.Error as error:
        raise storage_error(error, str(path), kind) from error
    except OSError as error:
        raise StorageError(f"{kind.title} cannot be made: {path} ({error.strerror})", phase="store") from error


def _temporary(kind: DatabaseKind) -> sqlite3.Connection:
    # The empty name: in memory, but beyond the size of the cache in a temporary file without a name, so that the memory
    # of a crawl without a state is bounded too (https://www.sqlite.org/inmemorydb.html, "Temporary Databases").
    connection = _open("")
    connection.execute("PRAGMA journal_mode = MEMORY")
    connection.execute("PRAGMA synchronous = OFF")
    _create_tables(connection, kind)
    return connection


def _durable(path: Path, kind: DatabaseKind) -> sqlite3.Connection:
    connection = _open(str(path))
    try:
        # Held from the first access until the connection ends, however it ends: the operating system frees the locks of
        # a process that died. It also spares the locking at each transaction.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        _make_or_check(connection, path, kind)
        connection.execute("COMMIT")
        # Only now: as long as the tables are being made, their numbers go into the file itself, where `_check` reads
        # them. NORMAL: what is committed survives the death of the process, and a power cut never tears the file.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_WAL_PAGES}")
    except BaseException:
        connection.close()
        raise
    return connection


def _shared(path: Path, kind: DatabaseKind) -> sqlite3.Connection:
    connection = _open(str(path), timeout=_SHARED_WAIT)
    try:
        connection.execute("BEGIN IMMEDIATE")
        _make_or_check(connection, path, kind)
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
    except BaseException:
        connection.close()
        raise
    return connection


def _open(name: str, *, is_uri: bool = False, timeout: float = 0.0) -> sqlite3.Connection:
    # isolation_level None: the Database itself says BEGIN and COMMIT. timeout 0: who holds the lock holds it for the
    # length of a crawl, so there is no point in waiting for it.
    connection = sqlite3.connect(
        name, isolation_level=None, timeout=timeout, check_same_thread=False, cached_statements=256, uri=is_uri
    )
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    return connection


def _make_or_check(connection: sqlite3.Connection, path: Path, kind: DatabaseKind) -> None:
    if _is_empty(connection):
        _create_tables(connection, kind)
        return
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    _check_numbers((application, version), path, kind)


def _create_tables(connection: sqlite3.Connection, kind: DatabaseKind) -> None:
    for statement in kind.tables:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {kind.application_id}")
    connection.execute(f"PRAGMA user_version = {kind.version}")


def _make_private(path: Path) -> None:
    """For its owner alone: requests may carry cookies and passwords in their headers."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(path, os.O_CREAT | os.O_RDONLY, 0o600))


def _check_header(path: Path, kind: DatabaseKind) -> None:
    """Look at the beginning of an existing file, which other processes may be writing."""
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
    if not header:
        return
    if not header.startswith(_MAGIC) or len(header) < _HEADER_BYTES:
        raise StorageError(f"{kind.title} is no database at all: {path} (use another {kind.place})", phase="store")
    version, application = (int.from_bytes(header[at : at + 4], "big") for at in (60, 68))
    if (version, application) != (0, 0):  # else it has just been made
        _check_numbers((application, version), path, kind)


def _check(path: Path, kind: DatabaseKind) -> None:
    """Look at an existing file without a chance of changing it."""
    # A journal beside it means that a process died while it made the tables: SQLite will undo that when it opens.
    if path.with_name(f"{path.name}-journal").exists():
        return
    # The file alone, without lock or log, is enough for the numbers, and leaves no file beside another program's.
    with closing(_open(_uri(path, "immutable=1"), is_uri=True)) as connection:
        if _is_empty(connection):
            return
        _make_or_check(connection, path, kind)
    with closing(_open(_uri(path, "mode=ro"), is_uri=True)) as connection:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise StorageError(
            f"{kind.title} is damaged: {path} ({verdict}; restore it from a copy, or use another {kind.place})",
            phase="store",
        )


def _uri(path: Path, parameter: str) -> str:
    return f"{path.absolute().as_uri()}?{parameter}"


def _is_empty(connection: sqlite3.Connection) -> bool:
    (count,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    return bool(count == 0)


def _check_numbers(found: tuple[int, int], path: Path, kind: DatabaseKind) -> None:
    application, version = found
    if application != kind.application_id:
        raise ConfigError(f"not {kind.contents} but another program's database: {path} (use another {kind.place})")
    if version != kind.version:
        raise ConfigError(
            f"{kind.contents} of version {version}, where this package has {kind.version}: {path}"
            f" (go on with the release that began it, or use another {kind.place})"
        )
