"""Exchange: one request of a browser and what it was answered, as values."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Literal

from crawl4ai_browser.testing.cassettes.websocket_frames import Message

Headers = tuple[tuple[str, str], ...]
"""Names and values, in their order."""

Ending = Literal["whole", "broken", "open", "silent"]
"""How an answer ended: whole; broken off by the server; left open, as the browser went away first; never begun."""

_SWITCHING_PROTOCOLS = 101

_BOUNDARY = re.compile(rb"(?:-{4,}WebKitFormBoundary)\w+")
"""What parts the fields of an uploaded form: Chromium draws it by lot."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, as far as two of them are the same one."""

    method: str
    url: str
    body: bytes = b""
    span: str = ""
    """Of the header Range."""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Equal for requests that are answered from the same recordings."""
        body = _BOUNDARY.sub(b"----boundary", self.body)
        return self.method, self.url, self.span, hashlib.sha256(body).hexdigest() if body else ""

    def __str__(self) -> str:
        """As people name it."""
        return f"{self.method} {self.url}" + (f" ({self.span})" if self.span else "")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered. `body` is without its framing, and plain where it came compressed with gzip."""

    status: int
    reason: str = ""
    headers: Headers = ()
    body: bytes = b""
    ending: Ending = "whole"
    messages: tuple[Message, ...] = ()
    """Of a WebSocket, whose status is 101."""

    def header(self, name: str) -> str | None:
        """The first header of this name, in any case."""
        return next((value for given, value in self.headers if given.lower() == name.lower()), None)

    @property
    def is_socket(self) -> bool:
        """Whether the connection became a WebSocket with it."""
        return self.status == _SWITCHING_PROTOCOLS

    @property
    def is_chunked(self) -> bool:
        """Whether its length was not told."""
        return (self.header("Transfer-Encoding") or "").lower() == "chunked"


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer."""

    asked: Asked
    answer: Answer
