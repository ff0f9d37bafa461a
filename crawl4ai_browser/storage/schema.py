"""The tables of a crawl's database, and the numbers by which a file is known as one.

A URL of 69 characters takes 121 bytes, indexes included (`scripts/bench_frontier 1000000`). Nothing here or in the
statements needs an SQLite newer than 3.33, as Python is often built with the one of a stable distribution.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DatabaseKind:
    """What a file holds, and how it is shown to people."""

    title: str
    """What it is: "the crawl's database"."""
    contents: str
    """What it would be of another version: "a crawl's state"."""
    place: str
    """What to take another one of: "state folder"."""
    occupant: str
    """Who has it where it is in use, and what to do."""
    application_id: int
    version: int
    tables: tuple[str, ...]
    is_shared: bool = False
    """Whether several processes may have it open at once."""


APPLICATION_ID = 0x63346162
"""`c4ab` in ASCII, at byte 68 of the file (https://www.sqlite.org/fileformat.html, 1.3.15)."""

SCHEMA_VERSION = 3
"""At byte 60. Raised with every change of a table; a state of another version is refused, never converted."""

QUEUED = 0
"""To be visited. Leases are held in memory alone, so a process that dies holds none: its requests are still queued."""
DELAYED = 1
"""To be visited again after a wait that runs in memory; queued again when the database is opened."""
DONE = 2
FAILED = 3
SKIPPED = 4

TABLES = (
    "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE hosts (id INTEGER PRIMARY KEY, origin TEXT NOT NULL UNIQUE)",
    # Rows are appended and their ids rise, so the table's pages are written in order. Fingerprints are unique, yet have
    # no index: each link would hit it at a random place, so they are held in memory, read when the database is opened.
    # `urgency` is the negated priority: lower is earlier in both columns of the rank.
    """
    CREATE TABLE requests (
        id INTEGER PRIMARY KEY,
        state INTEGER NOT NULL,
        host INTEGER NOT NULL REFERENCES hosts,
        depth INTEGER NOT NULL,
        parent INTEGER REFERENCES requests,
        seed INTEGER NOT NULL REFERENCES hosts,
        urgency REAL NOT NULL,
        key REAL NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        browser_deaths INTEGER NOT NULL DEFAULT 0,
        fingerprint BLOB NOT NULL,
        url TEXT NOT NULL,
        overrides TEXT,
        attempt_records TEXT
    )
    """,
    f"CREATE INDEX queue ON requests (host, urgency, key) WHERE state = {QUEUED}",
    "CREATE TABLE refusals (rule TEXT PRIMARY KEY, links INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE robots (origin TEXT PRIMARY KEY, expires REAL, status INTEGER, url TEXT, refusal TEXT, body BLOB)",
    "CREATE TABLE manners (host TEXT PRIMARY KEY, expires REAL NOT NULL, memory TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE query_variants (path BLOB PRIMARY KEY, urls INTEGER NOT NULL) WITHOUT ROWID",
)

CRAWL = DatabaseKind(
    title="the crawl's database",
    contents="a crawl's state",
    place="state folder",
    occupant="another crawl goes on there; wait for it",
    application_id=APPLICATION_ID,
    version=SCHEMA_VERSION,
    tables=TABLES,
)
