from __future__ import annotations

import zlib
from itertools import islice

import pytest

from crawl4ai_browser.testing.site import (
    End,
    Hit,
    Repeat,
    Response,
    Send,
    Wait,
    attachment,
    badly_gzipped,
    behind_password,
    by_turns,
    chunked,
    delayed,
    dripped,
    endless,
    event_stream,
    gzipped,
    ranged,
    truncated,
    with_cookie,
)
from crawl4ai_browser.testing.site_responses import wire_steps


def hit(*, index: int = 0, **headers: str) -> Hit:
    return Hit("GET", "/", "", {name.replace("_", "-"): value for name, value in headers.items()}, b"", index, 0.0, 1)


def sent(response: Response, *, method: str = "GET") -> bytes:
    return b"".join(step.data for step in wire_steps(response, method=method) if isinstance(step, Send))


def test_ordinary_answer_is_one_send() -> None:
    head = b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\nX-A: 1\r\nContent-Length: 2\r\n\r\n"
    assert list(wire_steps(Response.text("hi", status=404, headers=(("X-A", "1"),)))) == [Send(head + b"hi")]


@pytest.mark.parametrize("status", [204, 304])
def test_statuses_without_a_body_send_neither_body_nor_length(status: int) -> None:
    assert sent(Response(status=status, body=b"never")).endswith(b"\r\n\r\n")
    assert b"Content-Length" not in sent(Response(status=status))


def test_head_request_gets_the_length_of_the_body_it_does_not_get() -> None:
    assert sent(Response(body=b"12345"), method="HEAD") == b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"


def test_status_that_nobody_knows_is_sent_all_the_same() -> None:
    assert sent(Response(status=799)).startswith(b"HTTP/1.1 799 Unknown\r\n")


def test_headers_may_repeat_and_hold_any_latin_1() -> None:
    response = with_cookie(with_cookie(Response(), "a", "1"), "b", "ü", attributes="Path=/; HttpOnly")
    assert sent(response).count(b"Set-Cookie: ") == 2
    assert b"Set-Cookie: b=\xfc; Path=/; HttpOnly\r\n" in sent(response)


def test_chunked_body_ends_with_the_empty_chunk() -> None:
    assert sent(chunked(Response(body=b"hello"))).endswith(b"\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
    assert sent(chunked(Response(body=b""))).endswith(b"\r\n\r\n0\r\n\r\n")


def test_until_close_says_so_and_closes() -> None:
    steps = list(wire_steps(Response(body=b"x", framing="until-close")))
    assert steps == [Send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nx"), End.CLOSE]


def test_body_of_steps_without_a_length_is_refused() -> None:
    with pytest.raises(ValueError, match="declared_bytes"):
        Response(body=(Send(b"x"),))


def test_repeat_is_played_as_often_as_it_says_and_may_be_nested() -> None:
    inner = Repeat((Send(b"a"), Wait(1)), times=2)
    steps = list(wire_steps(Response(body=(Repeat((inner, Send(b"b")), times=2),), declared_bytes=6)))
    assert steps[1:] == [Send(b"a"), Wait(1), Send(b"a"), Wait(1), Send(b"b")] * 2


def test_endless_body_has_no_end() -> None:
    steps = list(islice(wire_steps(endless(b"xy", interval=0.5)), 1, 9))
    assert steps == [Send(b"2\r\nxy\r\n"), Wait(0.5)] * 4


def test_behaviours_compose() -> None:
    response = delayed(dripped(gzipped(Response.text("a" * 100)), chunk_bytes=20, interval=0.1), 2)
    steps = list(wire_steps(response))
    assert steps[0] == Wait(2)
    assert isinstance(steps[1], Send)
    assert b"Content-Encoding: gzip" in steps[1].data
    assert steps[2] == Wait(0.1)


def test_behaviour_that_needs_bytes_refuses_a_body_of_steps() -> None:
    with pytest.raises(TypeError, match="apply it before"):
        gzipped(dripped(Response.text("x"), chunk_bytes=1, interval=1))


def test_truncated_length_and_truncated_chunks_both_stop_short() -> None:
    by_length = list(wire_steps(truncated(Response(body=b"abc"), missing_bytes=7)))
    assert by_length == [Send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"), Send(b"abc"), End.CLOSE]
    assert list(wire_steps(truncated(chunked(Response(body=b"abc")))))[1:] == [Send(b"3\r\nabc\r\n"), End.CLOSE]


def test_bad_gzip_can_be_read_up_to_its_middle() -> None:
    body = badly_gzipped(Response.text("first" * 50 + "other" * 50)).body
    assert isinstance(body, bytes)
    decoder = zlib.decompressobj(wbits=31)
    good = body.index(b"\x06" * 64)
    assert decoder.decompress(body[:good]) == b"first" * 50
    with pytest.raises(zlib.error, match="invalid block type"):
        decoder.decompress(body[good:])


@pytest.mark.parametrize(
    ("asked", "status", "content_range", "body"),
    [
        ("bytes=2-4", 206, "bytes 2-4/10", b"234"),
        ("bytes=7-", 206, "bytes 7-9/10", b"789"),
        ("bytes=-3", 206, "bytes 7-9/10", b"789"),
        ("bytes=-99", 206, "bytes 0-9/10", b"0123456789"),
        ("bytes=8-99", 206, "bytes 8-9/10", b"89"),
        ("bytes=10-", 416, "bytes */10", b""),
        ("bytes=-0", 416, "bytes */10", b""),
        ("bytes=1-2,4-5", 200, None, b"0123456789"),
        ("lines=1-2", 200, None, b"0123456789"),
        ("", 200, None, b"0123456789"),
    ],
)
def test_range_is_answered_as_rfc_9110_has_it(asked: str, status: int, content_range: str | None, body: bytes) -> None:
    response = ranged(Response(body=b"0123456789"), hit(range=asked))
    assert (response.status, response.header("content-range"), response.body) == (status, content_range, body)


def test_attachment_names_travel_as_given_and_as_utf_8() -> None:
    assert attachment(b"", "../a b.txt").header("Content-Disposition") == 'attachment; filename="../a b.txt"'
    assert (
        attachment(b"", 'ü".txt').header("Content-Disposition")
        == 'attachment; filename="?\\".txt"; filename*=UTF-8\'\'%C3%BC%22.txt'
    )


def test_event_stream_can_be_given_twice() -> None:
    stream = event_stream(["one", "two\nlines"], interval=0.2)
    for _ in range(2):
        assert list(wire_steps(stream))[1:] == [
            Send(b"11\r\nid: 0\ndata: one\n\n\r\n"),
            Wait(0.2),
            Send(b"1d\r\nid: 1\ndata: two\ndata: lines\n\n\r\n"),
            End.HANG,
        ]


def test_turns_go_by_the_index_of_the_hit() -> None:
    handler = by_turns(Response(status=429), Response(status=503), Response())
    statuses = [handler(hit(index=index)) for index in range(5)]
    assert [response.status for response in statuses if isinstance(response, Response)] == [429, 503, 200, 200, 200]


def test_password_opens_only_for_itself() -> None:
    handler = behind_password(Response.text("inside"), user="user", password="pass:word")
    refused = handler(hit())
    assert isinstance(refused, Response)
    assert (refused.status, refused.header("WWW-Authenticate")) == (401, 'Basic realm="test site"')
    assert handler(hit(authorization="Basic dXNlcjpwYXNzOndvcmQ=")) == Response.text("inside")
    assert handler(hit(authorization="Basic dXNlcjp3cm9uZw==")) == refused
