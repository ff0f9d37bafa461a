"""Crawls of JavaScript applications, recorded, and replayed when their server is gone: the same results."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from swagger_ui_bundle import swagger_ui_path  # type: ignore[import-untyped]  # pyright: ignore[reportMissingTypeStubs] - not typed

from crawl4ai_browser.cli.main import run
from crawl4ai_browser.config import CrawlConfig, VisitConfig
from crawl4ai_browser.crawling.crawler import Crawler
from crawl4ai_browser.ready import Selector
from crawl4ai_browser.request import Request
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.testing.cassette import Cassette
from crawl4ai_browser.testing.comparison import differences, fields_of
from crawl4ai_browser.testing.fixtures import Crawlers
from crawl4ai_browser.testing.site import Response, SiteServer, chunked, serve_fixture_site

pytestmark = pytest.mark.timeout(240)  # two crawls with a browser each, on a machine that is busy

SITE = Path(__file__).parents[3] / "fixtures" / "site"

JAVASCRIPT = (("Content-Type", "text/javascript"),)

CLOCK = """<!doctype html><title>clock</title><ol></ol><script>
const note = (text) => {
  const item = document.createElement("li");
  item.textContent = text;
  document.querySelector("ol").append(item);
};
note(`${Date.now()} ${new Date().toISOString()} ${Date().slice(0, 15)} ${new Date(0).getTime()}`);
note(`${Math.random()} ${crypto.getRandomValues(new Uint8Array(4))} ${crypto.randomUUID()}`);
note(`${new Date() instanceof Date} ${new Date().constructor === Date} ${Date.UTC(2020, 1)}`);
const start = Date.now();
setTimeout(() => {
  note(`after ${Date.now() - start}`);
  while (Date.now() - start < 60); // a loop that waits for time to pass ends
  fetch(`/echo?at=${Date.now()}&by=${Math.random()}`).then((answer) => answer.text()).then(note);
}, 50);
</script>"""


@pytest.fixture
def config(crawler_config: CrawlConfig) -> CrawlConfig:
    content = crawler_config.content.model_copy(update={"main_markdown": True, "text": True})
    return crawler_config.model_copy(update={"content": content})


def crawled(crawlers: Crawlers, config: CrawlConfig, seeds: list[Request]) -> dict[str, CrawlResult]:
    async def results(crawler: Crawler) -> list[CrawlResult]:
        return [result async for result in crawler.crawl(seeds)]

    opened = crawlers.open(config)
    try:
        found = crawlers.bridge.wait(results, opened.crawler)
    finally:
        opened.close()
    return {result.url: result for result in found}


def _at(site: SiteServer, seed: str | tuple[str, Selector]) -> Request:
    if isinstance(seed, str):
        return Request(url=site.url(seed))
    path, ready = seed
    return Request(url=site.url(path), visit=VisitConfig(ready=ready, timeout=90))


def recorded_and_replayed(
    site: SiteServer,
    crawlers: Crawlers,
    config: CrawlConfig,
    *,
    file: Path,
    seeds: Sequence[str | tuple[str, Selector]],
) -> Iterator[tuple[CrawlResult, CrawlResult]]:
    with site:
        requests = [_at(site, seed) for seed in seeds]
        with Cassette(file) as cassette:
            recorded = crawled(crawlers, cassette.configured(config), requests)
    with Cassette(file, "none") as cassette:
        replayed = crawled(crawlers, cassette.configured(config), requests)
        cassette.check()
    assert set(recorded) == set(replayed)
    for url, result in recorded.items():
        yield result, replayed[url]


def test_bundled_site_is_the_same_without_its_server(crawlers: Crawlers, config: CrawlConfig, tmp_path: Path) -> None:
    """All of it that is not about time: streams and polls show what has come until the page is read."""
    paths = ("/", "/shop/tents", "/journal/", "/guide/tables.html", "/old/route", "/letters/shift-jis.html")
    seeds = [*paths, "/broken/report", "/missing", "/files/packing-list.csv", "/private/notes.html"]
    pairs = list(
        recorded_and_replayed(serve_fixture_site(SITE), crawlers, config, file=tmp_path / "site.json", seeds=seeds)
    )

    assert len(pairs) == len(seeds)
    assert sum(result.ok for result, _ in pairs) == len(paths) + 1
    for recorded, replayed in pairs:
        assert differences(fields_of(recorded), fields_of(replayed)) == {}, recorded.url


START_SWAGGER = """window.onload = () => {
  window.ui = SwaggerUIBundle({
    url: `/openapi.json?at=${Date.now()}`, dom_id: "#swagger-ui", deepLinking: true, docExpansion: "list",
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset], layout: "StandaloneLayout",
  });
};"""
API: Any = {
    "openapi": "3.0.0",
    "info": {"title": "Hut bookings", "version": "1"},
    "paths": {
        f"/huts/{name}": {"get": {"summary": f"Beds at {name}", "responses": {"200": {"description": "How many"}}}}
        for name in ("ridge", "tarn", "moor")
    },
}


WORKERS = """<!doctype html><title>workers</title><ol></ol><script>
const starts = [
  () => new Worker("/classic.js"),
  () => new Worker("/strict.js"),
  () => new Worker("/module.js", { type: "module" }),
  () => new Worker(URL.createObjectURL(new Blob([TELL]))),
];
const next = () => {
  const worker = starts.shift()?.();
  worker?.addEventListener("message", ({ data }) => {
    const item = document.createElement("li");
    item.textContent = data;
    document.querySelector("ol").append(item);
    if (!data.startsWith("part")) next();
  });
};
next();
</script>"""

TELL = "postMessage(`${location.protocol} ${Date.now()} ${Math.random()} ${(function () { return !this })()}`);"
"""Also whether the script is strict."""

PART = "postMessage(`part ${Date.now()}`);"


def route_workers(site: SiteServer) -> None:
    site.route("/workers", Response.html(WORKERS.replace("TELL", json.dumps(TELL))))
    for name, body in (("classic", TELL), ("module", f"import '/part.js';{TELL}"), ("part", PART)):
        site.route(f"/{name}.js", Response(headers=JAVASCRIPT, body=body.encode()))
    site.route("/strict.js", chunked(Response(headers=JAVASCRIPT, body=f"// strict\n'use strict';{TELL}".encode())))


def assert_workers_began_at(start: int, text: str) -> None:
    said = [line.split() for line in text.splitlines()]
    told = [words for words in said if words and words[0].endswith(":")]
    assert [(words[0], int(words[1]) - start, words[3]) for words in told] == [
        ("http:", 0, "false"),
        ("http:", 0, "true"),
        ("http:", 0, "true"),
        ("blob:", 0, "false"),
    ]
    assert ["part", str(start)] in said


def test_react_application_clock_and_workers_are_the_same_without_their_server(
    crawlers: Crawlers, config: CrawlConfig, tmp_path: Path
) -> None:
    """Swagger UI, as its makers built it: 2 MB of scripts that fetch a description and render it. And clocks."""
    site = SiteServer(Path(str(swagger_ui_path)))
    site.route("/swagger-initializer.js", Response(headers=JAVASCRIPT, body=START_SWAGGER.encode()))
    site.route("/openapi.json", Response.json(API))
    site.route("/clock", Response.html(CLOCK))
    site.route("/echo", lambda hit: Response.text(hit.query))
    route_workers(site)
    file = tmp_path / "apps.json"
    # Not read when they are quiet: on a machine that is busy that may be before their timers come due.
    application = Selector(css="[id$=huts_moor] .opblock-summary-description", timeout=60)
    five_lines = Selector(css="li:nth-child(5)", timeout=60)
    seeds = [("/index.html", application), ("/clock", five_lines), ("/workers", five_lines)]
    pairs = recorded_and_replayed(site, crawlers, config, file=file, seeds=seeds)
    results = {Path(recorded.url).name: (recorded, replayed) for recorded, replayed in pairs}

    for recorded, replayed in results.values():
        fields = ("status", "ok", "text", "links", "console")
        assert differences(fields_of(recorded, fields), fields_of(replayed, fields)) == {}, recorded.url
    assert "Beds at tarn" in (results["index.html"][1].text or "")
    said = results["clock"][1].text or ""
    assert "after 50" in said
    assert "true true" in said
    assert "at=" in said
    began = datetime.fromisoformat(json.loads(file.read_text())["recorded_at"])
    assert_workers_began_at(int(began.timestamp() * 1000), results["workers"][1].text or "")
    assert "__crawl4aiPageTime" not in file.read_text()


def test_crawl_command_records_and_replays(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file, first, second = (str(tmp_path / name) for name in ("tape.json", "first.jsonl", "second.jsonl"))
    with SiteServer() as site:
        site.route("/", Response.html("<h1>one</h1>"))
        site.route("/two", Response.html("<h1>two</h1>"))
        flags = ["--quiet", "--max-depth", "0", "--content-workers", "0"]
        assert run(["crawl", site.url("/"), "--record", file, "--output", first, *flags]) == 0
    assert run(["crawl", site.url("/"), "--replay", file, "--output", second, *flags[1:]]) == 0
    assert run(["crawl", site.url("/two"), "--replay", file, "--output", str(tmp_path / "third.jsonl"), *flags]) == 1
    assert run(["crawl", site.url("/"), "--replay", file, "--record", file]) == 2

    said = capfd.readouterr().err
    assert f"GET {site.url('/two')} is not on the cassette; the nearest is GET {site.url('/')}" in said
    assert "--record and --replay exclude each other" in said
    assert "1 page: 1 ok" in said
    assert "socks5://" not in said, "the cassette is no proxy of the user's"
    results = [CrawlResult.model_validate_json(Path(name).read_bytes()) for name in (first, second)]
    assert differences(fields_of(results[0]), fields_of(results[1])) == {}


def test_session_of_a_request_goes_through_the_cassette(
    crawlers: Crawlers, config: CrawlConfig, tmp_path: Path
) -> None:
    async def fetched(crawler: Crawler, url: str) -> CrawlResult:
        return await crawler.fetch(Request(url=url, session="alice"))

    with SiteServer() as site, Cassette(tmp_path / "tape.json") as cassette:
        site.route("/", Response.html("<h1>one</h1>"))
        opened = crawlers.open(cassette.configured(config))
        assert crawlers.bridge.wait(fetched, opened.crawler, site.url("/")).ok
        opened.close()
    assert site.url("/") in (tmp_path / "tape.json").read_text()
