"""Conversation: one connection of a crawl's browser to the cassette, which stands where its proxy would.

The browser's own forwarder comes by SOCKS5 (RFC 1928), which tells it apart whether a host can't be reached or does not
answer: what is recorded and replayed then ends in the same error as it would directly. Inside is HTTP, or TLS that ends
here, with a certificate for that host made here.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import anyio
import h11
from anyio import get_cancelled_exc_class
from anyio.abc import ByteStream, SocketStream
from anyio.streams.buffered import BufferedByteReceiveStream
from anyio.streams.tls import TLSStream

from crawl4ai_browser.browser.proxies.request_reader import RequestReader
from crawl4ai_browser.browser.proxies.upstream import LOST_CONNECTION
from crawl4ai_browser.browser.proxies.way_fault import WayFault
from crawl4ai_browser.testing.cassettes.exchange import Answer, Asked
from crawl4ai_browser.testing.cassettes.playing import play
from crawl4ai_browser.testing.cassettes.recording import Recording, Server, secured
from crawl4ai_browser.testing.cassettes.sockets import SocketReplay
from crawl4ai_browser.testing.socks import NOT_REACHED, REACHED, greeted, reply, target_of

if TYPE_CHECKING:
    from crawl4ai_browser.testing.cassettes.deck import Deck

_TLS_HANDSHAKE = 0x16  # the first byte of a TLS record of that kind (RFC 8446, 5.1)
_PASSIVE = frozenset({b"image", b"video", b"audio", b"track", b"font"})
_SOCKET_SCHEMES = {"http": "ws", "https": "wss"}
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Watched(ByteStream):
    """The browser's connection, whose end can be waited for while nothing is read from it."""

    def __init__(self, stream: ByteStream, ahead: bytes = b"") -> None:
        """`ahead`: what has been read of it already."""
        self._stream = stream
        self._ahead = ahead

    async def receive(self, max_bytes: int = 65536) -> bytes:
        """What comes next."""
        if not self._ahead:
            return await self._stream.receive(max_bytes)
        data, self._ahead = self._ahead[:max_bytes], self._ahead[max_bytes:]
        return data

    async def gone(self) -> None:
        """Return when it has ended. What comes meanwhile is kept."""
        with suppress(*LOST_CONNECTION):
            while True:
                self._ahead += await self._stream.receive()

    async def send(self, item: bytes) -> None:
        """Send."""
        await self._stream.send(item)

    async def send_eof(self) -> None:
        """Send no more."""
        await self._stream.send_eof()

    async def aclose(self) -> None:
        """Close it."""
        await self._stream.aclose()


