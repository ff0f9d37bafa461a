"""How the database's file is made, checked and opened. A file that is refused is left as it was."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from crawl4ai_browser.errors import ConfigError, StorageError
from crawl4ai_browser.storage.schema import APPLICATION_ID, SCHEMA_VERSION, TABLES
from crawl4ai_browser.storage.sqlite_errors import storage_error

_CACHE_KIB = 48 * 1024
"""Of pages, in memory. It holds the index of a million fingerprints (about 40 MB), in which every link that is found is
looked up at a place of its own; the tables are read and written in order."""

_WAL_PAGES = 4000
"""After so many pages of 4 KiB the log is written into the file. SQLite's own 1000 would write each page of the
fingerprints' index four times as often, as new URLs hit all of them alike."""


def connect(path: Path | None) -> sqlite3.Connection:
    """A connection to the crawl's database with its tables, which it makes; None: to one that ends with the process.

    Raises:
        ConfigError: the file is another program's, or of another version of this package.
        StorageError: it is damaged, in use by another process, or cannot be opened.
    """
    if path is None:
        return _temporary()
    try:
        if path.exists():
            _check(path)
        else:
            _make_private(path)
        return _durable(path)
    except sqlite3.Error as error:
        raise storage_error(error, str(path)) from error
    except OSError as error:
        raise StorageError(f"the crawl's database cannot be made: {path} ({error.strerror})", phase="store") from error


def _temporary() -> sqlite3.Connection:
    # The empty name: in memory, but beyond the size of the cache in a temporary file without a name, so that the memory
    # of a crawl without a state is bounded too (https://www.sqlite.org/inmemorydb.html, "Temporary Databases").
    connection = _open("")
    connection.execute("PRAGMA journal_mode = MEMORY")
    connection.execute("PRAGMA synchronous = OFF")
    _create_tables(connection)
    return connection


def _durable(path: Path) -> sqlite3.Connection:
    connection = _open(str(path))
    try:
        # Held from the first access until the connection ends, however it ends: the operating system frees the locks of
        # a process that died. It also spares the locking at each transaction.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        if _is_empty(connection):
            _create_tables(connection)
        else:
            _check_numbers(connection, path)
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


def _open(name: str, *, is_uri: bool = False) -> sqlite3.Connection:
    # isolation_level None: the Database itself says BEGIN and COMMIT. timeout 0: who holds the lock holds it for the
    # length of a crawl, so there is no point in waiting for it.
    connection = sqlite3.connect(
        name, isolation_level=None, timeout=0, check_same_thread=False, cached_statements=256, uri=is_uri
    )
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    return connection


def _create_tables(connection: sqlite3.Connection) -> None:
    for statement in TABLES:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _make_private(path: Path) -> None:
    """For its owner alone: requests may carry cookies and passwords in their headers."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDONLY, 0o600))


def _check(path: Path) -> None:
    """Look at an existing file without a chance of changing it."""
    # A journal beside it means that a process died while it made the tables: SQLite will undo that when it opens.
    if path.with_name(f"{path.name}-journal").exists():
        return
    # The file alone, without lock or log, is enough for the numbers, and leaves no file beside another program's.
    with closing(_open(_uri(path, "immutable=1"), is_uri=True)) as connection:
        if _is_empty(connection):
            return
        _check_numbers(connection, path)
    with closing(_open(_uri(path, "mode=ro"), is_uri=True)) as connection:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise StorageError(
            f"the crawl's database is damaged: {path} ({verdict}; restore it from a copy, or use another state folder)",
            phase="store",
        )


def _uri(path: Path, parameter: str) -> str:
    return f"{path.absolute().as_uri()}?{parameter}"


def _is_empty(connection: sqlite3.Connection) -> bool:
    (count,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    return bool(count == 0)


def _check_numbers(connection: sqlite3.Connection, path: Path) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise ConfigError(f"not a crawl's state but another program's database: {path} (use another state folder)")
    if version != SCHEMA_VERSION:
        raise ConfigError(
            f"a crawl's state of version {version}, where this package has {SCHEMA_VERSION}: {path}"
            " (go on with the release that began it, or use another state folder)"
        )
