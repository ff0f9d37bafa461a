"""A page that stays open, functions of the user's, and what they may and may not do."""

from __future__ import annotations

import anyio
import pytest
from playwright.async_api import BrowserContext, Page

from crawl4ai_browser import ContextConfig, CrawlConfig, Crawler, PolitenessConfig, Request, SignedIn, SignIn
from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.testing.site import Members, Response, SiteServer, attachment, delayed
from tests.crawling.members import entry, log_in_as, member_of, signs_in


async def test_steps_go_on_without_reloading(crawler: Crawler, site: SiteServer) -> None:
    async def more(page: Page) -> None:
        await page.get_by_role("button").click()

    site.reset_hits()
    async with crawler.session("ann") as ann, ann.page() as page:
        first = await page.goto(site.url("/station/load-more.html"))
        await page.run(more)
        second = await page.result()
        await page.run(more)
        third = await page.result()
    lengths = [len(result.html or "") for result in (first, second, third)]
    assert lengths == sorted(set(lengths))
    assert site.hit_count("/station/load-more.html") == 1
    for result in (first, second, third):
        assert (result.ok, result.status, result.redirects, result.session) == (True, 200, (), "ann")
        assert result.headers["content-type"].startswith("text/html")
        assert result.url == result.final_url == site.url("/station/load-more.html")


async def test_a_result_is_of_where_the_page_has_gone(crawler: Crawler, site: SiteServer) -> None:
    site.route("/slow-way", delayed(Response.html("<h1>There at last</h1>", status=404), 1.0))
    site.route("/way", Response.html("<a href=/slow-way>go</a>"))
    async with crawler.session("ann") as ann, ann.page() as page:
        await page.goto(site.url("/way"))
        await page.run(lambda shown: shown.get_by_text("go").click())
        result = await page.result()
    assert result.final_url == site.url("/slow-way")
    assert result.url == site.url("/way")
    assert "There at last" in (result.html or "")
    assert (result.status, result.error and result.error.kind) == (404, "HttpStatusError")


async def test_files_dialogs_and_windows_belong_to_the_result_after_them(crawler: Crawler, site: SiteServer) -> None:
    site.route("/data.csv", attachment(b"a,b\n", "data.csv", content_type="text/csv"))
    site.route("/busy", Response.html("<a href=/data.csv>save</a> <button onclick=\"alert('mind')\">alert</button>"))
    async with crawler.session("ann") as ann, ann.page() as page:
        first = await page.goto(site.url("/busy"))
        await page.run(lambda shown: shown.get_by_text("save").click())
        second = await page.result()
        await page.run(lambda shown: shown.get_by_text("alert").click())
        third = await page.result()
    assert [len(result.downloads) for result in (first, second, third)] == [0, 1, 0]
    assert second.downloads[0].url == site.url("/data.csv")
    assert [result.dialogs for result in (first, second, third)] == [(), (), ("mind",)]


async def test_an_open_page_signs_in_like_any_other(crawler: Crawler, site: SiteServer, members: Members) -> None:
    async with crawler.session("ann", sign_in=signs_in("ann", site)) as ann, ann.page() as page:
        assert member_of(await page.goto(entry(site, 1))) == "ann"
        members.sign_out()
        again = await page.goto(entry(site, 2))
    assert (member_of(again), [attempt.charged for attempt in again.attempts]) == ("ann", [False, True])
    assert members.sign_in_count() == 2


async def test_an_open_page_is_polite(browser_config: CrawlConfig) -> None:
    config = browser_config.model_copy(update={"politeness": PolitenessConfig()})
    with SiteServer() as site:
        site.route("/robots.txt", Response.text("User-agent: *\nDisallow: /guide/\n"))
        site.route("/*", Response.html("<h1>page</h1>"))
        async with Crawler(config) as crawler, crawler.session("ann") as ann, ann.page() as page:
            allowed = await page.goto(site.url("/about.html"))
            denied = await page.goto(site.url("/guide/tables.html"))
    assert allowed.ok
    assert denied.error is not None
    assert denied.error.kind == "RobotsDenied"


async def test_nothing_is_read_before_anything_is_visited(crawler: Crawler) -> None:
    async with crawler.session("ann") as ann, ann.page() as page:
        with pytest.raises(ConfigError, match="go to a URL first"):
            await page.result()
        with pytest.raises(ConfigError, match="go to a URL first"):
            await page.run(lambda shown: shown.title())


async def test_a_held_page_and_fetches_beside_it_do_not_wait_for_one_another(
    crawler: Crawler, browser_config: CrawlConfig, site: SiteServer
) -> None:
    url = site.url("/about.html")
    async with crawler.session("ann") as ann, ann.page() as page:
        await page.goto(url)

        async def visits(_: Page) -> int:
            async with anyio.create_task_group() as tasks:
                for _number in range(browser_config.capacity.max_pages + 1):
                    tasks.start_soon(ann.fetch, url)
            return 1

        with anyio.fail_after(15):
            assert await ann.run(visits) == 1
            assert await page.run(visits) == 1
            assert (await page.result()).ok


# --- functions of one's own


async def test_what_a_function_gives_and_raises_comes_out(crawler: Crawler, site: SiteServer) -> None:
    async def title(page: Page) -> str:
        await page.goto(site.url("/about.html"))
        return await page.title()

    async def fails(page: Page) -> None:
        raise LookupError(await page.title() or "no title")

    async with crawler.session("ann") as ann:
        assert "About" in await ann.run(title)
        with pytest.raises(LookupError, match="no title"):
            await ann.run(fails)


