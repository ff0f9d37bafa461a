"""Whole results of the bundled site's pages, each acted on as its behaviour needs, against those in fixtures/snapshots.

All of them are visited at once, in both frame modes. Where they are right as they are now, this writes them anew:

    pytest tests/browser/acting/test_saved_results.py --update-crawls
"""

from __future__ import annotations

from dataclasses import dataclass

import anyio
import pytest

from crawl4ai_browser.actions import (
    Action,
    Check,
    Click,
    Collect,
    DismissConsent,
    Drag,
    Fill,
    IfPresent,
    Repeat,
    RunScript,
    Scroll,
    Select,
    Upload,
)
from crawl4ai_browser.browser.browser_fetcher import BrowserFetcher
from crawl4ai_browser.browser.pool import BrowserPool
from crawl4ai_browser.capture_config import CaptureConfig
from crawl4ai_browser.config import CapacityConfig, ContentConfig, CrawlConfig, VisitConfig
from crawl4ai_browser.crawling.crawler import Crawler
from crawl4ai_browser.ready import Selector
from crawl4ai_browser.request import Request
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.schema import Css, Schema
from crawl4ai_browser.testing.assertions import assert_same_as, save_fields
from crawl4ai_browser.testing.site import SiteServer
from crawl4ai_browser.transforms import Match, Number
from tests.browser.acting.conftest import PATIENT
from tests.browser.conftest import FIXTURE_SITE

SNAPSHOTS = FIXTURE_SITE.parent / "snapshots"

STAND_IN = "http://127.0.0.1:1/"
"""What saved results have for the address of the site, whose port is another one each time."""

VISIT = VisitConfig(ready=Selector(css="#stamp code", timeout=PATIENT), timeout=PATIENT, navigation_timeout=PATIENT)

SIGHTINGS = Schema(each=Css("#rows > li"), fields={"what": Css("h3", required=True), "when": Css("p", required=True)})
ROWS = Schema(
    each=Css("#register li"), fields={"ring": Css("b", required=True), "species": Css(".species", required=True)}
)
CARDS = Schema(
    each=Css("#cards > li"),
    fields={
        "number": Css(":scope", take="@data-id", then=(Number(),)),
        "name": Css("h2", required=True),
        "grams": Css(".price", then=(Match(r"(\d+) g"), Number())),
    },
)


def shown(target: str, *frames: str) -> IfPresent:
    """Until it is shown. Its outcome says whether it was."""
    return IfPresent(target, frames=frames, wait=PATIENT, timeout=PATIENT)


def stamped(element: str) -> IfPresent:
    """Until a script of the page has written its last word there."""
    return shown(f'{element}:has-text("js:")')


@dataclass(frozen=True)
class Behaviour:
    """A page and what has to be done on it to have all that it holds."""

    path: str
    actions: tuple[Action, ...]
    items: Schema | None = None
    visit: VisitConfig = VISIT
    responses: tuple[str, ...] = ()


NOTES = FIXTURE_SITE / "files" / "station-notes.txt"

