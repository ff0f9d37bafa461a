"""Passes a request on to its server, and the answer back to the browser as it comes, and keeps what that was."""

from __future__ import annotations

import ssl
import zlib
from contextlib import suppress
from dataclasses import replace

import anyio
import h11
from anyio.abc import ByteStream
from anyio.streams.tls import TLSStream

from crawl4ai_browser.browser.proxies.upstream import LOST_CONNECTION
from crawl4ai_browser.testing.cassettes.exchange import Answer, Ending, Headers
from crawl4ai_browser.testing.cassettes.fixed_time import Beginning
from crawl4ai_browser.testing.cassettes.playing import can_go_on, chunk, head_of
from crawl4ai_browser.testing.cassettes.sockets import SocketRecording, kept_headers

_HOP_BY_HOP = frozenset({b"connection", b"keep-alive", b"proxy-connection", b"upgrade"})
"""Headers of one connection (RFC 9110, 7.6.1), which are not part of the answer."""

_NOT_SENT = frozenset(
    {
        *(b"proxy-authorization", b"proxy-connection", b"if-none-match", b"if-modified-since"),
        b"sec-websocket-extensions",  # that there are is compression, and frames are to be read here
    }
)

_READ_BYTES = 65536
_FINISHED_BYTES = 8 * 2**20
_FINISHING_SECONDS = 5.0
"""How long an answer may be, and how long it may take, to be recorded whole after the browser has gone away: media are
asked for whole, and left when there is enough of them."""

_MAX_HEAD_BYTES = 512 * 1024
"""Of an answer; Chromium takes 256 KB."""


class Server:
    """One connection to a server, for the requests of one connection of the browser."""

    def __init__(self, stream: ByteStream) -> None:
        """`stream` is connected, with TLS where the site has it."""
        self.stream = stream
        self._parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEAD_BYTES)

    @property
    def is_usable(self) -> bool:
        """Whether another request may be sent."""
        return self._parser.our_state is h11.IDLE

    async def send(self, request: h11.Request, body: bytes) -> None:
        """Send a request.

        A compressed answer could not be read in a file, so none is asked for; nor one that says that the browser's own
        copy is good, as another run may have none.

        Raises:
            LOST_CONNECTION: the server is gone.
        """
        headers = [
            (name, b"identity" if name.lower() == b"accept-encoding" else value)
            for name, value in request.headers.raw_items()
            if name.lower() not in _NOT_SENT
        ]
        head = h11.Request(method=request.method, target=request.target, headers=headers)
        data = [self._parser.send(head), self._parser.send(h11.Data(data=body)) if body else b""]
        await self.stream.send(b"".join(part or b"" for part in (*data, self._parser.send(h11.EndOfMessage()))))

    async def event(self) -> object:
        """The next part of the answer."""
        while (event := self._parser.next_event()) is h11.NEED_DATA:
            try:
                data = await self.stream.receive(_READ_BYTES)
            except anyio.EndOfStream:
                data = b""
            self._parser.receive_data(data)
        return event

    def next(self) -> None:
        """Get ready for another request, where the server lets."""
        with suppress(h11.LocalProtocolError):
            self._parser.start_next_cycle()

    @property
    def ahead(self) -> bytes:
        """What has been read beyond the answer."""
        return self._parser.trailing_data[0]

    async def close(self) -> None:
        """End the connection."""
        await anyio.aclose_forcefully(self.stream)


