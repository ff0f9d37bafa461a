"""Which proxy a crawl takes: tiers up and down again, a chooser of the user's, plain requests, fresh contexts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawl4ai_browser import (
    CapacityConfig,
    ContentConfig,
    CrawlConfig,
    Crawler,
    DownloadConfig,
    PolitenessConfig,
    ProxyHealth,
    ProxyPool,
    ProxyStatus,
    VisitConfig,
)
from crawl4ai_browser.proxy_status import ProxyErrand
from crawl4ai_browser.ready import Load
from crawl4ai_browser.testing.site import Hit, Response, SiteServer, attachment, ranged
from tests import proxy_servers
from tests.proxy_servers import ProxyServer

pytestmark = pytest.mark.timeout(60)  # a browser starts in a second alone on a core, and in ten on a busy machine


def config(pool: ProxyPool, *, fresh_contexts: bool = False, obey_robots: bool = False) -> CrawlConfig:
    return CrawlConfig(
        proxies=pool,
        fresh_contexts=fresh_contexts,
        capacity=CapacityConfig(max_pages=4, content_workers=0),
        content=ContentConfig(markdown=False),
        politeness=PolitenessConfig(obey_robots=obey_robots),
        visit=VisitConfig(ready=Load(), timeout=40),
    )


@pytest.fixture
def site() -> Iterator[SiteServer]:
    with SiteServer() as server:
        server.route("/*", lambda hit: Response.html(f"<p>{hit.path}</p>"))
        yield server


class Guard:
    """A site's, who lets nobody in that does not show enough."""

    def __init__(self) -> None:
        self.wanted = 2

    def page(self, hit: Hit) -> Response:
        shown = int(hit.headers.get("x-price", "0"))
        return Response.html(f"<p>{shown}</p>", status=200 if shown >= self.wanted else 403)


@pytest.fixture
def guard(site: SiteServer) -> Guard:
    guard = Guard()
    site.route("/guarded/*", guard.page)
    return guard


@pytest.fixture
def tiers() -> Iterator[tuple[ProxyServer, ProxyServer]]:
    with (
        proxy_servers.tinyproxy(header=("X-Price", "1")) as cheap,
        proxy_servers.tinyproxy(header=("X-Price", "2")) as dear,
    ):
        yield cheap, dear


@pytest.mark.parametrize(("rest", "comes_down"), [(3600.0, False), (0.05, True)])
async def test_a_host_goes_up_tier_by_tier_and_comes_down_when_their_rest_is_over(
    rest: float, comes_down: bool, site: SiteServer, guard: Guard, tiers: tuple[ProxyServer, ProxyServer]
) -> None:
    cheap, dear = tiers
    health = ProxyHealth(first_rest=rest, max_rest=rest, host_failures=1)
    pool = ProxyPool(["direct", f"{cheap.url} tier=1", f"{dear.url} tier=2"], health=health)
    async with Crawler(config(pool)) as crawler:
        first = await crawler.fetch(site.url("/guarded/1"))
        guard.wanted = 0
        later = [await crawler.fetch(site.url(f"/guarded/again{number}")) for number in range(8)]
        elsewhere = await crawler.fetch(site.url("/free").replace("127.0.0.1", "localhost"))
    assert first.ok
    assert [attempt.proxy for attempt in first.attempts] == [None, cheap.id, dear.id]
    assert not any(attempt.charged for attempt in first.attempts[:-1]), "the page is not to blame"
    assert [len(result.attempts) for result in later] == [1] * 8
    assert later[-1].proxy == (None if comes_down else dear.id)
    assert elsewhere.proxy is None, "that is one host's affair"


async def test_a_chooser_of_the_users_decides(site: SiteServer) -> None:
    errands: list[ProxyErrand] = []

    def by_path(proxies: tuple[ProxyStatus, ...], errand: ProxyErrand) -> ProxyStatus:
        errands.append(errand)
        return max(proxies, key=lambda each: each.weight) if errand.session is None else proxies[0]

    with proxy_servers.relaying() as first, proxy_servers.relaying() as second:
        pool = ProxyPool([first.url, f"{second.url} weight=9"], chooser=by_path)
        async with Crawler(config(pool)) as crawler:
            results = [result async for result in crawler.crawl([site.url(f"/{number}") for number in range(6)])]
            async with crawler.session("alice") as alice:
                named = await alice.fetch(site.url("/alice"))
    assert {result.proxy for result in results} == {second.id}
    assert named.proxy == first.id
    assert {(errand.host, errand.session) for errand in errands} == {(site.origin, None), (site.origin, "alice")}


