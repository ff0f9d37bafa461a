"""A public site and a private one, both on loopback: a network of names and addresses that leads to them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field

import anyio
from anyio.abc import ByteStream

PUBLIC_ADDRESS = "93.184.215.14"
"""Of the public site, as the network has it. Nothing is ever sent there."""


@dataclass
class StagedNetwork:
    """A `Network` whose names and public addresses are given; what is private is dialled as it is, and gets there."""

    port: int
    """Of loopback, where the public address leads to, whichever port is asked for."""
    names: Mapping[str, Sequence[tuple[str, ...]]]
    """The answers for each name, one after the other; the last one again and again."""
    asked: list[str] = field(default_factory=list[str])
    dialled: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])

    async def addresses(self, name: str) -> tuple[str, ...]:
        """The next answer."""
        before = self.asked.count(name)
        self.asked.append(name)
        if name not in self.names:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        answers = self.names[name]
        return answers[min(before, len(answers) - 1)]

    async def dial(self, addresses: Sequence[str], port: int) -> ByteStream:
        """Connect to the stand-in of the first address."""
        address = addresses[0]
        self.dialled.append((address, port))
        is_public = address == PUBLIC_ADDRESS
        return await anyio.connect_tcp("127.0.0.1" if is_public else address, self.port if is_public else port)


@dataclass
class Canary:
    """A server on loopback that nobody may reach. Notes whatever comes: the path of a request, or `?`; datagrams."""

    port: int
    hits: list[str] = field(default_factory=list[str])

    @property
    def origin(self) -> str:
        """Of its address."""
        return f"http://127.0.0.1:{self.port}"


_ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nAccess-Control-Allow-Origin: *\r\n"
    b"Access-Control-Allow-Private-Network: true\r\nContent-Length: 6\r\nConnection: close\r\n\r\ninside"
)


@contextmanager
def canary() -> Generator[Canary]:
    """One that listens for connections and datagrams on one port."""
    with (
        closing(socket.create_server(("127.0.0.1", 0), backlog=64)) as listener,
        closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as datagrams,
    ):
        found = Canary(listener.getsockname()[1])
        with suppress(OSError):
            datagrams.bind(("127.0.0.1", found.port))
        datagrams.setblocking(False)
        thread = threading.Thread(target=_serve, args=(listener, found), daemon=True)
        thread.start()
        yield found
        with suppress(BlockingIOError, OSError):
            while datagrams.recv(2048):
                found.hits.append("datagram")
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def _serve(listener: socket.socket, canary: Canary) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        with client, suppress(OSError):
            client.settimeout(2)
            head = client.recv(65536)
            words = head.split(b" ", 2)
            canary.hits.append(words[1].decode("latin-1") if len(words) == 3 and b"HTTP/1" in head else "?")
            client.sendall(_ANSWER)
