"""Sessions and their open pages on their way through proxies: their own, or a pool's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Page

from crawl4ai_browser import (
    CapacityConfig,
    ContentConfig,
    ContextConfig,
    CrawlConfig,
    Crawler,
    PolitenessConfig,
    Proxy,
    ProxyPool,
    RetryConfig,
    VisitConfig,
)
from crawl4ai_browser.ready import Load
from crawl4ai_browser.testing.site import Hit, Response, SiteServer
from tests import proxy_servers
from tests.proxy_servers import urls_in

pytestmark = pytest.mark.timeout(60)  # a browser starts in a second alone on a core, and in ten on a busy machine


def visitor_page(hit: Hit) -> Response:
    who = hit.cookies().get("who", "nobody")
    return Response.html(f"<p>{who} at {hit.path}</p><script>document.cookie = 'who=alice; max-age=600'</script>")


@pytest.fixture(scope="module")
def target() -> Iterator[SiteServer]:
    with SiteServer() as server:
        server.route("/*", visitor_page)
        yield server


def config(pool: ProxyPool) -> CrawlConfig:
    return CrawlConfig(
        proxies=pool,
        capacity=CapacityConfig(max_pages=4, content_workers=0),
        content=ContentConfig(markdown=False),
        politeness=PolitenessConfig(obey_robots=False),
        visit=VisitConfig(ready=Load(), timeout=40),
    )


@pytest.fixture(scope="module")
async def crawler() -> AsyncIterator[Crawler]:
    """Without a pool: sessions bring their own proxies. Its browser for these runs already."""
    async with Crawler(config(ProxyPool())) as opened:
        with proxy_servers.relaying() as proxy:
            async with opened.session("first", context=ContextConfig(proxy=Proxy.parse(proxy.url))) as first:
                await first.run(_title)
        yield opened


async def _title(page: Page) -> str:
    return await page.title()


async def test_all_that_an_open_page_does_goes_through_the_sessions_proxy(crawler: Crawler, target: SiteServer) -> None:
    async def ask(page: Page) -> str:
        return str(await page.evaluate("fetch('/asked').then(answer => answer.text())"))

    target.reset_hits()
    with proxy_servers.tinyproxy({"alice": "secret"}) as proxy:
        context = ContextConfig(proxy=Proxy.parse(proxy.url))
        async with crawler.session("alice", context=context) as alice, alice.page() as page:
            first = await page.goto(target.url("/first"))
            assert "alice at /asked" in await page.run(ask)
            await page.run(lambda shown: shown.evaluate("location = '/second'"))
            second = await page.result()
        logged = urls_in(proxy.lines())
    name = Proxy.parse(proxy.url).id
    assert [(result.ok, result.proxy) for result in (first, second)] == [(True, name)] * 2
    assert second.final_url == target.url("/second")
    assert [url for url in logged if "/favicon" not in url] == [
        target.url(f"/{n}") for n in ("first", "asked", "second")
    ]
    assert len(logged) == target.hit_count(), "nothing went by another way"


async def test_an_open_page_moves_to_another_proxy_when_its_own_dies(target: SiteServer) -> None:
    with proxy_servers.tinyproxy() as first, proxy_servers.tinyproxy() as second:
        settings = config(ProxyPool([first.url, second.url]))
        async with Crawler(settings) as crawler, crawler.session("alice") as alice, alice.page() as page:
            before = await page.goto(target.url("/before"))
            first.kill()
            after = await page.goto(target.url("/after"))
            beside = await alice.fetch(target.url("/beside"))
    assert [result.proxy for result in (before, after, beside)] == [first.id, second.id, second.id]
    assert [(attempt.proxy, attempt.charged) for attempt in after.attempts] == [(first.id, False), (second.id, True)]
    assert "alice at /after" in (after.html or ""), "its cookies went along"


async def test_an_open_page_follows_its_session_to_another_proxy(target: SiteServer) -> None:
    with proxy_servers.tinyproxy() as first, proxy_servers.tinyproxy() as second:
        settings = config(ProxyPool([first.url, second.url]))
        async with Crawler(settings) as crawler, crawler.session("alice") as alice, alice.page() as page:
            await page.goto(target.url("/before"))
            first.kill()
            beside = await alice.fetch(target.url("/beside"))
            assert target.url("/before") == await page.run(_address), "what is shown stays"
            after = await page.goto(target.url("/after"))
    assert [result.proxy for result in (beside, after)] == [second.id] * 2
    assert [attempt.proxy for attempt in after.attempts] == [second.id]


async def _address(page: Page) -> str:
    return page.url


async def test_a_session_with_a_proxy_of_its_own_is_given_no_other(target: SiteServer) -> None:
    with proxy_servers.relaying() as pooled, proxy_servers.relaying({"alice": "secret"}) as own:
        settings = config(ProxyPool([pooled.url])).model_copy(
            update={"retry": RetryConfig(max_attempts=2, max_delay=0.1)}
        )
        async with Crawler(settings) as crawler:
            proxy = Proxy.parse(f"alice:secret@127.0.0.1:{own.port}")
            async with crawler.session("alice", context=ContextConfig(proxy=proxy)) as alice:
                good = await alice.fetch(target.url("/own"))
            proxy = Proxy.parse(f"alice:wrong@127.0.0.1:{own.port}")
            async with crawler.session("mallory", context=ContextConfig(proxy=proxy)) as mallory:
                bad = await mallory.fetch(target.url("/never"))
            free = await crawler.fetch(target.url("/pooled"))
    assert (good.ok, good.proxy) == (True, proxy.id)
    assert (free.ok, free.proxy) == (True, pooled.id)
    assert bad.error is not None
    assert (bad.error.kind, bad.error.blame) == ("ProxyError", "proxy")
    assert "407" in bad.error.message
    assert {attempt.proxy for attempt in bad.attempts} == {proxy.id}
    assert target.hit_count("/never") == 0
