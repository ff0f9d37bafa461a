from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree

import anyio
import anyio.lowlevel
import pytest
from playwright.async_api import Browser, Page, async_playwright
from playwright.async_api import Error as PlaywrightError

from crawl4ai_browser.browser.provisioning.discovery import BrowserExecutable
from crawl4ai_browser.testing.site import Deeper, ExpectedPage, SiteServer, expected_pages, serve_fixture_site
from crawl4ai_browser.urls import canonicalize

FOLDER = Path(__file__).parents[2] / "fixtures" / "site"
EXPECTED = {page.path: page for page in expected_pages(FOLDER)}
DEEPER = [page for page in EXPECTED.values() if page.deeper]

PATIENCE = 8.0
"""Seconds for a text to show. The slowest page takes 1.5 on a quiet machine."""

PAGES_AT_ONCE = 4

SHOWS_TEXT = "text => document.body !== null && document.body.innerText.includes(text)"
# By an observer in the page: Playwright's own waits cost more than the page (they inject its selector engine).
WAITS_FOR_TEXT = """text => new Promise((resolve) => {
  const look = () => document.body?.innerText.includes(text) && resolve();
  new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
  look();
})"""
LINKS = "() => [...document.querySelectorAll('a[href], area[href]')].map(link => link.href)"


@pytest.fixture(scope="module")
def site() -> Iterator[SiteServer]:
    with serve_fixture_site(FOLDER) as server:
        yield server
        assert server.handler_errors == []


@pytest.fixture
async def chromium(browser_executable: BrowserExecutable) -> AsyncIterator[Browser]:
    args = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=browser_executable.path, args=args)
        yield browser
        await browser.close()


def get(site: SiteServer, path: str) -> tuple[int, dict[str, str], bytes]:
    with closing(HTTPConnection("127.0.0.1", site.port, timeout=5)) as connection:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()


class Survey:
    """A crawl by plain Playwright, breadth first: all paths that were linked, and what was not as expected."""

    def __init__(self, site: SiteServer, browser: Browser) -> None:
        self.site = site
        self.browser = browser
        self.found = {"/"}
        self.failures: list[str] = []

    async def run(self) -> None:
        context = await self.browser.new_context()
        pages = [await context.new_page() for _ in range(PAGES_AT_ONCE)]
        visited: set[str] = set()
        while new := sorted(self.found - visited):
            visited |= set(new)
            async with anyio.create_task_group() as group:
                for page in pages:
                    group.start_soon(self._visit_all, page, new)

    async def _visit_all(self, page: Page, paths: list[str]) -> None:
        """Takes paths off the list, which other pages share, until it is empty."""
        while paths:
            expected = EXPECTED.get(paths.pop(0))
            if expected is None or expected.kind in ("download", "robots-denied"):
                continue
            try:
                await self._check(page, expected)
            except (PlaywrightError, TimeoutError) as error:
                self.failures.append(f"{expected.path}: {error!r}")

    async def _check(self, page: Page, expected: ExpectedPage) -> None:
        if expected.kind == "redirect-loop":
            with pytest.raises(PlaywrightError, match="ERR_TOO_MANY_REDIRECTS"):
                await page.goto(self.site.url(expected.path))
            # The error page comes after the error, and would cut off the next visit.
            await page.wait_for_url("chrome-error://chromewebdata/", wait_until="commit")
            return
        response = await page.goto(self.site.url(expected.path), wait_until="commit")
        if expected.kind == "client-redirect":
            await page.wait_for_url(self.site.url(expected.final_path or ""), wait_until="commit")
        if expected.text is not None:
            await shows(page, expected.text)
        else:
            await page.wait_for_load_state("domcontentloaded")
        final_path = page.url.removeprefix(self.site.origin)
        status = response.status if response is not None else None
        if (status, final_path) != (expected.status, expected.final_path):
            self.failures.append(f"{expected.path}: {status} at {final_path}")
        self.found |= {path for link in await page.evaluate(LINKS) if (path := self._own_path(link)) is not None}

    def _own_path(self, link: str) -> str | None:
        """Path and query of a link to this site without what does not make another page; None for other links."""
        if not link.startswith(self.site.origin + "/"):
            return None
        return canonicalize(link).removeprefix(self.site.origin)


