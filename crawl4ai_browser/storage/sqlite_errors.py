"""SQLite's errors as ours: what went wrong and what to do about it, decided by SQLite's result code."""

from __future__ import annotations

import sqlite3

from crawl4ai_browser.errors import StorageError

_MESSAGES = {
    sqlite3.SQLITE_FULL: "the disk is full: {name} (what was committed is intact; free some space and start again)",
    sqlite3.SQLITE_BUSY: "in use by another process: {name} (wait for it, or use another state folder)",
    sqlite3.SQLITE_LOCKED: "in use by another process: {name} (wait for it, or use another state folder)",
    sqlite3.SQLITE_CORRUPT: "damaged: {name} ({error}; restore it from a copy, or use another state folder)",
    sqlite3.SQLITE_NOTADB: "damaged, or no crawl state at all: {name} ({error}; use another state folder)",
    sqlite3.SQLITE_READONLY: "cannot be written: {name} ({error}; check the permissions)",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened: {name} ({error}; check the folder and its permissions)",
}


def storage_error(error: sqlite3.Error, name: str) -> StorageError:
    """Our error for one of SQLite's, about the database `name`."""
    # The low byte of an extended result code is the primary one (https://www.sqlite.org/rescode.html).
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    message = _MESSAGES.get(code, "failed: {name} ({error})")
    return StorageError(
        "the crawl's database is " + message.format(name=name, error=error)
        if code in _MESSAGES
        else f"the crawl's database failed: {name} ({error})",
        phase="store",
    )
