from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from anyio import EndOfStream
from anyio.abc import ByteStream

from crawl4ai_browser.testing.cassettes.exchange import Answer
from crawl4ai_browser.testing.cassettes.playing import play

NOW = datetime(2026, 6, 11, tzinfo=UTC)
AGE = timedelta(days=10)


class Browser(ByteStream):
    """Takes what is sent, and has gone away."""

    def __init__(self) -> None:
        self.got = b""

    async def send(self, item: bytes) -> None:
        self.got += item

    async def receive(self, max_bytes: int = 65536) -> bytes:
        raise EndOfStream

    async def send_eof(self) -> None:
        return

    async def aclose(self) -> None:
        return


async def played(answer: Answer, method: str = "GET") -> tuple[bytes, bool]:
    browser = Browser()
    goes_on = await play(answer, method, browser, age=AGE, now=NOW)
    return browser.got, goes_on


@pytest.mark.parametrize(
    ("expires", "expected"),
    [
        ("Sat, 06 Jun 2026 00:00:00 GMT", "Tue, 16 Jun 2026 00:00:00 GMT"),  # five days after the recording, and past
        ("Sat, 20 Jun 2026 00:00:00 GMT", "Sat, 20 Jun 2026 00:00:00 GMT"),  # good still
        ("Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT"),  # it was to be deleted
        ("whenever", "whenever"),
    ],
)
async def test_cookie_that_has_expired_since_lives_on(expires: str, expected: str) -> None:
    headers = (("Set-Cookie", f"a=masked; expires={expires}; Path=/"), ("Content-Length", "0"))

    sent, _ = await played(Answer(status=200, reason="OK", headers=headers))

    assert sent.decode() == (
        f"HTTP/1.1 200 OK\r\nSet-Cookie: a=masked; expires={expected}; Path=/\r\nContent-Length: 0\r\n\r\n"
    )


async def test_end_of_an_answer_without_a_length_is_that_of_the_connection() -> None:
    sent, goes_on = await played(Answer(status=200, reason="OK", body=b"to the end"))

    assert sent == b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end"
    assert not goes_on


async def test_answers_without_a_body_have_none() -> None:
    length = (("Content-Length", "4"),)

    assert await played(Answer(status=200, headers=length, body=b"page"), "HEAD") == (
        b"HTTP/1.1 200 \r\nContent-Length: 4\r\n\r\n",
        True,
    )
    assert await played(Answer(status=304)) == (b"HTTP/1.1 304 \r\n\r\n", True)


async def test_answer_that_never_came_does_not_come() -> None:
    assert await played(Answer(status=0, ending="silent")) == (b"", False)
    assert await played(Answer(status=0, ending="open")) == (b"", False)
