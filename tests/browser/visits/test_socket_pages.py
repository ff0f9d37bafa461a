"""Pages that are filled over a WebSocket."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
from anyio.abc import SocketStream

from crawl4ai_browser.testing.site import Response, SiteServer
from tests.browser.visiting import Fetch

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3


async def _greet(stream: SocketStream) -> None:
    """Accept the handshake, wait for a first message, then tell in two messages, the second a while after the first."""
    async with stream:
        head = b""
        while b"\r\n\r\n" not in head:
            head += await stream.receive()
        key = next(
            line.split(b": ")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key")
        )
        accept = base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())
        await stream.send(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )
        await stream.receive()
        for pause, text in ((0.4, b"first"), (0.25, b"second")):
            await anyio.sleep(pause)
            await stream.send(bytes((0x81, len(text))) + text)
        await anyio.sleep_forever()


@asynccontextmanager
async def socket_server() -> AsyncGenerator[int]:
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, _greet)
        yield listener.extra(anyio.abc.SocketAttribute.local_port)
        tasks.cancel_scope.cancel()


async def test_what_comes_over_a_socket_is_waited_for(fetch: Fetch, site: SiteServer) -> None:
    async with socket_server() as port:
        site.route(
            "/socket",
            Response.html(
                "<!doctype html><p>shell</p><script>"
                f"const socket = new WebSocket('ws://127.0.0.1:{port}/');"
                "socket.onopen = () => socket.send('tell me');"
                "socket.onmessage = (event) => document.body.append('js:' + event.data);"
                "</script>"
            ),
        )
        snapshot = await fetch("/socket")
    assert snapshot.html is not None
    assert "js:first" in snapshot.html
    assert "js:second" in snapshot.html
    assert snapshot.ready is not None
    assert snapshot.ready.met


async def test_a_socket_that_cannot_be_opened_is_waited_for_no_longer(fetch: Fetch, site: SiteServer) -> None:
    script = (
        "const socket = new WebSocket('ws://127.0.0.1:1/'); socket.onerror = () => document.body.append('js:failed')"
    )
    site.route("/socket-refused", Response.html(f"<!doctype html><p>shell</p><script>{script}</script>"))
    snapshot = await fetch("/socket-refused")
    assert snapshot.html is not None
    assert "js:failed" in snapshot.html
    assert snapshot.ready is not None
    assert snapshot.ready.met
