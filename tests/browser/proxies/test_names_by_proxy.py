"""Names of sites are the proxy's to resolve: no question about them leaves this machine."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from crawl4ai_browser.browser.browser_fetcher import BrowserFetcher
from crawl4ai_browser.browser.plain_get import SessionPlainGet
from crawl4ai_browser.browser.pool import BrowserPool
from crawl4ai_browser.config import CapacityConfig, ContextConfig, CrawlConfig, VisitConfig
from crawl4ai_browser.errors import FetchError
from crawl4ai_browser.proxy import Proxy
from crawl4ai_browser.ready import Load
from crawl4ai_browser.request import Request
from tests import proxy_servers
from tests.proxy_servers import FailingProxy

pytestmark = pytest.mark.timeout(60)  # a browser starts in a second alone on a core, and in ten on a busy machine

NAME, ADDRESS = 3, 1  # what a target is named by (RFC 1928, 5)


def answering_for_all(client: socket.socket, proxy: FailingProxy) -> None:
    """A SOCKS5 proxy that has every site itself, so that none of their names has to exist."""
    client.recv(4096)
    client.sendall(b"\x05\x00")
    request = client.recv(4096)
    proxy.heads.append(request)
    client.sendall(b"\x05\x00\x00\x01" + bytes(6))
    if b"HTTP/1.1" in client.recv(65536):
        client.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\nConnection: close\r\n\r\ntext"
        )


def asked(head: bytes) -> tuple[int, str]:
    """How a target was named, and as what."""
    return head[3], head[5 : 5 + head[4]].decode() if head[3] == NAME else head[4:8].hex()


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names that this process asks the system for. The browser's own are in the net log of another test."""
    names: list[str] = []
    real = socket.getaddrinfo

    def recording(host: Any, *arguments: Any, **keywords: Any) -> Any:
        names.append(str(host))
        return real(host, *arguments, **keywords)

    monkeypatch.setattr(socket, "getaddrinfo", recording)
    return names


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
async def test_names_are_resolved_by_the_proxy_alone(scheme: str, looked_up: list[str]) -> None:
    config = CrawlConfig(
        capacity=CapacityConfig(max_pages=1), visit=VisitConfig(ready=Load(), timeout=40, navigation_timeout=30)
    )
    with proxy_servers.failing(answering_for_all) as server:
        proxy = Proxy.parse(f"{scheme}://127.0.0.1:{server.port}")
        async with BrowserPool(config) as pool:
            await pool.open_session("one", ContextConfig(proxy=proxy))
            page = await BrowserFetcher(pool, config).fetch(Request(url="http://page.canary.test/", session="one"))
            plain = await SessionPlainGet(pool).get("http://plain.canary.test/robots.txt", session="one")
            with pytest.raises(FetchError):  # the proxy knows no TLS
                await SessionPlainGet(pool).get("https://tls.canary.test/", session="one", timeout=10)
    assert "text" in (page.html or "")
    assert plain.body == b"text"
    targets = {asked(head) for head in server.heads}
    assert targets == {(NAME, f"{each}.canary.test") for each in ("page", "plain", "tls")}
    assert [name for name in looked_up if "canary" in name] == []
