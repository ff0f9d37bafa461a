"""A user's own functions in the course of visits, in both frame modes."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, cast

import anyio
import pytest
from playwright.async_api import BrowserContext, Page

from crawl4ai_browser.browser.browser_fetcher import BrowserFetcher
from crawl4ai_browser.browser.hooks import NO_HOOKS, Hooks
from crawl4ai_browser.browser.pool import BrowserPool
from crawl4ai_browser.config import CrawlConfig
from crawl4ai_browser.crawling.crawler import Crawler
from crawl4ai_browser.errors import ConfigError, HookFailed
from crawl4ai_browser.page_content import Link
from crawl4ai_browser.request import Request
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.snapshot import Snapshot
from crawl4ai_browser.testing.scripted_fetcher import ScriptedFetcher
from crawl4ai_browser.testing.site import Hit, Response, SiteServer
from tests.browser.visiting import ADD, html_of, page

Visit = Callable[..., Awaitable[Snapshot]]


@pytest.fixture
def visit(pool: BrowserPool, crawl_config: CrawlConfig, site: SiteServer) -> Iterator[Visit]:
    """Visit `/hello?WORD`. The hooks of the last call that gave any hold."""

    def hello(hit: Hit) -> Response:
        return page(ADD + f"add('js:' + 'hello {hit.query}')", body="<button onclick=\"add('clicked')\">go</button>")

    site.route("/hello", hello)

    async def visited(word: str, *, fresh: bool = False, session: str | None = None, **hooks: Any) -> Snapshot:
        if hooks:
            pool.hooks = Hooks(**hooks)
        fetcher = BrowserFetcher(pool, crawl_config.model_copy(update={"fresh_contexts": fresh}))
        return await fetcher.fetch(Request(url=site.url(f"/hello?{word}"), session=session, metadata={"word": word}))

    yield visited
    pool.hooks = NO_HOOKS


async def test_each_is_called_at_its_moment_with_what_is_there(visit: Visit) -> None:
    seen: list[object] = []

    async def on_context(context: BrowserContext, session: str | None) -> None:
        seen.append(("on_context", session, len(context.pages)))

    async def before_goto(shown: Page, request: Request) -> None:
        seen.append(("before_goto", shown.url, request.metadata["word"]))

    async def after_ready(shown: Page, request: Request) -> None:
        seen.append(("after_ready", "js:hello" in await shown.content()))
        await shown.get_by_role("button").click()

    async def before_read(shown: Page, request: Request) -> None:
        seen.append(("before_read", await shown.get_by_text("clicked").count()))
        await shown.evaluate("add('last ' + 'word')")

    snapshot = await visit(
        "order",
        fresh=True,
        on_context=on_context,
        before_goto=before_goto,
        after_ready=after_ready,
        before_read=before_read,
    )
    assert seen == [
        ("on_context", None, 0),
        ("before_goto", "about:blank", "order"),
        ("after_ready", True),
        ("before_read", 1),
    ]
    assert "<p>clicked</p><p>last word</p>" in html_of(snapshot)
    assert {"before_goto", "after_ready", "before_read"} - snapshot.timings.keys() == {"before_goto"}


async def test_what_a_hook_leaves_in_its_page_is_not_met_by_the_next(visit: Visit, site: SiteServer) -> None:
    asked: list[str] = []

    async def before_goto(shown: Page, request: Request) -> None:
        if request.metadata["word"] == "first":
            await shown.set_extra_http_headers({"X-Left": "over"})
            shown.on("request", lambda sent: asked.append(sent.url))

    for word in ("first", "second"):
        await visit(word, before_goto=before_goto)
    hits = {hit.query: hit.headers.get("x-left") for hit in site.hits if hit.path == "/hello"}
    assert (hits["first"], hits["second"]) == ("over", None)
    assert asked == [site.url("/hello?first")]


@pytest.mark.parametrize("name", ["on_context", "before_goto", "after_ready", "before_read"])
async def test_one_that_raises_fails_its_own_page_alone_and_says_whose_fault_it_is(visit: Visit, name: str) -> None:
    failures = iter([KeyError("price")])

    async def careless(*_: object) -> None:
        for failure in failures:
            raise failure

    with pytest.raises(HookFailed) as caught:
        await visit("careless", fresh=True, **{name: careless})
    assert (caught.value.blame, caught.value.message) == ("user", f"{name} failed: KeyError: 'price'")
    if name in ("after_ready", "before_read"):
        assert "js:hello" in html_of(caught.value.snapshot)
    assert "js:hello" in html_of(await visit("careful", fresh=True))


async def test_one_that_takes_too_long_is_given_up_and_the_html_is_kept(visit: Visit) -> None:
    async def slow(shown: Page, request: Request) -> None:
        await anyio.sleep_forever()

    with pytest.raises(HookFailed, match="after_ready took longer than 0.2 s") as caught:
        await visit("slow", after_ready=slow, timeout=0.2)
    assert "js:hello" in html_of(caught.value.snapshot)


async def test_what_playwright_says_of_a_hooks_step_is_told_without_what_was_typed(visit: Visit) -> None:
    async def types(shown: Page, request: Request) -> None:
        await shown.locator("#nowhere").fill("a secret", timeout=100)

    with pytest.raises(HookFailed, match="before_read failed: .*Timeout") as caught:
        await visit("typing", before_read=types)
    assert "secret" not in caught.value.message


async def test_a_listener_that_a_hook_leaves_fails_the_page_it_is_on_and_no_other(visit: Visit) -> None:
    def broken(_: object) -> None:
        raise ValueError("in a listener")

    async def before_goto(shown: Page, request: Request) -> None:
        if request.metadata["word"] == "bad":
            shown.on("response", broken)

    found: dict[str, str] = {}

    async def see(word: str) -> None:
        try:
            found[word] = html_of(await visit(word, before_goto=before_goto))
        except HookFailed as error:
            found[word] = error.message

    async with anyio.create_task_group() as tasks:
        for word in ("good", "bad", "better"):
            tasks.start_soon(see, word)
    assert found.pop("bad") == "a listener that a hook left failed: ValueError: in a listener"
    assert all(f"js:hello {word}" in html for word, html in found.items())


async def test_one_that_closes_the_page_is_told_so(visit: Visit) -> None:
    async def close(shown: Page, request: Request) -> None:
        await shown.close()

    with pytest.raises(HookFailed, match="before_goto closed the page, which is not its own"):
        await visit("closing", before_goto=close)


async def test_many_at_once_have_their_own_page_and_request_each(visit: Visit) -> None:
    async def sign(shown: Page, request: Request) -> None:
        assert shown.url == request.url
        await shown.evaluate("(word) => add(`signed ${word}.`)", request.metadata["word"])

    pages: dict[str, str] = {}

    async def see(word: str) -> None:
        pages[word] = html_of(await visit(word, after_ready=sign))

    async with anyio.create_task_group() as tasks:
        for number in range(6):
            tasks.start_soon(see, str(number))
    assert len(pages) == 6
    for word, html in pages.items():
        assert html.count("signed ") == 1
        assert f"signed {word}." in html


async def test_a_session_is_introduced_by_its_name(visit: Visit, pool: BrowserPool) -> None:
    names: list[str | None] = []

    async def on_context(context: BrowserContext, session: str | None) -> None:
        names.append(session)
        await context.add_cookies([{"name": "hooked", "value": "yes", "domain": "127.0.0.1", "path": "/"}])

    session = await pool.open_session("introduced")
    for word in ("one", "two"):
        await visit(word, session="introduced", on_context=on_context)
    assert [cookie.name for cookie in (await session.storage_state()).cookies] == ["hooked"]
    await pool.close_session(session)
    assert names == ["introduced"]


# --- of a crawler, without browsers


async def test_a_crawls_own_on_result_takes_the_place_of_the_crawlers(crawl_config: CrawlConfig) -> None:
    seen: list[str] = []

    async def general(result: CrawlResult) -> None:
        seen.append("general")

    async def own(result: CrawlResult) -> list[Link]:
        seen.append("own")
        return []

    fetcher = ScriptedFetcher({"https://a.test/": "<a href=/2>2</a>"})
    async with Crawler(crawl_config, fetcher=fetcher, hooks=Hooks(on_result=general)) as crawler:
        assert len([result async for result in crawler.crawl("https://a.test/", on_result=own)]) == 1
        assert len([result async for result in crawler.crawl("https://a.test/")]) == 1
        await crawler.fetch("https://a.test/")
    assert seen == ["own", "general", "general"]


async def test_an_on_result_that_fails_leaves_the_rest_of_the_result(
    crawl_config: CrawlConfig, caplog: pytest.LogCaptureFixture
) -> None:
    async def slow(result: CrawlResult) -> None:
        await anyio.sleep_forever()

    async def careless(result: CrawlResult) -> None:
        raise KeyError("price")

    fetcher = ScriptedFetcher({"https://a.test/": "<p>kept"})
    for hook, message in (
        (slow, "on_result took longer than 0.1 s"),
        (careless, "on_result failed: KeyError: 'price'"),
    ):
        with caplog.at_level(logging.CRITICAL):
            async with Crawler(crawl_config, fetcher=fetcher, hooks=Hooks(on_result=hook, timeout=0.1)) as crawler:
                result = await crawler.fetch("https://a.test/")
        assert result.error is not None
        assert (result.error.kind, result.error.blame, result.error.message) == ("HookFailed", "user", message)
        assert "kept" in (result.html or "")


def test_what_can_never_work_is_refused_before_anything_starts() -> None:
    async def hook(shown: Page, request: Request) -> None:
        del shown, request

    with pytest.raises(ConfigError, match="the hook before_goto is 'click', not an async function"):
        Hooks(before_goto=cast("Any", "click"))
    with pytest.raises(ConfigError, match="deadline of hooks is 0"):
        Hooks(timeout=0)
    with pytest.raises(ConfigError, match="hooks get browsers' pages"):
        Crawler(fetcher=ScriptedFetcher({}), hooks=Hooks(before_read=hook))


async def test_one_that_is_not_async_says_so(visit: Visit) -> None:
    with pytest.raises(HookFailed, match="before_goto is not an async function"):
        await visit("sync", before_goto=print)
