"""Requests as rows: every SQL statement about them, each a plain function of an open connection."""

from __future__ import annotations

from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from crawl4ai_browser.storage import schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from crawl4ai_browser.storage.database import Connection


class Rank(NamedTuple):
    """Where a request stands in its host's queue: the lower, the earlier. Equal ranks go by the order of arrival."""

    urgency: float
    """The request's priority, negated."""
    key: float
    """What the crawl's order makes of it."""


class NewRow(NamedTuple):
    """A request as it is queued. Its fields are the columns, in their order."""

    id: int
    """1, 2, 3 and so on, without a gap: no request is ever deleted."""
    host: int
    depth: int
    parent: int | None
    """Id of the request on whose page it was found."""
    seed: int
    """Id of the host that its links are held against."""
    urgency: float
    key: float
    fingerprint: bytes
    url: str
    overrides: str | None = None
    """The request's fields besides its URL, as JSON; None where they are the defaults."""


class QueuedRow(NamedTuple):
    """A request that may be leased."""

    id: int
    host: int
    rank: Rank
    depth: int
    parent_url: str | None
    attempts: int
    browser_deaths: int
    url: str
    overrides: str | None
    attempt_records: str | None
    """A JSON array, or None."""


class Tally(NamedTuple):
    """How many requests there are, by state."""

    discovered: int
    done: int
    failed: int
    skipped: int


_INSERT = """
    INSERT INTO requests (id, host, depth, parent, seed, urgency, key, fingerprint, url, overrides, state) VALUES
"""
_VALUES = f"(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, {schema.QUEUED})"

_AT_ONCE = 32
"""Rows inserted by one statement: ten take 17 µs, and 31 by a statement each. One is prepared for every number up to
this, and then kept."""

_FIRST_OF_HOST = f"""
    SELECT row.id, row.host, row.urgency, row.key, row.depth, parent.url, row.attempts, row.browser_deaths, row.url,
        row.overrides, row.attempt_records
    FROM requests AS row LEFT JOIN requests AS parent ON parent.id = row.parent
    WHERE row.host = ? AND row.state = {schema.QUEUED}
    ORDER BY row.urgency, row.key, row.id
    LIMIT ?
"""


def insert(connection: Connection, rows: Sequence[NewRow]) -> None:
    """Queue these."""
    for start in range(0, len(rows), _AT_ONCE):
        chunk = rows[start : start + _AT_ONCE]
        connection.execute(_insertion(len(chunk)), tuple(chain.from_iterable(chunk)))


@cache
def _insertion(count: int) -> str:
    return f"{_INSERT} {', '.join([_VALUES] * count)}"


def known(connection: Connection) -> Iterator[tuple[bytes, int, int]]:
    """Fingerprint, id and depth of every request; for opening alone."""
    return connection.execute("SELECT fingerprint, id, depth FROM requests")


def bring_forward(connection: Connection, row: NewRow) -> bool:
    """A shorter path to the request of this id was found, so it is as it would be were it new. False: not queued."""
    statement = f"""
        UPDATE requests SET depth = ?, parent = ?, seed = ?, urgency = ?, key = ?, overrides = ?
        WHERE id = ? AND state = {schema.QUEUED}
    """
    changes = (row.depth, row.parent, row.seed, row.urgency, row.key, row.overrides)
    return connection.execute(statement, (*changes, row.id)).rowcount == 1


def first_of_hosts(
    connection: Connection, hosts: Iterable[tuple[int, frozenset[int]]], count: int
) -> list[tuple[int, list[QueuedRow]]]:
    """For each host its first `count` queued requests, those left out whose ids come with it."""
    answer: list[tuple[int, list[QueuedRow]]] = []
    for host, left_out in hosts:
        found = connection.execute(_FIRST_OF_HOST, (host, count + len(left_out)))
        rows = [QueuedRow(row[0], row[1], Rank(row[2], row[3]), *row[4:]) for row in found if row[0] not in left_out]
        answer.append((host, rows[:count]))
    return answer


def finish(connection: Connection, row: int, state: int) -> tuple[int, int] | None:
    """Mark a queued request as finished: its depth and the id of its seed's host; None where it is not queued."""
    statement = f"SELECT depth, seed FROM requests WHERE id = ? AND state = {schema.QUEUED}"
    found: tuple[int, int] | None = connection.execute(statement, (row,)).fetchone()
    if found is not None:
        connection.execute("UPDATE requests SET state = ? WHERE id = ?", (state, row))
    return found


