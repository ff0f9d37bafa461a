"""Politeness as rows: robots.txt files and what is remembered of hosts. Times are seconds since 1970."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from crawl4ai_browser.storage.database import Connection


class RobotsRow(NamedTuple):
    """What was found at the address of a robots.txt."""

    expires: float
    status: int | None
    """None: only the refusal is known."""
    url: str
    refusal: str
    body: bytes


class HostRow(NamedTuple):
    """What is remembered of a host."""

    host: str
    expires: float
    memory: str | None
    """JSON. None: nothing any more."""


def robots(connection: Connection, origin: str) -> RobotsRow | None:
    """What was found there."""
    row = connection.execute("SELECT expires, status, url, refusal, body FROM robots WHERE origin = ?", (origin,))
    found = row.fetchone()
    if found is None:
        return None
    expires, status, url, refusal, body = found
    return RobotsRow(expires, status, url, refusal, zlib.decompress(body))


def keep_robots(connection: Connection, origin: str, row: RobotsRow) -> None:
    """In place of what was known."""
    connection.execute(
        "INSERT OR REPLACE INTO robots VALUES (?, ?, ?, ?, ?, ?)", (origin, *row[:4], zlib.compress(row.body, 1))
    )


def hosts(connection: Connection, now: float) -> list[tuple[str, str]]:
    """Each host with what is remembered of it. What has expired is forgotten for good."""
    connection.execute("DELETE FROM manners WHERE expires <= ?", (now,))
    return list(connection.execute("SELECT host, memory FROM manners"))


def keep_hosts(connection: Connection, rows: Iterable[HostRow]) -> None:
    """In place of what was known."""
    for row in rows:
        if row.memory is None:
            connection.execute("DELETE FROM manners WHERE host = ?", (row.host,))
        else:
            connection.execute("INSERT OR REPLACE INTO manners VALUES (?, ?, ?)", row)
