# shape: one forwarder, each way through it
from __future__ import annotations

import socket
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest
from anyio.abc import ByteStream, SocketAttribute, TaskGroup
from anyio.streams.buffered import BufferedByteReceiveStream
from anyio.streams.tls import TLSStream

from crawl4ai_browser.browser.proxies.egress_gate import EgressGate
from crawl4ai_browser.browser.proxies.forwarder import USER, Forwarder
from crawl4ai_browser.browser.proxies.forwarding import DOOR_HOST
from crawl4ai_browser.browser.proxies.traffic import Traffic
from crawl4ai_browser.browser.proxies.way_fault import WayFault
from crawl4ai_browser.clock import SYSTEM_CLOCK
from crawl4ai_browser.egress import PrivateRule
from crawl4ai_browser.egress_config import EgressConfig
from crawl4ai_browser.proxy import Proxy
from crawl4ai_browser.testing.site import Response, SiteServer, delayed, dropped, raw, reset
from tests import proxy_servers
from tests.proxy_servers import ProxyServer

Open = Callable[..., Awaitable["Way"]]


class Way:
    """A forwarder, and what a browser says to it."""

    def __init__(self, forwarder: Forwarder) -> None:
        self.forwarder = forwarder
        token = b64encode(f"{USER}:{forwarder.password}".encode()).decode()
        self.authorization = f"Proxy-Authorization: Basic {token}\r\n"

    async def connect(self) -> ByteStream:
        return await anyio.connect_tcp("127.0.0.1", self.forwarder.port)

    async def get(self, url: str) -> bytes:
        """All that comes for one request of a page."""
        host = url.split("/")[2]
        return await self.answer(f"GET {url} HTTP/1.1\r\nHost: {host}\r\n{self.authorization}Connection: close\r\n\r\n")

    async def answer(self, request: str) -> bytes:
        async with await self.connect() as stream:
            await stream.send(request.encode())
            return await everything(stream)

    async def tunnel(self, authority: str) -> tuple[ByteStream, bytes]:
        """A tunnel, and the first line of the answer."""
        stream = await self.connect()
        await stream.send(f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n{self.authorization}\r\n".encode())
        head = await BufferedByteReceiveStream(stream).receive_until(b"\r\n\r\n", 4096)
        return stream, head.split(b"\r\n")[0]

    async def get_in_tunnel(self, url: str) -> bytes:
        host = url.split("/")[2]
        stream, line = await self.tunnel(host)
        async with stream:
            if b" 200 " not in line:
                return line
            await stream.send(
                f"GET /{url.split('/', 3)[3]} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
            )
            return await everything(stream)

    def faults(self) -> list[tuple[str, str]]:
        return [(fault.kind, fault.text) for fault in self.forwarder._faults]


async def everything(stream: ByteStream) -> bytes:
    data = b""
    with anyio.fail_after(10):
        try:
            while True:
                data += await stream.receive()
        except (anyio.EndOfStream, anyio.BrokenResourceError):
            return data


@pytest.fixture
async def tasks() -> AsyncIterator[TaskGroup]:
    async with anyio.create_task_group() as group:
        yield group
        group.cancel_scope.cancel()


@pytest.fixture
def open_way(tasks: TaskGroup) -> Open:
    def start(function: Callable[[], Awaitable[None]]) -> None:
        async def run() -> None:
            await function()

        tasks.start_soon(run)

    async def opened(proxy: str | None, *, connect_timeout: float = 5.0, private: PrivateRule = "allow") -> Way:
        return Way(
            await Forwarder.open(
                Proxy.parse(proxy) if proxy else None,
                traffic=Traffic(),
                connect_timeout=connect_timeout,
                start=start,
                clock=SYSTEM_CLOCK,
                gate=EgressGate(EgressConfig(private=private)),
            )
        )

    return opened


@pytest.fixture(scope="module")
def target() -> Iterator[SiteServer]:
    with SiteServer() as server:
        server.route("/*", lambda hit: Response.text(f"{hit.method} {hit.path} {hit.body.decode()}"))
        yield server


EVERY_PROXY = [
    pytest.param(lambda: proxy_servers.squid(), id="squid"),
    pytest.param(lambda: proxy_servers.squid({"me": "secret"}), id="squid with password"),
    pytest.param(lambda: proxy_servers.tinyproxy(), id="tinyproxy"),
    pytest.param(lambda: proxy_servers.tinyproxy({"me": "secret"}), id="tinyproxy with password"),
    pytest.param(lambda: proxy_servers.microsocks(), id="microsocks"),
    pytest.param(lambda: proxy_servers.microsocks({"me": "secret"}), id="microsocks with password"),
    pytest.param(lambda: proxy_servers.dante(), id="dante"),
]


@pytest.mark.parametrize("start", EVERY_PROXY)
async def test_requests_and_tunnels_go_through_every_proxy(
    start: Callable[[], AbstractContextManager[ProxyServer]], target: SiteServer, open_way: Open
) -> None:
    with start() as proxy:
        way = await open_way(proxy.url)
        plain = await way.get(target.url("/plain"))
        tunnelled = await way.get_in_tunnel(target.url("/tunnelled"))
        seen = "\n".join(proxy.lines())
    assert plain.endswith(b"GET /plain ")
    assert tunnelled.endswith(b"GET /tunnelled ")
    assert str(target.port) in seen
    traffic = way.forwarder.traffic
    assert traffic.connections == 2
    assert traffic.received_bytes >= len(plain) + len(tunnelled)
    assert way.faults() == []


async def test_without_a_proxy_it_connects_by_itself(target: SiteServer, open_way: Open) -> None:
    way = await open_way(None)
    assert (await way.get(target.url("/direct"))).endswith(b"GET /direct ")
    assert (await way.get_in_tunnel(target.url("/direct"))).endswith(b"GET /direct ")


async def test_who_does_not_know_the_secret_is_served_nothing(target: SiteServer, open_way: Open) -> None:
    way = await open_way(None)
    before = target.hit_count()
    wrong = b64encode(f"{USER}:wrong".encode()).decode()
    for line in ("", f"Proxy-Authorization: Basic {wrong}\r\n", "Proxy-Authorization: nonsense\r\n"):
        answer = await way.answer(f"GET {target.url('/')} HTTP/1.1\r\nHost: x\r\n{line}\r\n")
        assert answer.startswith(b"HTTP/1.1 407 ")
        answer = await way.answer(f"CONNECT 127.0.0.1:{target.port} HTTP/1.1\r\nHost: x\r\n{line}\r\n")
        assert answer.startswith(b"HTTP/1.1 407 ")
    assert target.hit_count() == before
    assert way.forwarder.traffic.connections == 0


async def test_it_listens_on_loopback_alone(open_way: Open) -> None:
    way = await open_way(None)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", way.forwarder.port)) == 0
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.2", way.forwarder.port)) != 0


async def test_the_door_is_answered_without_going_anywhere(open_way: Open) -> None:
    way = await open_way("http://127.0.0.1:1")
    assert (await way.get(f"http://{DOOR_HOST}/")).startswith(b"HTTP/1.1 204 ")
    assert way.faults() == []


async def test_a_connection_is_used_again_and_bodies_arrive_whole(target: SiteServer, open_way: Open) -> None:
    with proxy_servers.squid() as proxy:
        for url in (None, proxy.url):
            way = await open_way(url)
            async with await way.connect() as stream:
                answers = BufferedByteReceiveStream(stream)
                for number in range(3):  # shape: three uses of one connection
                    body = f"{number}" * 70_000
                    head = f"POST {target.url(f'/{number}')} HTTP/1.1\r\nHost: {target.origin[7:]}\r\n"
                    head += f"{way.authorization}Content-Length: {len(body)}\r\n\r\n"
                    await stream.send((head + body).encode())
                    assert (await answers.receive_until(b"\r\n\r\n", 4096)).startswith(b"HTTP/1.1 200 ")
                    expected = f"POST /{number} {body}".encode()
                    assert await answers.receive_exactly(len(expected)) == expected
            assert way.forwarder.traffic.connections == 1


async def test_the_target_sees_a_browsers_request_and_no_trace_of_the_way(target: SiteServer, open_way: Open) -> None:
    way = await open_way(None)
    async with await way.connect() as stream:
        await stream.send(
            f"GET {target.url('/traceless?q=1')} HTTP/1.1\r\nHost: {target.origin[7:]}\r\n"
            f"Proxy-Connection: keep-alive\r\n{way.authorization}User-Agent: Mozilla\r\n\r\n".encode()
        )
        await BufferedByteReceiveStream(stream).receive_until(b"GET /traceless ", 4096)
    hit = next(hit for hit in target.hits if hit.path == "/traceless")
    assert list(hit.headers) == ["host", "connection", "user-agent"]


async def test_a_tunnel_that_a_proxy_opens_to_443_alone_is_made_of_requests(target: SiteServer, open_way: Open) -> None:
    with proxy_servers.squid(tunnels_anywhere=False) as proxy:
        way = await open_way(proxy.url)
        for number in range(2):
            assert (await way.get_in_tunnel(target.url(f"/{number}"))).endswith(b"GET /%d " % number)
        lines = proxy.lines()
    assert len([line for line in lines if " CONNECT " in line]) == 1, "asked once, and remembered"
    assert proxy_servers.urls_in(lines)[-2:] == [target.url("/0"), target.url("/1")]
    assert way.faults() == []


async def test_a_chain_is_gone_through_hop_by_hop(target: SiteServer, open_way: Open) -> None:
    with (
        proxy_servers.squid({"me": "secret"}) as first,
        proxy_servers.microsocks({"you": "secret"}) as second,
        proxy_servers.tinyproxy() as third,
    ):
        way = await open_way(f"{third.url} via {second.url} via {first.url}")
        assert (await way.get(target.url("/chain"))).endswith(b"GET /chain ")
        assert (await way.get_in_tunnel(target.url("/chain"))).endswith(b"GET /chain ")
        assert [line for line in first.lines() if f"CONNECT 127.0.0.1:{second.port} 200" in line]
        assert any(f"connected to 127.0.0.1:{third.port}" in line for line in second.lines())
        assert any(target.url("/chain") in line for line in third.lines())


async def test_user_and_password_reach_the_proxy_as_they_are(target: SiteServer, open_way: Open) -> None:
    secret = "p@ss:w/ör%d"
    with proxy_servers.failing(proxy_servers.answering(b"HTTP/1.1 500 No\r\n\r\n")) as proxy:
        way = await open_way(f"127.0.0.1:{proxy.port}:me:{secret}")
        await way.get(target.url("/"))
        await way.get_in_tunnel(target.url("/"))
    token = b64encode(f"me:{secret}".encode())
    assert len(proxy.heads) == 2
    assert all(b"Proxy-Authorization: Basic " + token in head for head in proxy.heads)


async def test_tls_to_a_proxy_is_verified_and_carries_everything(
    tmp_path: Path, target: SiteServer, open_way: Open, monkeypatch: pytest.MonkeyPatch, tasks: TaskGroup
) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    await anyio.run_process([*made, *names, "-keyout", str(key), "-out", str(certificate)])
    with proxy_servers.tinyproxy() as plain:
        port = await tls_in_front_of(plain.port, certificate, key, tasks)
        way = await open_way(f"https://127.0.0.1:{port}")
        assert await way.get(target.url("/tls")) == b""
        assert (await way.get_in_tunnel(target.url("/tls"))).startswith(b"HTTP/1.1 502 ")
        kinds = {kind for kind, _ in way.faults()}
        assert kinds == {"proxy"}, way.faults()
        trusting = ssl.create_default_context(cafile=str(certificate))
        monkeypatch.setattr("crawl4ai_browser.browser.proxies.upstream._tls_context", lambda: trusting)
        assert (await way.get(target.url("/tls"))).endswith(b"GET /tls ")
        assert (await way.get_in_tunnel(target.url("/tls"))).endswith(b"GET /tls ")


async def tls_in_front_of(port: int, certificate: Path, key: Path, tasks: TaskGroup) -> int:  # shape: its parts
    """The port of something that speaks TLS and passes on what is in it."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")

    async def converse(client: ByteStream) -> None:
        async def passed(source: ByteStream, sink: ByteStream, scope: anyio.CancelScope) -> None:
            try:
                while True:
                    await sink.send(await source.receive())
            except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
                scope.cancel()

        try:
            wrapped = await TLSStream.wrap(client, server_side=True, ssl_context=context, standard_compatible=False)
        except (ssl.SSLError, anyio.BrokenResourceError, anyio.EndOfStream):
            await client.aclose()
            return
        async with wrapped, await anyio.connect_tcp("127.0.0.1", port) as inner, anyio.create_task_group() as both:
            both.start_soon(passed, wrapped, inner, both.cancel_scope)
            both.start_soon(passed, inner, wrapped, both.cancel_scope)

    async def serve() -> None:
        async with listener:
            await listener.serve(converse)

    tasks.start_soon(serve)
    return int(listener.extra(SocketAttribute.local_port))


# --- faults


@pytest.mark.parametrize("ask", ["get", "get_in_tunnel"])
@pytest.mark.parametrize(
    ("start", "kind", "text"),
    [
        (proxy_servers.dead, "proxy", "connection refused"),
        (lambda: proxy_servers.squid({"me": "other"}), "locked", "407"),
        (lambda: proxy_servers.tinyproxy({"me": "other"}), "locked", "401"),
        (lambda: proxy_servers.failing(proxy_servers.answering(b"HTTP/1.1 407 No\r\n\r\n")), "locked", "407"),
        (lambda: proxy_servers.failing(proxy_servers.resetting), "unclear", "reset"),
    ],
    ids=["dead", "squid, wrong password", "tinyproxy, wrong password", "407", "reset"],
)
async def test_an_http_proxy_that_fails_is_told_from_the_site(
    start: Callable[[], AbstractContextManager[ProxyServer]],
    kind: str,
    text: str,
    ask: str,
    target: SiteServer,
    open_way: Open,
) -> None:
    before = target.hit_count()
    with start() as proxy:
        way = await open_way(f"http://me:wrong@127.0.0.1:{proxy.port}")
        answer = await getattr(way, ask)(target.url("/"))
    assert answer == (b"" if ask == "get" else b"HTTP/1.1 502 Bad Gateway")
    assert [fault[0] for fault in way.faults()] == [kind], way.faults()
    assert text in way.faults()[0][1]
    assert "wrong" not in way.faults()[0][1]
    assert target.hit_count() == before


@pytest.mark.parametrize(
    ("credentials", "kind"), [("me:wrong@", "locked"), ("", "locked")], ids=["wrong password", "no password"]
)
async def test_a_socks_proxy_that_wants_another_password_is_locked(
    credentials: str, kind: str, target: SiteServer, open_way: Open
) -> None:
    with proxy_servers.microsocks({"me": "secret"}) as proxy:
        way = await open_way(f"socks5://{credentials}127.0.0.1:{proxy.port}")
        assert await way.get(target.url("/")) == b""
    assert [fault[0] for fault in way.faults()] == [kind]


@pytest.mark.parametrize("ask", ["get", "get_in_tunnel"])
@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_a_proxy_that_hangs_is_told_from_a_slow_site(
    scheme: str, ask: str, target: SiteServer, open_way: Open
) -> None:
    with proxy_servers.failing(proxy_servers.hanging) as proxy:
        way = await open_way(f"{scheme}://127.0.0.1:{proxy.port}", connect_timeout=0.3)
        await getattr(way, ask)(target.url("/"))
    assert way.faults() == [("proxy", "the proxy did not answer within 0.3 s")]


@pytest.mark.parametrize(
    "start", [proxy_servers.squid, proxy_servers.tinyproxy, proxy_servers.microsocks, proxy_servers.dante]
)
async def test_a_slow_site_is_waited_for_as_long_as_the_proxy_lives(
    start: Callable[[], AbstractContextManager[ProxyServer]], open_way: Open
) -> None:
    with SiteServer() as site, start() as proxy:
        site.route("/late", delayed(Response.text("late"), 0.8))
        way = await open_way(proxy.url, connect_timeout=0.2)
        assert (await way.get(site.url("/late"))).endswith(b"late")
        proxy.kill()
    with pytest.raises(WayFault) as silence:
        await way.forwarder.upstream.check_alive()
    assert silence.value.kind == "proxy"
    assert way.faults() == []


@pytest.mark.parametrize("start", EVERY_PROXY)
async def test_a_target_that_can_not_be_reached_is_no_fault_of_the_proxy(
    start: Callable[[], AbstractContextManager[ProxyServer]], open_way: Open
) -> None:
    with start() as proxy, proxy_servers.dead() as nobody:
        way = await open_way(proxy.url)
        assert await way.get_in_tunnel(f"http://127.0.0.1:{nobody.port}/") == b"HTTP/1.1 502 Bad Gateway"
    assert [kind for kind, _ in way.faults()] == ["target"]


async def test_a_proxy_in_the_middle_of_a_chain_is_the_proxys_fault(target: SiteServer, open_way: Open) -> None:
    with proxy_servers.tinyproxy() as first, proxy_servers.dead() as nobody:
        way = await open_way(f"http://127.0.0.1:{nobody.port} via {first.url}")
        assert await way.get(target.url("/")) == b""
    assert [kind for kind, _ in way.faults()] == ["proxy"]


async def test_faults_are_found_by_time_and_host(target: SiteServer, open_way: Open) -> None:
    with proxy_servers.tinyproxy() as proxy, proxy_servers.dead() as nobody:
        way = await open_way(proxy.url)
        started = SYSTEM_CLOCK.monotonic()
        await way.get_in_tunnel(f"http://127.0.0.1:{nobody.port}/")
        after = SYSTEM_CLOCK.monotonic()
        find = way.forwarder.fault_since
        assert find(started, frozenset({"127.0.0.1"})) is not None
        assert find(started, frozenset({"site.example"})) is None, "of another host, and not the proxy's"
        assert find(after, frozenset({"127.0.0.1"})) is None
        proxy.kill()
        await way.get(target.url("/"))
        found = find(after, frozenset({"site.example"}))
        assert found is not None
        assert found.kind == "proxy"


async def test_nothing_is_connected_that_is_refused(target: SiteServer, open_way: Open) -> None:
    before = target.hit_count()
    with proxy_servers.tinyproxy() as proxy:
        for through in (None, proxy.url):
            way = await open_way(through, private="refuse")
            assert await way.get(target.url("/")) == b""
            assert await way.get_in_tunnel(target.url("/")) == b"HTTP/1.1 502 Bad Gateway"
            assert [kind for kind, _ in way.faults()] == ["egress"] * 2
            assert way.faults()[0][1].startswith("127.0.0.1 is a loopback address: ")
            assert way.forwarder.traffic.connections == 0
        assert not [line for line in proxy.lines() if str(target.port) in line]
    assert target.hit_count() == before


# --- what servers get wrong reaches the browser as it is


@pytest.mark.parametrize("through_proxy", [False, True])
async def test_answers_pass_unchanged(through_proxy: bool, open_way: Open) -> None:
    broken = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nBad Header : x\r\n\r\nshort"
    with SiteServer() as site, proxy_servers.microsocks() as proxy:
        site.route("/broken", raw(broken))
        site.route("/dropped", dropped())
        site.route("/reset", reset())
        site.route("/late", delayed(Response.text("late"), 0.2))
        way = await open_way(proxy.url if through_proxy else None)
        assert await way.get(site.url("/broken")) == broken
        assert await way.get(site.url("/dropped")) == b""
        assert await way.get(site.url("/reset")) == b""
        assert (await way.get(site.url("/late"))).endswith(b"late")


async def test_what_is_no_request_is_dropped(open_way: Open) -> None:
    way = await open_way(None)
    assert await way.answer("nonsense\r\n\r\n") == b""
    assert await way.answer("\x16\x03\x01\x02\x00\x01\x00\r\n\r\n") == b""
    assert (await way.answer(f"GET /path HTTP/1.1\r\nHost: x\r\n{way.authorization}\r\n")).startswith(b"HTTP/1.1 502")
    assert (await way.answer(f"GET http://a:99999/ HTTP/1.1\r\nHost: x\r\n{way.authorization}\r\n")).startswith(
        b"HTTP/1.1 502"
    )


async def test_it_ends_with_all_its_connections(target: SiteServer, open_way: Open) -> None:
    way = await open_way(None)
    streams = [(await way.tunnel(target.origin[7:]))[0] for _ in range(20)]
    assert "20 connections" in repr(way.forwarder)
    await way.forwarder.close()
    for stream in streams:
        assert await everything(stream) == b""
        await stream.aclose()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", way.forwarder.port)) != 0
    assert "0 connections" in repr(way.forwarder)


async def test_it_ends_in_good_order_as_somebody_comes(open_way: Open) -> None:
    for _ in range(20):
        way = await open_way(None)
        await anyio.wait_all_tasks_blocked()  # it waits for the first client
        with socket.create_connection(("127.0.0.1", way.forwarder.port)) as client:
            await anyio.lowlevel.checkpoint()
            await way.forwarder.close()
            client.settimeout(10)
            with suppress(ConnectionResetError):
                assert client.recv(1) == b"", "taken and closed, or refused"


async def test_many_connections_carry_many_bytes(open_way: Open) -> None:
    size = 2 * 2**20
    with SiteServer() as site:
        site.route("/big", Response.text("x" * size))
        way = await open_way(None)

        async def fetch() -> None:
            assert len(await way.get_in_tunnel(site.url("/big"))) > size

        async with anyio.create_task_group() as group:
            for _ in range(16):
                group.start_soon(fetch)
    assert way.forwarder.traffic.received_bytes > 16 * size
    assert way.forwarder.traffic.connections == 16
