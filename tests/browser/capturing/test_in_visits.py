"""Captures beside what else goes on in a visit: actions, hooks, pages that stay open, pages that hang."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
from playwright.async_api import Page

from crawl4ai_browser.actions import RunScript, Select, WaitFor
from crawl4ai_browser.browser.browser_fetcher import BrowserFetcher
from crawl4ai_browser.browser.capturing import capturing
from crawl4ai_browser.browser.hooks import NO_HOOKS, Hooks
from crawl4ai_browser.browser.pool import BrowserPool
from crawl4ai_browser.capture_config import CaptureConfig
from crawl4ai_browser.config import CrawlConfig
from crawl4ai_browser.request import Request
from crawl4ai_browser.snapshot import Snapshot
from crawl4ai_browser.testing.site import Response, SiteServer
from tests.browser.capturing.looking import BLUE, Look, Take
from tests.browser.visiting import ADD, html_of, page


@pytest.fixture
def hooked(pool: BrowserPool) -> Iterator[BrowserPool]:
    """The pool, whose hooks are taken away afterwards."""
    yield pool
    pool.hooks = NO_HOOKS


def queries(snapshot: Snapshot) -> list[str]:
    return [response.url.partition("?")[2] for response in snapshot.responses]


async def test_the_catalogues_own_api_gives_its_data_also_what_actions_asked_for(
    pool: BrowserPool, crawl_config: CrawlConfig, site: SiteServer
) -> None:
    request = Request(
        url=site.url("/station/catalogue.html"),
        actions=(Select("#kind", "Eggs"), WaitFor("#cards > li")),
        capture=CaptureConfig(responses="**/api/**"),
    )
    snapshot = await BrowserFetcher(pool, crawl_config).fetch(request)
    assert [outcome.ok for outcome in snapshot.actions] == [True, True]
    assert queries(snapshot) == ["page=1&kind=", "page=1&kind=egg"]
    first, eggs = [response.data() for response in snapshot.responses]
    assert isinstance(first, dict)
    assert isinstance(eggs, dict)
    assert first["specimens"]
    assert first != eggs


async def test_pictures_show_what_hooks_and_actions_have_made(
    hooked: BrowserPool, crawl_config: CrawlConfig, site: SiteServer, look: Look
) -> None:
    order: list[str] = []

    async def after_ready(shown: Page, request: Request) -> None:
        order.append(await shown.evaluate("document.body.style.background = 'red'; document.title"))

    async def before_read(shown: Page, request: Request) -> None:
        order.append(await shown.evaluate("document.title"))
        await shown.evaluate("document.body.style.background = 'rgb(0, 0, 255)'")

    site.route("/blank", page(""))
    hooked.hooks = Hooks(after_ready=after_ready, before_read=before_read)
    request = Request(
        url=site.url("/blank"),
        actions=(RunScript("document.title = 'acted'"),),
        capture=CaptureConfig(screenshot="viewport"),
    )
    snapshot = await BrowserFetcher(hooked, crawl_config).fetch(request)
    assert order == ["page", "acted"], "actions are done between the two"
    assert "rgb(0, 0, 255)" in html_of(snapshot)
    hooked.hooks = NO_HOOKS
    assert (await look(snapshot.screenshot, (600, 600))).colours == [BLUE]


async def test_a_page_that_stays_open_records_what_each_step_asks_for(
    pool: BrowserPool, crawl_config: CrawlConfig, site: SiteServer
) -> None:
    site.route("/step.json", lambda hit: Response.json(hit.query))
    site.route("/steps", page(ADD + "fetch('/step.json?0').then((answer) => answer.json()).then(add)"))

    async def step(shown: Page, *, number: int) -> None:
        await shown.evaluate(f"fetch('/step.json?{number}').then((answer) => answer.json())")

    session = await pool.open_session("steps")
    async with BrowserFetcher(pool, crawl_config).open_page(session) as opened:
        request = Request(url=site.url("/steps"), session="steps", capture=CaptureConfig(responses="/step.json"))
        seen = [queries(await opened.fetch(request))]
        for number in (1, 2):
            await opened.run(partial(step, number=number))
            seen.append(queries(await opened.snapshot()))
    await pool.close_session(session)
    assert seen == [["0"], ["1"], ["2"]]


async def test_a_capture_that_hangs_is_a_fault_and_the_page_and_its_other_captures_are_kept(
    site: SiteServer, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capturing, "CAPTURE_SECONDS", 2.0)
    site.route("/never-printed", page("addEventListener('beforeprint', () => { for (;;); })"))
    snapshot = await take("/never-printed", pdf=True, requests=True)
    assert [str(fault) for fault in snapshot.capture_faults] == ["pdf: not within 2 s"]
    assert snapshot.capture_faults[0].blame == "renderer"
    assert len(snapshot.requests) == 1
    assert "shell" in html_of(snapshot)
    assert "shell" in html_of(await take("/never-printed")), "the next visit has another page"
