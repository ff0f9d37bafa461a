"""The plugin's proxy, crawled through."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import closing

import pytest

from crawl4ai_browser.config import ContextConfig, CrawlConfig, RetryConfig
from crawl4ai_browser.crawling.crawler import Crawler
from crawl4ai_browser.proxy import Proxy
from crawl4ai_browser.testing.fixtures import Crawlers, Fetch
from crawl4ai_browser.testing.proxy import ProxyHit, ProxyServer
from crawl4ai_browser.testing.site import Response, SiteServer

pytestmark = pytest.mark.timeout(180)  # browsers start, on a machine that is busy


@pytest.fixture(scope="module")
def site() -> Iterator[SiteServer]:
    with SiteServer() as server:
        server.route("/", Response.html("<h1>here</h1>"))
        server.route("/robots.txt", Response.text(""))
        yield server


@pytest.fixture(scope="module")
def crawler_config(crawler_config: CrawlConfig) -> CrawlConfig:
    return crawler_config.model_copy(update={"retry": RetryConfig(max_attempts=1)})


@pytest.fixture(scope="module", autouse=True)
def browser_of_the_module(crawlers: Crawlers, crawler_config: CrawlConfig, site: SiteServer) -> None:
    """Started before the first test, which would be blamed for it: the one for contexts with a proxy."""

    async def visited(crawler: Crawler, context: ContextConfig) -> bool:
        async with crawler.session("first", context=context) as session:
            return (await session.fetch(site.url("/"))).ok

    with ProxyServer() as proxy:
        opened = crawlers.acquire(crawler_config)
        assert crawlers.bridge.wait(visited, opened.crawler, ContextConfig(proxy=Proxy.parse(proxy.url)))
        crawlers.release(opened)


@pytest.fixture
def proxy_url(crawl_proxy: ProxyServer) -> str:
    return crawl_proxy.url


@pytest.fixture
def crawl_context_args(proxy_url: str) -> Mapping[str, object]:
    return {"proxy": Proxy.parse(proxy_url)}


def pages_in(hits: list[ProxyHit]) -> list[ProxyHit]:
    return [hit for hit in hits if not hit.url.endswith("/robots.txt")]


class TestHttp:
    def test_page_comes_through_and_is_logged(self, fetch: Fetch, crawl_proxy: ProxyServer, site: SiteServer) -> None:
        assert fetch(site.url("/")).ok
        hits = pages_in(crawl_proxy.hits)
        assert {(hit.host, hit.port, hit.user, hit.outcome) for hit in hits} == {
            ("127.0.0.1", site.port, "crawler", "passed")
        }
        assert site.url("/") in [hit.url for hit in hits]

    def test_refused_host_is_a_failure_of_the_way(
        self, fetch: Fetch, crawl_proxy: ProxyServer, site: SiteServer
    ) -> None:
        crawl_proxy.refuse("127.0.0.1")

        result = fetch(site.url("/"))

        assert not result.ok
        assert {hit.outcome for hit in crawl_proxy.hits} == {"refused"}


class TestSocks5:
    @pytest.fixture
    def proxy_url(self, crawl_proxy: ProxyServer) -> str:
        return crawl_proxy.socks5_url

    def test_page_comes_through_and_is_logged(self, fetch: Fetch, crawl_proxy: ProxyServer, site: SiteServer) -> None:
        assert fetch(site.url("/")).ok
        assert {(hit.protocol, hit.user, hit.outcome) for hit in crawl_proxy.hits} == {("socks5", "crawler", "passed")}


class TestWrongPassword:
    @pytest.fixture(params=["http", "socks5"])
    def proxy_url(self, crawl_proxy: ProxyServer, request: pytest.FixtureRequest) -> str:
        return crawl_proxy.url_of(request.param, "crawler", "guess")

    def test_nobody_gets_through(self, fetch: Fetch, crawl_proxy: ProxyServer, site: SiteServer) -> None:
        before = site.hit_count()

        result = fetch(site.url("/"))

        assert result.error is not None
        assert result.error.kind == "ProxyError"
        assert {(hit.user, hit.outcome) for hit in crawl_proxy.hits} == {(None, "locked")}
        assert site.hit_count() == before


def test_unknown_protocol_and_closed_ports_end_in_order(crawl_proxy: ProxyServer) -> None:
    with closing(
        socket.create_connection(("127.0.0.1", int(crawl_proxy.url.rpartition(":")[2])), timeout=10)
    ) as client:
        client.sendall(b"nonsense\r\n\r\n")
        assert client.recv(100) == b""
    assert repr(crawl_proxy).endswith("1 users, 0 hits>")
