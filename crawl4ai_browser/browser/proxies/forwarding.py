"""Conversation: one connection of the browser to a forwarder, from its first request to its end.

Only what the browser sends is read, and only as far as needed to know where it is to go; answers pass as they are, byte
by byte, so that whatever a server gets wrong reaches the browser as it would without us.
"""

from __future__ import annotations

import math
import socket
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import anyio
import h11
from anyio.abc import SocketAttribute

from crawl4ai_browser.browser.proxies.request_reader import RequestReader
from crawl4ai_browser.browser.proxies.upstream import LOST_CONNECTION
from crawl4ai_browser.browser.proxies.way_fault import FORWARDER_NAME, WayFault, locked_answer

if TYPE_CHECKING:
    from anyio.abc import ByteStream, SocketStream

    from crawl4ai_browser.browser.proxies.allowance import Allowance
    from crawl4ai_browser.browser.proxies.forwarder import Forwarder

DOOR_HOST = "door.crawl4ai-browser.invalid"
"""Answered by the forwarder itself, with nothing: a request for it shows whether the browser knows the secret. No such
name exists anywhere (RFC 2606)."""

_NO_TUNNELS = frozenset({403, 405, 501})
# What proxies answer that open tunnels to port 443 alone, as squid does out of the box.
_HTTPS = 443

_RESET_AT_CLOSE = struct.pack("ii", 1, 0)
# Of SO_LINGER: on, with no time for what has not been sent.

_CONNECTED = b"HTTP/1.1 200 Connection established\r\n\r\n"
# Playwright's request client takes a refused tunnel for the answer to its request; RFC 9209 has a header to tell them.
_BAD_GATEWAY = (
    b"HTTP/1.1 502 Bad Gateway\r\nProxy-Status: %s; error=proxy_internal_error\r\nContent-Length: 0\r\n"
    b"Connection: close\r\n\r\n"
) % FORWARDER_NAME.encode()
_NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"
_LOCKED = (
    b"HTTP/1.1 407 Proxy Authentication Required\r\n"
    b'Proxy-Authenticate: Basic realm="%s"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'
) % FORWARDER_NAME.encode()


class Target(NamedTuple):
    """Where a request is to go."""

    host: str
    port: int
    path: bytes
    """With its query; empty for a tunnel."""


