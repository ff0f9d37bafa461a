"""Misbehaviours of a server, as functions from a `Response` to a `Response`, to be composed at will.

    delayed(dripped(Response.html(page), chunk_bytes=10, interval=0.05), 1.5)

Each says what the client sees. Handlers that answer by turns or ask for a password are at the end.
"""

from __future__ import annotations

import base64
import gzip
import re
import zlib
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import quote

from crawl4ai_browser.testing.site_requests import Hit
from crawl4ai_browser.testing.site_responses import End, Headers, Repeat, Response, Send, Step, Wait, wire_steps

Handler = Callable[[Hit], Response | Awaitable[Response]]
"""What a route does. A plain function must not block: it runs on the server's event loop."""

Routes = dict[str, Handler | Response]
"""Answers by path, as `SiteServer.route` takes them."""

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
"""One range of bytes; several in one request (RFC 9110, 14.2) are answered with the whole, as the standard allows."""


_RESERVED_BLOCK = b"\x06"
"""The start of a deflate block of type 3, which is an error (RFC 1951, 3.2.3)."""


def delayed(response: Response, seconds: float) -> Response:
    """The answer, head and all, after some seconds."""
    return replace(response, before=(Wait(seconds), *response.before))


def dripped(response: Response, *, chunk_bytes: int, interval: float) -> Response:
    """The head at once, then the body in pieces with `interval` seconds before each."""
    body = _body(response)
    pieces = [body[start : start + chunk_bytes] for start in range(0, len(body), chunk_bytes)]
    steps = tuple(step for piece in pieces for step in (Wait(interval), Send(piece)))
    return replace(response, body=steps, declared_bytes=len(body) if response.framing == "length" else None)


def dripped_head(response: Response, *, chunk_bytes: int, interval: float) -> Response:
    """Head and body in pieces with `interval` seconds before each, as a slow-loris server sends them."""
    whole = _one_send(response)
    pieces = [whole[start : start + chunk_bytes] for start in range(0, len(whole), chunk_bytes)]
    steps = tuple(step for piece in pieces for step in (Wait(interval), Send(piece)))
    return Response(before=(*response.before, *steps, End.CLOSE))


def chunked(response: Response) -> Response:
    """The body in chunks instead of with a Content-Length."""
    return replace(response, framing="chunked", declared_bytes=None)


def truncated(response: Response, *, missing_bytes: int = 100) -> Response:
    """The body, then an orderly end of the connection, where that many more bytes (or a last chunk) should come."""
    body = _body(response)
    declared = len(body) + missing_bytes if response.framing == "length" else None
    return replace(response, body=(Send(body), End.CLOSE), declared_bytes=declared)


def overlong(response: Response, *, extra_bytes: int = 100) -> Response:
    """A body longer than its Content-Length, then the end of the connection."""
    body = _body(response)
    return replace(response, body=(Send(body), End.CLOSE), declared_bytes=max(0, len(body) - extra_bytes))


def reset_after(response: Response, *, sent_bytes: int) -> Response:
    """The first bytes of the body, then a reset of the connection."""
    body = _body(response)
    return replace(response, body=(Send(body[:sent_bytes]), End.RESET), declared_bytes=len(body))


def hanging_after(response: Response, *, sent_bytes: int = 0) -> Response:
    """The head and the first bytes of the body; the rest never comes."""
    body = _body(response)
    return replace(response, body=(Send(body[:sent_bytes]), End.HANG), declared_bytes=len(body))


def gzipped(response: Response) -> Response:
    """The body compressed."""
    compressed = gzip.compress(_body(response), mtime=0)  # mtime: equal bytes for equal bodies
    return replace(response, headers=(*response.headers, ("Content-Encoding", "gzip")), body=compressed)


