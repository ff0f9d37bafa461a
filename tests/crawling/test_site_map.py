"""Sitemaps from robots.txt to URLs, over scripted answers and on a clock that jumps."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from random import Random

import pytest

from crawl4ai_browser.config import PolitenessConfig, RetryConfig
from crawl4ai_browser.crawling.site_map import SiteMap, SiteUrl
from crawl4ai_browser.errors import NameNotResolved, RobotsDenied
from crawl4ai_browser.events import Event, SitemapRead, UrlRefused
from crawl4ai_browser.fetcher import PlainResponse
from crawl4ai_browser.frontier.scope import Scope
from crawl4ai_browser.politeness.polite_get import PoliteGet
from crawl4ai_browser.politeness.robots_files import RobotsFiles
from crawl4ai_browser.politeness.throttle import Throttle
from crawl4ai_browser.testing.fake_clock import FakeClock
from crawl4ai_browser.testing.scripted_plain_get import PlainScript, ScriptedPlainGet

SITE = "https://a.test/"
ROBOTS = "https://a.test/robots.txt"
GUESS = "https://a.test/sitemap.xml"


class Setting:
    """A site map over a script."""

    def __init__(self, script: PlainScript, *, politeness: PolitenessConfig | None = None) -> None:
        config = politeness or PolitenessConfig()
        self.clock = FakeClock()
        self.events: list[Event] = []
        self.plain = ScriptedPlainGet(script, clock=self.clock)
        throttle = Throttle(config, self.clock, random=Random(3))
        robots = RobotsFiles(self.plain, throttle, config, self.clock)
        get = PoliteGet(self.plain, robots, throttle, config=config, clock=self.clock)
        self.map = SiteMap(get, RetryConfig(), observers=self.events.append, clock=self.clock, random=Random(3))

    async def pages(self, scope: Scope | None = None, since: datetime | None = None) -> list[SiteUrl]:
        async with self.clock.jumping():
            return [page async for page in self.map.urls(SITE, scope=scope or Scope(), since=since)]

    async def urls(self, scope: Scope | None = None, since: datetime | None = None) -> list[str]:
        return [page.url for page in await self.pages(scope, since)]

    @property
    def asked(self) -> list[str]:
        return [url for url, _ in self.plain.requests]

    @property
    def failures(self) -> list[tuple[str, int, str]]:
        reads = [event for event in self.events if isinstance(event, SitemapRead)]
        return [(read.url, read.entries, read.error.kind) for read in reads if read.error]


def urlset(*locations: str, modified: str = "") -> str:
    date = f"<lastmod>{modified}</lastmod>" if modified else ""
    return f"<urlset>{''.join(f'<url><loc>{url}</loc>{date}</url>' for url in locations)}</urlset>"


def index(**dates: str) -> str:
    entries = (
        f"<sitemap><loc>/{name}.xml</loc>{f'<lastmod>{date}</lastmod>' if date else ''}</sitemap>"
        for name, date in dates.items()
    )
    return f"<sitemapindex>{''.join(entries)}</sitemapindex>"


async def test_sitemaps_that_robots_txt_names_are_read_and_no_other_is_guessed() -> None:
    robots = "Sitemap: /one.xml\nSitemap: https://a.test/two.txt\nUser-agent: *\nDisallow: /"
    setting = Setting({ROBOTS: robots, "https://a.test/one.xml": urlset("/1"), "https://a.test/two.txt": f"{SITE}2"})
    assert await setting.pages() == [
        SiteUrl(url=f"{SITE}1", sitemap="https://a.test/one.xml"),
        SiteUrl(url=f"{SITE}2", sitemap="https://a.test/two.txt"),
    ]
    assert setting.asked == [ROBOTS, "https://a.test/one.xml", "https://a.test/two.txt"]


async def test_an_index_leads_to_packed_sitemaps_once_however_often_they_are_named() -> None:
    packed = PlainResponse(url=f"{SITE}a.xml", status=200, headers={}, body=gzip.compress(urlset("/1", "/2").encode()))
    looped = index(a="", b="").replace("</sitemapindex>", f"<sitemap><loc>{GUESS}</loc></sitemap></sitemapindex>")
    setting = Setting(
        {GUESS: looped, f"{SITE}a.xml": packed, f"{SITE}b.xml": urlset("/2#top", "/3", "/2?utm_source=x")}
    )
    assert await setting.urls() == [f"{SITE}1", f"{SITE}2", f"{SITE}3"]
    assert setting.asked == [ROBOTS, GUESS, f"{SITE}a.xml", f"{SITE}b.xml"]


async def test_what_has_not_changed_since_is_left_out_and_sitemaps_of_it_are_not_fetched() -> None:
    setting = Setting(
        {
            GUESS: index(old="2025-01-01", new="2026-02-01", undated=""),
            f"{SITE}new.xml": urlset("/changed", modified="2026-02-01") + urlset(),
            f"{SITE}undated.xml": urlset("/before", modified="2025-12-31").replace("</urlset>", "")
            + "<url><loc>/perhaps</loc></url></urlset>",
        }
    )
    assert await setting.urls(since=datetime(2026, 1, 1)) == [f"{SITE}changed", f"{SITE}perhaps"]
    assert f"{SITE}old.xml" not in setting.asked
    again = Setting({GUESS: urlset("/x", modified="2026-01-01T00:00:00Z")})
    assert await again.urls(since=datetime(2026, 1, 1, tzinfo=UTC)) == [f"{SITE}x"]


async def test_what_is_out_of_scope_is_reported_and_not_given() -> None:
    setting = Setting({GUESS: urlset("/docs/1", "/blog/1", "https://b.test/docs/1")})
    assert await setting.urls(Scope(include=("/docs/*",), max_depth=0)) == [f"{SITE}docs/1"]
    refusals = {event.url: event.reason for event in setting.events if isinstance(event, UrlRefused)}
    assert refusals == {
        f"{SITE}blog/1": "include: none of /docs/* matches",
        "https://b.test/docs/1": "same: b.test is another host than a.test",
    }


async def test_a_sitemap_that_fails_costs_only_itself_and_what_was_read_of_it_counts() -> None:
    torn = gzip.compress(urlset(*(f"/{number}" for number in range(3000))).encode())
    broken = PlainResponse(url=f"{SITE}b.xml", status=200, headers={}, body=torn[:-8] + b"no crc" + b"\0\0")
    setting = Setting(
        {GUESS: index(a="", b="", c=""), f"{SITE}a.xml": 404, f"{SITE}b.xml": broken, f"{SITE}c.xml": urlset("/c")}
    )
    found = await setting.urls()
    assert found[-1] == f"{SITE}c"
    missing, partial = setting.failures
    assert missing == (f"{SITE}a.xml", 0, "HttpStatusError")
    assert partial[0::2] == (f"{SITE}b.xml", "ExtractError")
    assert len(found) == partial[1] + 1
    assert partial[1] > 1000


async def test_a_site_without_sitemaps_has_no_urls_and_that_is_no_failure() -> None:
    setting = Setting({})
    assert await setting.urls() == []
    assert setting.events == []
    assert setting.asked == [ROBOTS, GUESS]


async def test_a_sitemap_is_asked_for_again_where_that_may_help() -> None:
    setting = Setting({GUESS: [503, urlset("/1")]})
    assert await setting.urls() == [f"{SITE}1"]
    assert setting.asked == [ROBOTS, GUESS, GUESS]


async def test_requests_keep_the_delay_that_robots_txt_asks_for() -> None:
    robots = "User-agent: *\nCrawl-delay: 5"
    setting = Setting({ROBOTS: robots, GUESS: index(a="", b=""), f"{SITE}a.xml": urlset(), f"{SITE}b.xml": urlset()})
    await setting.urls()
    starts = setting.plain.starts[1:]
    assert len(starts) == 3
    assert all(later - earlier >= 5 for earlier, later in zip(starts, starts[1:], strict=False))


async def test_a_sitemap_that_robots_txt_forbids_and_does_not_name_is_not_read() -> None:
    setting = Setting({ROBOTS: "User-agent: *\nDisallow: /hidden", GUESS: index(hidden="")})
    assert await setting.urls() == []
    assert setting.failures == [(f"{SITE}hidden.xml", 0, "RobotsDenied")]
    assert f"{SITE}hidden.xml" not in setting.asked


async def test_nothing_is_read_where_there_is_no_robots_txt_to_be_had() -> None:
    with pytest.raises(NameNotResolved):
        await Setting({ROBOTS: NameNotResolved("no such host")}).urls()
    with pytest.raises(RobotsDenied):
        await Setting({ROBOTS: 500}).urls()


async def test_robots_txt_is_not_asked_where_it_is_not_obeyed() -> None:
    setting = Setting({GUESS: urlset("/1")}, politeness=PolitenessConfig(obey_robots=False))
    assert await setting.urls() == [f"{SITE}1"]
    assert setting.asked == [GUESS]
