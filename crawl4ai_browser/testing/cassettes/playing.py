"""Plays an answer of a tape to a browser as it once came."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

from anyio.abc import ByteStream

from crawl4ai_browser.browser.proxies.upstream import LOST_CONNECTION
from crawl4ai_browser.testing.cassettes.exchange import Answer, Headers

_BODILESS = frozenset({204, 304})  # RFC 9110, 6.4.1

_EXPIRES = re.compile(r"(;\s*expires=)([^;]+)", re.IGNORECASE)


async def play(answer: Answer, method: str, client: ByteStream, *, age: timedelta, now: datetime) -> bool:
    """Send it; whether the connection can be used for the next one. `age` is the tape's, which cookies are spared.

    What was left open stays so until the browser goes away; what was broken off breaks off.
    """
    if answer.ending == "silent":
        return False
    if answer.status:
        await client.send(head_of(answer, headers=_fresh(answer.headers, age=age, now=now)))
        has_body = method != "HEAD" and answer.status not in _BODILESS
        if has_body and answer.body:
            await client.send(chunk(answer.body) if answer.is_chunked else answer.body)
        if has_body and answer.is_chunked and answer.ending == "whole":
            await client.send(chunk(b""))
    if answer.ending == "open":
        await until_gone(client)
    return answer.ending == "whole" and can_go_on(answer)


def head_of(answer: Answer, *, headers: Headers) -> bytes:
    """Status line and headers. Where nothing says how long the body is, the end of the connection does."""
    lines = [f"{name}: {value}" for name, value in headers]
    if not can_go_on(answer):
        lines.append("Connection: close")
    return "\r\n".join((f"HTTP/1.1 {answer.status} {answer.reason}", *lines, "", "")).encode("latin-1", "replace")


def can_go_on(answer: Answer) -> bool:
    """Whether a browser can tell where the answer ends without the end of the connection."""
    return answer.is_chunked or answer.header("Content-Length") is not None or answer.status in _BODILESS


def chunk(data: bytes) -> bytes:
    """A chunk of a body (RFC 9112, 7.1); the last one, of no data."""
    return b"%x\r\n%s\r\n" % (len(data), data)


async def until_gone(client: ByteStream) -> None:
    """Return when the browser has closed the connection."""
    with suppress(*LOST_CONNECTION):
        while True:
            await client.receive()


def _fresh(headers: Headers, *, age: timedelta, now: datetime) -> Headers:
    """The headers, with cookies that have expired since the recording as old as they were then."""

    def shifted(match: re.Match[str]) -> str:
        try:
            expires = parsedate_to_datetime(match[2].strip())
        except ValueError:
            return match[0]
        if expires.tzinfo is None or not now - age < expires <= now:
            return match[0]
        return match[1] + format_datetime(expires + age, usegmt=True)

    return tuple(
        (name, _EXPIRES.sub(shifted, value) if name.lower() == "set-cookie" else value) for name, value in headers
    )