class Conversation:
    """What one connection says, and is answered."""

    def __init__(self, client: SocketStream, deck: Deck) -> None:
        """Nothing has been read."""
        self._socket = client
        self._deck = deck
        self._host = ""
        self._port = 0
        self._scheme = "http"
        self._dialled: ByteStream | None = None
        self._server: Server | None = None

    async def run(self) -> None:
        """Serve the browser until it or its server ends."""
        try:
            async with self._socket:
                with suppress(*LOST_CONNECTION, anyio.IncompleteRead, h11.RemoteProtocolError, ValueError):
                    await self._serve()
        finally:
            with anyio.CancelScope(shield=True):  # closes at once: nothing is waited for
                if self._server is not None:
                    await self._server.close()
                elif self._dialled is not None:
                    await anyio.aclose_forcefully(self._dialled)

    async def _serve(self) -> None:
        reader = BufferedByteReceiveStream(self._socket)
        await greeted(self._socket, reader)
        self._host, self._port = await target_of(reader)
        if not await self._is_there():
            await self._socket.send(reply(NOT_REACHED))
            return
        await self._socket.send(reply(REACHED))
        first = await reader.receive()
        client = Watched(self._socket, first)
        if first[0] == _TLS_HANDSHAKE:
            self._scheme = "https"
            context = self._deck.tls_context(self._host)
            client = Watched(await TLSStream.wrap(client, ssl_context=context, standard_compatible=False))
        await self._answer_all(client)

    async def _is_there(self) -> bool:
        """Whether the host is to be reached: as recorded, or as it turns out now."""
        name = f"{self._host}:{self._port}"
        if self._deck.replays and name in self._deck.tape.unreachable:
            return False
        if not self._deck.records or self._deck.replays:
            return True
        try:
            self._dialled = await self._deck.dial(self._host, self._port)
        except WayFault as fault:
            self._deck.tape.unreachable[name] = fault.text
            return False
        return True

    async def _answer_all(self, client: Watched) -> None:
        reader = RequestReader(client)
        while (request := await reader.head()) is not None:
            parts = [bytes(part.data) async for part in reader.body() if isinstance(part, h11.Data)]
            if not await self._answer(request, b"".join(parts), client):
                return

    async def _answer(self, request: h11.Request, body: bytes, client: Watched) -> bool:
        """Whether the connection can go on."""
        asked = self._asked(request, body)
        answer = self._deck.found(asked)
        if answer is None and self._deck.records:
            return await self._record(request, asked, client)
        if answer is None:
            answer = self._deck.missed(asked, is_passive=_is_passive(request))
        if answer.is_socket:
            await self._play_socket(request, asked, answer, client)
            return False
        beginning = self._deck.beginning(request)
        answer = beginning.of(answer) if beginning is not None else answer
        return await play(answer, asked.method, client, age=self._deck.age, now=self._deck.now)

    def _asked(self, request: h11.Request, body: bytes) -> Asked:
        headers = {name.lower(): value.decode("latin-1") for name, value in request.headers}
        is_default = self._port == _DEFAULT_PORTS[self._scheme]
        host = f"[{self._host}]" if ":" in self._host else self._host
        authority = headers.get(b"host") or (host if is_default else f"{host}:{self._port}")
        is_socket = headers.get(b"upgrade", "").lower() == "websocket"
        url = f"{_SOCKET_SCHEMES[self._scheme] if is_socket else self._scheme}://{authority}{request.target.decode('latin-1')}"
        return Asked(request.method.decode("ascii"), url, body, headers.get(b"range", ""))

    async def _play_socket(self, request: h11.Request, asked: Asked, answer: Answer, client: Watched) -> None:
        replay = SocketReplay(answer, client, masked=self._deck.secrets.message)
        stranger = await replay.run(dict(request.headers).get(b"sec-websocket-key", b""))
        if stranger is not None:
            self._deck.missed_message(asked, stranger, awaited=replay.awaited)
            await replay.refuse()

    # --- recording

    async def _record(self, request: h11.Request, asked: Asked, client: Watched) -> bool:
        """Ask the server, and keep what it answers. Whether the connection can go on."""
        recording: Recording | None = None
        try:
            recording = await self._asked_again_where_closed(request, asked, client)
        except LOST_CONNECTION:
            self._deck.keep(asked, Answer(status=0, ending="silent"))
            return False
        self._deck.keep(asked, recording.answer)
        return recording.keeps_connection and not recording.is_switched

    async def _asked_again_where_closed(self, request: h11.Request, asked: Asked, client: Watched) -> Recording:
        """The answer. A server may close a connection that rests, as a browser knows, who then asks on another one.

        Raises:
            LOST_CONNECTION: the server can't be had.
        """
        if self._server is not None:
            with suppress(*LOST_CONNECTION):
                recording = await self._from_server(request, asked, client)
                if recording.answer.ending != "silent":
                    return recording
        return await self._from_server(request, asked, client)

    async def _from_server(self, request: h11.Request, asked: Asked, client: Watched) -> Recording:
        server = await self._connected()
        recording = Recording(server, client, beginning=self._deck.beginning(request))
        try:
            await server.send(request, asked.body)
            await self._passed_on(recording, server, client)
        except get_cancelled_exc_class():
            recording.abandon()  # the recording ends here: what has come until now is what was answered
            self._deck.keep(asked, recording.answer)
            raise
        server.next()
        return recording

    async def _passed_on(self, recording: Recording, server: Server, client: Watched) -> None:
        async with anyio.create_task_group() as both:
            both.start_soon(_abandon_when_gone, client, recording, both.cancel_scope)
            await recording.run()
            both.cancel_scope.cancel()
        if recording.is_switched:
            await recording.pass_messages()

    async def _connected(self) -> Server:
        """The server, connected anew when it closed the connection after its last answer.

        Raises:
            OSError: it can't be had.
        """
        if self._server is not None and self._server.is_usable:
            return self._server
        if self._server is not None:
            await self._server.close()
        stream, self._dialled = self._dialled, None
        try:
            stream = stream or await self._deck.dial(self._host, self._port)
        except WayFault as fault:
            raise OSError(fault.text) from fault
        if self._scheme == "https":
            stream = await secured(stream, self._host, is_verified=self._deck.verifies)
        self._server = Server(stream)
        return self._server


def _is_passive(request: h11.Request) -> bool:
    """Whether it is for a picture, a film or a font, of which no script of the page learns much."""
    headers = dict(request.headers)
    wanted = headers.get(b"sec-fetch-dest")  # https://w3c.github.io/webappsec-fetch-metadata/: to secure origins alone
    if wanted is not None:
        return wanted in _PASSIVE
    return headers.get(b"accept", b"").startswith(b"image/")


async def _abandon_when_gone(client: Watched, recording: Recording, scope: anyio.CancelScope) -> None:
    await client.gone()
    await recording.finish_alone()
    scope.cancel()
