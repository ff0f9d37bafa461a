"""What a crawl as somebody shows, keeps and starts holds none of the secrets by which a site knows them."""

from __future__ import annotations

import logging
import stat
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from playwright.async_api import Page

from crawl4ai_browser import (
    CapacityConfig,
    CaptureConfig,
    ContextConfig,
    CrawlConfig,
    Crawler,
    CrawlResult,
    DownloadConfig,
    Event,
    RetryConfig,
    StorageState,
    VisitConfig,
)
from crawl4ai_browser.crawling.report_page import report_page
from crawl4ai_browser.crawling.run_report import ReportBuilder
from crawl4ai_browser.ready import Load
from crawl4ai_browser.testing.site import Response, SiteServer, dropped, hanging

SECRETS = {
    "password": "canary-password",
    "header": "canary-authorization",
    "cookie": "canary-cookie",
    "state": "canary-state",
    "storage": "canary-storage",
    "typed": "canary-typed",
}
BASIC = b64encode(f"ann:{SECRETS['password']}".encode()).decode()


def found_in(text: str) -> list[str]:
    return [name for name, secret in (*SECRETS.items(), ("basic", BASIC)) if secret in text]


def command_lines() -> str:
    told: list[str] = []
    for process in psutil.Process().children(recursive=True):
        try:
            told += process.cmdline()
        except psutil.Error:  # it has ended meanwhile
            continue
    return "\n".join(told)


def kept_below(folder: Path, state: Path) -> list[str]:
    """The names of all files, and what is in those of the crawl's state."""
    names = [path.name for path in folder.rglob("*")]
    return names + [file.read_bytes().decode("latin-1") for file in state.rglob("*") if file.is_file()]


def identity(site: SiteServer) -> ContextConfig:
    state: dict[str, Any] = {
        "cookies": [{"name": "b", "value": SECRETS["state"], "domain": "127.0.0.1", "path": "/"}],
        "origins": [{"origin": site.origin, "localStorage": [{"name": "token", "value": SECRETS["storage"]}]}],
    }
    return ContextConfig.model_validate(
        {
            "headers": {"X-Api-Key": SECRETS["header"]},
            "http_credentials": ({"origin": site.origin, "username": "ann", "password": SECRETS["password"]},),
            "cookies": ({"name": "a", "value": SECRETS["cookie"], "url": site.origin},),
            "storage_state": StorageState.of(state, source="test"),
        }
    )


async def fill_in(page: Page) -> None:
    await page.set_content("<input id=word type=password>")
    await page.fill("#word", SECRETS["typed"])
    await page.click("#missing", timeout=200)


def config_for(folder: Path, context: ContextConfig) -> CrawlConfig:
    return CrawlConfig(
        context=context,
        state_dir=folder / "state",
        capture=CaptureConfig(console=True, requests=True),
        download=DownloadConfig(folder=folder / "files"),
        capacity=CapacityConfig(max_pages=2, content_workers=1),
        retry=RetryConfig(max_attempts=1),
        visit=VisitConfig(ready=Load(), timeout=6, navigation_timeout=3),
    )


@pytest.fixture
def site() -> Iterator[SiteServer]:
    with SiteServer() as server:
        server.route("/locked", locked)
        server.route("/dropped", dropped())
        server.route("/hanging", hanging())
        server.route("/*", Response.html("<p>text</p><script>console.log('loaded')</script>"))
        yield server


async def use_session(crawler: Crawler, context: ContextConfig, url: str, *, folder: Path) -> tuple[CrawlResult, str]:
    """The page of a session with that identity, and all that can be shown of the session while it is open."""
    async with crawler.session("ann", context=context) as ann:
        result = await ann.fetch(url)
        await ann.save_state(folder / "ann.json")
        with pytest.raises(Exception, match="missing") as failure:  # what a user's function raises comes out as it is
            await ann.run(fill_in)
        pool = crawler._usable_browsers().pool
        sessions = pool._all_sessions()
        shown = [repr(ann), command_lines(), repr(pool), str(failure.value).splitlines()[0]]
        shown += [f"{session!r}{session._current!r}" for session in sessions]
    return result, "\n".join(shown)


async def test_what_makes_a_session_somebodys_is_not_shown(
    site: SiteServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told: list[str] = []
    builder, context = ReportBuilder(), identity(site)
    config = config_for(tmp_path, context)

    def watch(event: Event) -> None:
        told.append(f"{event!r}{event}{event.model_dump_json()}")

    async with Crawler(config, observers=[watch, builder]) as crawler:
        run = crawler.crawl([site.url(path) for path in ("/page", "/locked", "/dropped", "/hanging")])
        results = [result async for result in run]
        result, shown = await use_session(crawler, context, site.url("/locked"), folder=tmp_path)
        told += [shown, repr(crawler), repr(run)]
    results.append(result)
    report = builder.report()
    told += [f"{config!r}{config}{context!r}", config.model_dump_json(exclude={"context"})]
    told += [report.model_dump_json(), report_page(report), caplog.text]
    told += [f"{result!r}{result.model_dump_json()}{result.error}" for result in results]
    told += kept_below(tmp_path, tmp_path / "state")
    assert {result.url.rpartition("/")[2]: result.ok for result in results} == {
        "page": True,
        "locked": True,
        "dropped": False,
        "hanging": False,
    }
    assert [(found_in(text), text[:300]) for text in told if found_in(text)] == []
    assert found_in((tmp_path / "ann.json").read_text()) == ["cookie", "state", "storage"]
    assert stat.S_IMODE((tmp_path / "ann.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


def locked(hit: Any) -> Response:
    """Lets in who has everything."""
    known = (BASIC in hit.headers.get("authorization", ""), hit.headers.get("x-api-key") == SECRETS["header"])
    cookies = hit.cookies()
    if all(known) and cookies.get("a") == SECRETS["cookie"] and cookies.get("b") == SECRETS["state"]:
        return Response.html("<p>let in</p>")
    return Response.html("<p>locked</p>", status=401, headers=(("WWW-Authenticate", 'Basic realm="site"'),))


def test_what_is_refused_is_not_repeated() -> None:
    wrong: tuple[dict[str, Any], ...] = (
        {"http_credentials": ({"origin": "no origin", "username": "ann", "password": SECRETS["password"]},)},
        {"headers": {"X-Api-Key": f"{SECRETS['header']}\n"}},
        {"cookies": ({"name": "a", "value": SECRETS["cookie"], "url": 1},)},
        {"storage_state": {"cookies": [{"value": SECRETS["state"]}]}},
    )
    for fields in wrong:
        with pytest.raises(Exception, match="validation|not|state") as refusal:
            ContextConfig.model_validate(fields)
        assert found_in(f"{refusal.value!r}{refusal.value}") == []
