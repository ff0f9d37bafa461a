"""What reached the test site: one request as a value, how its bytes are read, and the log of all of them."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

KEPT_HITS = 10_000
"""Hits the log keeps by default: each weighs about 2 KB with a browser's headers, and a benchmark makes millions."""


class BadRequest(Exception):
    """The client's bytes are no request that this server takes; answered with `status` and a closed connection."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, slots=True)
class RequestHead:
    """Request line and headers. `path` and `query` as sent, header names in lower case."""

    method: str
    path: str
    query: str
    version: str
    headers: Mapping[str, str]

    @property
    def body_bytes(self) -> int:
        """Length of the body that follows."""
        return int(self.headers.get("content-length", "0"))

    @property
    def keeps_connection(self) -> bool:
        """Whether the client wants to go on using the connection (RFC 9112, 9.3)."""
        asked = self.headers.get("connection", "").lower()
        return asked == "keep-alive" if self.version == "HTTP/1.0" else asked != "close"


@dataclass(frozen=True, slots=True)
class Hit:
    """One request that reached the server: what a handler gets and what `SiteServer.hits` lists.

    `path` and `query` are as sent (percent-encoded); `headers` has lower-case names, repeated ones joined; `index`
    counts the requests for this path from 0; `at` is monotonic seconds.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    index: int
    at: float
    remote_port: int

    def parameter(self, name: str, default: str = "") -> str:
        """The first value of a query parameter, decoded."""
        return parse_qs(self.query, keep_blank_values=True).get(name, [default])[0]

    def cookies(self) -> dict[str, str]:
        """The cookies of the request by name."""
        pairs = (pair.strip().partition("=") for pair in self.headers.get("cookie", "").split(";"))
        return {name: value for name, _, value in pairs if name}


def parse_head(head: bytes) -> RequestHead:
    """The head of a request, from its bytes without the blank line at its end.

    Raises:
        BadRequest: not HTTP/1.x (400), or a body without a length (411: chunked uploads are not taken).
    """
    request_line, *header_lines = head.decode("latin-1").split("\r\n")
    method, _, rest = request_line.partition(" ")
    target, _, version = rest.rpartition(" ")
    if not method or not target or version not in ("HTTP/1.1", "HTTP/1.0"):
        raise BadRequest(400, f"not a request line: {request_line[:80]!r}")
    headers: dict[str, str] = {}
    for line in header_lines:
        name, colon, value = line.partition(":")
        if not colon or name != name.strip():
            raise BadRequest(400, f"not a header: {line[:80]!r}")
        name, value = name.lower(), value.strip()
        if name in headers:
            value = headers[name] + ("; " if name == "cookie" else ", ") + value
        headers[name] = value
    if "transfer-encoding" in headers:
        raise BadRequest(411, "a request body needs a Content-Length")
    if not headers.get("content-length", "0").isdecimal():
        raise BadRequest(400, f"not a length: {headers['content-length']!r}")
    path, query = _split_target(target)
    return RequestHead(method=method, path=path, query=query, version=version, headers=headers)


def _split_target(target: str) -> tuple[str, str]:
    if not target.startswith("/"):  # absolute form, which a server has to take too (RFC 9112, 3.2.2)
        parts = urlsplit(target)
        return parts.path or "/", parts.query
    path, _, query = target.partition("?")
    return path, query


class HitLog:
    """The requests so far: the newest `kept` of them, and exact counts of all. Safe to read from any thread."""

    def __init__(self, kept: int = KEPT_HITS) -> None:
        self._lock = threading.Lock()
        self._hits: deque[Hit] = deque(maxlen=kept)
        self._counts: Counter[str] = Counter()

    def record(self, head: RequestHead, body: bytes, *, at: float, remote_port: int) -> Hit:
        """A new hit, numbered and kept."""
        with self._lock:
            index = self._counts[head.path]
            self._counts[head.path] = index + 1
            hit = Hit(head.method, head.path, head.query, head.headers, body, index, at, remote_port)
            self._hits.append(hit)
            return hit

    def hits(self) -> list[Hit]:
        """The kept hits, oldest first."""
        with self._lock:
            return list(self._hits)

    def count(self, path: str | None = None) -> int:
        """How many requests there were for a path, or in all."""
        with self._lock:
            return self._counts.total() if path is None else self._counts[path]

    def reset(self) -> None:
        """Forget everything; indexes start at 0 again."""
        with self._lock:
            self._hits.clear()
            self._counts.clear()
