"""What a proxied context sends, and that none of it goes by another way than its proxy."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

import pytest

from crawl4ai_browser.browser.browser_fetcher import BrowserFetcher
from crawl4ai_browser.browser.plain_get import SessionPlainGet
from crawl4ai_browser.browser.pool import BrowserPool
from crawl4ai_browser.browser.provisioning.discovery import BrowserKind, find_browser
from crawl4ai_browser.config import BrowserConfig, CapacityConfig, ContextConfig, CrawlConfig, VisitConfig
from crawl4ai_browser.egress_config import EgressConfig
from crawl4ai_browser.errors import ConnectionFailed, FetchError, ProxyError
from crawl4ai_browser.proxy import Proxy
from crawl4ai_browser.proxy_pool import ProxyHealth, ProxyPool
from crawl4ai_browser.ready import Delay, Load, Predicate, Ready
from crawl4ai_browser.request import Request
from crawl4ai_browser.snapshot import Snapshot
from crawl4ai_browser.testing.site import Hit, Response, SiteServer, with_cookie
from tests import proxy_servers
from tests.browser.downloading import is_there
from tests.browser.tls_site import certificate_for_loopback, tls_site
from tests.proxy_servers import FailingProxy, ProxyServer

pytestmark = pytest.mark.timeout(60)  # a browser starts in a second alone on a core, and in ten on a busy machine

Open = Callable[..., Awaitable["Through"]]
Start = Callable[[], AbstractContextManager[ProxyServer]]

KINDS: tuple[BrowserKind, ...] = ("headless_shell", "full")

# Each channel asks for a name of its own. None of the names exists (RFC 6761, 6.2), and nobody may look them up.
CHANNELS = """
<!doctype html><title>channels</title><body><p>text</p>
<link rel=dns-prefetch href=//dns-prefetch.canary.test>
<link rel=preconnect href=http://preconnect.canary.test>
<link rel=prefetch href=http://prefetch.canary.test/>
<link rel=preload as=script href=http://preload.canary.test/>
<script type=speculationrules>
{"prefetch": [{"source": "list", "urls": ["http://speculation.canary.test/"], "eagerness": "immediate"}]}
</script>
<img src=http://image.canary.test/><iframe src=http://frame.canary.test/></iframe>
<script>
fetch("http://fetch.canary.test/").catch(() => 0);
navigator.sendBeacon("http://beacon.canary.test/");
new WebSocket("ws://socket.canary.test/");
new EventSource("http://events.canary.test/");
new Worker(URL.createObjectURL(new Blob(["fetch('http://worker.canary.test/').catch(() => 0)"])));
if (navigator.serviceWorker) navigator.serviceWorker.register("/worker.js").catch(() => 0);
if (window.WebTransport) new WebTransport("https://transport.canary.test:4433/").closed.catch(() => 0);
window.open("http://window.canary.test/");
const connection = new RTCPeerConnection({iceServers: [
    {urls: "stun:127.0.0.1:PORT"}, {urls: "stun:stun.canary.test:3478"},
    {urls: "turn:turn.canary.test:3478?transport=tcp", username: "u", credential: "c"}]});
window.candidates = [];
connection.onicecandidate = event => event.candidate && window.candidates.push(event.candidate.candidate);
connection.createDataChannel("x");
connection.createOffer().then(offer => connection.setLocalDescription(offer));
const ask = () => fetch("/are-all-asked").then(answer => answer.text()).then(text => {
    if (text !== "yes") return setTimeout(ask, 100);
    document.body.append("candidates: " + window.candidates.length);
    window.isDone = true;
});
setTimeout(ask, 900);
</script>
"""
ASKED = frozenset(
    ["image", "frame", "fetch", "beacon", "socket", "events", "worker", "window", "prefetch", "preload", "service"]
)
"""The channels that ask the proxy. A service worker needs a trustworthy origin, as localhost is."""


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> BrowserKind:
    wanted: BrowserKind = request.param
    if not is_there(wanted):
        pytest.skip(f"needs a {wanted} browser: scripts/setup-test-tools installs it")
    return wanted


@pytest.fixture
def stun() -> Iterator[socket.socket]:
    """A port that nobody may send a datagram to."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.setblocking(False)
        yield receiver


def datagram_count(receiver: socket.socket) -> int:
    count = 0
    while True:
        try:
            receiver.recv(2048)
        except BlockingIOError:
            return count
        count += 1


