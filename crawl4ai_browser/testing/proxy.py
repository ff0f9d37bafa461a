"""ProxyServer: a real proxy on loopback, for tests: HTTP and SOCKS5 on one port, with passwords, and a log.

It tells the protocols apart by their first byte. HTTP is RFC 9110, 9.3.6 (CONNECT) and RFC 9112, 3.2.2 (whole URLs);
SOCKS5 is RFC 1928 with the passwords of RFC 1929. One request a connection, as its client is a crawler under test.
"""

from __future__ import annotations

import threading
from base64 import b64encode
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Literal, Self
from urllib.parse import quote, urlsplit

import anyio
from anyio.abc import ByteStream, SocketAttribute, SocketStream
from anyio.from_thread import start_blocking_portal
from anyio.streams.buffered import BufferedByteReceiveStream

from crawl4ai_browser.browser.proxies.egress_gate import EgressGate
from crawl4ai_browser.browser.proxies.upstream import LOST_CONNECTION, Upstream
from crawl4ai_browser.browser.proxies.way_fault import WayFault
from crawl4ai_browser.egress_config import EgressConfig
from crawl4ai_browser.testing.socks import (
    NO_METHOD,
    NO_PASSWORD,
    NOT_REACHED,
    PASSWORD,
    REACHED,
    REFUSED,
    VERSION,
    reply,
    target_of,
)

LOOPBACK = "127.0.0.1"

_CONNECT_TIMEOUT = 10.0
"""Seconds for a connection to a target."""

_MAX_HEAD_BYTES = 256 * 1024
"""Of a request, cookies included."""


@dataclass(frozen=True, slots=True)
class ProxyHit:
    """One request to the proxy, whatever became of it."""

    protocol: Literal["http", "connect", "socks5"]
    host: str
    port: int
    user: str | None
    """Who it was, where the password was right."""
    outcome: Literal["passed", "locked", "refused", "unreachable"]
    """It went through; nobody with this password is let in; the test refuses this host; the target was not there."""
    url: str = ""
    """Of an HTTP request that is not in a tunnel."""


