"""The cache before real browsers: what a second run asks of the site, and what it makes of what was stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crawl4ai_browser import CacheConfig, CrawlConfig, Crawler, CrawlResult, Schema, Scope
from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.schema import Css
from crawl4ai_browser.testing.site_requests import Hit
from crawl4ai_browser.testing.site_responses import Response
from crawl4ai_browser.testing.site_server import SiteServer

pytestmark = pytest.mark.timeout(60)

STATIC = '<!doctype html><title>static</title><h1>Static</h1> <a href="/data">data</a> <a href="/gone">gone</a>'
DATA = """<!doctype html><title>data</title><h1></h1>
<script>fetch("/data.json").then((answer) => answer.json()).then((text) => {
  document.querySelector("h1").textContent = text;
});</script>"""


@pytest.fixture
def site() -> Iterator[SiteServer]:
    """A page that is all in its document, one that fetches what it shows, and one that is not there."""

    def validated(html: str) -> Callable[[Hit], Response]:
        def answer(hit: Hit) -> Response:
            if hit.headers.get("if-none-match") == '"1"':
                return Response(status=304, headers=(("ETag", '"1"'),))
            return Response.html(html, headers=(("ETag", '"1"'),))

        return answer

    with SiteServer() as server:
        server.route("/static", validated(STATIC))
        server.route("/data", validated(DATA))
        server.route("/data.json", Response.text('"Fetched"'))
        yield server


async def crawled(site: SiteServer, config: CrawlConfig) -> dict[str, CrawlResult]:
    """The results of a crawl from `/static`, by path."""
    async with Crawler(config) as crawler:
        run = crawler.crawl(site.url("/static"), scope=Scope(max_depth=1))
        return {result.url.removeprefix(site.origin): result async for result in run}


@pytest.fixture
def write(config: CrawlConfig, tmp_path: Path) -> CrawlConfig:
    return config.model_copy(update={"cache": CacheConfig(mode="write", folder=tmp_path / "cache")})


def changed(config: CrawlConfig, **cache: object) -> CrawlConfig:
    return config.model_copy(update={"cache": config.cache.model_copy(update=cache)})


async def test_a_second_crawl_visits_only_what_failed_and_makes_its_content_anew(
    site: SiteServer, write: CrawlConfig
) -> None:
    first = await crawled(site, write)
    assert {path: result.from_cache for path, result in first.items()} == dict.fromkeys(first, False)
    site.reset_hits()

    schema = Schema(fields={"title": Css("h1")})
    second = await crawled(
        site, write.model_copy(update={"content": write.content.model_copy(update={"items": schema})})
    )
    assert {path: result.from_cache for path, result in second.items()} == {
        "/static": True,
        "/data": True,
        "/gone": False,
    }
    assert {hit.path for hit in site.hits} == {"/robots.txt", "/gone"}, "nothing is asked for what is stored"
    assert second["/data"].items == ({"title": "Fetched"},), "what its script fetched is in it"
    assert second["/static"].items == ({"title": "Static"},)
    assert second["/static"].fetched_at == first["/static"].fetched_at
    assert second["/gone"].status == 404


async def test_an_old_document_is_asked_for_and_old_data_is_visited(site: SiteServer, write: CrawlConfig) -> None:
    aged = changed(write, max_age=1e-6)
    await crawled(site, aged)
    site.reset_hits()
    again = await crawled(site, aged)
    assert again["/static"].from_cache
    assert not again["/data"].from_cache
    asked = [hit for hit in site.hits if hit.path == "/static"]
    assert [(hit.headers.get("if-none-match"), hit.headers.get("range")) for hit in asked] == [('"1"', "bytes=0-0")]


async def test_an_offline_crawl_starts_no_browser_and_asks_for_nothing(site: SiteServer, write: CrawlConfig) -> None:
    await crawled(site, write)
    site.reset_hits()
    missing = changed(write, mode="offline").model_copy(
        update={"browser": write.browser.model_copy(update={"executable": Path("/nowhere/chromium")})}
    )
    results = await crawled(site, missing)
    assert results["/static"].ok
    assert results["/data"].ok
    error = results["/gone"].error
    assert error is not None
    assert error.kind == "NotCached"
    assert error.is_skip
    assert site.hits == []


async def test_a_session_does_not_see_what_another_was_shown(site: SiteServer, write: CrawlConfig) -> None:
    site.route("/me", lambda hit: Response.html(f"<p>{hit.headers.get('cookie', 'nobody')}</p>"))
    async with Crawler(write) as crawler, crawler.session("alice") as alice, crawler.session("bob") as bob:
        url = site.url("/me")
        assert not (await alice.fetch(url)).from_cache
        assert not (await bob.fetch(url)).from_cache
        assert not (await crawler.fetch(url)).from_cache
        assert (await alice.fetch(url)).from_cache


async def test_a_cache_without_a_place_is_refused(config: CrawlConfig) -> None:
    with pytest.raises(ConfigError, match=r"needs CacheConfig\.folder or a crawl"):
        async with Crawler(config.model_copy(update={"cache": CacheConfig(mode="read")})):
            raise AssertionError("it opened")


async def test_the_state_folder_is_the_cache_s_too(site: SiteServer, config: CrawlConfig, tmp_path: Path) -> None:
    placed = config.model_copy(update={"cache": CacheConfig(mode="write"), "state_dir": tmp_path / "state"})
    await crawled(site, placed)
    assert sorted(path.name for path in (tmp_path / "state").iterdir()) == ["cache.sqlite", "crawl.sqlite"]
