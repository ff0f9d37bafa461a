"""Upstream: opens connections to anywhere through one proxy, a chain of them, or none.

The protocols are python-socks' own (SOCKS5, RFC 1928 and 1929; CONNECT, RFC 9110, 9.3.6). Names are never resolved
here when there is a proxy: the question would leave this machine beside it.
"""

from __future__ import annotations

import math
import os
import ssl
from base64 import b64encode
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, cast

import anyio
from anyio.abc import ByteStream
from anyio.streams.tls import TLSStream
from python_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError, ProxyType
from python_socks.async_.anyio.v2 import Proxy as Handshaker

from crawl4ai_browser.browser.proxies.way_fault import WayFault, fault_of_refusal
from crawl4ai_browser.proxy import Proxy

if TYPE_CHECKING:
    from crawl4ai_browser.browser.proxies.network import Network

_A_GREETING = b"\x05\x02\x00\x02"  # SOCKS5, RFC 1928, 3: without or with a password
_NO_PROXY_REQUEST = b"GET / HTTP/1.1\r\nHost: proxy\r\nConnection: close\r\n\r\n"
# A request to a server and not to a proxy, which answers it with an error page of its own.

_MAX_ANSWER_BYTES = 64 * 1024
# Of the head of a proxy's answer to CONNECT. They have a few hundred bytes.

LOST_CONNECTION = (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError, OSError)
"""What a connection raises that is no more. `ssl.SSLError` is an OSError."""


class Upstream:
    """The way behind a forwarder."""

    def __init__(self, proxy: Proxy | None, network: Network, *, connect_timeout: float) -> None:
        """`proxy` None: connections go out directly. `connect_timeout`: seconds for a connection, all hops together."""
        self.proxy = proxy
        self._network = network
        self._hops: tuple[Proxy, ...] = proxy.hops if proxy is not None else ()
        self.connect_timeout = connect_timeout

    @property
    def takes_requests(self) -> bool:
        """Whether the last hop is an HTTP proxy, which is sent requests for `http:` URLs as they are."""
        return self.proxy is not None and self.proxy.scheme in ("http", "https")

    @property
    def authorization(self) -> bytes | None:
        """The value of Proxy-Authorization for the last hop (RFC 7617), if it has a user."""
        if self.proxy is None or self.proxy.username is None:
            return None
        return b"Basic " + b64encode(f"{self.proxy.username}:{self.proxy.secret}".encode())

    async def connect(self, host: str, port: int, addresses: Sequence[str] = ()) -> ByteStream:
        """A connection to the target: without a proxy to one of its `addresses`, else by its name.

        Raises:
            WayFault: there is none; says whose fault that is.
        """
        return await self._opened((host, port), addresses)

    async def connect_to_proxy(self) -> ByteStream:
        """A connection to the last hop itself.

        Raises:
            WayFault: there is none.
        """
        return await self._opened(None)

    async def _opened(self, target: tuple[str, int] | None, addresses: Sequence[str] = ()) -> ByteStream:
        """Connect to the first hop, and through each hop to the next; through the last one to the target, if any."""
        ends = [(hop.host, hop.port) for hop in self._hops]
        if target is not None:
            ends.append(target)
        is_reached = False
        with anyio.move_on_after(self.connect_timeout):
            stream = await self._dialled(*ends[0], addresses)
            is_reached = True
            try:
                for hop, end in zip_longest(self._hops, ends[1:]):
                    stream = await _secured(hop, stream)
                    if end is not None:  # shape: one pass over the hops, closed on any error
                        stream = await _passed(hop, stream, end, is_last=hop is self.proxy)
            except BaseException:
                await anyio.aclose_forcefully(stream)
                raise
            return stream
        late = f"no connection within {self.connect_timeout:g} s"
        if self.proxy is None:
            raise WayFault("target", late)
        if not is_reached or target is None:
            raise WayFault("proxy", late)
        await self.check_alive()
        raise WayFault("target", late)

    async def check_alive(self) -> None:
        """Ask the last hop something that it answers by itself, when it has been silent for long.

        Raises:
            WayFault: it does not answer that either.
        """
        if self.proxy is None:
            return
        question = _A_GREETING if self.proxy.scheme in ("socks5", "socks5h") else _NO_PROXY_REQUEST
        with anyio.move_on_after(self.connect_timeout), suppress(*LOST_CONNECTION):
            async with await self._opened(None) as stream:
                await stream.send(question)
                await stream.receive()
                return
        raise WayFault("proxy", f"the proxy did not answer within {self.connect_timeout:g} s")

    async def _dialled(self, host: str, port: int, addresses: Sequence[str]) -> ByteStream:
        try:
            if self.proxy is None:
                return await self._network.dial(addresses, port)
            return await anyio.connect_tcp(host, port)
        except OSError as error:
            raise WayFault("target" if self.proxy is None else "proxy", _reason(error)) from error

    def __repr__(self) -> str:
        """Its proxy."""
        return f"<Upstream {self.proxy or 'direct'}>"


