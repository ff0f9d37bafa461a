"""What the test site answers, as values: a head, a body, and the steps by which both reach the wire.

An ordinary answer is a status, headers and bytes. A misbehaving one is the same value with other steps: a wait before
the head, a body that stops in the middle, a connection that is reset. Nothing here touches a socket; `wire_steps` says
what is to be sent and `site_server` plays it. The ready-made misbehaviours are in `site_behaviours`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import Literal

Headers = tuple[tuple[str, str], ...]
"""Names and values in the order they are sent; a name may occur more than once."""

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]
"""Whatever `json.dumps` takes."""

Framing = Literal["length", "chunked", "until-close"]
"""How the client learns where the body ends: a Content-Length, chunks (RFC 9112, 7.1), or the end of the connection."""

BODILESS_STATUSES = frozenset({204, 304})
"""Statuses whose answer never has a body (RFC 9110, 6.4.1)."""


@dataclass(frozen=True, slots=True)
class Send:
    """Bytes go out. In a chunked body each is one chunk."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing happens for some seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Repeat:
    """The steps over and over: `times`, or for ever when None."""

    steps: tuple[Step, ...]
    times: int | None = None


class End(Enum):
    """The answer ends here, whatever had been promised."""

    HANG = "hang"
    """Nothing more is sent; the connection stays open until the client closes it or the site stops."""
    CLOSE = "close"
    """The connection is closed in an orderly way (FIN)."""
    RESET = "reset"
    """The connection is torn down (RST)."""


Step = Send | Wait | Repeat | End


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One answer. A value: what may be repeated (a route's constant answer) has bytes or a tuple of steps as its body.

    A `body` of steps needs `declared_bytes` or another `framing`, as its length is not known. `declared_bytes` is the
    Content-Length that is announced, true or not. `before` is played before the head is sent.
    """

    status: int = 200
    headers: Headers = ()
    body: bytes | Iterable[Step] = b""
    before: tuple[Step, ...] = ()
    framing: Framing = "length"
    declared_bytes: int | None = None

    def __post_init__(self) -> None:
        if self.framing == "length" and self.declared_bytes is None and not isinstance(self.body, bytes):
            raise ValueError("a body of steps needs declared_bytes, or framing 'chunked' or 'until-close'")

    @classmethod
    def text(cls, body: str, *, status: int = 200, headers: Headers = ()) -> Response:
        """Plain text in UTF-8."""
        return cls(status=status, headers=(("Content-Type", "text/plain; charset=utf-8"), *headers), body=body.encode())

    @classmethod
    def html(cls, body: str, *, status: int = 200, headers: Headers = ()) -> Response:
        """An HTML page in UTF-8."""
        return cls(status=status, headers=(("Content-Type", "text/html; charset=utf-8"), *headers), body=body.encode())

    @classmethod
    def json(cls, value: JsonValue, *, status: int = 200, headers: Headers = ()) -> Response:
        """A JSON document."""
        body = json.dumps(value).encode()
        return cls(status=status, headers=(("Content-Type", "application/json"), *headers), body=body)

    @classmethod
    def redirect(cls, to: str, *, status: int = 302, headers: Headers = ()) -> Response:
        """A redirect to a URL or path."""
        return cls(status=status, headers=(("Location", to), *headers))

    def header(self, name: str) -> str | None:
        """The first header of that name, in any case; None without one."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


def wire_steps(response: Response, *, method: str = "GET") -> Iterator[Step]:
    """What goes over the wire, in order. An ordinary answer is one `Send`; no `Repeat` is left in it."""
    yield from _flat(response.before)
    head = _head(response)
    if method == "HEAD" or response.status in BODILESS_STATUSES:
        yield Send(head)
    elif isinstance(response.body, bytes) and response.framing != "chunked":
        yield Send(head + response.body)
    else:
        yield Send(head)
        body = (Send(response.body),) if isinstance(response.body, bytes) else response.body
        yield from _chunked(_flat(body)) if response.framing == "chunked" else _flat(body)
    if response.framing == "until-close":
        yield End.CLOSE


def _flat(steps: Iterable[Step]) -> Iterator[Step]:
    for step in steps:
        if isinstance(step, Repeat):
            done = 0
            while step.times is None or done < step.times:
                yield from _flat(step.steps)
                done += 1
        else:
            yield step


def _chunked(steps: Iterator[Step]) -> Iterator[Step]:
    for step in steps:
        if isinstance(step, End):
            yield step
            return
        if not isinstance(step, Send):
            yield step
        elif step.data:  # an empty chunk would end the body
            yield Send(b"%x\r\n%b\r\n" % (len(step.data), step.data))
    yield Send(b"0\r\n\r\n")


def _head(response: Response) -> bytes:
    try:
        phrase = HTTPStatus(response.status).phrase
    except ValueError:
        phrase = "Unknown"
    lines = [f"HTTP/1.1 {response.status} {phrase}"]
    lines += [f"{name}: {value}" for name, value in (*response.headers, *_framing_headers(response))]
    # Latin-1: the bytes of a header are the caller's to choose, its text is only their spelling (RFC 9110, 5.5).
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _framing_headers(response: Response) -> Headers:
    if response.status in BODILESS_STATUSES:
        return ()
    if response.framing == "chunked":
        return (("Transfer-Encoding", "chunked"),)
    if response.framing == "until-close":
        return (("Connection", "close"),)
    length = response.declared_bytes
    if length is None:
        length = len(response.body) if isinstance(response.body, bytes) else 0
    return (("Content-Length", str(length)),)