async def test_windows_of_a_function_paint_and_are_closed(crawler: Crawler, site: SiteServer) -> None:
    paints = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"
    site.route("/opener", Response.html("<button onclick=\"window.open('/about.html')\">open</button>"))
    contexts: list[BrowserContext] = []

    async def opens(page: Page) -> list[bool]:
        contexts.append(page.context)
        await page.goto(site.url("/opener"))
        async with page.expect_popup() as popup:
            await page.get_by_role("button").click()
        other = await page.context.new_page()
        await other.goto(site.url("/about.html"))
        return [bool(await window.evaluate(paints)) for window in (page, await popup.value, other)]

    async with crawler.session("ann") as ann:
        with anyio.fail_after(10):
            assert await ann.run(opens) == [True, True, True]
        with anyio.fail_after(20):
            while contexts[0].pages:  # noqa: ASYNC110 - the browser closes them in its own time
                await anyio.sleep(0.02)


async def test_a_dialog_is_the_functions_own(crawler: Crawler, site: SiteServer) -> None:
    site.route("/asks", Response.html("<script>document.title = prompt('name?')</script>"))

    async def answers(page: Page) -> str:
        page.on("dialog", lambda dialog: dialog.accept("ann"))
        await page.goto(site.url("/asks"))
        return await page.title()

    async with crawler.session("ann") as ann:
        assert await ann.run(answers) == "ann"


async def test_a_step_alone_cannot_begin_inside_a_visit(crawler: Crawler, site: SiteServer) -> None:
    async with crawler.session("ann") as ann:

        async def waits_for_itself(page: Page) -> None:
            await page.goto(site.url("/about.html"))
            async with ann.alone():
                pass

        with anyio.fail_after(10), pytest.raises(ConfigError, match="can't begin inside one of its visits"):
            await ann.run(waits_for_itself)


# --- misuse


async def test_a_session_outside_its_block_says_so(crawler: Crawler, site: SiteServer) -> None:
    session = crawler.session("ann")
    with pytest.raises(ConfigError, match="session 'ann' has not been entered"):
        await session.fetch(site.url())
    async with session:
        pass
    for use in (session.storage_state, lambda: session.fetch(site.url()), lambda: session.run(log_in_as("ann", site))):
        with pytest.raises(ConfigError, match="session 'ann' is closed"):
            await use()
    with pytest.raises(ConfigError, match="is entered once"):
        await session.__aenter__()


async def test_a_request_for_a_session_that_was_closed_is_a_record_that_says_so(
    crawler: Crawler, site: SiteServer
) -> None:
    async with crawler.session("ann"):
        pass
    result = await crawler.fetch(Request(url=site.url("/about.html"), session="ann"))
    assert result.error is not None
    assert (result.error.kind, result.error.message) == ("SessionEnded", "session 'ann' has ended: it was closed")
    async with crawler.session("ann"):
        assert (await crawler.fetch(Request(url=site.url("/about.html"), session="ann"))).ok


async def test_a_name_is_open_once(crawler: Crawler) -> None:
    async with crawler.session("ann"):
        with pytest.raises(ConfigError, match="a session 'ann' is open already"):
            async with crawler.session("ann"):
                pass


async def test_a_session_takes_no_request_of_another(crawler: Crawler, site: SiteServer) -> None:
    request = Request(url=site.url("/about.html"), session="ben")
    async with crawler.session("ann") as ann:
        with pytest.raises(ConfigError, match="not those of session 'ben'"):
            await ann.fetch(request)
        with pytest.raises(ConfigError, match="not those of session 'ben'"):
            ann.crawl(request)
        results = [result async for result in ann.crawl([request, site.url("/about.html")])]
    assert [(result.ok, result.error and result.error.kind) for result in results] == [
        (False, "ConfigError"),
        (True, None),
    ]


async def test_urls_added_to_a_running_crawl_are_the_sessions_too(
    crawler: Crawler, site: SiteServer, members: Members
) -> None:
    del members
    async with crawler.session("ann", sign_in=signs_in("ann", site)) as ann:
        run = ann.crawl([entry(site, 1)])
        first = await anext(run)
        run.add([entry(site, 2)])
        rest = [result async for result in run]
    assert [member_of(result) for result in (first, *rest)] == ["ann", "ann"]


@pytest.mark.parametrize(
    "context", [ContextConfig(device="Nokia 3310"), ContextConfig(storage_state="/nowhere/state.json")]
)
async def test_what_there_is_not_is_refused_before_a_browser_starts(
    browser_config: CrawlConfig, context: ContextConfig
) -> None:
    config = browser_config.model_copy(update={"context": context})
    with pytest.raises(ConfigError, match="no device is called 'Nokia 3310'|can't be read"):
        async with Crawler(config):
            pytest.fail("it was entered")
    async with Crawler(browser_config) as crawler:
        with pytest.raises(ConfigError, match="no device is called 'Nokia 3310'|can't be read"):
            async with crawler.session("ann", context=context):
                pytest.fail("it was entered")


def test_a_sign_in_is_made_of_async_functions() -> None:
    async def log_in(page: Page) -> None:
        del page

    def not_async(page: Page) -> None:
        del page

    with pytest.raises(ConfigError, match=r"SignIn\.log_in is an async function"):
        SignIn(log_in=not_async)  # type: ignore[arg-type]  # what the check is for
    with pytest.raises(ConfigError, match=r"SignIn\.check_url is an absolute URL"):
        SignIn(log_in=log_in, check_url="/account")
    with pytest.raises(ConfigError, match="are greater than 0"):
        SignIn(log_in=log_in, timeout=0)
    assert SignIn(log_in=log_in, is_signed_in=SignedIn(selector="a")).max_in_a_row == 3
