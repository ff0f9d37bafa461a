"""Network: looks names up and opens connections. The machine's own; a test has another, whose names lead elsewhere."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Protocol

import anyio
import anyio.to_thread
from anyio.abc import ByteStream

if TYPE_CHECKING:
    from anyio.abc import SocketStream

MAX_LOOKUPS = 64
"""At once. Each waits in a thread of its own; Chromium, too, looks up 64 names at a time."""

STAGGER_SECONDS = 0.25
"""Before the next address of a host is tried beside the one that has not answered (RFC 8305, 5)."""


class Network(Protocol):
    """What a forwarder needs of the machine."""

    async def addresses(self, name: str) -> tuple[str, ...]:
        """The addresses of a name, at least one, the best first.

        Raises:
            OSError: it has none.
        """
        ...

    async def dial(self, addresses: Sequence[str], port: int) -> ByteStream:
        """A connection to one of these addresses.

        Raises:
            OSError: none answers.
        """
        ...


class MachineNetwork:
    """The machine's resolver and its sockets."""

    def __init__(self) -> None:
        """Nothing is looked up yet."""
        self._lookups = anyio.CapacityLimiter(MAX_LOOKUPS)

    async def addresses(self, name: str) -> tuple[str, ...]:
        """As `Network.addresses`."""
        # `idna` must not be guessed at: a browser gives names in ASCII.
        found = await anyio.to_thread.run_sync(_looked_up, name, abandon_on_cancel=True, limiter=self._lookups)
        return tuple(dict.fromkeys(found))

    async def dial(self, addresses: Sequence[str], port: int) -> ByteStream:
        """As `Network.dial`."""
        if len(addresses) == 1:
            return await anyio.connect_tcp(addresses[0], port)
        return await _first_connected(_by_turns(addresses), port)


def _looked_up(name: str) -> list[str]:
    return [str(place[0]) for *_, place in socket.getaddrinfo(name.encode("ascii"), None, type=socket.SOCK_STREAM)]


def _by_turns(addresses: Sequence[str]) -> list[str]:
    """The families one after the other, that of the first first (RFC 8305, 4)."""
    is_six = ":" in addresses[0]
    same = [address for address in addresses if (":" in address) == is_six]
    other = [address for address in addresses if (":" in address) != is_six]
    return list(filter(None, chain.from_iterable(zip_longest(same, other))))


async def _first_connected(addresses: Sequence[str], port: int) -> ByteStream:
    connected: list[SocketStream] = []
    errors: list[OSError] = []
    async with anyio.create_task_group() as attempts:

        async def attempt(address: str, failed: anyio.Event) -> None:
            try:
                stream = await anyio.connect_tcp(address, port)
            except OSError as error:
                errors.append(error)
                failed.set()
                return
            if connected:
                await anyio.aclose_forcefully(stream)
                return
            connected.append(stream)
            attempts.cancel_scope.cancel()

        for address in addresses:
            failed = anyio.Event()
            attempts.start_soon(attempt, address, failed)
            with anyio.move_on_after(STAGGER_SECONDS):
                await failed.wait()
    if not connected:
        raise errors[0]
    return connected[0]
