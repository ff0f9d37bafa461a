"""One TCP connection of the test site, on a bare socket: only that can be reset, or closed at any byte.

Plain `socket` with `anyio.wait_readable` costs as much as anyio's own streams (both about 35 µs a request) and keeps
the difference between FIN and RST in our hands.
"""

from __future__ import annotations

import socket
import struct
from types import TracebackType
from typing import Self

import anyio

from crawl4ai_browser.testing.site_requests import BadRequest

MAX_HEAD_BYTES = 2 * 1024 * 1024
"""Chromium's longest URL, and the headers (kMaxURLChars in Chromium's url_constants.h is 2 MiB)."""

_READ_BYTES = 65536
_HEAD_END = b"\r\n\r\n"
_LINGER_ZERO = struct.pack("ii", 1, 0)
"""SO_LINGER with a time of 0: close() discards what is unsent and sends RST (POSIX.1-2017, 2.10.16)."""


class Connection:
    """An accepted, non-blocking socket with what was read ahead from it. A context manager that closes it.

    Every coroutine raises `OSError` when the connection breaks and `EOFError` when the client ends it in mid message.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._buffer = bytearray()
        self.remote_port: int = sock.getpeername()[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the socket back; what was sent is still delivered, unless `reset_on_close` was called."""
        self._socket.close()

    async def read_head(self) -> bytes | None:
        """The next request's head without its blank line, or None when the client has closed between requests."""
        searched = 0
        while (end := self._buffer.find(_HEAD_END, searched)) < 0:
            searched = max(0, len(self._buffer) - len(_HEAD_END) + 1)
            if searched > MAX_HEAD_BYTES:
                raise BadRequest(431, f"head longer than {MAX_HEAD_BYTES} bytes")
            if not await self._read_more():
                if self._buffer:
                    raise EOFError
                return None
        head = bytes(self._buffer[:end])
        del self._buffer[: end + len(_HEAD_END)]
        return head

    async def read_exactly(self, size_bytes: int) -> bytes:
        """That many bytes."""
        while len(self._buffer) < size_bytes:
            if not await self._read_more():
                raise EOFError
        data = bytes(self._buffer[:size_bytes])
        del self._buffer[:size_bytes]
        return data

    async def until_client_closes(self) -> None:
        """Return when the client has closed its side; what it still sends is dropped."""
        while await self._read_more():
            self._buffer.clear()

    async def send(self, data: bytes) -> None:
        """Hand all of it to the kernel."""
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[self._socket.send(rest) :]
            except BlockingIOError:
                await anyio.wait_writable(self._socket)

    def reset_on_close(self) -> None:
        """From now on closing means RST."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)

    async def _read_more(self) -> bool:
        while True:
            await anyio.wait_readable(self._socket)
            try:
                data = self._socket.recv(_READ_BYTES)
            except BlockingIOError:
                continue
            self._buffer += data
            return bool(data)


def listen(addresses: tuple[str, ...], port: int) -> list[socket.socket]:
    """A listening, non-blocking socket for each address, all on one port; 0 takes a free one."""
    listeners: list[socket.socket] = []
    try:
        for address in addresses:
            # 1024: a browser storm must not lose its SYNs to a full backlog (the kernel caps it at somaxconn).
            listener = socket.create_server((address, port), backlog=1024)
            listeners.append(listener)
            listener.settimeout(0)  # never block
            port = listener.getsockname()[1]
    except OSError:
        for listener in listeners:
            listener.close()
        raise
    return listeners


def accept_waiting(listener: socket.socket) -> list[Connection]:
    """The connections that wait to be accepted."""
    accepted: list[Connection] = []
    while True:
        try:
            sock, _ = listener.accept()
        except BlockingIOError:
            return accepted
        except ConnectionAbortedError:
            continue  # the client gave up while it waited
        try:
            sock.settimeout(0)  # never block
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            accepted.append(Connection(sock))
        except OSError:  # already reset: getpeername finds nobody
            sock.close()