def answering_page(html: str) -> proxy_servers.Failure:
    """A proxy that answers everything itself: no name has to exist for it."""
    body = html.encode()
    worker = b"fetch('http://service.canary.test/').catch(() => 0)"

    def answer(client: socket.socket, proxy: FailingProxy) -> None:
        head = client.recv(65536)
        proxy.heads.append(head)
        if b"/are-all-asked " in head:
            content, kind = b"yes" if channels(proxy) >= ASKED else b"not yet", b"text/plain"
        else:
            content, kind = (worker, b"text/javascript") if b"/worker.js " in head else (body, b"text/html")
        client.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
            % (kind, len(content), content)
        )

    return answer


def channels(proxy: FailingProxy) -> set[str]:
    """Those that have asked for their name."""
    return {name for head in proxy.heads for name in re.findall(r"([a-z-]+)\.canary\.test", head.decode("latin-1"))}


def config_for(kind: BrowserKind, log: Path, proxy: Proxy | None, *, ready: Ready) -> CrawlConfig:
    return CrawlConfig(
        browser=BrowserConfig(
            executable=find_browser(kind).path, args=(f"--log-net-log={log}", "--net-log-capture-mode=Everything")
        ),
        context=ContextConfig(proxy=proxy, service_workers="allow"),
        egress=EgressConfig(private="allow"),
        visit=VisitConfig(ready=ready, timeout=40, navigation_timeout=30),
    )


async def test_nothing_of_a_proxied_page_leaves_by_another_way(
    kind: BrowserKind, stun: socket.socket, tmp_path: Path
) -> None:
    html = CHANNELS.replace("PORT", str(stun.getsockname()[1]))
    log = tmp_path / "net-log.json"
    with proxy_servers.failing(answering_page(html)) as proxy:
        done = Predicate(script="window.isDone === true", timeout=30)
        config = config_for(kind, log, Proxy.parse(proxy.url), ready=done)
        async with BrowserPool(config) as pool:
            snapshot = await BrowserFetcher(pool, config).fetch(Request(url="http://localhost/"))
            context = pool.session(None)._current
            assert context is not None
            assert context.way is not None
            port = context.way.port
    assert channels(proxy) >= ASKED
    assert datagram_count(stun) == 0
    assert "candidates: 0" in (snapshot.html or "")
    seen = net_log(log)
    assert seen["connected"] == {f"127.0.0.1:{port}"}
    assert seen["resolved"] == set()
    assert seen["sent"] == set()


def net_log(path: Path) -> dict[str, set[str]]:
    """Where the browser connected to, which names it looked up, and to whom it sent datagrams."""
    text = path.read_text(encoding="utf-8").rstrip().rstrip(",")
    log = json.loads(text if text.endswith("}") and text.count("]}") else f"{text}]}}")
    names = {number: name for name, number in log["constants"]["logEventTypes"].items()}
    found: dict[str, set[str]] = {"connected": set(), "resolved": set(), "sent": set()}
    for event in log["events"]:
        kind, given = names[event["type"]], event.get("params", {})
        if kind == "TCP_CONNECT_ATTEMPT" and "address" in given:
            found["connected"].add(given["address"])
        elif kind in ("HOST_RESOLVER_MANAGER_CREATE_JOB", "HOST_RESOLVER_SYSTEM_TASK", "DNS_TRANSACTION_QUERY"):
            found["resolved"].add(str(given.get("host", given)))
        elif kind == "UDP_BYTES_SENT":
            found["sent"].add(str(given.get("address")))
    return found


async def test_without_a_proxy_the_canary_is_sent_datagrams(
    kind: BrowserKind, stun: socket.socket, tmp_path: Path
) -> None:
    """That the test above can fail."""
    script = f"""new RTCPeerConnection({{iceServers: [{{urls: "stun:127.0.0.1:{stun.getsockname()[1]}"}}]}})"""
    html = f"<p>text</p><script>const c = {script}; c.createDataChannel('x'); c.setLocalDescription()</script>"
    with SiteServer() as site:
        site.route("/", Response.html(html))
        config = config_for(kind, tmp_path / "net-log.json", None, ready=Delay(seconds=1.5))
        async with BrowserPool(config) as pool:
            await BrowserFetcher(pool, config).fetch(Request(url=site.url("/")))
    if datagram_count(stun) == 0:
        pytest.skip("this machine has no network but loopback, where WebRTC does not even begin")


# --- one shell for what follows


