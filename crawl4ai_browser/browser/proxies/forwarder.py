"""Forwarder: the proxy that a browser context is given, on loopback, in front of the one it is to go through.

Chromium knows no SOCKS5 with a password and no chains, shows the page of a proxy that refuses as if it were the site's,
hangs on one that does not answer, and cannot say which of these it was. So each proxied context has a forwarder of its
own, which lives as long as the context, has one upstream, sees host, port and bytes of every connection, and remembers
what went wrong. Where a page may connect is decided here too, before anything is connected.

It listens on 127.0.0.1 alone and serves who knows its secret. The browser learns that once, when the context is opened:
see `proxy_admission`.
"""

from __future__ import annotations

import errno
import secrets
import socket
from base64 import b64encode
from collections import deque
from contextlib import contextmanager
from hmac import compare_digest
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import anyio
from anyio.abc import SocketStream

from crawl4ai_browser.browser.proxies.forwarding import Conversation
from crawl4ai_browser.browser.proxies.upstream import Upstream
from crawl4ai_browser.browser.proxies.way_fault import FORWARDER_NAME

if TYPE_CHECKING:
    from collections.abc import Generator

    from crawl4ai_browser.browser.background import Start
    from crawl4ai_browser.browser.proxies.allowance import Allowance
    from crawl4ai_browser.browser.proxies.egress_gate import EgressGate
    from crawl4ai_browser.browser.proxies.traffic import Traffic
    from crawl4ai_browser.browser.proxies.way_fault import FaultKind, WayFault
    from crawl4ai_browser.clock import Clock
    from crawl4ai_browser.proxy import Proxy

LOOPBACK = "127.0.0.1"

USER = FORWARDER_NAME
"""Of the forwarder. Its secret is the password."""

KEPT_FAULTS = 64
"""Connections that failed, of which a page that failed may be one."""

END_DEADLINE = 2.0
"""Seconds for its connections to end."""

_BACKLOG = 128
# Connections that wait to be taken: a browser opens 32 at once to a proxy.

_NO_ROOM = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_NO_ROOM_WAIT = 0.1
# Seconds, where the machine has no room for another connection at the moment.


class SeenFault(NamedTuple):
    """A connection that did not come about."""

    at: float
    """Monotonic time."""
    host: str
    kind: FaultKind
    text: str


MAX_BYPASSED = 100
"""Rules, each of which is compared with each URL."""