async def test_crawl_from_the_root_finds_every_expected_page_and_no_other(site: SiteServer, chromium: Browser) -> None:
    survey = Survey(site, chromium)
    await survey.run()
    assert survey.failures == []
    assert survey.found == EXPECTED.keys()


async def test_deeper_texts_show_after_what_they_need_and_not_before(site: SiteServer, chromium: Browser) -> None:
    page = await chromium.new_page()
    unreached: list[str] = []
    for expected in DEEPER:
        await page.goto(site.url(expected.path), wait_until="commit")
        await shows(page, stamp(expected.path))
        for deeper in expected.deeper:
            assert not await page.evaluate(SHOWS_TEXT, deeper.text), expected.path
            with anyio.move_on_after(PATIENCE) as limit:
                await reach(page, deeper)
            if limit.cancelled_caught:
                unreached.append(deeper.text)
    assert unreached == []


async def reach(page: Page, deeper: Deeper) -> None:
    """Returns when the text is where it should be."""
    match deeper.how:
        case "scroll":
            while not await page.evaluate(SHOWS_TEXT, deeper.text):
                await page.mouse.wheel(0, 500)
                await page.evaluate("new Promise(requestAnimationFrame)")
        case "click":
            while not await page.evaluate(SHOWS_TEXT, deeper.text):
                await page.evaluate("target => document.querySelector(target)?.click()", deeper.target)
        case "shadow":
            await page.locator("code", has_text=deeper.text).wait_for()  # locators see into open shadow roots
            assert deeper.text not in await page.content()
        case "frame":
            while not [frame for frame in page.frames[1:] if await frame.evaluate(SHOWS_TEXT, deeper.text)]:
                await anyio.lowlevel.checkpoint()


async def shows(page: Page, text: str) -> None:
    """Returns when the page shows the text, in its light DOM."""
    with anyio.fail_after(PATIENCE):
        await page.evaluate(WAITS_FOR_TEXT, text)


async def test_shop_changes_its_view_without_asking_for_a_document(site: SiteServer, chromium: Browser) -> None:
    page = await chromium.new_page()
    await page.goto(site.url("/shop/"))
    await shows(page, stamp("/shop/"))
    site.reset_hits()
    await page.get_by_role("link", name="Stoves").click()
    await shows(page, stamp("/shop/stoves"))
    await page.get_by_role("link", name="Ember").click()
    await shows(page, stamp("/shop/item/ember"))
    await page.get_by_role("button", name="Put into the basket").click()
    await page.get_by_role("heading", name="Basket").wait_for()
    assert await page.locator(".card").all_inner_texts() != []
    await page.go_back()
    await shows(page, stamp("/shop/item/ember"))
    assert page.url == site.url("/shop/item/ember")
    assert [hit.path for hit in site.hits if hit.path.startswith("/shop/")] == []
    await page.close()


def stamp(path: str) -> str:
    text = EXPECTED[path].text
    assert text is not None
    return text


async def test_never_idle_page_goes_on_asking(site: SiteServer, chromium: Browser) -> None:
    page = await chromium.new_page()
    site.reset_hits()
    await page.goto(site.url("/station/never-idle.html"))
    await page.wait_for_function("Number(document.querySelector('#count').textContent) >= 4", timeout=PATIENCE * 1000)
    asked = [hit.at for hit in site.hits if hit.path == "/api/anemometer"]
    assert len(asked) >= 4
    assert 0.4 < asked[3] - asked[0] < 5
    await page.close()


