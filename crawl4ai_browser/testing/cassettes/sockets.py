"""WebSockets of a cassette: what both sides say is passed on and noted; in a replay the server's part is played.

The server's messages come in their order, each when the page has sent what it had sent before that one came: a replay
waits for the page, and for no time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Literal

import anyio
from anyio.abc import ByteStream

from crawl4ai_browser.browser.proxies.upstream import LOST_CONNECTION
from crawl4ai_browser.testing.cassettes.exchange import Answer, Ending, Headers
from crawl4ai_browser.testing.cassettes.websocket_frames import (
    CLOSE,
    PING,
    PONG,
    FrameReader,
    Message,
    accepted,
    frame,
    message,
)

_OF_ONE_HANDSHAKE = frozenset({"sec-websocket-accept", "sec-websocket-extensions", "connection", "upgrade"})

_NOT_ON_IT = (1008).to_bytes(2, "big") + b"not on the cassette"  # RFC 6455, 7.4.1: against a policy

Way = Literal["sent", "received"]


def kept_headers(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Those of a server's handshake that another one has, too."""
    pairs = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
    return tuple((name, value) for name, value in pairs if name.lower() not in _OF_ONE_HANDSHAKE)


class SocketRecording:
    """One WebSocket between a page and its server, whose handshake is over."""

    def __init__(self, server: ByteStream, page: ByteStream) -> None:
        """Nothing has been said."""
        self._server = server
        self._page = page
        self._is_closing = False
        self.messages: list[Message] = []
        """What was said, in the order in which it came by here, until either side closed it."""
        self.ending: Ending = "open"
        """`whole`: the server closed it. `broken`: it broke off. `open`: the page left it, or it goes on."""

    async def run(self, ahead: bytes) -> None:
        """Pass on what each side sends, until one of them ends. `ahead`: what has come of the server already."""
        received = FrameReader()
        if ahead:
            self._note("received", received.feed(ahead))
            await self._page.send(ahead)
        async with anyio.create_task_group() as both:
            both.start_soon(self._pass_on, "received", received, both.cancel_scope)
            both.start_soon(self._pass_on, "sent", FrameReader(), both.cancel_scope)

    async def _pass_on(self, way: Way, reader: FrameReader, scope: anyio.CancelScope) -> None:
        source, target = (self._server, self._page) if way == "received" else (self._page, self._server)
        with suppress(*LOST_CONNECTION):
            while True:
                data = await source.receive()
                self._note(way, reader.feed(data))
                await target.send(data)
        if way == "received" and not self._is_closing:
            self.ending = "broken"
        scope.cancel()

    def _note(self, way: Way, found: list[tuple[int, bytes]]) -> None:
        for opcode, payload in found:
            said = message(way, opcode, payload)
            if said is None or self._is_closing:
                continue
            self._is_closing = said.kind == "close"
            if self._is_closing and way == "received":
                self.ending = "whole"
            if not self._is_closing or way == "received":  # when a page closes it is the page's affair, each time
                self.messages.append(said)


class SocketReplay:
    """Plays the server of a WebSocket to a page."""

    def __init__(self, answer: Answer, page: ByteStream, *, masked: Callable[[Message], Message]) -> None:
        """`masked`: a message without secrets, as those on the tape are."""
        self._answer = answer
        self._page = page
        self._masked = masked
        self._to_come = list(answer.messages)
        self._heard: set[Message] = set()
        self._has_closed = False
        self._is_over = False
        self._stranger: Message | None = None

    async def run(self, key: bytes) -> Message | None:
        """Play it until it ends. `key`: what the page's handshake has as `Sec-WebSocket-Key`.

        Gives what the page said that is not on the tape, where it ends for that; None: all was as recorded.
        """
        reader = FrameReader()
        with suppress(*LOST_CONNECTION):
            await self._page.send(_handshake(self._answer.headers, key))
            await self._speak()
            while self._goes_on:
                for opcode, payload in reader.feed(await self._page.receive()):
                    await self._take(opcode, payload)
        return self._stranger

    async def refuse(self) -> None:
        """Tell the page that what it said is not on the tape."""
        with suppress(*LOST_CONNECTION):
            await self._page.send(frame(CLOSE, _NOT_ON_IT))

    @property
    def awaited(self) -> Message | None:
        """What the page says next, by the tape."""
        return next((each for each in self._to_come if each.way == "sent"), None)

    @property
    def _goes_on(self) -> bool:
        return not self._is_over and (bool(self._to_come) or self._answer.ending != "broken")

    async def _take(self, opcode: int, payload: bytes) -> None:
        if self._is_over:
            return
        if opcode == PING:
            await self._page.send(frame(PONG, payload))
        elif opcode == CLOSE:
            self._is_over = True
            if not self._has_closed:
                await self._page.send(frame(CLOSE, payload))
        elif (said := message("sent", opcode, payload)) is not None and not await self._hear(self._masked(said)):
            self._is_over = True
            self._stranger = said

    async def _speak(self) -> None:
        """Say what comes before the page's next message."""
        while self._to_come and self._to_come[0].way == "received":
            said = self._to_come.pop(0)
            self._has_closed = said.kind == "close"
            await self._page.send(said.to_page())

    async def _hear(self, said: Message) -> bool:
        """Whether the page has said this in the recording, sooner or later.

        More of what it had said is no news either: it may stay for longer, and keep the connection alive.
        """
        if said in self._to_come:
            self._to_come.remove(said)
            self._heard.add(said)
            await self._speak()
        return said in self._heard


def _handshake(headers: Headers, key: bytes) -> bytes:
    told = (*headers, ("Upgrade", "websocket"), ("Connection", "Upgrade"))
    lines = [
        b"HTTP/1.1 101 Switching Protocols",
        *(f"{name}: {value}".encode("latin-1", "replace") for name, value in told),
        b"Sec-WebSocket-Accept: " + accepted(key),
    ]
    return b"\r\n".join((*lines, b"", b""))