@pytest.fixture(scope="module")
def target() -> Iterator[SiteServer]:
    with SiteServer() as server:
        server.route("/*", lambda hit: Response.html(f"<p>text of {hit.path}</p>"))
        yield server


@pytest.fixture(scope="module")
async def direct() -> AsyncIterator[BrowserPool]:
    """A pool whose sessions bring their own proxies."""
    config = CrawlConfig(
        capacity=CapacityConfig(max_pages=4),
        visit=VisitConfig(ready=Load(), timeout=40, navigation_timeout=30),
        egress=EgressConfig(private="allow"),
    )
    async with BrowserPool(config) as pool:
        await pool.usable_browser()
        await pool.usable_browser(is_proxied=True)
        yield pool


class Through:
    """A session that goes out through a proxy."""

    def __init__(self, pool: BrowserPool, name: str) -> None:
        self.pool, self.name = pool, name
        self.plain = SessionPlainGet(pool)
        self._fetcher = BrowserFetcher(pool, pool._config)

    async def visit(self, url: str) -> Snapshot:
        return await self._fetcher.fetch(Request(url=url, session=self.name))

    async def get(self, url: str) -> bytes:
        return (await self.plain.get(url, session=self.name)).body


@pytest.fixture
async def open_through(direct: BrowserPool, request: pytest.FixtureRequest) -> AsyncIterator[Open]:
    opened: list[Through] = []

    async def open_session(proxy: str, **context: Any) -> Through:
        name = f"{request.node.name} {len(opened)}"
        await direct.open_session(name, ContextConfig(proxy=Proxy.parse(proxy), **context))
        opened.append(Through(direct, name))
        return opened[-1]

    yield open_session
    for through in opened:
        await direct.close_session(direct.session(through.name))


async def test_the_secret_is_asked_for_once_and_the_cache_stays_on(open_through: Open, target: SiteServer) -> None:
    scripts = "".join(f"<script src=/cached{number}.js></script>" for number in range(10))
    target.route("/cached*", cached_script)
    target.route("/with-scripts", Response.html(f"<p>text</p>{scripts}"))
    with proxy_servers.tinyproxy({"me": "secret"}) as proxy:
        through = await open_through(proxy.url)
        target.reset_hits()
        snapshots = [await through.visit(target.url("/with-scripts")) for _ in range(3)]
        assert {snapshot.proxy for snapshot in snapshots} == {Proxy.parse(proxy.url).id}
        assert target.hit_count("/with-scripts") == 3
        assert sum(target.hit_count(f"/cached{number}.js") for number in range(10)) == 10
        lines = [line for line in proxy.lines() if "Request" in line]
    assert len(lines) == 13


def cached_script(_hit: Hit) -> Response:
    headers = (("Content-Type", "text/javascript"), ("Cache-Control", "max-age=600"))
    return Response(headers=headers, body=b"var loaded = 1")


async def test_plain_requests_are_the_sessions_own(open_through: Open, target: SiteServer) -> None:
    target.route("/sets-cookie", with_cookie(Response.html("<p>text</p>"), "page", "1"))
    target.route("/sets-another", with_cookie(Response.text("plain"), "plain", "2"))
    target.route("/takes-away", with_cookie(Response.text("plain"), "page", "", attributes="Path=/; Max-Age=0"))
    with proxy_servers.squid({"me": "secret"}) as proxy:
        through = await open_through(proxy.url, user_agent="Canary/1", headers={"X-Canary": "1"})
        await through.visit(target.url("/sets-cookie"))
        assert await through.get(target.url("/sets-another")) == b"plain"
        await through.visit(target.url("/page-after"))
        await through.get(target.url("/takes-away"))
        await through.visit(target.url("/page-at-last"))
        lines = proxy.lines()
    hits = {hit.path: hit for hit in target.hits}
    assert hits["/sets-another"].cookies() == {"page": "1"}
    assert hits["/page-after"].cookies() == {"page": "1", "plain": "2"}
    assert hits["/page-at-last"].cookies() == {"plain": "2"}
    for path in ("/sets-cookie", "/sets-another"):
        assert (hits[path].headers["user-agent"], hits[path].headers["x-canary"]) == ("Canary/1", "1")
    assert len([line for line in lines if line.startswith("me CONNECT")]) == 2, "the plain ones"


