"""Pages, files, TLS, sockets and plain requests through real proxies, as the target sees them: from their address.

Every proxy leaves from an address of loopback of its own, so that whatever went by another way would show.
"""

from __future__ import annotations

import base64
import hashlib
import ssl
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import anyio
import pytest
from anyio.abc import ByteStream, SocketAttribute
from anyio.streams.tls import TLSStream

from crawl4ai_browser.browser.browser_fetcher import BrowserFetcher
from crawl4ai_browser.browser.plain_get import SessionPlainGet
from crawl4ai_browser.browser.pool import BrowserPool
from crawl4ai_browser.config import CapacityConfig, ContextConfig, CrawlConfig, DownloadConfig, VisitConfig
from crawl4ai_browser.egress_config import EgressConfig
from crawl4ai_browser.proxy import Proxy
from crawl4ai_browser.ready import Predicate
from crawl4ai_browser.request import Request
from tests import proxy_servers
from tests.proxy_servers import ProxyServer

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of 127.0.0.0/8 on loopback"),
    pytest.mark.timeout(60),  # a browser starts in a second alone on a core, and in ten on a busy machine
]

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3

PAGE = b"""<!doctype html><title>channels</title><img src=/image><p id=told></p><script>
fetch("/fetched").then(answer => answer.text()).then(text => told.append(text));
const socket = new WebSocket(location.origin.replace("http", "ws") + "/socket");
socket.onmessage = event => { told.append(event.data); window.isDone = true; };
if (location.protocol === "http:") {
    const link = Object.assign(document.createElement("a"), {href: "/file", download: "file"});
    document.body.append(link);
    link.click();
}
</script>"""
# With a certificate that nobody trusts, Chromium gives up such a file now and then, with a proxy or without.
ANSWERS = {"/": (b"text/html", PAGE), "/image": (b"image/gif", b"GIF89a")}
PATHS = {"/", "/image", "/fetched", "/socket", "/asked-for-file", "/robots.txt"}


class Seen(NamedTuple):
    """A request that reached the target."""

    peer: str
    scheme: str
    path: str