class ProxyServer:
    """A proxy that runs while its `with` block does.

        with ProxyServer({"alice": "secret"}) as proxy:
            ...  # crawl through Proxy.parse(proxy.url) or Proxy.parse(proxy.socks5_url)
            assert [hit.user for hit in proxy.hits] == ["alice"]

    Without users anybody is let in. `refuse` makes it turn down hosts.
    """

    def __init__(self, users: Mapping[str, str] | None = None) -> None:
        """Nothing is started. `users`: passwords by name; the first of them is in the URLs that it gives."""
        self._users = dict(users or {})
        self._refused: set[str] = set()
        self._hits: list[ProxyHit] = []
        self._gate = EgressGate(EgressConfig(private="allow"))
        self._lock = threading.Lock()
        self._port = 0
        self._stack = ExitStack()
        self._serving: Future[None] | None = None

    def __enter__(self) -> Self:
        """Listen on a free port."""
        with ExitStack() as stack:
            portal = stack.enter_context(start_blocking_portal(name="proxy-server"))
            self._serving, self._port = portal.start_task(self._serve)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_error: object) -> None:
        """End every connection."""
        serving, self._serving = self._serving, None
        with self._stack:
            if serving is not None:
                serving.cancel()

    # --- what tests ask it

    @property
    def url(self) -> str:
        """As an HTTP proxy, with its first user."""
        return self.url_of("http")

    @property
    def socks5_url(self) -> str:
        """As a SOCKS5 proxy, with its first user."""
        return self.url_of("socks5")

    def url_of(self, scheme: Literal["http", "socks5"], user: str | None = None, password: str | None = None) -> str:
        """As a proxy of that kind. `user` None: its first one, if any; `password` None: that user's."""
        user = user if user is not None else next(iter(self._users), None)
        if user is None:
            return f"{scheme}://{LOOPBACK}:{self._port}"
        secret = password if password is not None else self._users.get(user, "")
        return f"{scheme}://{quote(user, safe='')}:{quote(secret, safe='')}@{LOOPBACK}:{self._port}"

    @property
    def hits(self) -> list[ProxyHit]:
        """What came so far, oldest first; a copy."""
        with self._lock:
            return list(self._hits)

    def reset_hits(self) -> None:
        """Forget them."""
        with self._lock:
            self._hits.clear()

    def refuse(self, *hosts: str) -> None:
        """Turn down these hosts from now on: 403, or SOCKS5's own word for it."""
        self._refused.update(hosts)

    # --- connections

    async def _serve(self, *, task_status: anyio.abc.TaskStatus[int]) -> None:
        async with await anyio.create_tcp_listener(local_host=LOOPBACK) as listener:
            task_status.started(listener.extra(SocketAttribute.local_port))
            await listener.serve(self._converse)

    async def _converse(self, client: SocketStream) -> None:
        async with client:
            with suppress(*LOST_CONNECTION, anyio.IncompleteRead, anyio.DelimiterNotFound, ValueError):
                reader = BufferedByteReceiveStream(client)
                first = await reader.receive_exactly(1)
                if first[0] == VERSION:
                    await self._socks(client, reader)
                else:
                    await self._http(client, reader, first)

    def _note(self, hit: ProxyHit) -> None:
        with self._lock:
            self._hits.append(hit)

    async def _reached(
        self, hit: Callable[[Literal["passed", "locked", "refused", "unreachable"]], ProxyHit], host: str, port: int
    ) -> ByteStream | int:
        """A connection to the target, or the SOCKS5 reply that says why there is none. Either way it is logged."""
        if host in self._refused:
            self._note(hit("refused"))
            return REFUSED
        try:
            addresses = await self._gate.admitted(host, port)
            upstream = Upstream(None, self._gate.network, connect_timeout=_CONNECT_TIMEOUT)
            stream = await upstream.connect(host, port, addresses)
        except WayFault:
            self._note(hit("unreachable"))
            return NOT_REACHED
        self._note(hit("passed"))
        return stream

    # --- HTTP

    async def _http(self, client: SocketStream, reader: BufferedByteReceiveStream, first: bytes) -> None:
        head = first + await reader.receive_until(b"\r\n\r\n", _MAX_HEAD_BYTES)
        request_line, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = request_line.split(" ", 2)
        is_tunnel = method == "CONNECT"
        parts = urlsplit(f"//{target}" if is_tunnel else target)
        host, port, user = parts.hostname or "", parts.port or 80, self._user_of(lines)

        def hit(outcome: Literal["passed", "locked", "refused", "unreachable"]) -> ProxyHit:
            kind: Literal["connect", "http"] = "connect" if is_tunnel else "http"
            return ProxyHit(kind, host, port, user, outcome, url="" if is_tunnel else target)

        if self._users and user is None:
            self._note(hit("locked"))
            await client.send(_answer("407 Proxy Authentication Required", 'Proxy-Authenticate: Basic realm="test"'))
            return
        stream = await self._reached(hit, host, port)
        if isinstance(stream, int):
            is_refused = stream == REFUSED
            status = "403 Forbidden" if is_refused else "502 Bad Gateway"
            reason = "http_request_denied" if is_refused else "destination_unavailable"
            await client.send(_answer(status, f"Proxy-Status: test-proxy; error={reason}"))
            return
        if is_tunnel:
            await client.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            await stream.send(_rewritten(method, target, lines))
        await _spliced(client, reader, stream)

    def _user_of(self, lines: list[str]) -> str | None:
        given = next((line for line in lines if line.lower().startswith("proxy-authorization:")), "")
        sent = given.partition(":")[2].strip()
        known = {
            "Basic " + b64encode(f"{user}:{password}".encode()).decode(): user for user, password in self._users.items()
        }
        return known.get(sent)

    # --- SOCKS5

    async def _socks(self, client: SocketStream, reader: BufferedByteReceiveStream) -> None:
        offered = await reader.receive_exactly((await reader.receive_exactly(1))[0])
        wanted = PASSWORD if self._users else NO_PASSWORD
        if wanted not in offered:
            self._note(ProxyHit("socks5", "", 0, None, "locked"))
            await client.send(bytes((VERSION, NO_METHOD)))
            return
        await client.send(bytes((VERSION, wanted)))
        user: str | None = None
        if self._users:
            user = await _password_checked(client, reader, self._users)
            if user is None:
                self._note(ProxyHit("socks5", "", 0, None, "locked"))
                return
        host, port = await target_of(reader)
        stream = await self._reached(lambda outcome: ProxyHit("socks5", host, port, user, outcome), host, port)
        await client.send(reply(stream if isinstance(stream, int) else REACHED))
        if not isinstance(stream, int):
            await _spliced(client, reader, stream)

    def __repr__(self) -> str:
        """Where it listens, and how much came."""
        state = f"{LOOPBACK}:{self._port}" if self._serving is not None else "stopped"
        return f"<ProxyServer {state} {len(self._users)} users, {len(self.hits)} hits>"


async def _password_checked(
    client: SocketStream, reader: BufferedByteReceiveStream, users: Mapping[str, str]
) -> str | None:
    """The user whose name and password were sent; None where they are wrong, which the client has been told then."""
    await reader.receive_exactly(1)
    name, password = [(await reader.receive_exactly((await reader.receive_exactly(1))[0])).decode() for _ in range(2)]
    is_right = name in users and users[name] == password
    await client.send(bytes((1, 0 if is_right else 1)))
    return name if is_right else None


def _answer(status: str, *lines: str) -> bytes:
    return "\r\n".join((f"HTTP/1.1 {status}", *lines, "Content-Length: 0", "Connection: close", "", "")).encode()


def _rewritten(method: str, target: str, lines: list[str]) -> bytes:
    """The request as the server takes it: its path alone, nothing about the proxy, and the connection for this once."""
    parts = urlsplit(target)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    kept = [line for line in lines if line and not line.lower().startswith(("proxy-", "connection:"))]
    return "\r\n".join((f"{method} {path} HTTP/1.1", *kept, "Connection: close", "", "")).encode("latin-1")


async def _spliced(client: SocketStream, reader: BufferedByteReceiveStream, stream: ByteStream) -> None:
    """Pass on what each side sends, until one of them ends."""

    async def pass_down() -> None:
        with suppress(*LOST_CONNECTION):
            async for data in stream:
                await client.send(data)
        both.cancel_scope.cancel()

    async with stream, anyio.create_task_group() as both:
        both.start_soon(pass_down)
        with suppress(*LOST_CONNECTION):
            while True:
                await stream.send(await reader.receive())
        both.cancel_scope.cancel()