class Forwarder:
    """One context's way out. Made by `open`."""

    def __init__(self, upstream: Upstream, gate: EgressGate, traffic: Traffic, clock: Clock) -> None:
        """Use `Forwarder.open`."""
        self.upstream = upstream
        self.traffic = traffic
        self.clock = clock
        self.gate = gate
        self.password = secrets.token_urlsafe(24)
        self.admission = anyio.Lock()
        self.has_admitted = False
        """Whether its context has learned the secret."""
        self.port = 0
        self.tunnel_refused_ports: set[int] = set()
        """Ports to which the upstream opens no tunnel, so that what would go through one is sent as requests."""
        self._authorization = b"Basic " + b64encode(f"{USER}:{self.password}".encode())
        self._allowances: dict[bytes, Allowance] = {}
        self._faults: deque[SeenFault] = deque(maxlen=KEPT_FAULTS)
        self._scope = anyio.CancelScope()
        self._ended = anyio.Event()
        self._connection_count = 0

    @classmethod
    async def open(
        cls,
        proxy: Proxy | None,
        *,
        gate: EgressGate,
        traffic: Traffic,
        connect_timeout: float,
        start: Start,
        clock: Clock,
    ) -> Forwarder:
        """A forwarder that listens. `proxy` None: connections go out directly. `start` runs it in the background."""
        forwarder = cls(Upstream(proxy, gate.network, connect_timeout=connect_timeout), gate, traffic, clock)
        listener = socket.create_server((LOOPBACK, 0), backlog=_BACKLOG)
        listener.settimeout(0)
        forwarder.port = listener.getsockname()[1]

        async def serve() -> None:
            await forwarder._serve(listener)

        start(serve)
        return forwarder

    @property
    def proxy(self) -> Proxy | None:
        """What it forwards to."""
        return self.upstream.proxy

    @property
    def server(self) -> str:
        """Its address, as browsers take it."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def bypass(self) -> str:
        """What its context may as well connect to by itself, as Chromium's proxy bypass rules.

        Ports of this machine that are seeds: by plain HTTP, as a secure site may name other ports that it is to be had
        at. Sparing them the way through this process saves 2 ms of CPU a page, and 40 where it has 200 subresources.
        Other addresses, private ones too, the browser finds nowhere by itself: see `PROXIED_ARGS`.
        """
        if self.upstream.proxy is not None:
            return ""
        ports = (port for host, port in self.gate.rules.open_literals() if host == LOOPBACK)
        return ",".join(f"http://{LOOPBACK}:{port}" for port in islice(ports, MAX_BYPASSED))

    def admits(self, authorization: bytes | None) -> bool:
        """Whether who sent this Proxy-Authorization knows the secret, or has an allowance."""
        if authorization is None:
            return False
        return compare_digest(authorization, self._authorization) or authorization in self._allowances

    @contextmanager
    def allowing(self, allowance: Allowance) -> Generator[str]:
        """The password of a client that has this allowance, as long as the block runs."""
        password = secrets.token_urlsafe(24)
        authorization = b"Basic " + b64encode(f"{USER}:{password}".encode())
        self._allowances[authorization] = allowance
        try:
            yield password
        finally:
            del self._allowances[authorization]

    def allowance_of(self, authorization: bytes | None) -> Allowance | None:
        """What who sent this may be sent; None: as much as comes."""
        return None if authorization is None else self._allowances.get(authorization)

    # --- what went wrong

    def note(self, host: str, fault: WayFault) -> None:
        """Remember a connection that did not come about."""
        self._faults.append(SeenFault(self.clock.monotonic(), host, fault.kind, fault.text))

    def fault_since(self, started: float, hosts: frozenset[str]) -> SeenFault | None:
        """Why something that began at `started` may have failed: the latest fault of the proxy, or with these hosts."""
        for fault in reversed(self._faults):
            if fault.at < started:
                return None
            if fault.kind in ("proxy", "locked") or fault.host in hosts:
                return fault
        return None

    # --- life

    async def _serve(self, listener: socket.socket) -> None:
        try:
            with listener, self._scope:
                await self._take_clients(listener)
        finally:
            self._ended.set()

    async def _take_clients(self, listener: socket.socket) -> None:
        async with anyio.create_task_group() as conversations:
            while True:
                conversations.start_soon(self._converse, await self._accepted(listener))

    async def _accepted(self, listener: socket.socket) -> SocketStream:
        """The next client. Not by asyncio's own accept: when cancelled as somebody comes, it fails and loses them."""
        while True:
            await anyio.wait_readable(listener)
            try:
                client, _ = listener.accept()
            except OSError as error:  # who came has gone again; or there is no room
                if error.errno in _NO_ROOM:
                    await self.clock.sleep(_NO_ROOM_WAIT)
                continue
            try:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return await SocketStream.from_socket(client)
            except (OSError, ValueError):  # gone already
                client.close()

    async def _converse(self, client: SocketStream) -> None:
        self._connection_count += 1
        try:
            await Conversation(client, self).run()
        finally:
            self._connection_count -= 1

    async def close(self) -> None:
        """End every connection and stop listening. Bounded; never raises."""
        self._scope.cancel()
        with anyio.move_on_after(END_DEADLINE, shield=True):
            await self._ended.wait()

    def __repr__(self) -> str:
        """Where it leads and what goes through it."""
        return f"<Forwarder {self.server} to {self.proxy or 'anywhere'}, {self._connection_count} connections>"
