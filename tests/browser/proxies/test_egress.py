"""What a page on the public web does to reach a private address, and that nothing of it arrives there."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from crawl4ai_browser.browser.browser_fetcher import BrowserFetcher
from crawl4ai_browser.browser.plain_get import SessionPlainGet
from crawl4ai_browser.browser.pool import BrowserPool
from crawl4ai_browser.browser.provisioning.discovery import BrowserKind, find_browser
from crawl4ai_browser.config import (
    BrowserConfig,
    CapacityConfig,
    ContextConfig,
    CrawlConfig,
    DownloadConfig,
    VisitConfig,
)
from crawl4ai_browser.egress import EgressRules, PrivateRule
from crawl4ai_browser.egress_config import EgressConfig
from crawl4ai_browser.errors import AddressRefused, ConnectionFailed, FetchError, NameNotResolved
from crawl4ai_browser.events import ConnectionRefused, Event, Observers
from crawl4ai_browser.proxy import Proxy
from crawl4ai_browser.ready import Delay, Load
from crawl4ai_browser.request import Request
from crawl4ai_browser.snapshot import Snapshot
from crawl4ai_browser.testing.site import Hit, Response, SiteServer, delayed
from tests import proxy_servers
from tests.browser.downloading import is_there
from tests.egress_sites import PUBLIC_ADDRESS, Canary, StagedNetwork, canary

KINDS: tuple[BrowserKind, ...] = ("headless_shell", "full")

# Each channel asks for a path of its own. A service worker needs a trustworthy origin, so the public site is called
# localhost; what a name is called says nothing, its address does.
CHANNELS = """
<!doctype html><title>channels</title>
<link rel=icon href=INSIDE/icon>
<link rel=stylesheet href=INSIDE/stylesheet>
<link rel=preconnect href=INSIDE>
<link rel=prefetch href=INSIDE/prefetch>
<link rel=preload as=image href=INSIDE/preload>
<link rel=modulepreload href=INSIDE/modulepreload>
<script type=speculationrules>
{"prefetch": [{"source": "list", "urls": ["INSIDE/speculation"], "eagerness": "immediate"}]}
</script>
<style>
@font-face { font-family: canary; src: url(INSIDE/font) }
p { font-family: canary; background: url(INSIDE/background) }
</style>
<body><p>text</p>
<img src=INSIDE/image><img src=/to-inside?image-redirect><img src=http://inside.example:PORT/named-image>
<iframe src=INSIDE/frame></iframe><iframe src=/to-inside?frame-redirect></iframe><iframe src=/refreshing></iframe>
<iframe srcdoc="<img src=INSIDE/srcdoc-image>"></iframe>
<object data=INSIDE/object></object><embed src=INSIDE/embed>
<video src=INSIDE/video autoplay muted></video><audio src=INSIDE/audio autoplay></audio>
<form action=INSIDE/form method=post target=sink><input name=a value=b></form><iframe name=sink></iframe>
<iframe name=files></iframe><a href=INSIDE/download download id=download target=files>x</a>
<a ping=INSIDE/ping href=#here id=ping>x</a>
<script src=INSIDE/script></script>
<script>
const inside = "INSIDE", run = (name, act) => { try { act(inside + "/" + name) } catch {} };
const ignore = () => 0;
run("fetch", url => fetch(url, {mode: "no-cors"}).catch(ignore));
run("fetch-redirect", () => fetch("/to-inside?fetch-redirect", {mode: "no-cors"}).catch(ignore));
run("request", url => { const x = new XMLHttpRequest(); x.open("GET", url); x.send() });
run("beacon", url => navigator.sendBeacon(url));
run("events", url => new EventSource(url));
run("socket", url => new WebSocket(url.replace("http", "ws")));
run("named-socket", () => new WebSocket("ws://inside.example:PORT/named-socket"));
run("transport", url => new WebTransport(url.replace("http:", "https:")).closed.catch(ignore));
run("module", url => import(url).catch(ignore));
run("worker", url => new Worker(URL.createObjectURL(new Blob([`fetch("${url}", {mode: "no-cors"})`]))));
run("shared-worker", url => new SharedWorker(URL.createObjectURL(new Blob([`fetch("${url}", {mode: "no-cors"})`]))));
run("service", () => navigator.serviceWorker.register("/worker.js").catch(ignore));
run("window", url => window.open(url));
run("form", () => document.forms[0].submit());
run("download", () => document.getElementById("download").click());
run("ping", () => document.getElementById("ping").click());
run("turn", () => {
    const turn = {urls: "turn:127.0.0.1:PORT?transport=tcp", username: "u", credential: "c"};
    const connection = new RTCPeerConnection({iceServers: [turn, {urls: "stun:127.0.0.1:PORT"}]});
    connection.createDataChannel("x");
    connection.setLocalDescription();
});
for (const spelling of ["2130706433", "0x7f.1", "0177.0.0.1", "127.1", "[::ffff:127.0.0.1]", "127.0.0.1."])
    fetch(`http://${spelling}:PORT/spelled-${spelling}`, {mode: "no-cors"}).catch(ignore);