# What takes longest first: they are begun in this order, as many at a time as the pool has pages.
BEHAVIOURS = {
    "paged-list": Behaviour("/station/pages.html", (Collect("#rows > li", next="#next"), stamped("#end")), SIGHTINGS),
    "load-more": Behaviour(
        "/station/load-more.html", (Repeat((Click("#more"),), until="#more"), stamped("#end")), SIGHTINGS
    ),
    "infinite-scroll": Behaviour("/station/infinite-scroll.html", (Scroll(), stamped("#end")), SIGHTINGS),
    "api-catalogue": Behaviour(
        "/station/catalogue.html",
        (
            Select("#kind", "Feathers"),
            Collect("#cards > li", key="@data-id", next="#next"),
        ),
        CARDS,
        responses=("**/api/**",),
    ),
    "lazy-list": Behaviour("/station/lazy-list.html", (Scroll(until="end"), stamped("#end"))),
    "virtual-list": Behaviour("/station/register.html", (Collect("#register li", max_items=100),), ROWS),
    "nested-frames": Behaviour(
        "/station/frames.html",
        (
            shown("#stamp code", "iframe"),
            shown("#stamp code", "iframe", "iframe"),
            RunScript("document.querySelector('h1').textContent", frames=("iframe", "iframe")),
        ),
        visit=VISIT.model_copy(update={"frames": True}),
    ),
    "shadow-roots": Behaviour(
        "/station/shadow.html",
        (shown("field-label code"), RunScript("document.querySelectorAll('code').length")),
        visit=VISIT.model_copy(update={"shadow_roots": True}),
    ),
    "spa-routes": Behaviour(
        "/shop/",
        (
            Click('a:has-text("Tents")'),
            shown('h1:has-text("Tents")'),
            Click(".card a"),
            Click('button:has-text("basket")'),
            shown('h1:has-text("Basket")'),
            RunScript("localStorage.clear()"),
        ),
    ),
    "drag-and-drop": Behaviour("/station/drag.html", (Drag("#feather-2", "#tray"), stamped("#sorted"))),
    "upload": Behaviour(
        "/station/depot.html",
        (
            Fill("[name=who]", "Ada"),
            Select("[name=season]", "Autumn"),
            Check("[name=weighed]"),
            Upload("[name=notes]", NOTES),
            Click("form button"),
            stamped("#received"),
        ),
    ),
    "consent-banner": Behaviour("/station/consent.html", (DismissConsent(), stamped("#answer"))),
    "cookie-wall": Behaviour("/station/wall.html", (DismissConsent("accept"), stamped("#said"))),
}


async def visited(
    behaviour: Behaviour, *, fetcher: BrowserFetcher, config: CrawlConfig, site: SiteServer
) -> CrawlResult:
    """The result as the whole path of a URL makes it, in the browser of the pool."""
    request = Request(
        url=site.url(behaviour.path),
        actions=behaviour.actions,
        visit=behaviour.visit,
        capture=CaptureConfig(console=True, responses=behaviour.responses),
    )
    config = config.model_copy(
        update={
            "content": ContentConfig(items=behaviour.items),
            "capacity": CapacityConfig(max_pages=1, content_workers=0),
        }
    )
    async with Crawler(config, fetcher=fetcher) as crawler:
        result = await crawler.fetch(request)
    return comparable(CrawlResult.model_validate_json(result.model_dump_json().replace(site.url("/"), STAND_IN)))


def comparable(result: CrawlResult) -> CrawlResult:
    """Without the number of views that a list was scrolled by, which depends on how fast it grew."""
    actions = [each.model_copy(update={"value": None}) if each.action == "scroll" else each for each in result.actions]
    return result.model_copy(update={"actions": tuple(actions)})


@pytest.mark.timeout(240)  # a dozen visits of several steps each, on a machine that is busy
async def test_whole_results_are_those_that_are_saved(
    pool: BrowserPool, crawl_config: CrawlConfig, site: SiteServer, pytestconfig: pytest.Config
) -> None:
    fetcher = BrowserFetcher(pool, crawl_config)
    changes: dict[str, str] = {}

    async def check(name: str, behaviour: Behaviour) -> None:
        result = await visited(behaviour, fetcher=fetcher, config=crawl_config, site=site)
        assert result.ok, f"{name}: {result.error}"
        if pytestconfig.getoption("update_crawls"):
            save_fields(result, SNAPSHOTS / name)
            return
        try:
            assert_same_as(result, SNAPSHOTS / name)
        except AssertionError as error:
            changes[name] = str(error)

    async with anyio.create_task_group() as tasks:
        for name, behaviour in BEHAVIOURS.items():
            tasks.start_soon(check, name, behaviour)
    assert not changes, "\n".join(f"{name}: {text}" for name, text in changes.items())


def test_every_saved_result_has_its_behaviour() -> None:
    assert sorted(folder.name for folder in SNAPSHOTS.iterdir()) == sorted(BEHAVIOURS)
