"""What a crawl through proxies shows, keeps and starts holds no password of theirs."""

from __future__ import annotations

import logging
from base64 import b64encode
from pathlib import Path

import psutil
import pytest

from crawl4ai_browser import (
    CapacityConfig,
    ContextConfig,
    CrawlConfig,
    Crawler,
    DownloadConfig,
    Event,
    Proxy,
    ProxyHealth,
    ProxyPool,
    RetryConfig,
    VisitConfig,
    check_proxies,
)
from crawl4ai_browser.crawling.report_page import report_page
from crawl4ai_browser.crawling.run_report import ReportBuilder
from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.events import BrowserLaunched
from crawl4ai_browser.ready import Load
from crawl4ai_browser.testing.site import Response, SiteServer
from tests import proxy_servers

pytestmark = pytest.mark.timeout(60)  # a browser starts in a second alone on a core, and in ten on a busy machine

SECRET = "canary-password"
USER = "canary-user"
FORMS = (SECRET, USER, *(b64encode(f"{USER}:{word}".encode()).decode()[8:-4] for word in (SECRET, f"wrong-{SECRET}")))
"""A header holds them as base64, from whose middle no prefix takes anything."""


def command_lines() -> str:
    """Arguments and environments of all processes that this one has started."""
    told: list[str] = []
    for process in psutil.Process().children(recursive=True):
        try:
            told += [*process.cmdline(), *process.environ().values()]
        except psutil.Error:  # it has ended meanwhile
            continue
    return "\n".join(told)


def files_below(folder: Path) -> list[str]:
    return [path.read_bytes().decode("latin-1") for path in folder.rglob("*") if path.is_file()]


def found_in(text: str) -> list[str]:
    return [form for form in FORMS if form in text]


async def test_passwords_are_nowhere_but_in_what_proxies_are_sent(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told: list[str] = []
    builder = ReportBuilder()

    def watch(event: Event) -> None:
        told.append(f"{event!r}{event}{event.model_dump_json()}")
        if isinstance(event, BrowserLaunched):
            told.append(command_lines())

    with (
        SiteServer() as site,
        proxy_servers.relaying({USER: SECRET}) as good,
        proxy_servers.relaying({USER: "another"}) as locked,
        proxy_servers.dead() as dead,
    ):
        site.route("/*", Response.html("<p>text</p>"))
        members = [f"{USER}:{SECRET}@127.0.0.1:{good.port}", f"127.0.0.1:{locked.port}:{USER}:wrong-{SECRET}"]
        pool = ProxyPool([*members, f"socks5://{USER}:{SECRET}@127.0.0.1:{dead.port} via {members[0]}"])
        config = CrawlConfig(
            proxies=pool,
            state_dir=tmp_path / "state",
            download=DownloadConfig(folder=tmp_path / "files"),
            capacity=CapacityConfig(max_pages=2, content_workers=1),
            retry=RetryConfig(max_attempts=2, max_delay=0.1),
            visit=VisitConfig(ready=Load(), timeout=40),
        )
        own = ContextConfig(proxy=Proxy.parse(members[1]))
        async with Crawler(config, observers=[watch, builder]) as crawler:
            run = crawler.crawl([site.url(f"/{number}") for number in range(6)])
            results = [result async for result in run]
            async with crawler.session("mallory", context=own) as mallory:
                results.append(await mallory.fetch(site.url("/mallory")))
                told += [repr(mallory), command_lines()]
            told += [repr(crawler), repr(run), repr(crawler.proxies), *map(str, crawler.proxies)]
        checks = await check_proxies(pool, site.url("/"))
        told += [repr(checks), *(check.model_dump_json() for check in checks)]
        told += [f"{config!r}{config}{own!r}{pool!r}{pool.members}", pool.model_dump_json(), config.model_dump_json()]
    report = builder.report()
    told += [report.model_dump_json(), report_page(report), caplog.text]
    told += [f"{result!r}{result.model_dump_json()}{result.error}" for result in results]
    told += files_below(tmp_path)
    assert [result.ok for result in results] == [True] * 6 + [False]
    assert any(FORMS[2] in head.decode("latin-1") for head in good.heads), "the proxy itself was told, in this form"
    shown = [text for text in told if found_in(text.replace(f'"username":"{USER}"', ""))]
    assert [(found_in(text), text[:300]) for text in shown] == []


def test_what_is_refused_is_not_repeated() -> None:
    for wrong in (f"http://{USER}:{SECRET}@", f"{USER}:{SECRET}@127.0.0.1:99999", f"socks4://{USER}:{SECRET}@a:1"):
        with pytest.raises(ConfigError) as refusal:
            ProxyPool([wrong], health=ProxyHealth())
        assert found_in(f"{refusal.value!r}{refusal.value}") == []
