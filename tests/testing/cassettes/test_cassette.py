"""Cassettes, asked by a plain client through the same way as a browser's."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import anyio
import pytest
import trustme
from anyio.streams.tls import TLSStream

from crawl4ai_browser.browser.proxies.network import MachineNetwork
from crawl4ai_browser.browser.proxies.upstream import LOST_CONNECTION, Upstream
from crawl4ai_browser.browser.proxies.way_fault import WayFault
from crawl4ai_browser.config import ContextConfig, CrawlConfig
from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.proxy import Proxy
from crawl4ai_browser.proxy_pool import ProxyPool
from crawl4ai_browser.testing.cassette import Cassette, Mode
from crawl4ai_browser.testing.site import (
    Hit,
    Response,
    SiteServer,
    chunked,
    dropped,
    event_stream,
    gzipped,
    truncated,
    with_cookie,
)

DEADLINE = 15.0
"""Seconds for an answer, on a machine that is busy."""


@pytest.fixture
def site() -> Iterator[SiteServer]:
    with SiteServer() as server:
        server.route("/", Response.html("<h1>grüezi</h1>"))
        server.route("/count", lambda hit: Response.text(f"number {hit.index}"))
        server.route("/said", lambda hit: Response.text(hit.body.decode()))
        server.route("/chunked", chunked(Response.text("in chunks")))
        server.route("/zipped", lambda hit: gzipped(Response.html("<p>small</p>")))
        server.route("/cut", truncated(Response.text("x" * 300), missing_bytes=100))
        server.route("/drop", dropped())
        server.route("/events", event_stream(["one", "two"]))
        server.route("/cookie", with_cookie(Response.text("in"), "sid", "s3cr3t"))
        server.route("/encoding", lambda hit: Response.text(hit.headers.get("accept-encoding", "")))
        server.route("/conditional", _conditional)
        yield server


def _conditional(hit: Hit) -> Response:
    return Response(status=304) if "if-none-match" in hit.headers else Response.text("whole")


def upstream(cassette: Cassette) -> Upstream:
    proxy = cassette.configured(CrawlConfig()).context.proxy
    assert proxy is not None
    return Upstream(proxy, MachineNetwork(), connect_timeout=DEADLINE)


async def ask(
    cassette: Cassette, url: str, *, method: str = "GET", body: bytes = b"", headers: str = "", until: bytes = b""
) -> bytes:
    """The bytes of the answer: to the end of the connection, or until these have come."""
    address = url.removeprefix("https://").removeprefix("http://")
    authority, _, path = address.partition("/")
    host, _, port = authority.partition(":")
    got = b""
    with anyio.fail_after(DEADLINE):
        stream = await upstream(cassette).connect(host, int(port))
        if url.startswith("https:"):
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            stream = await TLSStream.wrap(stream, hostname=host, ssl_context=context, standard_compatible=False)
        async with stream:
            head = f"{method} /{path} HTTP/1.1\r\nHost: {authority}\r\nAccept-Encoding: gzip, br\r\n{headers}"
            await stream.send(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            with suppress(*LOST_CONNECTION):
                while not (got.endswith(until) and until) and not _is_whole(got):  # shape: one answer
                    got += await stream.receive()
    return got


def _is_whole(answer: bytes) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    length = next((line[16:] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length: ")), b"")
    return bool(end) and length != b"" and len(body) >= int(length)


def body_of(answer: bytes) -> bytes:
    return answer.partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize("path", ["/", "/chunked", "/cut", "/drop", "/count", "/encoding"])
async def test_replay_is_byte_for_byte_what_was_recorded(site: SiteServer, tmp_path: Path, path: str) -> None:
    file, url = tmp_path / "tape.json", site.url(path)
    until = b"0\r\n\r\n" if path == "/chunked" else b""
    with Cassette(file) as cassette:
        recorded = await ask(cassette, url, until=until)
    hits = site.hit_count()

    with Cassette(file, "none") as cassette:
        replayed = [await ask(cassette, url, until=until) for _ in range(2)]
        cassette.check()

    assert replayed == [recorded, recorded]
    assert bool(recorded) == (path != "/drop")
    assert site.hit_count() == hits


async def test_stream_that_never_ends_stays_open_in_the_replay(site: SiteServer, tmp_path: Path) -> None:
    file, last = tmp_path / "tape.json", b"data: two\n\n\r\n"
    with Cassette(file) as cassette:
        assert last in await ask(cassette, site.url("/events"), until=last)

    with Cassette(file, "none") as cassette:
        assert last in await ask(cassette, site.url("/events"), until=last)
        cassette.check()
    assert '"ending": "open"' in file.read_text()


async def test_compressed_answer_is_kept_as_text(site: SiteServer, tmp_path: Path) -> None:
    file = tmp_path / "tape.json"
    with Cassette(file) as cassette:
        await ask(cassette, site.url("/zipped"))
        assert body_of(await ask(cassette, site.url("/encoding"))) == b"identity"

    assert '"<p>small</p>"' in file.read_text()
    with Cassette(file) as cassette:
        answer = await ask(cassette, site.url("/zipped"))
    assert body_of(answer) == b"<p>small</p>"
    assert b"content-encoding" not in answer.lower()


async def test_browsers_own_copies_do_not_shape_the_recording(site: SiteServer, tmp_path: Path) -> None:
    with Cassette(tmp_path / "tape.json") as cassette:
        answer = await ask(cassette, site.url("/conditional"), headers='If-None-Match: "1"\r\n')

    assert body_of(answer) == b"whole"


async def test_host_that_is_not_there_is_not_there_again(tmp_path: Path) -> None:
    with closing(socket.socket()) as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}/"
        with Cassette(tmp_path / "tape.json") as cassette, pytest.raises(WayFault) as recorded:
            await ask(cassette, url)
    with Cassette(tmp_path / "tape.json", "none") as cassette, pytest.raises(WayFault) as replayed:
        await ask(cassette, url)

    assert recorded.value.kind == replayed.value.kind == "target"


async def test_modes(site: SiteServer, tmp_path: Path) -> None:
    file, url = tmp_path / "tape.json", site.url("/count")

    async def asked(mode: Mode, *urls: str) -> list[bytes]:
        with Cassette(file, mode) as cassette:
            return [body_of(await ask(cassette, each)) for each in urls]

    assert await asked("once", url) == [b"number 0"]
    assert await asked("once", url) == [b"number 0"]
    assert await asked("new", url, site.url("/encoding")) == [b"number 0", b"identity"]
    assert await asked("none", url, site.url("/encoding")) == [b"number 0", b"identity"]
    assert await asked("all", url) == [b"number 1"]
    assert b"is not on the cassette" in (await asked("none", site.url("/encoding")))[0]
    with pytest.raises(ConfigError, match=r"there is no cassette .*other\.json"):
        Cassette(tmp_path / "other.json", "none").__enter__()
    with pytest.raises(ConfigError, match="one of none, once, new, all"):
        Cassette(file, "some")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType] - wrong on purpose


async def test_request_that_is_not_on_it_is_told_with_the_nearest(site: SiteServer, tmp_path: Path) -> None:
    file = tmp_path / "tape.json"
    with Cassette(file) as cassette:
        await ask(cassette, site.url("/count?page=1"))

    with Cassette(file) as cassette:
        answer = await ask(cassette, site.url("/count?page=2"))
        with pytest.raises(AssertionError) as failure:
            cassette.check()

    expected = f"GET {site.url('/count?page=2')} is not on the cassette; the nearest is GET {site.url('/count?page=1')}"
    assert answer.startswith(b"HTTP/1.1 501 ")
    assert expected in body_of(answer).decode()
    assert str(failure.value).splitlines() == [
        f"{file} (mode once):",
        f"  {expected} (its page='1', asked '2')",
    ]


async def test_picture_that_is_not_on_it_is_only_missing(site: SiteServer, tmp_path: Path) -> None:
    file = tmp_path / "tape.json"
    with Cassette(file) as cassette:
        await ask(cassette, site.url("/"))

    with Cassette(file) as cassette:
        for header in ("Sec-Fetch-Dest: image", "Accept: image/avif,image/webp,*/*"):
            assert b" 501 " in await ask(cassette, site.url("/picture.png"), headers=f"{header}\r\n")
        cassette.check()
        await ask(cassette, site.url("/script.js"), headers="Sec-Fetch-Dest: script\r\n")
        assert [miss.asked.url for miss in cassette.misses] == [site.url("/script.js")]


async def test_nothing_is_written_when_the_block_fails(site: SiteServer, tmp_path: Path) -> None:
    file = tmp_path / "tape.json"
    with suppress(AssertionError), Cassette(file) as cassette:
        await ask(cassette, site.url("/"))
        raise AssertionError("of the test")
    assert not file.exists()

    with Cassette(file) as cassette:
        await ask(cassette, site.url("/"))
        cassette.discard()
    assert not file.exists()


async def test_secrets_are_not_in_the_file_and_needed_by_nobody(site: SiteServer, tmp_path: Path) -> None:
    file, url = tmp_path / "tape.json", site.url("/said?access_token=t0ps3cret")
    with Cassette(file, secrets=["pin"]) as cassette:
        await ask(cassette, url, method="POST", body=b'{"pin": "4711"}', headers="Cookie: sid=s3cr3t\r\n")
        await ask(cassette, site.url("/cookie"))
    text = file.read_text()

    assert [secret for secret in ("t0ps3cret", "4711", "s3cr3t") if secret in text] == []
    with Cassette(file, "none", secrets=["pin"]) as cassette:
        other = site.url("/said?access_token=another")
        assert body_of(await ask(cassette, other, method="POST", body=b'{"pin": "0815"}')) == b'{"pin": "masked"}'
        cassette.check()


@contextmanager
def https_site() -> Generator[str]:
    """A server that answers one page over TLS, with a certificate that nobody knows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)  # pyright: ignore[reportUnknownMemberType] - of a part that is not typed
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:

        def serve() -> None:
            while True:
                try:
                    with context.wrap_socket(listener.accept()[0], server_side=True) as client:
                        client.recv(65536)
                        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecure")
                except ssl.SSLError:
                    continue  # it did not trust us
                except OSError:
                    return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}/"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(DEADLINE)