class Recording:
    """One answer on its way from a server to a browser."""

    def __init__(self, server: Server, client: ByteStream, *, beginning: Beginning | None = None) -> None:
        """Nothing has come. `beginning`: what the browser is given before the body, which is not part of the answer."""
        self._beginning = beginning
        self._server = server
        self._client = client
        self._answer = Answer(status=0, ending="silent")
        self._body: list[bytes] = []
        self._is_alone = False
        self.ended = anyio.Event()
        """Set when nothing more comes."""
        self._socket: SocketRecording | None = None

    async def run(self) -> None:
        """Pass the answer on to its end, or until either side goes away."""
        try:
            await self._run()
        finally:
            self.ended.set()

    async def _run(self) -> None:
        try:
            while True:
                event = await self._server.event()
                if isinstance(event, h11.EndOfMessage):
                    await self._begin(b"")
                    break
                await self._pass_on(event)
                if self.is_switched:
                    return
        except (h11.RemoteProtocolError, *LOST_CONNECTION):
            self._end("broken" if self._answer.status else "silent")
            return
        if self._answer.is_chunked:
            await self._to_client(chunk(b""))
        if self._answer.ending != "open":
            self._end("whole")

    @property
    def is_switched(self) -> bool:
        """Whether the connection has become a WebSocket."""
        return self._socket is not None

    async def pass_messages(self) -> None:
        """Pass on and note what both sides of the WebSocket say, until one of them ends."""
        assert self._socket is not None, "asked by the caller"
        await self._socket.run(self._server.ahead)

    async def finish_alone(self) -> None:
        """The browser has gone away: take home what little is still to come, as another run may stay for more of it.

        An answer whose end is not known, or far, is left open.
        """
        self._is_alone = True
        length = self._answer.header("Content-Length") or ""
        if length.isdecimal() and int(length) <= _FINISHED_BYTES:
            with anyio.move_on_after(_FINISHING_SECONDS):
                await self.ended.wait()
                return
        self.abandon()

    def abandon(self) -> None:
        """Nobody waits for the rest."""
        if self._answer.ending != "whole":
            self._end("open")

    async def _pass_on(self, event: object) -> None:
        if isinstance(event, h11.InformationalResponse):
            if event.status_code == 101:
                lines = [b": ".join(pair) for pair in event.headers.raw_items()]
                await self._client.send(b"\r\n".join((b"HTTP/1.1 101 Switching Protocols", *lines, b"", b"")))
                headers = kept_headers(event.headers.raw_items())
                self._answer = Answer(status=101, headers=headers, ending="open")
                self._socket = SocketRecording(self._server.stream, self._client)
        elif isinstance(event, h11.Response):
            self._answer = Answer(
                status=event.status_code,
                reason=bytes(event.reason).decode("latin-1"),
                headers=_kept(event),
                ending="broken",
            )
            if self._beginning is not None and not self._beginning.fits(self._answer):
                self._beginning = None
            headers = self._answer.headers if self._beginning is None else self._beginning.headers(self._answer)
            await self._to_client(head_of(self._answer, headers=headers))
        elif isinstance(event, h11.Data):
            data = bytes(event.data)
            self._body.append(data)
            await self._begin(data)
            await self._part(data)
        else:
            raise h11.RemoteProtocolError(f"the server ended with {event!r}")

    async def _begin(self, data: bytes) -> None:
        """Before the first part of the body."""
        beginning, self._beginning = self._beginning, None
        if beginning is not None:
            await self._part(beginning.before(data))

    async def _part(self, data: bytes) -> None:
        await self._to_client(chunk(data) if self._answer.is_chunked else data)

    async def _to_client(self, data: bytes) -> None:
        if not self._is_alone:
            with suppress(*LOST_CONNECTION):  # who waits for its end is told, and decides
                await self._client.send(data)

    def _end(self, ending: Ending) -> None:
        if self._answer.ending != "open":
            self._answer = replace(self._answer, ending=ending)

    @property
    def answer(self) -> Answer:
        """What has come, for the tape."""
        if self._socket is not None:
            return replace(self._answer, messages=tuple(self._socket.messages), ending=self._socket.ending)
        return _plain(replace(self._answer, body=b"".join(self._body)))

    @property
    def keeps_connection(self) -> bool:
        """Whether the browser may go on using its connection."""
        return self._answer.ending == "whole" and can_go_on(self._answer)


async def secured(stream: ByteStream, host: str, *, is_verified: bool) -> ByteStream:
    """The stream with TLS to the server on it.

    Raises:
        OSError: there is none, or the server's certificate is wrong.
    """
    context = ssl.create_default_context()
    if not is_verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    try:
        return await TLSStream.wrap(
            stream, server_side=False, hostname=host, ssl_context=context, standard_compatible=False
        )
    except LOST_CONNECTION as error:
        await anyio.aclose_forcefully(stream)
        raise OSError(f"no TLS: {error}") from error


def _kept(response: h11.Response) -> Headers:
    return tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in response.headers.raw_items()
        if name.lower() not in _HOP_BY_HOP
    )


def _plain(answer: Answer) -> Answer:
    """The answer without its compression, where a server compressed it unasked and it can be undone."""
    if (answer.header("Content-Encoding") or "").lower() not in ("gzip", "x-gzip") or answer.ending != "whole":
        return answer
    try:
        body = zlib.decompress(answer.body, wbits=31)
    except zlib.error:
        return answer
    headers = tuple(
        (name, str(len(body)) if name.lower() == "content-length" else value)
        for name, value in answer.headers
        if name.lower() != "content-encoding"
    )
    return replace(answer, headers=headers, body=body)