class Target:
    """A site that is there twice: without TLS and with it."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.ports: dict[str, int] = {}

    def url(self, scheme: str, path: str) -> str:
        return f"{scheme}://127.0.0.1:{self.ports[scheme]}{path}"

    async def converse(self, stream: ByteStream, scheme: str) -> None:
        peer = str(stream.extra(SocketAttribute.remote_address)[0])
        head = b""
        while b"\r\n\r\n" not in head:
            head += await stream.receive()
        path = head.split(b" ")[1].decode()
        self.seen.append(Seen(peer, scheme, path))
        if path == "/socket":
            await _greet(stream, head)
            return
        kind, body = ANSWERS.get(path, (b"text/plain", b"a text"))
        answer = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
        await stream.send(answer % (kind, len(body), body))
        while True:  # the client closes: who closes with something unread resets
            await stream.receive()


async def _greet(stream: ByteStream, head: bytes) -> None:
    lines = dict(line.lower().split(b": ", 1)[:1] + line.split(b": ", 1)[1:] for line in head.split(b"\r\n")[1:-2])
    accept = base64.b64encode(hashlib.sha1(lines[b"sec-websocket-key"] + _GUID, usedforsecurity=False).digest())
    await stream.send(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n" + b"\x81\x06socket"
    )
    await anyio.sleep_forever()


@asynccontextmanager
async def served(certificate: Path, key: Path) -> AsyncGenerator[Target]:
    target = Target()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)

    async def plain(client: ByteStream) -> None:
        async with client:
            with suppress(anyio.BrokenResourceError, anyio.EndOfStream):
                await target.converse(client, "http")

    async def secure(client: ByteStream) -> None:
        async with client:
            with suppress(ssl.SSLError, anyio.BrokenResourceError, anyio.EndOfStream):
                stream = await TLSStream.wrap(client, server_side=True, ssl_context=context, standard_compatible=False)
                await target.converse(stream, "https")

    async with (
        await anyio.create_tcp_listener(local_host="127.0.0.1") as first,
        await anyio.create_tcp_listener(local_host="127.0.0.1") as second,
        anyio.create_task_group() as tasks,
    ):
        for scheme, listener, handler in (("http", first, plain), ("https", second, secure)):
            target.ports[scheme] = listener.extra(SocketAttribute.local_port)
            tasks.start_soon(listener.serve, handler)
        yield target
        tasks.cancel_scope.cancel()


@pytest.fixture(scope="module")
async def target(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Target]:
    folder = tmp_path_factory.mktemp("certificate")
    certificate, key = folder / "cert.pem", folder / "key.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    await anyio.run_process([*made, *names, "-keyout", str(key), "-out", str(certificate)])
    async with served(certificate, key) as site:
        yield site


@pytest.fixture(scope="module")
async def pool(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[BrowserPool]:
    config = CrawlConfig(
        capacity=CapacityConfig(max_pages=4),
        egress=EgressConfig(private="allow"),
        download=DownloadConfig(folder=tmp_path_factory.mktemp("files")),
        visit=VisitConfig(ready=Predicate(script="window.isDone === true"), timeout=40),
    )
    async with BrowserPool(config) as opened:
        await opened.usable_browser(is_proxied=True)
        yield opened


USERS = {"me": "secret"}

Start = Callable[[str], AbstractContextManager[ProxyServer]]
"""Starts a proxy that leaves from an address."""

EVERY_PROXY: dict[str, Start] = {
    "squid": lambda address: proxy_servers.squid(leaves_from=address),
    "squid with password": lambda address: proxy_servers.squid(USERS, leaves_from=address),
    "tinyproxy": lambda address: proxy_servers.tinyproxy(leaves_from=address),
    "tinyproxy with password": lambda address: proxy_servers.tinyproxy(USERS, leaves_from=address),
    "microsocks": lambda address: proxy_servers.microsocks(leaves_from=address),
    "microsocks with password": lambda address: proxy_servers.microsocks(USERS, leaves_from=address),
    "dante": lambda address: proxy_servers.dante(leaves_from=address),
}


@pytest.mark.parametrize("name", EVERY_PROXY)
async def test_all_that_a_session_sends_reaches_its_target_through_its_proxy(
    name: str, target: Target, pool: BrowserPool
) -> None:
    target.seen.clear()
    address = f"127.0.0.{11 + list(EVERY_PROXY).index(name)}"
    with EVERY_PROXY[name](address) as server:
        await check_session(server.url, {address}, target=target, pool=pool)


async def test_a_chain_leaves_from_its_end(target: Target, pool: BrowserPool) -> None:
    target.seen.clear()
    with (
        proxy_servers.microsocks(USERS, leaves_from="127.0.0.18") as first,
        proxy_servers.squid(USERS, leaves_from="127.0.0.19") as last,
    ):
        await check_session(f"{last.url} via {first.url}", {"127.0.0.19"}, target=target, pool=pool)
        targets = {line.split(" connected to ")[1] for line in first.lines() if " connected to " in line}
    assert targets == {f"127.0.0.1:{last.port}"}, "the first is asked for the second alone"


async def check_session(proxy: str, addresses: set[str], *, target: Target, pool: BrowserPool) -> None:
    """Visit the site in a session that goes out through the proxy, both without TLS and with it."""
    chosen = Proxy.parse(proxy)
    name = f"session of {chosen.id}"
    session = await pool.open_session(name, ContextConfig(proxy=chosen, ignore_tls_errors=True))
    fetcher, plain = BrowserFetcher(pool, pool._config), SessionPlainGet(pool)
    for scheme in ("http", "https"):
        snapshot = await fetcher.fetch(Request(url=target.url(scheme, "/"), session=name))
        assert "socket" in (snapshot.html or "")
        assert [file.state for file in snapshot.downloads] == ["complete"] * (scheme == "http")
        file = await fetcher.fetch(Request(url=target.url(scheme, "/asked-for-file"), session=name, as_file=True))
        assert [file.state for file in file.downloads] == ["complete"]
        assert {snapshot.proxy, file.proxy} == {chosen.id}
        assert (await plain.get(target.url(scheme, "/robots.txt"), session=name)).body == b"a text"
    await pool.close_session(session)
    for scheme in ("http", "https"):
        paths = {seen.path for seen in target.seen if seen.scheme == scheme}
        assert paths >= ({*PATHS, "/file"} if scheme == "http" else PATHS)
    assert {seen.peer for seen in target.seen} == addresses
    status = next(each for each in pool.proxies.statuses() if each.proxy == chosen.id)
    # Of each scheme a page, a plain request, and a file that is asked for twice, as the server sends it in no pieces.
    assert (status.requests, status.failures, status.in_use) == (8, 0, 0)
