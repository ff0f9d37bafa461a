from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import groupby

from crawl4ai_browser.config import CapacityConfig, CrawlConfig
from crawl4ai_browser.crawling.crawler import Crawler
from crawl4ai_browser.crawling.stints import LENGTH, Stints
from crawl4ai_browser.testing.fake_clock import FakeClock
from crawl4ai_browser.testing.scripted_fetcher import ScriptedFetcher

HOSTS = ["http://a.test", "http://b.test", "http://c.test"]


def test_the_host_whose_visit_ended_last_is_favoured_first() -> None:
    stints = Stints(8)
    for host in (1, 2):
        stints.end(host, stints.begin(host))
    assert stints.hosts == [2, 1]


def test_a_page_that_goes_to_another_host_ends_no_stint() -> None:
    stints = Stints(8)
    stints.end(1, stints.begin(1))
    assert stints.begin(2) == 1
    assert stints.hosts == [1]


def test_a_stint_has_an_end() -> None:
    stints = Stints(8)
    visits = 0
    while True:
        visit = stints.begin(1)
        visits += 1
        stints.end(1, visit)
        if not stints.hosts:
            break
    assert visits == LENGTH
    assert stints.begin(1) == 1


def test_no_more_hosts_are_kept_than_pages() -> None:
    stints = Stints(2)
    for host in (1, 2, 3):
        stints.end(host, 1)
    assert stints.hosts == [3, 2]


async def test_pages_of_one_site_follow_one_another(config: CrawlConfig, outside_work: Callable[[], bool]) -> None:
    urls = [f"{host}/{number}" for number in range(40) for host in HOSTS]
    config = config.model_copy(update={"capacity": CapacityConfig(max_pages=1, content_workers=0)})
    clock = FakeClock()
    fetcher = ScriptedFetcher(dict.fromkeys(urls, "<p>text"), clock=clock, delay=1.0)
    async with clock.jumping(is_busy=outside_work), Crawler(config, fetcher=fetcher, clock=clock) as crawler:
        assert len([result async for result in crawler.crawl(urls)]) == 120
    order = [visit.url.rpartition("/")[0] for visit in fetcher.visits]
    stints = [len(list(visits)) for _, visits in groupby(order)]
    assert max(stints) <= LENGTH
    assert len(stints) <= 12, "three for each host; in turns there would be 120"
    assert Counter(order) == dict.fromkeys(HOSTS, 40)
