"""Two sessions of one browser never see each other's state, though their pages take turns."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import pytest
from playwright.async_api import Page

from crawl4ai_browser import ContextConfig, Crawler, Geolocation, HttpCredentials, Session
from crawl4ai_browser.testing.site import Members, Response, SiteServer, password_of
from tests.crawling.members import entries, entry, log_in_as, member_of, results_of

# Each notes a name and reads what is there: what `set` leaves must be seen by `get` in the same session alone.
STORES = {
    "cookie": ("name => { document.cookie = `who=${name}; path=/` }", "document.cookie"),
    "local storage": ("name => localStorage.setItem('who', name)", "localStorage.getItem('who')"),
    "IndexedDB": (
        """name => new Promise((resolve) => {
            const opening = indexedDB.open("who", 1);
            opening.onupgradeneeded = () => opening.result.createObjectStore("who").put(name, "who");
            opening.onsuccess = () => { opening.result.close(); resolve(); };
        })""",
        "indexedDB.databases().then(all => all.length ? 'there' : null)",
    ),
    "cache storage": (
        "name => caches.open(name).then(cache => cache.put('/who', new Response(name)))",
        "caches.keys().then(keys => keys[0] ?? null)",
    ),
    "file system": (
        "name => navigator.storage.getDirectory().then(root => root.getFileHandle(name, { create: true }))",
        "navigator.storage.getDirectory().then(root => root.keys().next()).then(key => key.value ?? null)",
    ),
}


@asynccontextmanager
async def two(crawler: Crawler, **context: ContextConfig) -> AsyncGenerator[tuple[Session, Session]]:
    async with (
        crawler.session("ann", context=context.get("ann")) as ann,
        crawler.session("ben", context=context.get("ben")) as ben,
    ):
        yield ann, ben


async def evaluated(session: Session, url: str, script: str, *arguments: str) -> object:
    async def evaluate(page: Page) -> object:
        await page.goto(url)
        result: object = await page.evaluate(script, *arguments)
        return result

    return await session.run(evaluate)


@pytest.mark.parametrize("store", STORES)
async def test_storage_is_a_sessions_own(crawler: Crawler, site: SiteServer, store: str) -> None:
    put, get = STORES[store]
    url = site.url("/data/huts.json")
    async with two(crawler) as (ann, ben):
        nothing = await evaluated(ben, url, get)
        await evaluated(ann, url, put, "ann")
        assert await evaluated(ann, url, get) not in (nothing, None, "")
        assert await evaluated(ben, url, get) == nothing
        assert await evaluated(ann, url, get) not in (nothing, None, "")


async def test_session_storage_is_a_sessions_own(crawler: Crawler, site: SiteServer, members: Members) -> None:
    del members
    keeps = ContextConfig(keep_session_storage=True)
    async with two(crawler, ann=keeps, ben=keeps) as (ann, ben):
        await ann.run(log_in_as("ann", site, store="tab"))
        assert member_of(await ben.fetch(entry(site, 1, store="tab"))) is None
        assert member_of(await ann.fetch(entry(site, 1, store="tab"))) == "ann"


async def test_service_workers_are_a_sessions_own(crawler: Crawler, site: SiteServer) -> None:
    worker = "self.addEventListener('fetch', e => e.respondWith(new Response('by the worker')))"
    site.route("/worker.js", Response(headers=(("Content-Type", "text/javascript"),), body=worker.encode()))
    allowed = ContextConfig(service_workers="allow")
    register = "navigator.serviceWorker.register('/worker.js').then(() => navigator.serviceWorker.ready).then(() => 1)"
    async with two(crawler, ann=allowed, ben=allowed) as (ann, ben):
        assert await evaluated(ann, site.url("/about.html"), register) == 1
        assert "by the worker" in str((await ann.fetch(site.url("/guide/tables.html"))).html)
        assert "by the worker" not in str((await ben.fetch(site.url("/guide/tables.html"))).html)


async def test_the_http_cache_is_a_sessions_own(crawler: Crawler, site: SiteServer) -> None:
    headers = (("Cache-Control", "max-age=3600"), ("Content-Type", "text/javascript"))
    site.route("/cached.js", Response(headers=headers, body=b"document.title = 'cached'"))
    site.route("/with-cached", Response.html("<script src=/cached.js></script>"))
    site.reset_hits()
    async with two(crawler) as (ann, ben):
        for _ in range(2):
            await ann.fetch(site.url("/with-cached"))
        assert site.hit_count("/cached.js") == 1
        await ben.fetch(site.url("/with-cached"))
        assert site.hit_count("/cached.js") == 2


async def test_http_credentials_are_a_sessions_own(crawler: Crawler, site: SiteServer, members: Members) -> None:
    del members
    given = {"origin": site.origin, "username": "ann", "password": password_of("ann")}
    context = ContextConfig(http_credentials=(HttpCredentials.model_validate(given),))
    async with two(crawler, ann=context) as (ann, ben):
        assert member_of(await ann.fetch(entry(site, 1, store="basic"))) == "ann"
        assert (await ben.fetch(entry(site, 1, store="basic"))).status == 401
        assert member_of(await ann.fetch(entry(site, 2, store="basic"))) == "ann"


async def test_what_a_context_is_given_is_a_sessions_own(crawler: Crawler, site: SiteServer) -> None:
    ann_is = ContextConfig(
        locale="de-CH",
        timezone="Europe/Zurich",
        color_scheme="dark",
        geolocation=Geolocation(latitude=46.5, longitude=8.0),
        headers={"X-Who": "ann"},
        user_agent="ann/1",
        init_scripts=("window.who = 'ann'",),
        permissions=("notifications",),
    )
    ask = """async () => ({
        language: navigator.language,
        zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
        dark: matchMedia("(prefers-color-scheme: dark)").matches,
        agent: navigator.userAgent,
        who: window.who ?? null,
        place: (await navigator.permissions.query({ name: "geolocation" })).state,
        notifications: (await navigator.permissions.query({ name: "notifications" })).state,
    })"""
    url = site.url("/about.html")
    async with two(crawler, ann=ann_is) as (ann, ben):
        site.reset_hits()
        assert await evaluated(ann, url, ask) == {
            "language": "de-CH",
            "zone": "Europe/Zurich",
            "dark": True,
            "agent": "ann/1",
            "who": "ann",
            "place": "granted",
            "notifications": "granted",
        }
        assert {hit.headers.get("x-who") for hit in site.hits} == {"ann"}
        site.reset_hits()
        seen = await evaluated(ben, url, ask)
        assert isinstance(seen, dict)
        assert (seen["who"], seen["dark"], seen["place"], seen["agent"]) != ("ann", True, "granted", "ann/1")
        assert (seen["who"], seen["dark"]) == (None, False)
        assert seen["place"] != "granted"
        assert {hit.headers.get("x-who") for hit in site.hits} == {None}


async def test_pages_that_take_turns_stay_apart(crawler: Crawler, site: SiteServer, members: Members) -> None:
    del members
    seen: list[tuple[str, str | None]] = []
    async with two(crawler) as (ann, ben):
        await ann.run(log_in_as("ann", site))
        await ben.run(log_in_as("ben", site))

        async def crawl(session: Session) -> None:
            for result in await results_of(session.crawl(entries(site, 6))):
                seen.append((session.name, member_of(result)))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(crawl, ann)
            tasks.start_soon(crawl, ben)
    assert sorted(seen) == [("ann", "ann")] * 6 + [("ben", "ben")] * 6


async def test_a_function_that_raises_disturbs_nobody(crawler: Crawler, site: SiteServer) -> None:
    def listener(_: object) -> None:
        raise LookupError("the user's own")

    async def raises(page: Page) -> None:
        page.on("response", listener)
        page.context.on("request", listener)
        await page.goto(site.url("/about.html"))

    async with two(crawler) as (ann, ben), anyio.create_task_group() as tasks:

        async def fail() -> None:
            with pytest.raises(LookupError, match="the user's own"):
                await ann.run(raises)

        tasks.start_soon(fail)
        results = await results_of(ben.crawl([site.url("/about.html"), site.url("/guide/tables.html")]))
        assert [result.ok for result in results] == [True, True]