def put_back(connection: Connection, row: int, changes: tuple[int, int, int, str]) -> bool:
    """Record an attempt: `changes` are state, attempts, browser deaths and the records as JSON. False: not queued."""
    statement = f"""
        UPDATE requests SET state = ?, attempts = ?, browser_deaths = ?, attempt_records = ?
        WHERE id = ? AND state = {schema.QUEUED}
    """
    return connection.execute(statement, (*changes, row)).rowcount == 1


def queue_delayed(connection: Connection, rows: Sequence[int]) -> None:
    """Their wait is over."""
    statement = f"UPDATE requests SET state = {schema.QUEUED} WHERE id = ? AND state = {schema.DELAYED}"
    connection.executemany(statement, [(row,) for row in rows])


def queue_all_delayed(connection: Connection) -> None:
    """Waits run in memory, so an opened database has none."""
    connection.execute(f"UPDATE requests SET state = {schema.QUEUED} WHERE state = {schema.DELAYED}")


def tally(connection: Connection) -> Tally:
    """Counted by reading every row; for opening alone."""
    by_state = dict(connection.execute("SELECT state, count(*) FROM requests GROUP BY state"))
    return Tally(
        discovered=sum(by_state.values()),
        done=by_state.get(schema.DONE, 0),
        failed=by_state.get(schema.FAILED, 0),
        skipped=by_state.get(schema.SKIPPED, 0),
    )


def first_ranks(connection: Connection) -> Iterator[tuple[int, float, float]]:
    """For each host with queued requests its id and its first one's rank; for opening alone."""
    # Along the index, which is in that order: about 1 µs for a queued request, be they of one host or of a million.
    statement = f"SELECT host, urgency, key FROM requests WHERE state = {schema.QUEUED} ORDER BY host, urgency, key"
    last = None
    for host, urgency, key in connection.execute(statement):
        if host != last:
            last = host
            yield host, urgency, key


def origins(connection: Connection) -> Iterator[tuple[str]]:
    """Every host's origin, by rising id; for opening alone."""
    return connection.execute("SELECT origin FROM hosts ORDER BY id")


def host_id(connection: Connection, origin: str) -> int | None:
    """The id of a known host."""
    row: tuple[int] | None = connection.execute("SELECT id FROM hosts WHERE origin = ?", (origin,)).fetchone()
    return row[0] if row else None


def origin(connection: Connection, host: int) -> str:
    """The origin of a known host."""
    row: tuple[str] = connection.execute("SELECT origin FROM hosts WHERE id = ?", (host,)).fetchone()
    return row[0]


def add_host(connection: Connection, origin: str) -> int:
    """The id of a host that is not known yet. Ids are 1, 2, 3 and so on, without a gap: no host is ever deleted."""
    host = connection.execute("INSERT INTO hosts (origin) VALUES (?)", (origin,)).lastrowid
    assert host is not None
    return host


def pages_by_host(connection: Connection) -> list[tuple[int, int]]:
    """How many requests each host has; for opening alone."""
    return list(connection.execute("SELECT host, count(*) FROM requests GROUP BY host"))


def fact(connection: Connection, name: str) -> str | None:
    """What was noted under a name."""
    row: tuple[str] | None = connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
    return row[0] if row else None


def note(connection: Connection, name: str, value: str) -> None:
    """Note a fact about the crawl."""
    connection.execute(
        "INSERT INTO facts VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", (name, value)
    )


def count_refusals(connection: Connection, links: dict[str, int]) -> None:
    """Add to the links refused, by rule."""
    connection.executemany(
        "INSERT INTO refusals VALUES (?, ?) ON CONFLICT DO UPDATE SET links = links + excluded.links", links.items()
    )


def refusals(connection: Connection) -> dict[str, int]:
    """Links refused, by rule."""
    return dict(connection.execute("SELECT rule, links FROM refusals"))


def query_variants(connection: Connection, path: bytes) -> int:
    """How many URLs differ from this path by their query alone."""
    row: tuple[int] | None = connection.execute("SELECT urls FROM query_variants WHERE path = ?", (path,)).fetchone()
    return row[0] if row else 0


def count_query_variant(connection: Connection, path: bytes) -> None:
    """One more of them."""
    connection.execute("INSERT INTO query_variants VALUES (?, 1) ON CONFLICT DO UPDATE SET urls = urls + 1", (path,))
