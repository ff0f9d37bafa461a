"""The key differs for everything that a visit depends on, and for nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawl4ai_browser import (
    BrowserConfig,
    CapacityConfig,
    CaptureConfig,
    ContextConfig,
    CrawlConfig,
    DownloadConfig,
    RetryConfig,
    VisitConfig,
)
from crawl4ai_browser.actions import Click, Fill, RunScript, Type
from crawl4ai_browser.identity import Cookie, HttpCredentials
from crawl4ai_browser.proxy import Proxy
from crawl4ai_browser.proxy_pool import ProxyPool
from crawl4ai_browser.ready import Load, Selector
from crawl4ai_browser.request import Request
from crawl4ai_browser.storage.cache_key import cache_key

URL = "https://example.com/page"
PLAIN = Request(url=URL)


def key(request: Request = PLAIN, config: CrawlConfig | None = None, context: ContextConfig | None = None) -> bytes:
    config = config or CrawlConfig()
    return cache_key(request, config, context or config.context)


def credentials(password: str) -> ContextConfig:
    return ContextConfig(
        http_credentials=(
            HttpCredentials.model_validate(
                {"origin": "https://example.com", "username": "alice", "password": password}
            ),
        )
    )


def cookie(value: str) -> ContextConfig:
    return ContextConfig(cookies=(Cookie.model_validate({"name": "sid", "value": value, "url": URL}),))


DIFFERENT: dict[str, bytes] = {
    "plain": key(),
    "url": key(Request(url=f"{URL}?page=2")),
    "fragment": key(Request(url=f"{URL}#part")),
    "session": key(Request(url=URL, session="alice")),
    "another session": key(Request(url=URL, session="bob")),
    "headers": key(Request(url=URL, headers={"X-Test": "1"})),
    "html": key(Request(url=URL, html="<p>given</p>")),
    "actions": key(Request(url=URL, actions=(Fill("#name", "one"),))),
    "other input": key(Request(url=URL, actions=(Fill("#name", "two"),))),
    "another action": key(config=CrawlConfig(actions=(Type("#name", "one"),))),
    "a script's arguments": key(config=CrawlConfig(actions=(RunScript("(a) => a", (1,)),))),
    "other arguments": key(config=CrawlConfig(actions=(RunScript("(a) => a", (2,)),))),
    "file": key(Request(url=URL, as_file=True)),
    "ready": key(config=CrawlConfig(visit=VisitConfig(ready=Selector(css="h1")))),
    "another ready": key(config=CrawlConfig(visit=VisitConfig(ready=Selector(css="h2")))),
    "shadow roots": key(config=CrawlConfig(visit=VisitConfig(shadow_roots=True))),
    "screenshot": key(config=CrawlConfig(capture=CaptureConfig(screenshot="viewport"))),
    "device": key(context=ContextConfig(device="Pixel 7")),
    "locale": key(context=ContextConfig(locale="de-CH")),
    "user agent": key(context=ContextConfig(user_agent="robot")),
    "scripts": key(context=ContextConfig(java_script=False)),
    "proxy": key(context=ContextConfig(proxy=Proxy.parse("http://one.example:3128"))),
    "another proxy": key(context=ContextConfig(proxy=Proxy.parse("http://two.example:3128"))),
    "pool": key(config=CrawlConfig(proxies=ProxyPool(["http://one.example:3128", "http://two.example:3128"]))),
    "password": key(context=credentials("one")),
    "another password": key(context=credentials("two")),
    "cookie": key(context=cookie("one")),
    "another cookie": key(context=cookie("two")),
    "state": key(context=ContextConfig(storage_state="alice.json")),
    "switch": key(config=CrawlConfig(browser=BrowserConfig(args=("--force-dark-mode",)))),
    "fresh contexts": key(config=CrawlConfig(fresh_contexts=True)),
    "folder": key(config=CrawlConfig(download=DownloadConfig(folder=Path("elsewhere")))),
}

SAME: dict[str, bytes] = {
    "priority": key(Request(url=URL, priority=5)),
    "metadata": key(Request(url=URL, metadata={"line": 3})),
    "visit said by the request": key(Request(url=URL, visit=VisitConfig())),
    "capture said by the request": key(Request(url=URL, capture=CaptureConfig())),
    "no actions said by the request": key(Request(url=URL, actions=()), CrawlConfig(actions=(Click("#more"),))),
    "deadlines": key(config=CrawlConfig(visit=VisitConfig(timeout=5, navigation_timeout=5))),
    "retries": key(config=CrawlConfig(retry=RetryConfig(max_attempts=1))),
    "capacity": key(config=CrawlConfig(capacity=CapacityConfig(max_pages=1))),
    "browsers": key(config=CrawlConfig(browser=BrowserConfig(count=3, max_pages=10, launch_timeout=1))),
}


def test_whatever_changes_the_visit_changes_the_key() -> None:
    names: dict[bytes, str] = {}
    for name, value in DIFFERENT.items():
        assert names.setdefault(value, name) == name, f"{name} has the key of {names[value]}"


@pytest.mark.parametrize("name", SAME)
def test_what_does_not_change_the_visit_does_not_change_the_key(name: str) -> None:
    assert SAME[name] == DIFFERENT["plain"]


def test_the_same_proxies_in_another_order_are_the_same() -> None:
    there = ProxyPool(["http://one.example:3128", "http://two.example:3128"])
    back = ProxyPool(["http://two.example:3128", "http://one.example:3128"])
    assert key(config=CrawlConfig(proxies=there)) == key(config=CrawlConfig(proxies=back))


def test_a_named_session_is_itself_whatever_it_remembers() -> None:
    alice = Request(url=URL, session="alice")
    assert key(alice, context=ContextConfig(storage_state="one.json")) == key(alice)


def test_the_requests_own_way_counts_and_not_the_crawls() -> None:
    asked = Request(url=URL, visit=VisitConfig(ready=Load()))
    assert key(asked) == key(config=CrawlConfig(visit=VisitConfig(ready=Load())))


def test_a_key_is_the_same_in_another_process() -> None:
    """Sets are hashed anew in each: a key that depended on their order would never be found again."""
    config = CrawlConfig(retry=RetryConfig(), context=ContextConfig(headers={"B": "2", "A": "1"}))
    assert key(config=config) == key(
        config=config.model_copy(update={"context": ContextConfig(headers={"A": "1", "B": "2"})})
    )