async def _passed(hop: Proxy, stream: ByteStream, end: tuple[str, int], *, is_last: bool) -> ByteStream:
    """The connection that a hop opens to an end, over the connection to that hop.

    Raises:
        WayFault: it opens none.
    """
    username, secret = hop.username, hop.secret
    if username is not None and hop.scheme in ("http", "https"):
        # As UTF-8 (RFC 7617, 2.1): the library encodes them as Latin-1.
        username, secret = (text.encode().decode("latin-1") for text in (username, secret))
    handshaker = Handshaker(
        ProxyType.HTTP if hop.scheme in ("http", "https") else ProxyType.SOCKS5,
        host=hop.host,
        port=hop.port,
        username=username,
        password=secret if username is not None else None,
        rdns=True,
        forward=cast("Any", _Dialled(stream)),
    )
    try:
        # Without a deadline of its own: that of all hops is around it.
        passed = cast("HopStream", await handshaker.connect(*end, timeout=math.inf))
    except ProxyError as error:
        raise fault_of_refusal(str(error), error.error_code, scheme=hop.scheme, is_last=is_last) from error
    except (ProxyConnectionError, ProxyTimeoutError, *LOST_CONNECTION) as error:
        raise WayFault("unclear" if is_last else "proxy", f"the proxy broke off: {_reason(error)}") from error
    return passed.rest()


async def _secured(hop: Proxy, stream: ByteStream) -> ByteStream:
    """The connection to a hop, with TLS where it speaks that."""
    if hop.scheme != "https":
        return stream
    try:
        return await TLSStream.wrap(
            stream, server_side=False, hostname=hop.host, ssl_context=_tls_context(), standard_compatible=False
        )
    except LOST_CONNECTION as error:
        raise WayFault("proxy", f"no TLS with the proxy: {_reason(error)}") from error


class HopStream:
    """A connection as python-socks uses it in a handshake, in place of its own.

    Its own gives what came with one packet for an answer to CONNECT, and throws away what came behind it.
    """

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._ahead = b""

    async def write(self, data: bytes) -> None:
        """Send."""
        await self._stream.send(data)

    async def read(self) -> bytes:
        """The head of an HTTP answer, all of it."""
        while b"\r\n\r\n" not in self._ahead and len(self._ahead) < _MAX_ANSWER_BYTES:
            self._ahead += await self._stream.receive()
        head, end, self._ahead = self._ahead.partition(b"\r\n\r\n")
        return head + end

    async def read_exactly(self, count: int) -> bytes:
        """So many bytes."""
        while len(self._ahead) < count:
            self._ahead += await self._stream.receive()
        data, self._ahead = self._ahead[:count], self._ahead[count:]
        return data

    async def close(self) -> None:
        """Close it."""
        await anyio.aclose_forcefully(self._stream)

    def rest(self) -> ByteStream:
        """The connection behind the handshake, with what has come of it already."""
        return _Begun(self._stream, self._ahead) if self._ahead else self._stream


class _Dialled:
    """What python-socks takes for the way to a proxy: a connection that is there."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream

    async def connect(self, **_where: object) -> HopStream:
        return HopStream(self._stream)


class _Begun(ByteStream):
    """A connection whose first bytes have been read."""

    def __init__(self, stream: ByteStream, ahead: bytes) -> None:
        self._stream = stream
        self._ahead = ahead

    async def receive(self, max_bytes: int = 65536) -> bytes:
        if not self._ahead:
            return await self._stream.receive(max_bytes)
        data, self._ahead = self._ahead[:max_bytes], self._ahead[max_bytes:]
        return data

    async def send(self, item: bytes) -> None:
        await self._stream.send(item)

    async def send_eof(self) -> None:
        await self._stream.send_eof()

    async def aclose(self) -> None:
        await self._stream.aclose()


@cache
def _tls_context() -> ssl.SSLContext:
    """Verifies against the system's authorities; 20 ms to make."""
    return ssl.create_default_context()


def _reason(error: BaseException) -> str:
    """Why a connection failed, in the system's words."""
    if isinstance(error, ExceptionGroup):  # of the attempts at each address of a name
        return _reason(cast("ExceptionGroup[Exception]", error).exceptions[0])
    if error.__cause__ is not None:
        return _reason(error.__cause__)
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        return os.strerror(error.errno).lower()
    return str(error) or "the connection was closed"
