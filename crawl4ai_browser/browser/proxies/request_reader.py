"""RequestReader: the requests of a client, one after the other on one connection. HTTP/1.1 is h11's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import h11

if TYPE_CHECKING:
    from anyio.abc import ByteReceiveStream

MAX_HEAD_BYTES = 512 * 1024
"""Of a request. Chromium sends URLs of 2 MB nowhere, and cookies of 180 kB at most (50 of 4 kB, RFC 6265, 6.1)."""


class RequestReader:
    """Reads requests. Only `head`, then `body` to its end, then `head` again."""

    def __init__(self, stream: ByteReceiveStream, ahead: bytes = b"") -> None:
        """`ahead`: what has been read of it already."""
        self._stream = stream
        self._parser = _parser(ahead)

    async def head(self) -> h11.Request | None:
        """The next request; None: the client sends no more.

        Raises:
            h11.RemoteProtocolError: it is not HTTP.
        """
        if self._parser.their_state is h11.DONE:
            self._parser = _parser(self.ahead)
        event = await self._event()
        return event if isinstance(event, h11.Request) else None

    async def body(self) -> AsyncIterator[h11.Data | h11.EndOfMessage]:
        """The body of the request, as it comes."""
        while True:
            event = await self._event()
            if isinstance(event, h11.Data | h11.EndOfMessage):
                yield event
            if not isinstance(event, h11.Data):
                return

    @property
    def ahead(self) -> bytes:
        """What has been read beyond the request."""
        return self._parser.trailing_data[0]

    async def _event(self) -> object:
        while (event := self._parser.next_event()) is h11.NEED_DATA:
            self._parser.receive_data(await self._stream.receive())
        return event


def _parser(ahead: bytes) -> h11.Connection:
    parser = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD_BYTES)
    if ahead:
        parser.receive_data(ahead)
    return parser
