"""ScriptedFetcher and ScriptedPlainGet answer what is written down and remember who came."""

from __future__ import annotations

import anyio
import pytest

from crawl4ai_browser.errors import ConnectionFailed, HttpStatusError
from crawl4ai_browser.fetcher import Fetcher, PlainGet, PlainResponse
from crawl4ai_browser.request import Request
from crawl4ai_browser.testing.fake_clock import FakeClock
from crawl4ai_browser.testing.scripted_fetcher import ScriptedFetcher, page
from crawl4ai_browser.testing.scripted_plain_get import ScriptedPlainGet

A = "https://a.test/"
B = "https://b.test/"


def as_fetcher(fetcher: Fetcher) -> Fetcher:
    """The type checkers hold the fake to the protocol here."""
    return fetcher


def as_plain_get(plain_get: PlainGet) -> PlainGet:
    """The type checkers hold the fake to the protocol here."""
    return plain_get


async def test_html_text_becomes_a_page_with_status_200() -> None:
    snapshot = await as_fetcher(ScriptedFetcher({A: "<h1>hi</h1>"})).fetch(Request(url=A))
    assert (snapshot.url, snapshot.status, snapshot.html) == (A, 200, "<h1>hi</h1>")


async def test_a_url_that_is_not_in_the_script_is_a_404() -> None:
    snapshot = await ScriptedFetcher({}).fetch(Request(url=A))
    assert snapshot.status == 404


async def test_the_script_may_be_a_function_of_the_url() -> None:
    fetcher = ScriptedFetcher(lambda url: page(url, status=503, headers={"retry-after": "7"}))
    snapshot = await fetcher.fetch(Request(url=B))
    assert (snapshot.url, snapshot.status, snapshot.headers["retry-after"]) == (B, 503, "7")


async def test_each_attempt_gets_its_answer_and_the_last_one_stays() -> None:
    fetcher = ScriptedFetcher({A: [ConnectionFailed("reset"), "first", "second"]})
    with pytest.raises(ConnectionFailed, match="reset"):
        await fetcher.fetch(Request(url=A))
    bodies = [(await fetcher.fetch(Request(url=A))).html for _ in range(3)]
    assert bodies == ["first", "second", "second"]
    assert [(visit.attempt, visit.outcome) for visit in fetcher.visits] == [
        (1, "error"),
        (2, "snapshot"),
        (3, "snapshot"),
        (4, "snapshot"),
    ]
    assert fetcher.visit_count(A) == 4


async def test_an_error_is_raised_anew_for_each_visit_with_its_request() -> None:
    fetcher = ScriptedFetcher({A: HttpStatusError("gone", status=410)})
    request = Request(url=A)
    caught: list[HttpStatusError] = []
    for _ in range(2):
        with pytest.raises(HttpStatusError) as info:
            await fetcher.fetch(request)
        caught.append(info.value)
    assert caught[0] is not caught[1]
    assert [(error.status, error.request, str(error)) for error in caught] == [(410, request, "gone")] * 2


async def test_delay_and_linger_pass_on_the_clock_and_the_answer_is_told_between_them() -> None:
    clock = FakeClock()
    told: list[tuple[float, float]] = []
    fetcher = ScriptedFetcher({A: ""}, clock=clock, delay=lambda url: 0.5 if url == A else 9.0, linger=2.0)
    async with clock.jumping():
        await fetcher.fetch(Request(url=A), on_answer=lambda seconds: told.append((clock.monotonic(), seconds)))
    assert told == [(0.5, 0.5)]
    assert [(visit.url, visit.started, visit.ended) for visit in fetcher.visits] == [(A, 0.0, 2.5)]


async def test_an_error_begins_no_answer() -> None:
    told: list[float] = []
    with pytest.raises(ConnectionFailed):
        await ScriptedFetcher({A: ConnectionFailed("refused")}).fetch(Request(url=A), on_answer=told.append)
    assert told == []


async def test_it_counts_how_many_visits_were_under_way_at_once() -> None:
    clock = FakeClock()
    fetcher = ScriptedFetcher({A: "", B: ""}, clock=clock, delay=1.0)
    async with clock.jumping(), anyio.create_task_group() as tasks:
        for url in (A, A, A, B):
            tasks.start_soon(fetcher.fetch, Request(url=url))
        await anyio.wait_all_tasks_blocked()
    assert (fetcher.max_active_count, fetcher.max_active_of(A), fetcher.max_active_of(B)) == (4, 3, 1)
    assert (fetcher.starts_of(A), repr(fetcher)) == ([0.0, 0.0, 0.0], "<ScriptedFetcher 4 visits, 0 active>")


async def test_a_cancelled_visit_is_recorded_and_leaves_nothing_behind() -> None:
    clock = FakeClock()
    fetcher = ScriptedFetcher({A: ""}, clock=clock, delay=60.0)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(fetcher.fetch, Request(url=A))
        await clock.advance(5)
        assert repr(fetcher) == "<ScriptedFetcher 0 visits, 1 active>"
        tasks.cancel_scope.cancel()
    assert [(visit.outcome, visit.ended) for visit in fetcher.visits] == [("cancelled", 5.0)]
    assert (fetcher.active_count, clock.sleeper_count) == (0, 0)


async def test_plain_get_answers_text_status_response_and_error() -> None:
    ready = PlainResponse(url=B, status=200, headers={"content-type": "text/html"}, body=b"<p>")
    plain_get = ScriptedPlainGet({A: ["User-agent: *", 503, ready, ConnectionFailed("reset")]})
    answers = [await as_plain_get(plain_get).get(A) for _ in range(3)]
    assert [(answer.status, answer.body) for answer in answers] == [(200, b"User-agent: *"), (503, b""), (200, b"<p>")]
    with pytest.raises(ConnectionFailed):
        await plain_get.get(A, session="alice")
    assert (await plain_get.get(B)).status == 404
    assert plain_get.requests == [(A, None)] * 3 + [(A, "alice"), (B, None)]
    assert repr(plain_get) == "<ScriptedPlainGet 5 requests>"
