"""A user's function that says which links are followed."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from crawl4ai_browser.config import CrawlConfig
from crawl4ai_browser.crawling.crawler import Crawler
from crawl4ai_browser.crawling.result_hook import ResultHook
from crawl4ai_browser.frontier.scope import Scope
from crawl4ai_browser.page_content import Link
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.testing.scripted_fetcher import ScriptedFetcher, page

ROOT = "https://a.test/0"
Tree = Callable[[str], str]


async def crawled(config: CrawlConfig, tree: Tree, hook: ResultHook, *, depth: int = 2) -> dict[int, CrawlResult]:
    fetcher = ScriptedFetcher(lambda url: page(url, tree(url)))
    async with Crawler(config, fetcher=fetcher) as crawler:
        run = crawler.crawl(ROOT, scope=Scope(max_depth=depth), on_result=hook)
        return {int(result.url.rpartition("/")[2]): result async for result in run}


async def test_links_are_vetoed(config: CrawlConfig, tree: Tree) -> None:
    async def left_only(result: CrawlResult) -> list[Link]:
        return [link for link in result.links if link.text == "left"]

    results = await crawled(config, tree, left_only)
    assert sorted(results) == [0, 1, 3]
    assert len(results[0].links) == 2, "the result itself is as it was"


async def test_links_are_added_and_judged_by_the_scope(config: CrawlConfig, tree: Tree) -> None:
    async def far(result: CrawlResult) -> list[Link | str]:
        return [*result.links, "/77", "https://b.test/1"] if result.depth == 0 else []

    assert sorted(await crawled(config, tree, far)) == [0, 1, 2, 77]


async def test_none_follows_the_pages_own_links(config: CrawlConfig, tree: Tree) -> None:
    seen: list[str] = []

    async def look(result: CrawlResult) -> None:
        seen.append(result.url)

    assert sorted(await crawled(config, tree, look, depth=1)) == [0, 1, 2]
    assert len(seen) == 3


async def test_a_hook_that_fails_is_the_users_and_the_others_go_on(config: CrawlConfig, tree: Tree) -> None:
    async def careless(result: CrawlResult) -> None:
        if result.url.endswith("/1"):
            raise KeyError("price")

    results = await crawled(config, tree, careless)
    assert sorted(results) == [0, 1, 2, 5, 6], "no links of what it failed for"
    assert [number for number, result in results.items() if not result.ok] == [1]
    error = results[1].error
    assert error is not None
    assert (error.kind, error.blame, error.message) == ("HookFailed", "user", "on_result failed: KeyError: 'price'")


async def test_what_is_no_link_is_said(config: CrawlConfig, tree: Tree) -> None:
    async def wrong(result: CrawlResult) -> list[str]:
        return [cast("str", 7)]

    error = (await crawled(config, tree, wrong))[0].error
    assert error is not None
    assert error.message == "on_result failed: it returned 7 where a Link or a URL is expected"
