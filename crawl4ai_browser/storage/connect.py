"""How the database's file is made, checked and opened. Whatever is refused is left as it was."""

from __future__ import annotations

import os
import sqlite3
import struct
from typing import TYPE_CHECKING

from crawl4ai_browser.errors import ConfigError, StorageError
from crawl4ai_browser.storage.schema import APPLICATION_ID, SCHEMA_VERSION, TABLES
from crawl4ai_browser.storage.sqlite_errors import storage_error

if TYPE_CHECKING:
    from pathlib import Path

_CACHE_KIB = 64 * 1024
"""SQLite's page cache. The fingerprints' index of a million URLs (about 40 MB) fits, which every found link is looked up
in; the rest of the tables is read in order."""

_WAL_PAGES = 4000
"""Pages of 4 KiB after which the log is written into the file. SQLite's own 1000 writes a page of the fingerprints' index
four times as often, as hits on it are spread evenly."""

_HEADER = struct.Struct(">16s44xI4xI")
_MAGIC = b"SQLite format 3\0"


def connect(path: Path | None) -> sqlite3.Connection:
    """An open connection to the crawl's database, with its tables; None: to one that vanishes with the process.

    Raises:
        ConfigError: the file is something else's, or of another version.
        StorageError: it is damaged, in use, or cannot be opened.
    """
    try:
        return _temporary() if path is None else _durable(path)
    except sqlite3.Error as error:
        raise storage_error(error, "in memory" if path is None else str(path)) from error


def _open(name: str) -> sqlite3.Connection:
    # isolation_level None: the Database says BEGIN and COMMIT itself. timeout 0: whoever holds the lock holds it for the
    # whole of a crawl, so waiting for it makes no sense.
    connection = sqlite3.connect(name, isolation_level=None, timeout=0, check_same_thread=False, cached_statements=256)
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    return connection


def _temporary() -> sqlite3.Connection:
    """The empty name is SQLite's for a database in memory that goes to a temporary file, already unlinked, beyond the
    size of the cache (https://www.sqlite.org/inmemorydb.html), so that a crawl without a state has bounded memory too."""
    connection = _open("")
    connection.execute("PRAGMA journal_mode = MEMORY")
    connection.execute("PRAGMA synchronous = OFF")
    _create_tables(connection)
    return connection


def _durable(path: Path) -> sqlite3.Connection:
    is_new = _check_header(path)
    if is_new:
        _make_private_file(path)
    connection = _open(str(path))
    try:
        # Held from the first access until the connection ends, however it ends: the operating system frees a dead
        # process's locks. It also spares a lock and an unlock for each transaction.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,):
            _create_tables(connection)
        connection.execute("COMMIT")
        # NORMAL: a commit survives the death of the process, not always that of the machine; it never tears the file.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_WAL_PAGES}")
    except BaseException:
        connection.close()
        raise
    return connection


def _create_tables(connection: sqlite3.Connection) -> None:
    for statement in TABLES:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _make_private_file(path: Path) -> None:
    """Requests may carry cookies and passwords in their headers."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    except OSError as error:
        raise StorageError(f"the crawl's database cannot be made: {path} ({error.strerror})", phase="store") from error


def _check_header(path: Path) -> bool:
    """Whether the file is still to be made. Reads its first bytes without SQLite, which might write on opening it."""
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER.size)
    except FileNotFoundError:
        return True
    except OSError as error:
        raise StorageError(f"the crawl's database cannot be read: {path} ({error.strerror})", phase="store") from error
    if not header:
        return True
    if len(header) < _HEADER.size or not header.startswith(_MAGIC):
        raise StorageError(f"the crawl's database is damaged, or no database at all: {path} (use another state folder)")
    _, version, application = _HEADER.unpack(header)
    if application != APPLICATION_ID:
        raise ConfigError(f"not a crawl's state but another program's database: {path} (use another state folder)")
    if version != SCHEMA_VERSION:
        raise ConfigError(
            f"crawl state of version {version}, this is version {SCHEMA_VERSION}: {path}"
            " (finish it with the version that began it, or use another state folder)"
        )
    return False
