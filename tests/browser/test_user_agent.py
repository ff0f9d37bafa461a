"""The user agent of pages, and everything beside it that tells of the browser, in both frame modes."""

from __future__ import annotations

import pytest
from playwright.async_api import Page

from crawl4ai_browser.browser.browser_fetcher import BrowserFetcher
from crawl4ai_browser.browser.hooks import NO_HOOKS, Hooks
from crawl4ai_browser.browser.pool import BrowserPool
from crawl4ai_browser.browser.user_agent import client_hints, navigator_platform
from crawl4ai_browser.config import ContextConfig, CrawlConfig
from crawl4ai_browser.request import Request
from crawl4ai_browser.testing.site import Hit, Response, SiteServer

CHROME = "(KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
LINUX = f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 {CHROME}"
WINDOWS = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 {CHROME}"
MAC = f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 {CHROME}"
PIXEL = f"Mozilla/5.0 (Linux; Android 14; Pixel 7) AppleWebKit/537.36 {CHROME.replace('Safari', 'Mobile Safari')}"
TABLET = f"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 {CHROME}"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"

ASK = """async () => {
  const data = navigator.userAgentData;
  const more = await data.getHighEntropyValues(["fullVersionList", "platformVersion", "model", "formFactors"]);
  return { agent: navigator.userAgent, platform: navigator.platform, told: data.toJSON(), more };
}"""


@pytest.mark.parametrize(
    ("user_agent", "platform", "version", "model", "form", "navigator"),
    [
        (LINUX, "Linux", "", "", "Desktop", "Linux x86_64"),
        (WINDOWS, "Windows", "10.0.0", "", "Desktop", "Win32"),
        (MAC, "macOS", "10.15.7", "", "Desktop", "MacIntel"),
        (PIXEL, "Android", "14.0.0", "Pixel 7", "Mobile", "Linux armv81"),
        (TABLET, "Android", "10.0.0", "", "Tablet", "Linux armv81"),
    ],
)
def test_hints_say_what_the_user_agent_says(  # shape: a row of the table
    user_agent: str, platform: str, version: str, model: str, form: str, navigator: str
) -> None:
    hints = client_hints(user_agent, browser_version="156.0.8078.79")
    assert hints is not None
    assert (hints["platform"], hints["platformVersion"], hints["model"]) == (platform, version, model)
    assert (hints["formFactors"], hints["mobile"]) == ([form], form == "Mobile")
    assert navigator_platform(user_agent) == navigator
    assert {"brand": "Chromium", "version": "156"} in hints["brands"]
    assert {"brand": "Chromium", "version": "156.0.8078.79"} in hints["fullVersionList"]


def test_a_version_that_is_not_the_browsers_is_a_reduced_one() -> None:
    hints = client_hints(LINUX.replace("156", "120"), browser_version="156.0.8078.79")
    assert hints is not None
    assert hints["fullVersion"] == "120.0.0.0"


def test_edge_is_named() -> None:
    hints = client_hints(f"{WINDOWS} Edg/155.0.0.0", browser_version="156.0.8078.79")
    assert hints is not None
    assert {"brand": "Microsoft Edge", "version": "155"} in hints["brands"]


def test_what_is_no_chromium_sends_no_hints() -> None:
    assert client_hints(IPHONE, browser_version="156.0.8078.79") is None
    assert navigator_platform(IPHONE) == "iPhone"


@pytest.mark.parametrize("user_agent", [None, WINDOWS, PIXEL], ids=["its own", "Windows", "Android"])
async def test_headers_and_scripts_agree_and_never_say_headless(
    pool: BrowserPool, crawl_config: CrawlConfig, site: SiteServer, user_agent: str | None
) -> None:
    site.route("/agent", Response.html("<p>agent</p><script>fetch('/agent.json')</script>"))
    site.route("/agent.json", Response.json(0))
    told: list[dict[str, object]] = []

    async def ask(page: Page, request: Request) -> None:
        told.append(await page.evaluate(ASK))

    name = f"agent {user_agent}"
    session = await pool.open_session(name, ContextConfig(user_agent=user_agent))
    pool.hooks = Hooks(after_ready=ask)
    try:
        await BrowserFetcher(pool, crawl_config).fetch(Request(url=site.url("/agent"), session=name))
    finally:
        pool.hooks = NO_HOOKS
        await pool.close_session(session)
    [seen] = told
    hints = client_hints(str(seen["agent"]), browser_version=_version(pool))
    assert hints is not None
    assert seen["platform"] == navigator_platform(str(seen["agent"]))
    expected = {"brands": hints["brands"], "mobile": hints["mobile"], "platform": hints["platform"]}
    assert seen["told"] == expected
    more = {name: hints[name] for name in ("fullVersionList", "platformVersion", "model", "formFactors")}
    assert seen["more"] == {**expected, **more}
    assert "headless" not in str(seen).lower()
    for hit in _last_hits(site, "/agent", "/agent.json"):
        assert hit.headers["user-agent"] == seen["agent"]
        assert hit.headers["sec-ch-ua-platform"] == f'"{hints["platform"]}"'
        assert hit.headers["sec-ch-ua-mobile"] == ("?1" if hints["mobile"] else "?0")
        assert f'"Chromium";v="{hints["brands"][0]["version"]}"' in hit.headers["sec-ch-ua"]


async def test_a_phone_that_is_no_chromium_sends_no_hint_headers(
    pool: BrowserPool, crawl_config: CrawlConfig, site: SiteServer
) -> None:
    site.route("/agent", Response.html("<p>agent</p>"))
    session = await pool.open_session("phone", ContextConfig(user_agent=IPHONE))
    await BrowserFetcher(pool, crawl_config).fetch(Request(url=site.url("/agent"), session="phone"))
    await pool.close_session(session)
    [hit] = _last_hits(site, "/agent")
    assert hit.headers["user-agent"] == IPHONE
    assert [name for name in hit.headers if name.startswith("sec-ch-")] == []


def _version(pool: BrowserPool) -> str:
    browser = pool.session(None).browser
    assert browser is not None
    return browser.browser.version


def _last_hits(site: SiteServer, *paths: str) -> list[Hit]:
    return [[hit for hit in site.hits if hit.path == path][-1] for path in paths]