async def test_robots_and_sitemaps_come_through_the_pool_and_count_there(site: SiteServer) -> None:
    site.route("/robots.txt", lambda _hit: Response.text(f"Sitemap: {site.url('/map.xml')}\nUser-agent: *\nAllow: /\n"))
    listed = "".join(f"<url><loc>{site.url(f'/listed{number}')}</loc></url>" for number in range(3))
    site.route(
        "/map.xml",
        Response.text(f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{listed}</urlset>'),
    )
    with proxy_servers.relaying() as first, proxy_servers.relaying() as second, proxy_servers.dead() as dead:
        pool = ProxyPool([dead.url, first.url, second.url])
        async with Crawler(config(pool, obey_robots=True)) as crawler:
            urls = [page.url async for page in crawler.map(site.url("/"))]
            results = [result async for result in crawler.crawl(urls)]
        statuses = {status.proxy: status for status in crawler.proxies}
        tunnels = Counter(head.split(b" ")[0] for each in (first, second) for head in each.heads)
    assert urls == [site.url(f"/listed{number}") for number in range(3)]
    assert all(result.ok for result in results)
    assert {result.proxy for result in results} <= {first.id, second.id}
    assert tunnels.total() == site.hit_count() == 5, "each of the five came through a proxy"
    assert tunnels[b"CONNECT"] == 2, "robots.txt and the sitemap, as plain requests are"
    assert sum(statuses[each.id].requests for each in (first, second)) == 5
    assert (statuses[dead.id].failures, statuses[dead.id].state) == (1, "resting")


async def test_each_file_tells_of_the_proxy_that_it_came_through(site: SiteServer, tmp_path: Path) -> None:
    links = "".join(f"<a href=/plain{number}.bin>file</a>" for number in range(4))
    clicked = "<a id=file href=/clicked.bin download>file</a><script>file.click()</script>"
    site.route("/", Response.html(f"<p>text</p>{links}{clicked}"))
    site.route("/plain*", lambda hit: ranged(attachment(b"x" * 5000, f"{hit.path[1:]}"), hit))
    site.route("/clicked.bin", attachment(b"y" * 5000, "clicked.bin"))
    with proxy_servers.relaying() as first, proxy_servers.relaying() as second:
        settings = config(ProxyPool([first.url, second.url])).model_copy(
            update={"download": DownloadConfig(folder=tmp_path / "files", linked=("/plain*",))}
        )
        async with Crawler(settings) as crawler:
            result = await crawler.fetch(site.url("/"))
        sent = {each.id: b"".join(each.heads).decode("latin-1") for each in (first, second)}
        tunnels = {each.id: sum(head.startswith(b"CONNECT") for head in each.heads) for each in (first, second)}
    assert result.ok
    assert [file.state for file in result.downloads] == ["complete"] * 5
    by_name = {file.suggested_name: file.proxy for file in result.downloads}
    assert by_name["clicked.bin"] == result.proxy, "a page's own files come with it"
    assert site.url("/clicked.bin") in sent[result.proxy or ""]
    linked = Counter(proxy for name, proxy in by_name.items() if name != "clicked.bin")
    assert linked == {first.id: 2, second.id: 2}, "those that are fetched beside it take turns"
    assert min(tunnels.values()) >= 2, "by plain requests, which are tunnels"


async def test_a_fresh_context_for_each_page_has_the_proxy_of_its_attempt(site: SiteServer) -> None:
    with proxy_servers.relaying() as first, proxy_servers.relaying() as second:
        async with Crawler(config(ProxyPool([first.url, second.url]), fresh_contexts=True)) as crawler:
            results = [result async for result in crawler.crawl([site.url(f"/{number}") for number in range(8)])]
        sent = {each.id: {head.split(b" ")[1].decode() for head in each.heads} for each in (first, second)}
    assert Counter(result.proxy for result in results) == {first.id: 4, second.id: 4}
    for result in results:
        assert result.url in sent[result.proxy or ""], "named as it was"
