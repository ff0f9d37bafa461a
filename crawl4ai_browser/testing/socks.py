"""SOCKS5 from the server's side (RFC 1928): what the proxy for tests and the cassettes have in common."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address

from anyio.abc import ByteSendStream
from anyio.streams.buffered import BufferedByteReceiveStream

VERSION = 5
NO_PASSWORD, PASSWORD, NO_METHOD = 0, 2, 255
"""Ways to sign in (section 3)."""

REACHED, REFUSED, NOT_REACHED = 0, 2, 4
"""Replies: connected, not allowed, no such host (section 6)."""

_CONNECT = 1
_ADDRESS_BYTES: Mapping[int, int] = {1: 4, 4: 16}  # by type (section 5); type 3 is a name, with its length before it


async def greeted(client: ByteSendStream, reader: BufferedByteReceiveStream) -> None:
    """Take a client's greeting and let it in without a password.

    Raises:
        ValueError: it speaks something else.
    """
    version, count = await reader.receive_exactly(2)
    if version != VERSION or NO_PASSWORD not in await reader.receive_exactly(count):
        raise ValueError("not SOCKS5 without a password")
    await client.send(bytes((VERSION, NO_PASSWORD)))


async def target_of(reader: BufferedByteReceiveStream) -> tuple[str, int]:
    """The host and port that a client wants a connection to.

    Raises:
        ValueError: it wants something else than a connection.
    """
    _, command, _, kind = await reader.receive_exactly(4)
    if command != _CONNECT:
        raise ValueError(f"SOCKS5 command {command}")
    size = _ADDRESS_BYTES.get(kind) or (await reader.receive_exactly(1))[0]
    raw = await reader.receive_exactly(size)
    port = int.from_bytes(await reader.receive_exactly(2), "big")
    if kind in _ADDRESS_BYTES:
        return str(IPv4Address(raw) if kind == 1 else IPv6Address(raw)), port
    return raw.decode("ascii"), port


def reply(code: int) -> bytes:
    """The answer to a request; the address in it says nothing."""
    return bytes((VERSION, code, 0, 1, 0, 0, 0, 0, 0, 0))
