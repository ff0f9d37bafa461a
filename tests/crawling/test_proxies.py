"""Crawls through real proxies, counted at the proxies' own logs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack

import anyio
import pytest

from crawl4ai_browser.config import (
    CapacityConfig,
    ContentConfig,
    ContextConfig,
    CrawlConfig,
    PolitenessConfig,
    RetryConfig,
    VisitConfig,
)
from crawl4ai_browser.crawling.crawler import Crawler
from crawl4ai_browser.events import Event, PageRetried, PageVisited, ProxyRecovered, ProxyRested
from crawl4ai_browser.proxy import Proxy
from crawl4ai_browser.proxy_pool import ProxyHealth, ProxyPool
from crawl4ai_browser.ready import Load
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.testing.site import Hit, Response, SiteServer
from tests import proxy_servers
from tests.proxy_servers import FailingProxy, ProxyServer, urls_in

pytestmark = pytest.mark.timeout(60)  # a browser starts in a second alone on a core, and in ten on a busy machine


def page(hit: Hit) -> Response:
    if hit.path.startswith("/image"):
        return Response.text("an image")
    if hit.path == "/robots.txt":
        return Response.text("User-agent: *\nAllow: /\n")
    return Response.html(f"<title>{hit.path}</title><img src=/image{hit.path}>")


@pytest.fixture(scope="module")
def target() -> Iterator[SiteServer]:
    with SiteServer() as server:
        server.route("/*", page)
        yield server


def config(proxies: ProxyPool | None = None, *, max_attempts: int = 3) -> CrawlConfig:
    return CrawlConfig(
        proxies=proxies or ProxyPool(),
        capacity=CapacityConfig(max_pages=8, content_workers=0),
        content=ContentConfig(markdown=False, links=False, media=False, tables=False, metadata=False),
        politeness=PolitenessConfig(max_pages_per_host=8),
        visit=VisitConfig(ready=Load(), timeout=40, navigation_timeout=30),
        retry=RetryConfig(max_attempts=max_attempts),
    )


async def crawled(urls: Sequence[str], settings: CrawlConfig, events: list[Event] | None = None) -> list[CrawlResult]:
    async with Crawler(settings, observers=[events.append] if events is not None else []) as crawler:
        return [result async for result in crawler.crawl(urls)]


def failures(results: Sequence[CrawlResult]) -> list[str]:
    return [f"{result.url} {result.error}" for result in results if not result.ok]


async def test_every_log_agrees_with_what_the_results_say(target: SiteServer) -> None:
    urls = [target.url(f"/page{number}") for number in range(64)]
    target.reset_hits()
    with ExitStack() as stack:
        proxies = [stack.enter_context(start()) for start in (proxy_servers.squid, proxy_servers.tinyproxy) * 2]
        results = await crawled(urls, config(ProxyPool([proxy.url for proxy in proxies])))
        logs = {proxy.id: Counter(urls_in(proxy.lines())) for proxy in proxies}
    assert failures(results) == []
    assert Counter(result.proxy for result in results) == dict.fromkeys(logs, 16)
    for proxy, log in logs.items():
        mine = {result.url for result in results if result.proxy == proxy}
        pages = {url for url in log if "/page" in url and "/image" not in url}
        assert pages == mine, "pages that were named wrongly"
        assert {url for url in log if "/image/page" in url} == {url.replace("/page", "/image/page") for url in mine}
        assert all(log[url] == 1 for url in mine)
    assert sum(log.total() for log in logs.values()) == target.hit_count(), "nothing went by another way"


async def test_no_url_is_lost_when_one_of_three_proxies_is_dead(target: SiteServer) -> None:
    urls = [target.url(f"/page{number}") for number in range(100)]
    events: list[Event] = []
    with proxy_servers.squid() as first, proxy_servers.tinyproxy() as second, proxy_servers.failing(refusing) as third:
        settings = config(ProxyPool([third.url, first.url, second.url]), max_attempts=1)
        results = await crawled(urls, settings, events)
        logged = [url for proxy in (first, second) for url in urls_in(proxy.lines())]
    assert failures(results) == []
    assert sorted(result.url for result in results) == sorted(urls)
    assert {url for url in logged if "/page" in url and "/image" not in url} == set(urls)
    assert {result.proxy for result in results} == {first.id, second.id}
    rests = [event for event in events if isinstance(event, ProxyRested)]
    assert {event.proxy for event in rests} == {third.id}
    assert third.connections <= 8 + len(rests), "at most once for each page that was under way, and once a trial"
    failed = [attempt for result in results for attempt in result.attempts if attempt.error is not None]
    assert {(attempt.proxy, attempt.charged) for attempt in failed} == {(third.id, False)}


def refusing(client: object, proxy: FailingProxy) -> None:
    """Hangs up at once."""
    del client, proxy


async def test_a_proxy_that_dies_in_mid_crawl_is_left_and_nothing_is_lost(target: SiteServer) -> None:
    urls = [target.url(f"/page{number}") for number in range(60)]
    events: list[Event] = []
    with proxy_servers.tinyproxy() as dying, proxy_servers.tinyproxy() as lasting:

        def watch(event: Event) -> None:
            events.append(event)
            if sum(isinstance(each, PageVisited) for each in events) == 15:
                dying.kill()

        async with Crawler(config(ProxyPool([dying.url, lasting.url])), observers=[watch]) as crawler:
            results = [result async for result in crawler.crawl(urls)]
    assert failures(results) == []
    assert len(results) == 60
    assert {result.proxy for result in results[40:]} == {lasting.id}
    assert [event.proxy for event in events if isinstance(event, ProxyRested)][:1] == [dying.id]


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        (lambda: proxy_servers.failing(proxy_servers.hanging), "did not answer"),
        (lambda: proxy_servers.failing(proxy_servers.resetting), "reset"),
        (lambda: proxy_servers.failing(proxy_servers.answering(b"HTTP/1.1 407 No\r\n\r\n")), "407"),
        (lambda: proxy_servers.squid({"me": "secret"}), "407"),
        (lambda: proxy_servers.microsocks({"me": "secret"}), "authentication"),
    ],
    ids=["hangs", "resets", "answers 407", "wrong password", "wrong password for SOCKS"],
)
async def test_a_proxy_that_fails_costs_its_pages_nothing(
    start: Callable[[], AbstractContextManager[ProxyServer]], reason: str, target: SiteServer
) -> None:
    urls = [target.url(f"/page{number}") for number in range(12)]
    events: list[Event] = []
    with start() as bad, proxy_servers.tinyproxy() as good:
        scheme = getattr(bad, "scheme", "http")
        members = [f"{scheme}://canary:canary@127.0.0.1:{bad.port}", good.url]
        health = ProxyHealth(connect_timeout=0.5, failures=1, first_rest=60)
        results = await crawled(urls, config(ProxyPool(members, health=health)), events)
    assert failures(results) == []
    assert {result.proxy for result in results} == {good.id}
    rested = [event for event in events if isinstance(event, ProxyRested)]
    assert rested
    assert reason in rested[0].reason
    told = "".join(f"{event!r}" for event in events) + "".join(result.model_dump_json() for result in results)
    assert "canary" not in told


async def test_two_sessions_on_one_port_with_different_users_are_never_mixed(target: SiteServer) -> None:
    users = {"alice": "one", "bob": "two"}
    with proxy_servers.squid(users) as proxy:
        async with Crawler(config()) as crawler:
            ways = {user: Proxy.parse(f"{user}:{word}@127.0.0.1:{proxy.port}") for user, word in users.items()}
            contexts = {user: ContextConfig(proxy=way) for user, way in ways.items()}
            async with (
                crawler.session("alice", context=contexts["alice"]) as alice,
                crawler.session("bob", context=contexts["bob"]) as bob,
            ):
                runs = {
                    "alice": alice.crawl([target.url(f"/alice{number}") for number in range(20)]),
                    "bob": bob.crawl([target.url(f"/bob{number}") for number in range(20)]),
                }
                results = {user: [result async for result in run] for user, run in runs.items()}
        lines = [line.split() for line in proxy.lines()]
    seen = {(line[0], line[2]) for line in lines if line[0] != "-" and ("/alice" in line[2] or "/bob" in line[2])}
    assert {user for user, url in seen if f"/{user}" not in url} == set()
    assert len([url for _, url in seen if "/image" not in url]) == 40
    for user in users:
        assert failures(results[user]) == []
        assert {result.proxy for result in results[user]} == {ways[user].id}
    assert results["alice"][0].proxy != results["bob"][0].proxy


async def test_a_named_session_keeps_its_proxy_and_moves_with_its_cookies(target: SiteServer) -> None:
    def remember(hit: Hit) -> Response:
        who = hit.cookies().get("who", "nobody")
        return Response.html(f"<p>{who}</p><script>document.cookie = 'who=alice; max-age=600'</script>")

    target.route("/remember", remember)
    with proxy_servers.tinyproxy() as first, proxy_servers.tinyproxy() as second:
        async with Crawler(config(ProxyPool([first.url, second.url]))) as crawler, crawler.session("alice") as alice:
            before = [await alice.fetch(target.url("/remember")) for _ in range(3)]
            first.kill()
            after = [await alice.fetch(target.url("/remember")) for _ in range(2)]
    assert [result.proxy for result in before] == [first.id] * 3
    assert [result.proxy for result in after] == [second.id] * 2
    assert failures([*before, *after]) == []
    assert "nobody" in (before[0].html or "")
    assert all("alice</p>" in (result.html or "") for result in (*before[1:], *after))


async def test_hosts_keep_their_proxies(target: SiteServer) -> None:
    with SiteServer() as other, proxy_servers.tinyproxy() as first, proxy_servers.tinyproxy() as second:
        other.route("/*", page)
        urls = [site.url(f"/page{number}") for number in range(10) for site in (target, other)]
        results = await crawled(urls, config(ProxyPool([first.url, second.url], sticky="host")))
    used = {(result.url.split("/")[2], result.proxy) for result in results}
    assert failures(results) == []
    assert len(used) == 2
    assert len({proxy for _, proxy in used}) == 2


async def test_a_blocked_host_is_visited_through_a_higher_tier(target: SiteServer) -> None:
    def guarded(hit: Hit) -> Response:
        is_known = "x-known" in hit.headers or hit.path == "/robots.txt"
        return page(hit) if is_known else Response.html("<h1>Robots!</h1>", status=403)

    events: list[Event] = []
    with SiteServer() as site, proxy_servers.tinyproxy(header=("X-Known", "yes")) as dear:
        site.route("/*", guarded)
        urls = [site.url(f"/page{number}") for number in range(12)]
        pool = ProxyPool(["direct", f"{dear.url} tier=1"])
        results = await crawled([*urls, target.url("/free")], config(pool), events)
    by_url = {result.url: result for result in results}
    assert failures(results) == []
    assert by_url[target.url("/free")].proxy is None, "other hosts are not sent up"
    assert {by_url[url].proxy for url in urls} == {dear.id}
    blocked = [event for event in events if isinstance(event, PageRetried)]
    assert 2 <= len(blocked) <= 8, "those under way; then the whole host goes up"


async def test_a_page_that_is_forbidden_to_all_is_believed(target: SiteServer) -> None:
    target.route("/forbidden", Response.html("<h1>For members</h1>", status=403))
    with proxy_servers.tinyproxy() as first, proxy_servers.tinyproxy() as second:
        async with Crawler(config(ProxyPool([first.url, second.url]))) as crawler:
            result = await crawler.fetch(target.url("/forbidden"))
    assert (result.status, result.error and result.error.kind) == (403, "HttpStatusError")
    assert "For members" in (result.html or "")
    assert {attempt.proxy for attempt in result.attempts} == {first.id, second.id}


async def test_without_a_usable_proxy_pages_wait_and_then_say_so(target: SiteServer) -> None:
    urls = [target.url(f"/page{number}") for number in range(10)]
    target.reset_hits()
    with proxy_servers.dead() as first, proxy_servers.dead() as second:
        health = ProxyHealth(first_rest=0.2, max_wait=1.0)
        events: list[Event] = []
        results = await crawled(urls, config(ProxyPool([first.url, second.url], health=health)), events)
    assert len(results) == 10
    assert {result.error.kind for result in results if result.error} == {"ProxyError"}
    assert all("no proxy can be used" in str(result.error) for result in results)
    assert all("connection refused" in str(result.error) for result in results)
    assert target.hit_count() == 0
    attempts = [attempt for result in results for attempt in result.attempts]
    assert len([attempt for attempt in attempts if attempt.proxy]) <= 20


async def test_a_proxy_that_comes_back_is_used_again(target: SiteServer) -> None:
    port = proxy_servers.free_port()
    events: list[Event] = []
    rested = anyio.Event()
    results: list[CrawlResult] = []

    def watch(event: Event) -> None:
        events.append(event)
        if isinstance(event, ProxyRested):
            rested.set()

    async def crawl() -> None:
        pool = ProxyPool([f"127.0.0.1:{port}"], health=ProxyHealth(first_rest=0.3, max_wait=30))
        async with Crawler(config(pool), observers=[watch]) as crawler:
            results.extend([result async for result in crawler.crawl([target.url(f"/{n}") for n in range(5)])])

    with ExitStack() as stack:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(crawl)
            await rested.wait()
            stack.enter_context(proxy_servers.tinyproxy(port=port))
    assert failures(results) == []
    assert any(isinstance(event, ProxyRecovered) for event in events)