class Conversation:
    """What one client says."""

    def __init__(self, client: SocketStream, way: Forwarder) -> None:
        """Nothing has been read yet."""
        self._client = client
        self._way = way
        self._reader = RequestReader(client)
        self._asked_at: float | None = None
        """When something was first sent to the target, which nothing has come back for. `math.inf`: something has."""
        self._allowance: Allowance | None = None
        """What may still come down. None: whatever comes."""

    async def run(self) -> None:
        """Serve the client until it or its target ends."""
        async with self._client:
            try:
                await self._serve()
            except (*LOST_CONNECTION, h11.RemoteProtocolError):
                return  # it went away, or is no browser of ours

    async def _serve(self) -> None:
        request = await self._reader.head()
        if request is None:
            return
        if not self._way.admits(_header(request, b"proxy-authorization")):
            await self._client.send(_LOCKED)
            return
        self._allowance = self._way.allowance_of(_header(request, b"proxy-authorization"))
        target = _target(request)
        if target is None:
            await self._client.send(_BAD_GATEWAY)
        elif target.host == DOOR_HOST:
            self._way.has_admitted = True
            await self._client.send(_NO_CONTENT)
        elif request.method == b"CONNECT":
            await self._tunnel(target)
        else:
            await self._relay(request, target, prefix=b"")

    # --- tunnels

    async def _tunnel(self, target: Target) -> None:
        takes_requests = self._way.upstream.takes_requests and target.port != _HTTPS
        if not (takes_requests and target.port in self._way.tunnel_refused_ports):
            try:
                stream = await self._opened(target, is_tunnel=True)
            except WayFault as fault:
                if not (takes_requests and fault.status in _NO_TUNNELS):
                    self._way.note(target.host, fault)
                    await self._client.send(_BAD_GATEWAY)
                    return
                self._way.tunnel_refused_ports.add(target.port)
            else:
                await self._splice(stream)
                return
        # What is in the tunnel is plain HTTP then, or nothing that could be had: Playwright's own client opens one for
        # every request, where browsers do so for https alone.
        await self._client.send(_CONNECTED)
        self._reader = RequestReader(self._client, self._reader.ahead)
        request = await self._reader.head()
        if request is not None:
            await self._relay(request, target, prefix=b"http://%s" % _authority(target))

    async def _splice(self, stream: ByteStream) -> None:
        async with stream, anyio.create_task_group() as both:
            await self._client.send(_CONNECTED)
            ahead = self._reader.ahead
            if ahead:
                await self._send_up(stream, ahead)
            both.start_soon(self._pass_down, stream, both.cancel_scope)
            try:
                while True:
                    await self._send_up(stream, await self._client.receive())
            except LOST_CONNECTION:
                both.cancel_scope.cancel()

    # --- requests

    async def _relay(self, request: h11.Request, target: Target, *, prefix: bytes) -> None:
        """Send requests on, as long as they are for the same target, or the upstream sees to that itself.

        `prefix` makes a path the whole URL, for what comes out of a tunnel.
        """
        try:
            stream = await self._opened(target, is_tunnel=not self._way.upstream.takes_requests)
        except WayFault as fault:
            self._way.note(target.host, fault)
            return  # without an answer: any would look like the site's
        async with stream, anyio.create_task_group() as both:
            both.start_soon(self._pass_answers, stream, target, both.cancel_scope)
            following: h11.Request | None = request
            try:
                while following is not None:
                    await self._send_request(stream, following, prefix)
                    following = await self._reader.head()
                    if following is not None and not prefix and not self._leads_on(following, target):  # shape: loop
                        break  # the client asks again on a connection of its own
            except (*LOST_CONNECTION, h11.RemoteProtocolError):
                pass
            both.cancel_scope.cancel()

    def _leads_on(self, request: h11.Request, target: Target) -> bool:
        wanted = _target(request)
        return wanted is not None and wanted[:2] == target[:2]

    async def _send_request(self, stream: ByteStream, request: h11.Request, prefix: bytes) -> None:
        writer = h11.Connection(h11.CLIENT)
        head = self._rewritten(request, prefix)
        await self._send_up(stream, writer.send(head) or b"")
        async for part in self._reader.body():
            data = writer.send(part)
            if data:
                await self._send_up(stream, data)

    def _rewritten(self, request: h11.Request, prefix: bytes) -> h11.Request:
        """The request as the upstream takes it: a proxy the whole URL and its credentials, a server the path."""
        upstream = self._way.upstream
        headers = [item for item in request.headers.raw_items() if item[0].lower() != b"proxy-authorization"]
        if not upstream.takes_requests:
            target = _target(request)
            path = target.path if target is not None else request.target
            # In its place, where it stands: what a browser sends without a proxy looks so.
            headers = [
                (b"Connection" if name.lower() == b"proxy-connection" else name, value) for name, value in headers
            ]
            return h11.Request(method=request.method, target=path, headers=headers)
        if upstream.authorization is not None:
            headers.append((b"Proxy-Authorization", upstream.authorization))
        return h11.Request(method=request.method, target=prefix + request.target, headers=headers)

    async def _pass_answers(self, stream: ByteStream, target: Target, both: anyio.CancelScope) -> None:
        try:
            first = await self._first_of_answer(stream)
        except WayFault as silence:
            self._way.note(target.host, silence)
            both.cancel()
            return
        except LOST_CONNECTION as lost:
            self._pass_reset(lost)
            if self._way.upstream.takes_requests:  # else it was the target itself that was silent
                self._way.note(target.host, WayFault("unclear", "the proxy reset or closed the connection"))
            both.cancel()
            return
        fault = locked_answer(first) if self._way.upstream.takes_requests else None
        if fault is not None:
            self._way.note(target.host, fault)
            both.cancel()  # without an answer: the browser would take it for ours, and ask again
            return
        await self._pass_down(stream, both, first)

    async def _first_of_answer(self, stream: ByteStream) -> bytes:
        """What comes first, however long it takes: a slow site is not to be told from a proxy that hangs, but asked.

        Raises:
            WayFault: the proxy hangs.
        """
        upstream = self._way.upstream
        with anyio.move_on_after(upstream.connect_timeout if upstream.takes_requests else math.inf):
            return await stream.receive()
        await upstream.check_alive()
        return await stream.receive()

    # --- both ways

    async def _opened(self, target: Target, *, is_tunnel: bool) -> ByteStream:
        """A connection to the target, or to a proxy that is sent requests for it.

        Raises:
            WayFault: it may not be, or did not come about.
        """
        way = self._way
        started = way.clock.monotonic()
        upstream = way.upstream
        addresses: tuple[str, ...] = ()
        if upstream.proxy is None:
            addresses = await way.gate.admitted(target.host, target.port)
        else:
            way.gate.check_name(target.host, target.port)
        if is_tunnel:
            stream = await upstream.connect(target.host, target.port, addresses)
        else:
            stream = await upstream.connect_to_proxy()
        way.traffic.connections += 1
        way.traffic.connect_seconds += way.clock.monotonic() - started
        return stream

    async def _send_up(self, stream: ByteStream, data: bytes) -> None:
        if self._asked_at is None:
            self._asked_at = self._way.clock.monotonic()
        await stream.send(data)
        self._way.traffic.sent_bytes += len(data)

    def _count_down(self, data: bytes) -> None:
        traffic = self._way.traffic
        traffic.received_bytes += len(data)
        if self._allowance is not None and not self._allowance.take(len(data)):
            raise anyio.BrokenResourceError
        if self._asked_at is not None and self._asked_at < math.inf:
            traffic.answers += 1
            traffic.answer_seconds += self._way.clock.monotonic() - self._asked_at
            self._asked_at = math.inf

    async def _pass_down(self, stream: ByteStream, both: anyio.CancelScope, first: bytes = b"") -> None:
        """Pass on what comes until the upstream ends, which ends the conversation."""
        data = first
        try:
            while True:
                if data:
                    self._count_down(data)
                    await self._client.send(data)
                data = await stream.receive()
        except LOST_CONNECTION as lost:
            self._pass_reset(lost)
            both.cancel()

    def _pass_reset(self, lost: BaseException) -> None:
        """Break off with the client where the upstream broke off: an answer of no given length would look whole."""
        if isinstance(lost, anyio.BrokenResourceError):
            raw = self._client.extra(SocketAttribute.raw_socket)
            with suppress(OSError):
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)


def _header(request: h11.Request, name: bytes) -> bytes | None:
    return next((value for known, value in request.headers if known == name), None)


def _target(request: h11.Request) -> Target | None:
    """Where a request goes that is made to a proxy (RFC 9112, 3.2.2 and 3.2.3); None: it is not."""
    written = request.target
    path = b""
    default_port = _HTTPS
    if request.method != b"CONNECT":
        scheme, found, rest = written.partition(b"://")
        if not found or scheme.lower() != b"http":
            return None
        authority, slash, tail = rest.partition(b"/")
        written, path, default_port = authority.rpartition(b"@")[2], slash + tail, 80
    host, colon, port = written.rpartition(b":")
    if not colon or not port.isdigit():
        host, port = written, b"%d" % default_port
    name = host.decode("latin-1").strip("[]").lower()
    return Target(name, int(port), path or b"/") if name and int(port) < 65536 else None


def _authority(target: Target) -> bytes:
    host = f"[{target.host}]" if ":" in target.host else target.host
    return f"{host}:{target.port}".encode() if target.port != 80 else host.encode()
