"""Frames of WebSockets (RFC 6455, section 5), without extensions: none are asked for while recording. Pure."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha1
from typing import Literal

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA

_FIRST_CONTROL = 0x8
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # 1.3

_SHOWN = 200
"""Characters of a message that is named."""

Kind = Literal["text", "binary", "close"]

_KINDS: dict[int, Kind] = {TEXT: "text", BINARY: "binary", CLOSE: "close"}
_OPCODES = {kind: opcode for opcode, kind in _KINDS.items()}


@dataclass(frozen=True, slots=True)
class Message:
    """What one side of a WebSocket said: whole, however many frames it came in."""

    way: Literal["sent", "received"]
    """By the page, or by its server."""
    kind: Kind
    data: bytes = b""
    """Of a `close`: its code in two bytes, then its reason; empty where it gave none."""

    def __str__(self) -> str:
        """As people name it, cut where it is long."""
        text = repr(self.data.decode("utf-8", "replace")) if self.kind == "text" else f"{len(self.data)} bytes"
        return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."

    def to_page(self) -> bytes:
        """As a server sends it."""
        return frame(_OPCODES[self.kind], self.data)


def frame(opcode: int, payload: bytes) -> bytes:
    """A frame of a server, whose frames are not masked."""
    size = len(payload)
    if size < 126:
        length = bytes((size,))
    elif size < 2**16:
        length = b"\x7e" + size.to_bytes(2, "big")
    else:
        length = b"\x7f" + size.to_bytes(8, "big")
    return bytes((0x80 | opcode,)) + length + payload


def accepted(key: bytes) -> bytes:
    """What a server answers to a `Sec-WebSocket-Key`, which shows that it knows the protocol (4.2.2)."""
    return b64encode(sha1(key + _GUID, usedforsecurity=False).digest())


class FrameReader:
    """Reads what one side sends, in pieces of any size."""

    def __init__(self) -> None:
        """Nothing has come."""
        self._data = bytearray()
        self._opcode = CONTINUATION
        self._parts: list[bytes] = []

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """What is whole by now: opcodes with their payloads. A control frame may come between parts of a message."""
        self._data += data
        whole: list[tuple[int, bytes]] = []
        while (found := self._next()) is not None:
            is_last, opcode, payload = found
            if opcode >= _FIRST_CONTROL:
                whole.append((opcode, payload))
                continue
            self._opcode = opcode or self._opcode
            self._parts.append(payload)
            if is_last:
                whole.append((self._opcode, b"".join(self._parts)))
                self._parts.clear()
        return whole

    def _next(self) -> tuple[bool, int, bytes] | None:
        """The next frame: whether it is its message's last, its opcode, its payload. None: it has not come whole."""
        data = self._data
        if len(data) < 2:
            return None
        first, second = data[0], data[1]
        size, start = second & 0x7F, 2
        if size >= 126:
            start += 2 if size == 126 else 8
            size = int.from_bytes(data[2:start], "big")
        is_masked = bool(second & 0x80)
        begin = start + 4 * is_masked
        if len(data) < begin + size:
            return None
        payload = bytes(data[begin : begin + size])
        if is_masked:
            payload = _unmasked(payload, bytes(data[start:begin]))
        del data[: begin + size]
        return bool(first & 0x80), first & 0x0F, payload


def message(way: Literal["sent", "received"], opcode: int, payload: bytes) -> Message | None:
    """What was said; None: it was a ping or a pong, which pages know nothing of."""
    kind = _KINDS.get(opcode)
    return Message(way, kind, payload) if kind is not None else None


def _unmasked(data: bytes, key: bytes) -> bytes:
    """5.3, by one operation on all of it."""
    size = len(data)
    mask = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(data, "big") ^ int.from_bytes(mask, "big")).to_bytes(size, "big")
