"""SeedFile: seeds read from a file or standard input line by line, as the crawl asks for them.

A line is a URL, or a `Request` as JSON; empty lines and lines that begin with `#` are passed over.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import BinaryIO, Self

import anyio
from anyio import to_thread
from pydantic import ValidationError

from crawl4ai_browser.cli.flags import reason
from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.request import Request

MAX_LINE_BYTES = 2**20
"""A URL has at most 8192 characters; a request as JSON may carry headers and metadata. A longer line is no seed but the
sign of another kind of file, and is not read into memory."""

_BLOCK_BYTES = 64 * 1024
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

Check = Callable[[str | Request], Request]
"""Makes the request to visit of a seed, or raises `ConfigError`."""


class SeedFile:
    """The seeds of a file; `-` is standard input. Opened at once, read when iterated, as far as asked for, and once.

    A bad line is handed to `report` with its number, and comes out of the iteration as text: the crawl makes a failed
    result of it, so that nothing that was asked for is missing from the output.
    """

    def __init__(self, name: str, *, check: Check, report: Callable[[str], None]) -> None:
        """Open the file.

        Raises:
            ConfigError: it can't be opened.
        """
        self.name = "standard input" if name == "-" else name
        self.good_count = 0
        self.bad_count = 0
        self._check = check
        self._report = report
        self._file = _opened(name)

    def __enter__(self) -> Self:
        """Itself; it is open already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._file.close()

    async def __aiter__(self) -> AsyncIterator[str | Request]:
        """The seeds, one a line.

        Raises:
            ConfigError: the file can't be read on.
        """
        number = 0
        async for line in _lines(self._file, self.name):
            number += 1
            seed = self._seed(line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line, number)
            if seed is not None:
                yield seed

    def _seed(self, line: bytes, number: int) -> str | Request | None:
        text = line.decode("utf-8", "backslashreplace").strip()
        if not text or text.startswith("#"):
            return None
        try:
            request = self._check(_parsed(line, text))
        except ConfigError as error:
            self.bad_count += 1
            self._report(f"{self.name}, line {number}: {error.message}")
            return text[:200]
        self.good_count += 1
        return request

    def __repr__(self) -> str:
        """How far it has been read."""
        return f"<SeedFile {self.name}, {self.good_count} good, {self.bad_count} bad>"


def _opened(name: str) -> BinaryIO:
    if name == "-":
        return sys.stdin.buffer
    try:
        return Path(name).open("rb", buffering=0)
    except OSError as error:
        raise ConfigError(f"can't read the seeds in {name!r}: {error.strerror}") from error


def _parsed(line: bytes, text: str) -> str | Request:
    if len(line) > MAX_LINE_BYTES:
        raise ConfigError(f"a line of more than {MAX_LINE_BYTES} bytes is no seed: {text[:60]!r}...")
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        raise ConfigError(f"not UTF-8: {text[:200]!r}") from None
    if not text.startswith("{"):
        return text
    try:
        return Request.model_validate_json(text)
    except ValidationError as error:
        place = ".".join(map(str, error.errors(include_url=False)[0]["loc"]))
        raise ConfigError(f"not a request: {' '.join(filter(None, [place, reason(error)]))}") from None


async def _lines(file: BinaryIO, name: str) -> AsyncIterator[bytes]:
    """The lines, without their ends; of one that is too long only the start, a byte past the limit."""
    pending = b""
    is_overlong = False
    while block := await _block(file, name):
        *ended, rest = block.split(b"\n")
        for line in ended:
            if not is_overlong:
                yield (pending + line)[: MAX_LINE_BYTES + 1]
            pending, is_overlong = b"", False
        if is_overlong:
            continue
        pending += rest
        if len(pending) > MAX_LINE_BYTES:
            yield pending[: MAX_LINE_BYTES + 1]
            pending, is_overlong = b"", True
    if pending:
        yield pending


async def _block(file: BinaryIO, name: str) -> bytes:
    """The next bytes, as soon as there are any; empty at the end."""
    descriptor = file.fileno()
    try:
        if sys.platform != "win32":
            # A thread that waits for a terminal or a pipe could not be stopped, and would keep the process from ending.
            await _readable(descriptor)
        return await to_thread.run_sync(os.read, descriptor, _BLOCK_BYTES)
    except OSError as error:
        raise ConfigError(f"can't read the seeds in {name!r}: {error.strerror}") from error


async def _readable(descriptor: int) -> None:
    try:
        await anyio.wait_readable(descriptor)
    except PermissionError:  # epoll's answer for a regular file, which is always readable (epoll_ctl(2), EPERM)
        await anyio.lowlevel.checkpoint()
