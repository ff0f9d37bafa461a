"""SQLite's errors as ours: what went wrong and what to do, decided by SQLite's result code, never by its text."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from crawl4ai_browser.errors import StorageError

if TYPE_CHECKING:
    from crawl4ai_browser.storage.schema import DatabaseKind

_IN_USE = "in use: {name} ({kind.occupant}, or use another {kind.place})"

_WHAT_IT_IS = {
    sqlite3.SQLITE_FULL: "full, as is the disk: {name} (what was committed is intact; free some space and start again)",
    sqlite3.SQLITE_BUSY: _IN_USE,
    sqlite3.SQLITE_LOCKED: _IN_USE,
    sqlite3.SQLITE_CORRUPT: "damaged: {name} ({error}; restore it from a copy, or use another {kind.place})",
    sqlite3.SQLITE_NOTADB: "damaged, or no database at all: {name} ({error}; use another {kind.place})",
    sqlite3.SQLITE_READONLY: "not to be written: {name} ({error}; check the permissions)",
    sqlite3.SQLITE_CANTOPEN: "not to be opened: {name} ({error}; check the folder and its permissions)",
}


def storage_error(error: sqlite3.Error, name: str, kind: DatabaseKind) -> StorageError:
    """Our error for one of SQLite's, about the database `name`."""
    # The low byte of an extended result code is the primary one (https://www.sqlite.org/rescode.html). Errors of the
    # sqlite3 module itself have none.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    what = _WHAT_IT_IS.get(code)
    if what is None:
        return StorageError(f"{kind.title} failed: {name} ({error})", phase="store")
    return StorageError(f"{kind.title} is {what.format(name=name, error=error, kind=kind)}", phase="store")