def test_no_file_and_no_answer_contains_what_only_scripts_write(site: SiteServer) -> None:
    texts = [page.text for page in EXPECTED.values() if page.text is not None]
    texts += [deeper.text for page in EXPECTED.values() for deeper in page.deeper]
    answers = {path: get(site, path)[2] for path in EXPECTED}
    answers |= {f"{api}?page={page}": get(site, f"{api}?page={page}")[2] for api in APIS for page in range(1, 6)}
    answers |= {str(file): file.read_bytes() for file in FOLDER.rglob("*.*") if file.name != "expected.json"}
    assert len(set(texts)) > 50
    assert [(name, text) for name, answer in answers.items() for text in texts if text.encode() in answer] == []


APIS = ("/api/journal", "/api/sightings")


def test_site_needs_nothing_from_elsewhere() -> None:
    loads = re.compile(rb"""(?:(?:src|srcset|poster|url)\s*[=(]|<link[^>]+href=)\s*["']?(?:https?:)?//""")
    assert [file for file in FOLDER.rglob("*.*") if loads.search(file.read_bytes())] == []


def test_redirects_and_failures_answer_as_expected(site: SiteServer) -> None:
    hops = ["/old/route", "/old/path", "/old/way", "/station/arrived.html"]
    answers = [get(site, hop) for hop in hops]
    assert [status for status, _, _ in answers] == [301, 302, 307, 200]
    assert [headers["location"] for _, headers, _ in answers[:3]] == hops[1:]
    assert get(site, "/missing/page.html")[0] == 404
    assert get(site, "/broken/report")[0] == 500
    assert get(site, "/loop/a")[1]["location"] == "/loop/b"
    assert get(site, "/loop/b")[1]["location"] == "/loop/a"
    assert get(site, "/files/packing-list.csv")[1]["content-disposition"] == 'attachment; filename="packing-list.csv"'


def test_letters_are_labelled_as_they_say(site: SiteServer) -> None:
    labels = {name: get(site, f"/letters/{name}.html")[1]["content-type"] for name in LETTERS}
    assert labels == LETTERS
    assert "Здравствуйте" in get(site, "/letters/windows-1251.html")[2].decode("windows-1251")
    assert "こんにちは" in get(site, "/letters/shift-jis.html")[2].decode("shift_jis")
    assert "façade" in get(site, "/letters/wrong-header.html")[2].decode()


LETTERS = {
    "utf-8": "text/html; charset=utf-8",
    "windows-1251": "text/html; charset=windows-1251",
    "shift-jis": "text/html",
    "wrong-header": "text/html; charset=iso-8859-1",
}


def test_robots_deny_what_is_expected_to_be_denied(site: SiteServer) -> None:
    robots = RobotFileParser()
    robots.parse(get(site, "/robots.txt")[2].decode().splitlines())
    denied = {path for path in EXPECTED if not robots.can_fetch("any", path)}
    assert denied == {path for path, page in EXPECTED.items() if page.kind == "robots-denied"}
    assert denied
    assert robots.site_maps() == [site.url("/sitemap.xml")]


def test_sitemap_lists_the_pages_on_the_host_that_was_asked(site: SiteServer) -> None:
    _, headers, body = get(site, "/sitemap.xml")
    assert headers["content-type"] == "application/xml"
    listed = [element.text for element in ElementTree.fromstring(body).iter() if element.tag.endswith("}loc")]
    assert listed == [site.url(path) for path, page in EXPECTED.items() if page.kind == "page"]


def test_what_is_about_the_site_is_not_served(site: SiteServer) -> None:
    assert [get(site, path)[0] for path in ("/expected.json", "/README.md")] == [404, 404]


def test_pages_of_a_list_end(site: SiteServer) -> None:
    _, _, first = get(site, "/api/journal")
    assert b'"pages": 3' in first
    assert b'"entries": []' in get(site, "/api/journal?page=4")[2]
