"""RangedGet: fetches a file piece by piece, by Range requests with a session's cookies, identity and proxy.

Playwright's request context holds every body in memory, in the driver and here, so a file comes in pieces of a few MiB
that are appended to a file (RFC 9110, 14). A file that changes on the server meanwhile is not spliced: each further
piece is asked for on the condition that it is still the same (RFC 9110, 13.1: If-Match, If-Unmodified-Since; not
If-Range, whose answer to a change is the whole file).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import anyio.to_thread
from playwright.async_api import APIRequestContext, APIResponse

from crawl4ai_browser.browser.files.rules import Verdict

PIECE_BYTES = 4 * 2**20
"""Of one request: 256 requests for 1 GiB, and at most this in memory, three times over as it travels as base64."""

MIN_PIECE_BYTES = 64 * 2**10
"""A server that breaks off long answers is asked for shorter ones, down to this."""

MAX_REDIRECTS = 10

_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
_UNSATISFIED = re.compile(r"bytes \*/(\d+)")

Check = Callable[[int, int | None], Verdict | None]
"""Told how many bytes have come, and of how many; a verdict ends the transfer."""


class Head(NamedTuple):
    """What a server says of a file."""

    url: str
    """After redirects."""
    status: int
    headers: dict[str, str]

    @property
    def total_bytes(self) -> int | None:
        """By Content-Length."""
        length = self.headers.get("content-length", "")
        return int(length) if length.isdecimal() else None

    @property
    def comes_in_pieces(self) -> bool:
        """Whether it may be asked for without ever having all of it in memory."""
        if not 200 <= self.status < 300 or self.headers.get("content-encoding", "identity") != "identity":
            return False
        if self.total_bytes is None:
            return False
        return self.total_bytes <= PIECE_BYTES or self.headers.get("accept-ranges", "").strip().lower() == "bytes"


@dataclass
class RangedGet:
    """One file's transfer, continued as often as need be. `headers` go with every request."""

    request: APIRequestContext
    url: str
    part: Path
    """Where the bytes go. What lies there is taken for the file's beginning."""
    headers: dict[str, str] = field(default_factory=dict[str, str])
    conditions: dict[str, str] = field(default_factory=dict[str, str])
    """What must still hold of the file, when not from its beginning; see `conditions_of`."""
    piece_bytes: int = PIECE_BYTES
    total_bytes: int | None = None
    answer: Head | None = None
    """The last one."""

    async def head(self) -> Head:
        """What the server says of the file, without its bytes.

        Raises:
            PlaywrightError: no answer.
        """
        response = await self.request.head(
            self.url, headers=self._headers({}), timeout=0, max_redirects=MAX_REDIRECTS, fail_on_status_code=False
        )
        return await self._read_head(response)

    async def run(self, check: Check) -> Verdict | None:
        """Fetch what is missing. None: the file is whole. May be called again after an error, to go on.

        Raises:
            PlaywrightError: no answer, or one that broke off.
            OSError: the disk.
        """
        received = await anyio.to_thread.run_sync(_size, self.part)
        while self.total_bytes is None or received < self.total_bytes:
            verdict, received = await self._piece(received)
            verdict = verdict or check(received, self.total_bytes)
            if verdict is not None:
                return verdict
        if received == 0:
            await anyio.to_thread.run_sync(_write, self.part, 0, b"")
        return None

    async def _piece(self, start: int) -> tuple[Verdict | None, int]:
        """Fetch one piece; the verdict and how much there is now."""
        ranged = {"Range": f"bytes={start}-{start + self.piece_bytes - 1}"}
        if start:
            ranged.update(self.conditions)
        response = await self.request.get(
            self.url, headers=self._headers(ranged), timeout=0, max_redirects=MAX_REDIRECTS, fail_on_status_code=False
        )
        try:
            head = _head(response)
            self.answer = head
            verdict = self._judge(head, start)
            if verdict is not None or head.status == 416:
                return verdict, start
            body = await response.body()
        finally:
            await response.dispose()
        if head.status == 206 and not body:
            return Verdict("truncated", f"the server sent nothing from byte {start} on"), start
        self.conditions = self.conditions or conditions_of(head.headers)
        self.url = head.url
        if head.status == 200:
            self.total_bytes = len(body)
        offset = start if head.status == 206 else 0
        await anyio.to_thread.run_sync(_write, self.part, offset, body)
        return None, offset + len(body)

    def _judge(self, head: Head, start: int) -> Verdict | None:
        if head.status == 412:
            return Verdict("truncated", "the file has changed on the server")
        if head.status == 416:
            end = _UNSATISFIED.fullmatch(head.headers.get("content-range", ""))
            self.total_bytes = int(end[1]) if end else self.total_bytes
            is_whole = start == (self.total_bytes or 0)
            self.total_bytes = start if is_whole else self.total_bytes
            return None if is_whole else Verdict("truncated", f"the server has no bytes from {start} on")
        if head.status >= 400:
            return Verdict("http_error", f"the server answered {head.status}")
        if head.status == 206:
            return self._judge_range(head, start)
        return None if head.status == 200 else Verdict("http_error", f"the server answered {head.status} to a GET")

    def _judge_range(self, head: Head, start: int) -> Verdict | None:
        told = head.headers.get("content-range", "")
        given = _CONTENT_RANGE.fullmatch(told)
        if given is None or int(given[1]) != start:
            return Verdict("truncated", f"the server sent another range than asked: {told!r}")
        total = int(given[3]) if given[3] != "*" else None
        if None not in (total, self.total_bytes) and total != self.total_bytes:
            return Verdict("truncated", f"the file has changed on the server: {self.total_bytes}, now {total} bytes")
        self.total_bytes = total
        return None

    def begin_anew(self) -> None:
        """Forget what was known of the file."""
        self.conditions = {}
        self.total_bytes = None
        self.answer = None

    def ask_for_less(self) -> None:
        """Shorter pieces from now on."""
        self.piece_bytes = max(MIN_PIECE_BYTES, self.piece_bytes // 4)

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        # A compressed answer would be unpacked on the way, and its ranges are those of the compressed form.
        return {**self.headers, "Accept-Encoding": "identity", **more}

    async def _read_head(self, response: APIResponse) -> Head:
        head = _head(response)
        await response.dispose()
        return head


def conditions_of(headers: dict[str, str]) -> dict[str, str]:
    """The headers that make a request fail (412) when the file is no longer the same; none where nothing tells."""
    etag = headers.get("etag", "")
    if etag and not etag.startswith("W/"):
        return {"If-Match": etag}
    if "last-modified" in headers:
        return {"If-Unmodified-Since": headers["last-modified"]}
    return {}


def _head(response: APIResponse) -> Head:
    headers = {header["name"].lower(): header["value"] for header in response.headers_array}
    return Head(url=response.url, status=response.status, headers=headers)


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _write(part: Path, offset: int, body: bytes) -> None:
    """Write at the offset, and make that the file's end."""
    part.parent.mkdir(parents=True, exist_ok=True)
    with part.open("r+b" if part.exists() else "wb") as file:
        file.seek(offset)
        file.write(body)
        file.truncate()