async def test_plain_requests_pass_a_proxy_with_tunnels_for_https_alone(open_through: Open, target: SiteServer) -> None:
    with proxy_servers.squid(tunnels_anywhere=False) as proxy:
        through = await open_through(proxy.url)
        assert await through.get(target.url("/plain")) == b"<p>text of /plain</p>"
        assert [line for line in proxy.lines() if f"GET {target.url('/plain')} 200" in line]


async def test_a_site_with_tls_and_a_socket_are_reached_through_a_locked_proxy(
    open_through: Open, tmp_path: Path
) -> None:
    certificate, key = await certificate_for_loopback(tmp_path)
    async with tls_site(certificate, key) as port:
        with proxy_servers.microsocks({"me": "secret"}) as proxy:
            through = await open_through(proxy.url, ignore_tls_errors=True)
            snapshot = await through.visit(f"https://127.0.0.1:{port}/")
            assert "secure" in (snapshot.html or "")
            assert await through.get(f"https://127.0.0.1:{port}/") == b"<p>secure</p>"
            assert any(f"connected to 127.0.0.1:{port}" in line for line in proxy.lines())


# --- faults, as pages and plain requests have them


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    ("start", "reason"),
    [
        (proxy_servers.dead, "connection refused"),
        (lambda: proxy_servers.squid({"me": "other"}), "407"),
        (lambda: proxy_servers.tinyproxy({"me": "other"}), "401"),
    ],
    ids=["dead", "squid", "tinyproxy"],
)
async def test_a_failing_proxy_is_a_proxy_error_at_once(
    start: Start, reason: str, scheme: str, open_through: Open, target: SiteServer
) -> None:
    with start() as proxy:
        through = await open_through(f"http://me:canary@127.0.0.1:{proxy.port}")
        url = target.url("/").replace("http:", f"{scheme}:")
        for attempt in (through.visit, through.get):
            with pytest.raises(ProxyError, match=reason) as failure:
                await attempt(url)
            assert failure.value.remedy == "wait"
            assert failure.value.message.startswith(f"http://127.0.0.1:{proxy.port}#")
            assert "canary" not in repr(failure.value)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("start", [proxy_servers.squid, proxy_servers.tinyproxy, proxy_servers.microsocks])
async def test_a_dead_site_is_not_taken_for_a_dead_proxy(start: Start, scheme: str, open_through: Open) -> None:
    with start() as proxy, proxy_servers.dead() as nobody:
        through = await open_through(proxy.url)
        for attempt in (through.visit, through.get):
            with pytest.raises(FetchError) as failure:
                await attempt(f"{scheme}://127.0.0.1:{nobody.port}/")
            assert type(failure.value) is ConnectionFailed, f"{attempt.__name__}: {failure.value!r}"


async def test_the_statuses_of_sessions_proxies_are_told(open_through: Open, target: SiteServer) -> None:
    with proxy_servers.tinyproxy() as proxy:
        through = await open_through(proxy.url)
        await through.visit(target.url("/one"))
        await through.get(target.url("/two"))
        proxy.kill()
        with pytest.raises(ProxyError):
            await through.visit(target.url("/three"))
    status = next(each for each in through.pool.proxies.statuses() if each.proxy == proxy.id)
    assert (status.requests, status.failures, status.in_use) == (3, 1, 0)
    assert status.connections >= 2
    assert status.received_bytes > 100
    assert status.sent_bytes > 100
    assert status.last_failure == "connection refused"


async def test_contexts_close_with_their_ways_and_few_are_kept(
    target: SiteServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawl4ai_browser.browser.sessions.proxied_sessions.MIN_KEPT", 2)
    with proxy_servers.tinyproxy() as first, proxy_servers.tinyproxy() as second, proxy_servers.tinyproxy() as third:
        pool_config = ProxyPool([first.url, second.url, third.url], health=ProxyHealth(max_wait=5))
        config = CrawlConfig(
            proxies=pool_config,
            capacity=CapacityConfig(max_pages=1),
            visit=VisitConfig(ready=Load()),
            egress=EgressConfig(private="allow"),
        )
        async with BrowserPool(config) as pool:
            fetcher = BrowserFetcher(pool, config)
            used = [(await fetcher.fetch(Request(url=target.url(f"/{number}")))).proxy for number in range(6)]
            kept = [session._current for session in pool._proxied]
            assert len(kept) == 2
            ports = [context.way.port for context in kept if context is not None and context.way is not None]
            assert len(ports) == 2
    assert used == [first.id, second.id, third.id] * 2
    for port in ports:
        with closing(socket.socket()) as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0
