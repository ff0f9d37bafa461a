"""Hosts that cannot be reached as they should be: certificates, TLS where there is none, ports that say nothing."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio
import pytest
from anyio.abc import SocketAttribute, SocketStream

from crawl4ai_browser import ContextConfig, Crawler, VisitConfig
from crawl4ai_browser.config import CrawlConfig
from crawl4ai_browser.request import Request
from crawl4ai_browser.testing.site import SiteServer
from crawl4ai_browser.testing.site_outcomes import Outcome
from tests.browser.tls_site import certificate_for_loopback, tls_site

pytestmark = pytest.mark.timeout(60)

BROKEN_TLS = Outcome(path="", ok=False, status=None, errors=("TlsError",), html="")
SILENT = Outcome(path="", ok=False, status=None, errors=("NavigationTimeout",), attempts=2, html="")


@pytest.fixture(scope="module")
async def self_signed(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    certificate, key = await certificate_for_loopback(tmp_path_factory.mktemp("certificate"))
    async with tls_site(certificate, key) as port:
        yield f"https://127.0.0.1:{port}/"


async def refuse_in_plain_text(client: SocketStream) -> None:
    async with client:
        await client.receive()
        await client.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


async def listen_and_say_nothing(client: SocketStream) -> None:
    async with client:
        await anyio.sleep_forever()


@asynccontextmanager
async def serving(converse: Callable[[SocketStream], Awaitable[None]]) -> AsyncGenerator[str]:
    """The https URL of a port at which this is what happens."""
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, converse)
        yield f"https://127.0.0.1:{listener.extra(SocketAttribute.local_port)}/"
        tasks.cancel_scope.cancel()


async def test_broken_tls_is_the_sites_fault_and_tried_once(
    config: CrawlConfig, site: SiteServer, self_signed: str
) -> None:
    async with serving(refuse_in_plain_text) as plain, Crawler(config) as crawler:
        for url in (self_signed, plain):
            assert BROKEN_TLS.breaches(await crawler.fetch(url)) == []
        assert (await crawler.fetch(site.url("/leaf/after"))).ok


async def test_a_wrong_certificate_is_accepted_where_the_user_says_so(config: CrawlConfig, self_signed: str) -> None:
    trusting = config.model_copy(update={"context": ContextConfig(ignore_tls_errors=True)})
    async with Crawler(trusting) as crawler:
        result = await crawler.fetch(self_signed)
    assert "secure" in (result.html or "")


async def test_a_port_that_never_answers_a_handshake_costs_its_deadline(config: CrawlConfig) -> None:
    soon = VisitConfig(navigation_timeout=1)
    async with serving(listen_and_say_nothing) as silent, Crawler(config) as crawler:
        assert SILENT.breaches(await crawler.fetch(Request(url=silent, visit=soon))) == []
