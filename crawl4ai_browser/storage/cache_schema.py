"""The tables of the cache, and the numbers by which its file is known as one."""

from __future__ import annotations

from crawl4ai_browser.storage.schema import DatabaseKind

APPLICATION_ID = 0x63346163
"""`c4ac` in ASCII."""

SCHEMA_VERSION = 1
"""Raised with every change of a table, or of what a snapshot says."""

TABLES = (
    # `checked` is the time at which it was known to be as the site shows it: seconds of the epoch.
    """
    CREATE TABLE snapshots (
        id INTEGER PRIMARY KEY,
        key BLOB NOT NULL UNIQUE,
        checked REAL NOT NULL,
        size INTEGER NOT NULL,
        snapshot BLOB NOT NULL
    )
    """,
    # Sizes are in the index, so that what is to go is found without reading what is stored.
    "CREATE INDEX by_age ON snapshots (checked, size)",
    # One row. Summing up the sizes at each insertion would read as many rows as there are.
    "CREATE TABLE total (size INTEGER NOT NULL)",
    "INSERT INTO total VALUES (0)",
    "CREATE TRIGGER added AFTER INSERT ON snapshots BEGIN UPDATE total SET size = size + new.size; END",
    "CREATE TRIGGER removed AFTER DELETE ON snapshots BEGIN UPDATE total SET size = size - old.size; END",
)

CACHE = DatabaseKind(
    title="the cache",
    contents="a cache",
    place="cache folder",
    occupant="another process has been writing into it for long",
    application_id=APPLICATION_ID,
    version=SCHEMA_VERSION,
    tables=TABLES,
    is_shared=True,
)
