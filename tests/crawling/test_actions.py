"""Actions in whole crawls: from the request, the crawl's configuration, an open page; and what is not repeated."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from crawl4ai_browser import (
    ContentConfig,
    CrawlConfig,
    Crawler,
    Request,
    RetryConfig,
    Schema,
    Scope,
    VisitConfig,
)
from crawl4ai_browser.action_outcome import ActionOutcome
from crawl4ai_browser.actions import (
    Check,
    Click,
    Collect,
    Drag,
    Fill,
    IfPresent,
    Press,
    Repeat,
    RunScript,
    Scroll,
    Select,
    Upload,
    WaitFor,
)
from crawl4ai_browser.crawling.retry import Retry, decide
from crawl4ai_browser.errors import ActionTimeout, BrowserCrashed, ConfigError
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.snapshot import Snapshot
from crawl4ai_browser.testing.site import Response, SiteServer, attachment, delayed
from crawl4ai_browser.testing.site_register import rings


@pytest.mark.timeout(60)  # some sixty views, one after the other
async def test_a_thousand_rows_of_a_virtual_list_are_in_items_markdown_and_html(
    browser_config: CrawlConfig, site: SiteServer
) -> None:
    schema = Schema.model_validate(
        {
            "each": "#register li",
            "fields": {
                "ring": "b",
                "species": ".species",
                "grams": {"css": ".grams", "then": [{"kind": "match", "pattern": r"(\d+) g"}, "number"]},
            },
        }
    )
    changes = {
        "content": ContentConfig(items=schema),
        "visit": VisitConfig(timeout=60),
        "actions": (Collect("#register li"),),
    }
    config = browser_config.model_copy(update=changes)
    async with Crawler(config) as crawler:
        result = await crawler.fetch(site.url("/station/register.html"))
    result.raise_for_error()
    assert result.items == tuple(rings())
    assert all(f"HF-{number:04}" in (result.markdown or "") for number in range(1, 1001))
    assert CrawlResult.model_validate_json(result.model_dump_json()) == result


async def test_the_requests_actions_take_the_place_of_the_crawls(browser_config: CrawlConfig, site: SiteServer) -> None:
    config = browser_config.model_copy(update={"actions": (RunScript("'of the crawl'"),)})
    url = site.url("/about.html")
    async with Crawler(config) as crawler:
        results = [
            await crawler.fetch(Request(url=url, actions=actions))
            for actions in (None, (RunScript("'of the request'"),), ())
        ]
    assert [[outcome.value for outcome in result.actions] for result in results] == [
        ["of the crawl"],
        ["of the request"],
        [],
    ]


async def test_an_address_is_crawled_once_for_each_list_of_actions(crawler: Crawler, site: SiteServer) -> None:
    url = site.url("/station/catalogue.html")
    seeds = [Request(url=url, actions=(Select("#kind", kind),)) for kind in ("Eggs", "Feathers", "Eggs")]
    results = [result async for result in crawler.crawl(seeds, scope=Scope(max_depth=0))]
    kinds = sorted("egg" if ", egg" in (result.html or "") else "feather" for result in results)
    assert kinds == ["egg", "feather"]
    assert all(", feather" not in (result.html or "") or ", egg" not in (result.html or "") for result in results)


# --- the site's own pages


async def test_a_form_with_a_file_is_filled_and_sent(crawler: Crawler, site: SiteServer, tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("12 curlews")
    actions = (
        Fill("input[name=who]", "Ada"),
        Select("select", "Autumn"),
        Check("input[type=checkbox]"),
        Upload("input[type=file]", notes),
        Click("text=Leave them"),
        WaitFor("#received code, #received:not(:empty)"),
    )
    result = await crawler.fetch(Request(url=site.url("/station/depot.html"), actions=actions))
    assert "Received: Ada, autumn, weighed, notes.txt, 10 bytes" in (result.html or "")


async def test_cards_are_dragged_into_the_tray(crawler: Crawler, site: SiteServer) -> None:
    actions = (Drag("#feather-2", "#tray"), Drag("#feather-1", "#tray"))
    result = await crawler.fetch(Request(url=site.url("/station/drag.html"), actions=actions))
    assert "Sorted: Curlew, Barn owl" in (result.html or "")


async def test_views_of_an_application_and_what_lies_in_shadow_roots(crawler: Crawler, site: SiteServer) -> None:
    there = IfPresent("text=Put into the basket", (Scroll(),))
    shop = (Click("text=Stoves"), WaitFor(".card"), Click("text=Ember"), there)
    result = await crawler.fetch(Request(url=site.url("/shop/"), actions=shop))
    assert result.actions[-1].value is True
    assert result.final_url == site.url("/shop/item/ember")
    assert result.redirects == ()
    named = (Click("text=named in the glossary"),)
    glass = await crawler.fetch(Request(url=site.url("/station/shadow.html"), actions=named))
    assert glass.final_url == site.url("/guide/glossary.html")
    frames = (RunScript("document.title", frames=("iframe", "iframe")),)
    inner = await crawler.fetch(Request(url=site.url("/station/frames.html"), actions=frames))
    assert "kitchen" in str(inner.actions[0].value).lower()


# --- what is not repeated


def ordering(site: SiteServer) -> str:
    """A page whose button sends an order, and leads to an answer of 500."""
    site.route("/order", lambda hit: Response.html("<!doctype html><p>busy</p>", status=500))
    site.route("/basket", Response.html("<!doctype html><form method=post action=/order><button>order</button></form>"))
    site.reset_hits()
    return site.url("/basket")


async def test_an_order_is_not_sent_again(browser_config: CrawlConfig, site: SiteServer) -> None:
    retry = RetryConfig(max_attempts=3, first_delay=0, statuses=frozenset({500}))
    url = ordering(site)
    async with Crawler(browser_config.model_copy(update={"retry": retry})) as crawler:
        result = await crawler.fetch(Request(url=url, actions=(Click("button"),)))
    assert (result.status, result.error and result.error.kind) == (500, "HttpStatusError")
    assert site.hit_count("/order") == 1


@pytest.mark.parametrize(
    ("actions", "config", "is_repeated"),
    [
        ((), RetryConfig(), True),
        (("scroll", "dismiss_consent"), RetryConfig(), True),
        (("scroll", "click"), RetryConfig(), False),
        (("scroll", "click"), RetryConfig(repeat_actions=True), True),
    ],
)
def test_a_visit_whose_browser_died_is_made_again_unless_it_may_have_done_something(
    actions: tuple[str, ...], config: RetryConfig, is_repeated: bool
) -> None:
    outcomes = tuple(ActionOutcome(action=action, place="1", ok=False, seconds=0.1) for action in actions)
    url = "https://example.com/"
    snapshot = Snapshot(url=url, final_url=url, status=200, actions=outcomes, fetched_at=datetime.now(UTC))
    error = BrowserCrashed("died", snapshot=snapshot)
    decision = decide(error, attempts=0, browser_deaths=0, records=(), config=config, random=Random(1))
    assert isinstance(decision, Retry) == is_repeated


# --- an open page


async def test_steps_in_an_open_page_go_on_from_one_another(crawler: Crawler, site: SiteServer) -> None:
    site.reset_hits()
    async with crawler.session("ann") as ann, ann.page() as page:
        first = await page.goto(site.url("/station/pages.html"))
        (turned,) = await page.perform(Click("#next"))
        second = await page.result()
        outcomes = await page.perform(Repeat((Click("#next"),), until="#next:not([disabled])"), RunScript("1 + 1"))
        third = await page.result()
    for result, number in ((first, 1), (second, 2), (third, 5)):
        assert f"Page {number} of 5" in (result.html or "")
    assert (turned.ok, second.actions, first.actions) == (True, (turned,), ())
    assert third.actions == outcomes
    assert [outcome.value for outcome in outcomes] == [{"rounds": 3, "met": True}, 2]
    assert site.hit_count("/station/pages.html") == 1


async def test_a_failed_step_is_raised_and_the_page_goes_on(crawler: Crawler, site: SiteServer) -> None:
    async with crawler.session("ann") as ann, ann.page() as page:
        with pytest.raises(ConfigError, match="go to a URL first"):
            await page.perform(Press("Enter"))
        await page.goto(Request(url=site.url("/station/pages.html"), actions=(RunScript("'once'"),)))
        with pytest.raises(ActionTimeout, match="click '#never' .action 2.: .*nothing found"):
            await page.perform(RunScript("2"), Click("#never", timeout=0.3), RunScript("3"))
        await page.perform(Click("#next"))
        result = await page.result()
    assert "Page 2 of 5" in (result.html or "")
    assert [(outcome.action, outcome.ok) for outcome in result.actions] == [
        ("run_script", True),
        ("click", False),
        ("click", True),
    ]
    assert result.ok


async def test_collected_items_and_files_of_steps_are_in_the_next_result(crawler: Crawler, site: SiteServer) -> None:
    site.route("/steps.csv", delayed(attachment(b"a,b\n", "steps.csv", content_type="text/csv"), 0.2))
    site.route("/stepping", Response.html("<!doctype html><a href=/steps.csv>save</a><ul><li>a<li>b</ul>"))
    drop = RunScript("document.querySelector('ul').innerHTML = '<li>c'")
    async with crawler.session("ann") as ann, ann.page() as page:
        await page.goto(site.url("/stepping"))
        await page.perform(Collect("li"), drop, Collect("li"), Click("text=save"))
        first = await page.result()
        second = await page.result()
    assert [download.url for download in first.downloads] == [site.url("/steps.csv")]
    assert "<li>a</li>\n<li>b</li>\n<li>c</li>" in (first.html or "")
    assert "<ul><li>c</li></ul>" in (second.html or "")
