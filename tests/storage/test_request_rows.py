"""The statements about requests, one by one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from crawl4ai_browser.storage import request_rows, schema
from crawl4ai_browser.storage.connect import connect
from crawl4ai_browser.storage.database import Connection
from crawl4ai_browser.storage.request_rows import NewRow


@pytest.fixture
def connection() -> Iterator[Connection]:
    with closing(connect(None)) as open_connection:
        for name in ("a", "b", "c"):
            request_rows.add_host(open_connection, f"https://{name}.example")
        yield open_connection


def name(number: int) -> bytes:
    return number.to_bytes(16, "big")


def row(number: int, *, host: int = 1, urgency: float = 0.0, key: float = 0.0, depth: int = 0) -> NewRow:
    return NewRow(number, host, depth, None, host, urgency, key, name(number), f"https://a.example/{number}")


def first(connection: Connection, host: int, *, count: int = 10, left_out: frozenset[int] = frozenset()) -> list[int]:
    ((_, rows),) = request_rows.first_of_hosts(connection, [(host, left_out)], count)
    return [found.id for found in rows]


def test_a_host_is_served_by_urgency_then_key_then_arrival(connection: Connection) -> None:
    rows = [row(1, key=2), row(2, key=1), row(3, urgency=-5, key=9), row(4, key=1), row(5, host=2)]
    request_rows.insert(connection, rows)
    assert first(connection, 1) == [3, 2, 4, 1]
    assert first(connection, 1, count=2) == [3, 2]
    assert first(connection, 2) == [5]
    assert first(connection, 3) == []


def test_rows_left_out_do_not_cost_others_their_place(connection: Connection) -> None:
    request_rows.insert(connection, [row(number) for number in range(1, 6)])
    assert first(connection, 1, count=2, left_out=frozenset({1, 3})) == [2, 4]


def test_finished_and_delayed_rows_are_not_served(connection: Connection) -> None:
    request_rows.insert(connection, [row(1), row(2, depth=4), row(3)])
    assert request_rows.finish(connection, 2, schema.DONE) == (4, 1)
    assert request_rows.put_back(connection, 3, (schema.DELAYED, 1, 0, "[]"))
    assert first(connection, 1) == [1]
    request_rows.queue_delayed(connection, [3])
    assert first(connection, 1) == [1, 3]


def test_a_row_is_finished_once(connection: Connection) -> None:
    request_rows.insert(connection, [row(1)])
    assert request_rows.finish(connection, 1, schema.FAILED) == (0, 1)
    assert request_rows.finish(connection, 1, schema.DONE) is None
    assert not request_rows.put_back(connection, 1, (schema.QUEUED, 1, 0, "[]"))
    assert request_rows.tally(connection) == (1, 0, 1, 0)


def test_what_is_known_is_read_for_opening(connection: Connection) -> None:
    request_rows.insert(connection, [row(1), row(2, depth=4)])
    request_rows.finish(connection, 1, schema.DONE)
    assert list(request_rows.known(connection)) == [(name(1), 1, 0), (name(2), 2, 4)]


def test_only_what_is_queued_is_brought_forward(connection: Connection) -> None:
    request_rows.insert(connection, [row(1, depth=2, key=2), row(2, depth=2, key=2), row(3, depth=2, key=2)])
    request_rows.finish(connection, 2, schema.DONE)
    brought = [request_rows.bring_forward(connection, row(number, depth=1, key=1)) for number in (2, 3, 4)]
    assert brought == [False, True, False]
    assert first(connection, 1) == [3, 1]
    assert [depth for _, _, depth in request_rows.known(connection)] == [2, 2, 1]


def test_the_first_rank_of_every_host_with_something_queued_is_found(connection: Connection) -> None:
    rows = [row(1, host=3, urgency=1, key=5), row(2, host=3, urgency=0, key=7), row(3, host=1), row(4, host=2)]
    request_rows.insert(connection, rows)
    request_rows.finish(connection, 4, schema.DONE)
    assert sorted(request_rows.first_ranks(connection)) == [(1, 0, 0), (3, 0, 7)]


def test_no_host_has_a_first_rank_when_nothing_is_queued(connection: Connection) -> None:
    assert list(request_rows.first_ranks(connection)) == []


def test_the_parents_url_comes_with_a_row(connection: Connection) -> None:
    request_rows.insert(connection, [row(1), row(2)._replace(parent=1)])
    ((_, rows),) = request_rows.first_of_hosts(connection, [(1, frozenset())], 2)
    assert [found.parent_url for found in rows] == [None, "https://a.example/1"]


def test_counts_by_rule_add_up(connection: Connection) -> None:
    request_rows.count_refusals(connection, {"same": 2, "exclude": 1})
    request_rows.count_refusals(connection, {"same": 3})
    assert request_rows.refusals(connection) == {"same": 5, "exclude": 1}


def test_the_queue_is_read_through_its_index(connection: Connection) -> None:
    plan = connection.execute(
        f"EXPLAIN QUERY PLAN SELECT id FROM requests WHERE host = 1 AND state = {schema.QUEUED}"
        " ORDER BY urgency, key, id LIMIT 1"
    ).fetchall()
    text = " ".join(str(step[-1]) for step in plan)
    assert "queue" in text
    assert "TEMP B-TREE" not in text, "nothing is sorted: the index has the order"