fetch("https://127.0.0.1:PORT/tls", {mode: "no-cors"}).catch(ignore);
</script>
"""

EXPECTED = frozenset(
    [
        "/stylesheet",
        "/prefetch",
        "/preload",
        "/image",
        "/image-redirect",
        "/frame",
        "/frame-redirect",
        "/srcdoc-image",
        "/object",
        "/video",
        "/audio",
        "/form",
        "/ping",
        "/script",
        "/fetch",
        "/fetch-redirect",
        "/request",
        "/beacon",
        "/events",
        "/socket",
        "/module",
        "/worker",
        "/shared-worker",
        "/service",
        "/window",
        "/download",
        "/font",
        "/background",
        "/named-image",
        "/named-socket",
        "/spelled-2130706433",
    ]
)
"""Channels that reach the canary in every browser where nothing keeps them from it."""


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> BrowserKind:
    wanted: BrowserKind = request.param
    if not is_there(wanted):
        pytest.skip(f"needs a {wanted} browser: scripts/setup-test-tools installs it")
    return wanted


@pytest.fixture(scope="module")
def inside() -> Iterator[Canary]:
    with canary() as server:
        yield server


@pytest.fixture(scope="module")
def public(inside: Canary) -> Iterator[SiteServer]:
    """The site of the public names, which leads to the canary wherever it can."""
    html = CHANNELS.replace("INSIDE", inside.origin).replace("PORT", str(inside.port))
    worker = f"fetch('{inside.origin}/service', {{mode: 'no-cors'}}).catch(() => 0)"

    def to_inside(hit: Hit) -> Response:
        return Response.redirect(f"{inside.origin}/{hit.query}")

    with SiteServer() as site:
        site.route("/", Response.html("<p>public</p>"))
        site.route("/channels", Response.html(html))
        site.route("/to-inside", to_inside)
        site.route("/to-named", Response.redirect(f"http://inside.example:{inside.port}/named"))
        site.route("/refreshing", refreshing(f"{inside.origin}/frame-refresh"))
        site.route("/script", Response.html(f"<script>location = '{inside.origin}/location'</script>"))
        site.route("/worker.js", Response(headers=(("Content-Type", "text/javascript"),), body=worker.encode()))
        site.route("/late", delayed(Response.html("<p>late</p>"), 0.1))
        yield site


def refreshing(url: str) -> Response:
    return Response.html(f"<meta http-equiv=refresh content='0;url={url}'><p>leaves</p>")


def network_of(public: SiteServer) -> StagedNetwork:
    names: dict[str, list[tuple[str, ...]]] = {
        "localhost": [(PUBLIC_ADDRESS,)],
        "public.example": [(PUBLIC_ADDRESS,)],
        "inside.example": [("127.0.0.1",)],
        "both.example": [(PUBLIC_ADDRESS, "127.0.0.1")],
        "rebind.example": [(PUBLIC_ADDRESS,), ("127.0.0.1",)],
    }
    return StagedNetwork(public.port, names)


def config_for(kind: BrowserKind, folder: Path, private: PrivateRule = "seeds", **more: Any) -> CrawlConfig:
    return CrawlConfig(
        browser=BrowserConfig(executable=find_browser(kind).path),
        context=ContextConfig(service_workers="allow"),
        capacity=CapacityConfig(max_pages=2),
        visit=VisitConfig(ready=Delay(seconds=1.5), timeout=15, navigation_timeout=10),
        download=DownloadConfig(folder=folder, timeout=5, resume_attempts=0),
        egress=EgressConfig(private=private),
        **more,
    )


async def test_nothing_of_a_public_page_reaches_a_private_address(
    kind: BrowserKind, public: SiteServer, inside: Canary, tmp_path: Path
) -> None:
    config, network, events = config_for(kind, tmp_path), network_of(public), list[Event]()
    inside.hits.clear()
    async with BrowserPool(config, Observers((events.append,))) as pool:
        pool.proxies.gate.network = network
        snapshot = await BrowserFetcher(pool, config).fetch(Request(url="http://localhost/channels"))
    assert snapshot.status == 200
    assert inside.hits == []
    assert {address for address, _ in network.dialled} == {PUBLIC_ADDRESS}
    refused = {(event.host, event.port): event.reason for event in events if isinstance(event, ConnectionRefused)}
    assert "loopback address" in refused["127.0.0.1", inside.port]
    assert "is at 127.0.0.1, a loopback address" in refused["inside.example", inside.port]


async def test_a_seed_on_this_machine_is_reached_directly_and_leads_to_nothing_else(
    kind: BrowserKind, public: SiteServer, inside: Canary, tmp_path: Path
) -> None:
    config, network = config_for(kind, tmp_path), network_of(public)
    inside.hits.clear()
    async with BrowserPool(config) as pool:
        pool.proxies.gate.network = network
        pool.proxies.gate.name_seed(public.url("/channels"))
        snapshot = await BrowserFetcher(pool, config).fetch(Request(url=public.url("/channels")))
    assert snapshot.status == 200
    assert ("127.0.0.1", public.port) not in network.dialled, "there is nothing to judge, so nothing to pass on"
    assert inside.hits == []


async def test_without_the_rule_the_canary_is_reached(
    kind: BrowserKind, public: SiteServer, inside: Canary, tmp_path: Path
) -> None:
    """That the test above can fail: the same page, through the same forwarder, which lets it."""
    config = config_for(kind, tmp_path)
    network = network_of(public)
    inside.hits.clear()
    async with BrowserPool(config) as pool:
        pool.proxies.gate.network = network
        pool.proxies.gate.rules = EgressRules.of("seeds", ["127.0.0.0/8"])
        await BrowserFetcher(pool, config).fetch(Request(url="http://localhost/channels"))
    paths = {hit.split("?")[0] for hit in inside.hits}
    assert paths >= EXPECTED, sorted(EXPECTED - paths)


# --- one shell for what follows


class Outside:
    """Visits from a machine to which the names of the network are all that there is."""

    def __init__(self, pool: BrowserPool, network: StagedNetwork, config: CrawlConfig) -> None:
        self.pool, self.network = pool, network
        self.fetcher = BrowserFetcher(pool, config)
        self.plain = SessionPlainGet(pool)

    async def visit(self, url: str, **more: Any) -> Snapshot:
        return await self.fetcher.fetch(Request(url=url, **more))

    async def failure(self, url: str, **more: Any) -> FetchError:
        with pytest.raises(FetchError) as failed:
            await self.visit(url, **more)
        return failed.value


@asynccontextmanager
async def opened(public: SiteServer, folder: Path, **more: Any) -> AsyncGenerator[Outside]:
    config = CrawlConfig(
        visit=VisitConfig(ready=Load(), timeout=12, navigation_timeout=8),
        download=DownloadConfig(folder=folder, timeout=5, resume_attempts=0),
        **more,
    )
    network = network_of(public)
    async with BrowserPool(config) as pool:
        pool.proxies.gate.network = network
        yield Outside(pool, network, config)


@pytest.fixture(scope="module")
async def outside(public: SiteServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Outside]:
    async with opened(public, tmp_path_factory.mktemp("files")) as there:
        await there.visit("http://public.example/")
        yield there


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("INSIDE/direct", "127.0.0.1 is a loopback address"),
        ("http://0x7f.1:PORT/", "127.0.0.1 is a loopback address"),
        ("http://[::1]:PORT/", "::1 is a loopback address"),
        ("http://[::ffff:127.0.0.1]:PORT/", "is a loopback address"),
        ("http://169.254.169.254/latest/meta-data/", "169.254.169.254 is a metadata address"),
        ("http://inside.example:PORT/", "inside.example is at 127.0.0.1, a loopback address"),
        ("https://inside.example:PORT/", "inside.example is at 127.0.0.1, a loopback address"),
        ("http://both.example:PORT/", "both.example is at 127.0.0.1, a loopback address"),
        ("http://public.example/to-inside?redirect", "127.0.0.1 is a loopback address"),
        ("http://public.example/to-named", "inside.example is at 127.0.0.1"),
        ("http://public.example/script", "127.0.0.1 is a loopback address"),
    ],
)
async def test_a_page_there_is_refused_and_the_error_says_why(
    outside: Outside, inside: Canary, url: str, told: str
) -> None:
    inside.hits.clear()
    error = await outside.failure(url.replace("INSIDE", inside.origin).replace("PORT", str(inside.port)))
    assert type(error) is AddressRefused
    assert told in error.message
    assert inside.hits == []


async def test_plain_requests_and_files_are_refused_alike(outside: Outside, inside: Canary) -> None:
    inside.hits.clear()
    for url in (f"{inside.origin}/plain", "http://public.example/to-inside?plain"):
        with pytest.raises(AddressRefused, match="loopback"):
            await outside.plain.get(url)
        assert isinstance(await outside.failure(url, as_file=True), AddressRefused)
    assert inside.hits == []


async def test_a_name_that_changes_its_address_gains_nothing(
    outside: Outside, inside: Canary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawl4ai_browser.browser.proxies.egress_gate.ANSWER_SECONDS", 0.0)
    inside.hits.clear()
    url = f"http://rebind.example:{inside.port}/"
    outside.pool.proxies.gate.name_seed(url)
    assert (await outside.visit(url)).status == 200
    await outside.visit("http://public.example/late")
    error = await outside.failure(f"https://rebind.example:{inside.port}/")
    assert isinstance(error, AddressRefused)
    assert "rebind.example is at 127.0.0.1" in error.message
    assert outside.network.asked.count("rebind.example") >= 2
    assert inside.hits == []


async def test_a_seed_opens_its_host_and_port_alone(public: SiteServer, inside: Canary, tmp_path: Path) -> None:
    with SiteServer() as other, SiteServer() as seeded:
        seeded.route("/", Response.html(f"<p>seed</p><img src={other.url('/image')}>"))
        seeded.route("/away", Response.redirect(other.url("/page")))
        async with opened(public, tmp_path) as outside:
            outside.pool.proxies.gate.name_seed(seeded.url("/"))
            assert "seed" in ((await outside.visit(seeded.url("/"))).html or "")
            assert isinstance(await outside.failure(seeded.url("/away")), AddressRefused)
            assert (await outside.plain.get(seeded.url("/"))).status == 200
        assert seeded.hit_count() >= 3
        assert other.hit_count() == 0


async def test_what_is_not_refused_fails_as_it_would_without_a_forwarder(outside: Outside) -> None:
    assert type(await outside.failure("http://nobody.example/")) is NameNotResolved
    assert type(await outside.failure("https://nobody.example/")) is NameNotResolved
    with proxy_servers.dead() as nobody:
        url = f"127.0.0.1:{nobody.port}/"
        outside.pool.proxies.gate.name_seed(f"http://{url}")
        for scheme in ("http", "https"):
            error = await outside.failure(f"{scheme}://{url}")
            assert type(error) is ConnectionFailed
            assert error.message == "connection refused"


async def test_a_proxy_is_not_asked_for_private_addresses(public: SiteServer, inside: Canary, tmp_path: Path) -> None:
    inside.hits.clear()
    with proxy_servers.tinyproxy() as proxy:
        context = ContextConfig(proxy=Proxy.parse(proxy.url))
        async with opened(public, tmp_path, context=context) as outside:
            for url in (f"{inside.origin}/", f"http://localhost:{inside.port}/", "http://metadata.google.internal/"):
                assert isinstance(await outside.failure(url), AddressRefused)
        assert not [line for line in proxy.lines() if str(inside.port) in line or "metadata" in line]
    assert inside.hits == []