class UntrustedCassette(Cassette):
    """One that is used by a crawl which asks for no certificates."""

    def configured(self, config: CrawlConfig) -> CrawlConfig:
        context = config.context.model_copy(update={"ignore_tls_errors": True})
        return super().configured(config.model_copy(update={"context": context}))


async def test_https_is_recorded_and_replayed(tmp_path: Path) -> None:
    file = tmp_path / "tape.json"
    with https_site() as url, UntrustedCassette(file) as cassette:
        assert body_of(await ask(cassette, url)) == b"secure"

    with Cassette(file, "none") as cassette:
        assert body_of(await ask(cassette, url)) == b"secure"
        cassette.check()


async def test_certificate_of_a_server_is_looked_at_while_recording(tmp_path: Path) -> None:
    with https_site() as url, Cassette(tmp_path / "tape.json") as cassette:
        assert await ask(cassette, url) == b""

    assert '"ending": "silent"' in (tmp_path / "tape.json").read_text()


def test_configuration_goes_through_the_cassette_alone(tmp_path: Path) -> None:
    with Cassette(tmp_path / "tape.json") as cassette:
        configured = cassette.configured(CrawlConfig(proxies=ProxyPool(["http://127.0.0.1:9"])))
        session = cassette.context(ContextConfig(timezone="Europe/Zurich", init_scripts=("one()",)))

        assert configured.proxies.members == ()
        assert session.proxy == configured.context.proxy
        assert session.timezone == "Europe/Zurich"
        assert configured.context.timezone == "UTC"
        assert session.init_scripts[1:] == ("one()",)
        assert cassette.context(session) is session
        with pytest.raises(ConfigError, match="one proxy or none"):
            cassette.configured(CrawlConfig(proxies=ProxyPool(["http://127.0.0.1:9", "http://127.0.0.1:10"])))
        own = ContextConfig(proxy=Proxy.parse("http://127.0.0.1:9"))
        assert cassette.configured(CrawlConfig(context=own)).context.proxy == session.proxy
