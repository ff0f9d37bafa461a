"""Functions of the user's that raise: the page they were called for says so, and nothing else is disturbed."""

from __future__ import annotations

import logging

import pytest
from playwright.async_api import Page

from crawl4ai_browser import Crawler, CrawlResult, Extractor
from crawl4ai_browser.browser.hooks import Hooks
from crawl4ai_browser.config import CrawlConfig
from crawl4ai_browser.events import Event
from crawl4ai_browser.request import Request
from crawl4ai_browser.testing.site import SiteServer

pytestmark = pytest.mark.timeout(60)


class Careless:
    """Everything a user may hand in, and each fails for the pages that are named after it."""

    def observer(self, event: Event) -> None:
        raise KeyError(type(event).__name__)

    async def before_goto(self, page: Page, request: Request) -> None:
        if "listener" in request.url:
            page.on("response", self.listener)
        self._fail_at("before_goto", request.url)

    async def after_ready(self, page: Page, request: Request) -> None:
        del page
        self._fail_at("after_ready", request.url)

    async def extract(self, result: CrawlResult) -> dict[str, str]:
        self._fail_at("extract", result.url)
        return {}

    async def on_result(self, result: CrawlResult) -> None:
        self._fail_at("on_result", result.url)

    def listener(self, response: object) -> None:
        del response
        raise ZeroDivisionError("in a listener")

    def _fail_at(self, name: str, url: str) -> None:
        if name in url:
            raise KeyError(f"careless {name}")


async def test_a_users_function_that_raises_fails_its_own_page_and_is_blamed(
    config: CrawlConfig, site: SiteServer, caplog: pytest.LogCaptureFixture
) -> None:
    careless = Careless()
    names = ("listener", "before_goto", "after_ready", "extract", "on_result", "one", "two", "three")
    hooks = Hooks(before_goto=careless.before_goto, after_ready=careless.after_ready)
    extractors = [Extractor(careless.extract)]
    with caplog.at_level(logging.CRITICAL, "crawl4ai_browser"):  # each event is reported, with its traceback
        async with Crawler(config, observers=[careless.observer], extractors=extractors, hooks=hooks) as crawler:
            seeds = [site.url(f"/leaf/{name}") for name in names]
            run = crawler.crawl(seeds, on_result=careless.on_result)
            results = {result.url.rpartition("/")[2]: result async for result in run}
    assert sorted(results) == sorted(names)
    failed = {name: result.error for name, result in results.items() if result.error is not None}
    assert {name: (error.kind, error.blame) for name, error in failed.items()} == {
        "listener": ("HookFailed", "user"),
        "before_goto": ("HookFailed", "user"),
        "after_ready": ("HookFailed", "user"),
        "extract": ("ExtractError", "user"),
        "on_result": ("HookFailed", "user"),
    }
    assert all((name if name == "listener" else f"careless {name}") in error.message for name, error in failed.items())
    assert all(result.html for name, result in results.items() if name != "before_goto"), "what came before is kept"
