"""WebSockets on a cassette: what is said over them by a plain client, and by a page in a browser."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.abc import ByteStream, SocketAttribute, SocketStream
from anyio.streams.buffered import BufferedByteReceiveStream

from crawl4ai_browser.browser.proxies.network import MachineNetwork
from crawl4ai_browser.browser.proxies.upstream import LOST_CONNECTION, Upstream
from crawl4ai_browser.config import CrawlConfig, VisitConfig
from crawl4ai_browser.crawling.crawler import Crawler
from crawl4ai_browser.ready import Selector
from crawl4ai_browser.request import Request
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.testing.cassette import Cassette
from crawl4ai_browser.testing.cassettes.websocket_frames import (
    BINARY,
    CLOSE,
    PING,
    PONG,
    TEXT,
    FrameReader,
    accepted,
    frame,
)
from crawl4ai_browser.testing.site import Response, SiteServer

DEADLINE = 30.0
"""Seconds for an answer, on a machine that is busy."""

KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
NORMAL = (1000).to_bytes(2, "big")

Said = tuple[int, bytes]


class Talk:
    """One side of a WebSocket after its handshake."""

    def __init__(self, stream: ByteStream, ahead: bytes = b"", *, is_client: bool) -> None:
        self.stream = stream
        self._reader = FrameReader()
        self._heard = self._reader.feed(ahead)
        self._is_client = is_client

    async def say(self, opcode: int, payload: bytes) -> None:
        data = frame(opcode, payload)
        if self._is_client:  # a mask of zeros: the payload stays as it is
            size = len(data) - len(payload)
            data = bytes((data[0], data[1] | 0x80)) + data[2:size] + bytes(4) + payload
        await self.stream.send(data)

    async def hear(self) -> Said:
        while not self._heard:
            self._heard += self._reader.feed(await self.stream.receive())
        return self._heard.pop(0)


Serve = Callable[[Talk], Awaitable[None]]


@asynccontextmanager
async def served(serve: Serve) -> AsyncGenerator[str]:
    """A server of WebSockets; its address."""

    async def accept(stream: SocketStream) -> None:
        async with stream:
            with suppress(*LOST_CONNECTION, anyio.IncompleteRead):
                reader = BufferedByteReceiveStream(stream)
                head = await reader.receive_until(b"\r\n\r\n", 65536)
                assert b"sec-websocket-extensions" not in head.lower()  # frames are to be read on their way
                lines = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
                key = next(value for name, value in lines.items() if name.lower() == b"sec-websocket-key")
                await stream.send(
                    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    b"Sec-WebSocket-Accept: " + accepted(key) + b"\r\nX-Of-Server: kept\r\n\r\n"
                )
                await serve(Talk(stream, reader.buffer, is_client=False))

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, accept)
        yield f"127.0.0.1:{listener.extra(SocketAttribute.local_port)}"
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def connected(cassette: Cassette, address: str, path: str = "/socket") -> AsyncGenerator[Talk]:
    """A WebSocket to that address, through the cassette."""
    proxy = cassette.configured(CrawlConfig()).context.proxy
    host, _, port = address.partition(":")
    with anyio.fail_after(DEADLINE):
        stream = await Upstream(proxy, MachineNetwork(), connect_timeout=DEADLINE).connect(host, int(port))
        async with stream:
            head = f"GET {path} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            offer = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Extensions: permessage-deflate\r\n"
            await stream.send(f"{head}{offer}Sec-WebSocket-Key: {KEY.decode()}\r\n\r\n".encode())
            reader = BufferedByteReceiveStream(stream)
            answer = await reader.receive_until(b"\r\n\r\n", 65536)
            assert answer.startswith(b"HTTP/1.1 101 "), answer
            assert b"x-of-server: kept" in answer.lower()
            assert b"Sec-WebSocket-Accept: " + accepted(KEY) in answer
            yield Talk(stream, reader.buffer, is_client=True)


async def greet_and_echo(talk: Talk) -> None:
    await talk.say(TEXT, b"welcome")
    while True:
        opcode, payload = await talk.hear()
        if opcode == CLOSE:
            await talk.say(CLOSE, payload)
            return
        await talk.say(opcode, b"echo " + payload)


def messages_in(file: Path) -> list[Any]:
    (entry,) = [each for each in json.loads(file.read_text())["exchanges"] if each.get("status") == 101]
    messages: list[Any] = entry["messages"]
    return messages


async def test_server_speaks_again_after_what_it_answered(tmp_path: Path) -> None:
    file = tmp_path / "tape.json"

    async def conversation(cassette: Cassette, address: str) -> list[Said]:
        async with connected(cassette, address) as talk:
            heard = [await talk.hear()]
            for opcode, payload in ((TEXT, "grüezi\nzäme".encode()), (BINARY, bytes(range(256)))):
                await talk.say(opcode, payload)
                heard.append(await talk.hear())
            await talk.say(CLOSE, NORMAL)
            return [*heard, await talk.hear()]

    async with served(greet_and_echo) as address:
        with Cassette(file) as cassette:
            recorded = await conversation(cassette, address)
    with Cassette(file, "none") as cassette:
        replayed = [await conversation(cassette, address) for _ in range(2)]
        cassette.check()

    assert recorded[:2] == [(TEXT, b"welcome"), (TEXT, "echo grüezi\nzäme".encode())]
    assert recorded[-1] == (CLOSE, NORMAL)
    assert replayed == [recorded, recorded]
    assert messages_in(file)[:3] == [
        {"received": "welcome"},
        {"sent": ["grüezi", "zäme"]},
        {"received": ["echo grüezi", "zäme"]},
    ]
    assert list(messages_in(file)[3]["sent"]) == ["base64"]


async def test_what_was_not_said_then_is_missed_and_ends_the_socket(tmp_path: Path) -> None:
    file = tmp_path / "tape.json"
    async with served(greet_and_echo) as address:
        with Cassette(file) as cassette:
            async with connected(cassette, address) as talk:
                await talk.say(TEXT, b"beds at the tarn")
                assert [await talk.hear(), await talk.hear()][1] == (TEXT, b"echo beds at the tarn")

    with Cassette(file, "none") as cassette:
        async with connected(cassette, address) as talk:
            assert await talk.hear() == (TEXT, b"welcome")
            await talk.say(TEXT, b"beds at the ridge")
            opcode, payload = await talk.hear()
            assert (opcode, payload[2:]) == (CLOSE, b"not on the cassette")
        with pytest.raises(AssertionError) as failure:
            cassette.check()
        with pytest.raises(AssertionError, match="501 Not On The Cassette"):
            async with connected(cassette, address, "/other"):
                pass
        assert f"GET ws://{address}/other is not on the cassette" in str(cassette.misses[1])

    told = f"SEND ws://{address}/socket 'beds at the ridge' is not on the cassette; the nearest is to send 'beds at the"
    assert told in str(failure.value)


async def test_more_of_the_same_is_no_news_and_order_may_change(tmp_path: Path) -> None:
    async def answer_both(talk: Talk) -> None:
        first, second = await talk.hear(), await talk.hear()
        await talk.say(TEXT, b"%s, %s" % (first[1], second[1]))
        await talk.hear()

    file = tmp_path / "tape.json"
    async with served(answer_both) as address:
        with Cassette(file) as cassette:
            async with connected(cassette, address) as talk:
                await talk.say(TEXT, b"a")
                await talk.say(TEXT, b"b")
                assert await talk.hear() == (TEXT, b"a, b")

    with Cassette(file, "none") as cassette:
        async with connected(cassette, address) as talk:
            for text in (b"b", b"b", b"a"):
                await talk.say(TEXT, text)
            assert await talk.hear() == (TEXT, b"a, b")
            await talk.say(TEXT, b"a")
            await talk.say(PING, b"there?")
            assert await talk.hear() == (PONG, b"there?")
        cassette.check()


@pytest.mark.parametrize("closes", [True, False])
async def test_server_ends_it_as_it_did(tmp_path: Path, *, closes: bool) -> None:
    async def leave(talk: Talk) -> None:
        await talk.say(TEXT, b"bye")
        if closes:
            await talk.say(CLOSE, (4001).to_bytes(2, "big") + b"full")
            await talk.hear()

    async def heard(cassette: Cassette, address: str) -> list[Said]:
        said: list[Said] = []
        async with connected(cassette, address) as talk:
            with suppress(*LOST_CONNECTION):
                said.append(await talk.hear())
                said.append(await talk.hear())
                await talk.say(*said[1])
                said.append(await talk.hear())
        return said

    file = tmp_path / "tape.json"
    async with served(leave) as address:
        with Cassette(file) as cassette:
            recorded = await heard(cassette, address)
    with Cassette(file, "none") as cassette:
        assert await heard(cassette, address) == recorded
        cassette.check()

    assert recorded == [(TEXT, b"bye"), (CLOSE, b"\x0f\xa1full")][: 1 + closes]
    assert messages_in(file) == [{"received": "bye"}, {"received": {"close": 4001, "reason": "full"}}][: 1 + closes]


async def test_secrets_are_not_in_what_was_said(tmp_path: Path) -> None:
    file = tmp_path / "tape.json"
    async with served(greet_and_echo) as address:
        with Cassette(file, secrets=["pin"]) as cassette:
            async with connected(cassette, address) as talk:
                await talk.say(TEXT, b'{"pin": "4711"}')
                assert [await talk.hear(), await talk.hear()][1] == (TEXT, b'echo {"pin": "4711"}')
    assert "4711" not in file.read_text()

    with Cassette(file, "none", secrets=["pin"]) as cassette:
        async with connected(cassette, address) as talk:
            await talk.say(TEXT, b'{"pin": "0815"}')
            assert [await talk.hear(), await talk.hear()][1] == (TEXT, b'echo {"pin": "masked"}')
        cassette.check()


CHAT = """<!doctype html><title>chat</title><ol></ol><script>
const note = (text) => {
  const item = document.createElement("li");
  item.textContent = text;
  document.querySelector("ol").append(item);
};
const socket = new WebSocket("ws://ADDRESS/chat");
socket.binaryType = "arraybuffer";
socket.onmessage = ({ data }) => {
  note(typeof data === "string" ? data : `bytes ${new Uint8Array(data)}`);
  if (data === "welcome") socket.send(`at ${Date.now()} by ${Math.random()}`);
  else if (typeof data === "string") socket.send(new Uint8Array([1, 2, 3]));
  else socket.close(1000);
};
socket.onclose = ({ code, wasClean }) => note(`closed ${code} ${wasClean}`);
</script>"""


async def echo_in_kind(talk: Talk) -> None:
    await talk.say(TEXT, b"welcome")
    while True:
        opcode, payload = await talk.hear()
        if opcode == CLOSE:
            await talk.say(CLOSE, payload)
            return
        await talk.say(opcode, b"echo " + payload if opcode == TEXT else payload)


@pytest.mark.timeout(240)  # two browsers, one after the other, on a machine that is busy
async def test_page_that_lives_on_a_socket_is_the_same_without_its_server(
    tmp_path: Path, crawler_config: CrawlConfig
) -> None:
    file = tmp_path / "tape.json"
    visit = VisitConfig(ready=Selector(css="li:nth-child(4)", timeout=60), timeout=90)

    async def visited(cassette: Cassette, url: str) -> CrawlResult:
        async with Crawler(cassette.configured(crawler_config)) as crawler:
            return await crawler.fetch(Request(url=url, visit=visit))

    async with AsyncExitStack() as stack:
        site = stack.enter_context(SiteServer())
        address = await stack.enter_async_context(served(echo_in_kind))
        site.route("/", Response.html(CHAT.replace("ADDRESS", address)))
        url = site.url("/")
        with Cassette(file) as cassette:
            recorded = await visited(cassette, url)
    with Cassette(file, "none") as cassette:
        replayed = await visited(cassette, url)
        cassette.check()

    assert recorded.ok, recorded.error
    assert replayed.markdown == recorded.markdown
    assert "bytes 1,2,3" in (replayed.markdown or "")
    assert "closed 1000 true" in (replayed.markdown or "")