def badly_gzipped(response: Response) -> Response:
    """A compressed body whose second half no decoder can read.

    Wrong bytes alone would not do: most are valid codes for other text, and Chromium does not check the checksum.
    """
    body = _body(response)
    compressor = zlib.compressobj(wbits=31)  # 31: the gzip format
    first_half = compressor.compress(body[: len(body) // 2]) + compressor.flush(zlib.Z_FULL_FLUSH)
    compressed = first_half + _RESERVED_BLOCK * 64
    return replace(response, headers=(*response.headers, ("Content-Encoding", "gzip")), body=compressed)


def cut_gzip(response: Response, *, missing_bytes: int = 20) -> Response:
    """A compressed body without its end, under a Content-Length that is true for what is sent."""
    compressed = gzipped(response)
    return replace(compressed, body=_body(compressed)[:-missing_bytes])


def ranged(response: Response, hit: Hit) -> Response:
    """The part of the body that a Range header asks for (206), 416 where there is none, else the whole."""
    whole = response if response.header("Accept-Ranges") else with_headers(response, ("Accept-Ranges", "bytes"))
    asked = _RANGE.fullmatch(hit.headers.get("range", ""))
    if asked is None or response.status != 200:
        return whole
    body = _body(response)
    span = byte_span(asked[1], asked[2], len(body))
    if span is None:
        return Response(status=416, headers=(("Content-Range", f"bytes */{len(body)}"),))
    start, stop = span
    content_range = ("Content-Range", f"bytes {start}-{stop - 1}/{len(body)}")
    return replace(whole, status=206, headers=(*whole.headers, content_range), body=body[start:stop])


def byte_span(first: str, last: str, size_bytes: int) -> tuple[int, int] | None:
    """The half-open span that `bytes=first-last` means in a body of that size (RFC 9110, 14.1.2); None for none."""
    if not first:
        wanted = int(last or 0)
        return (max(0, size_bytes - wanted), size_bytes) if wanted and size_bytes else None
    start = int(first)
    stop = min(size_bytes, int(last) + 1) if last else size_bytes
    return (start, stop) if start < stop else None


def with_headers(response: Response, *headers: tuple[str, str]) -> Response:
    """More headers, after those it has."""
    return replace(response, headers=(*response.headers, *headers))


def with_cookie(response: Response, name: str, value: str, *, attributes: str = "Path=/") -> Response:
    """A Set-Cookie header; `attributes` as they are written in it (`"Path=/; HttpOnly; Max-Age=60"`)."""
    return with_headers(response, ("Set-Cookie", f"{name}={value}; {attributes}"))


def attachment(data: bytes, filename: str, *, content_type: str = "application/octet-stream") -> Response:
    """A file that a browser saves under `filename`, which goes out as it is: `"../x"` stays `"../x"`."""
    plain = filename.encode("ascii", "replace").decode().replace('"', '\\"')
    disposition = f'attachment; filename="{plain}"'
    if not filename.isascii():
        disposition += f"; filename*=UTF-8''{quote(filename)}"  # RFC 6266, 4.3
    return Response(headers=(("Content-Type", content_type), ("Content-Disposition", disposition)), body=data)


def raw(data: bytes, *, then: End = End.CLOSE) -> Response:
    """These very bytes in place of an HTTP answer."""
    return Response(before=(Send(data), then))


def dropped() -> Response:
    """No answer: the connection is closed in an orderly way."""
    return Response(before=(End.CLOSE,))


def reset() -> Response:
    """No answer: the connection is reset."""
    return Response(before=(End.RESET,))


def hanging() -> Response:
    """No answer, and the connection stays open."""
    return Response(before=(End.HANG,))


def endless(chunk: bytes, *, interval: float = 0.0, headers: Headers = ()) -> Response:
    """A body that never ends: `chunk` again and again, with `interval` seconds between."""
    steps = (Send(chunk), Wait(interval)) if interval else (Send(chunk),)
    return Response(headers=headers, body=(Repeat(steps),), framing="chunked")


def event_stream(events: Iterable[str], *, interval: float = 0.0, then: End = End.HANG) -> Response:
    """Server-Sent Events: each string is the data of one, with `interval` seconds between, then `then`."""
    headers = (("Content-Type", "text/event-stream"), ("Cache-Control", "no-store"))
    return Response(headers=headers, body=_EventSteps(events, interval, then), framing="chunked")


@dataclass(frozen=True, slots=True)
class _EventSteps:
    """The steps of an event stream; made anew for each answer, so that a constant response can be given twice."""

    events: Iterable[str]
    interval: float
    then: End

    def __iter__(self) -> Iterator[Step]:
        for number, event in enumerate(self.events):
            if number:
                yield Wait(self.interval)
            data = "".join(f"data: {line}\n" for line in event.split("\n"))
            yield Send(f"id: {number}\n{data}\n".encode())
        yield self.then


def by_turns(*responses: Response) -> Handler:
    """The nth request for the path gets the nth answer, later ones the last: `by_turns(too_many, page)`."""
    if not responses:
        raise ValueError("by_turns needs at least one response")
    return lambda hit: responses[min(hit.index, len(responses) - 1)]


def behind_password(response: Response, *, user: str, password: str, realm: str = "test site") -> Handler:
    """The answer for HTTP Basic credentials that match (RFC 7617), a 401 with the challenge for everybody else."""
    expected = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    challenge = Response.text("401 Unauthorized", status=401, headers=(("WWW-Authenticate", f'Basic realm="{realm}"'),))
    return lambda hit: response if hit.headers.get("authorization") == expected else challenge


def _body(response: Response) -> bytes:
    if isinstance(response.body, bytes):
        return response.body
    raise TypeError("this behaviour needs a body of bytes: apply it before those that turn the body into steps")


def _one_send(response: Response) -> bytes:
    _body(response)
    from_steps = [step.data for step in wire_steps(replace(response, before=())) if isinstance(step, Send)]
    return b"".join(from_steps)
