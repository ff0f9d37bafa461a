"""Every misbehaviour of a site, all in one crawl: each ends as is owed, and no page pays for another."""

from __future__ import annotations

import pytest

from crawl4ai_browser import Crawler
from crawl4ai_browser.config import CrawlConfig
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.testing.site import SiteServer
from crawl4ai_browser.testing.site_outcomes import Outcome, fault_outcomes

OUTCOMES = fault_outcomes()
NEIGHBOURS = tuple(Outcome(path=f"/leaf/{number}", html=f"leaf {number}") for number in range(20))
"""Pages with nothing wrong, between the others."""

SECONDS = 120.0
"""For the crawl. The deadlines in it come to half a minute in four pages at once."""

pytestmark = pytest.mark.timeout(SECONDS)


@pytest.fixture(scope="module")
async def results(site: SiteServer, config: CrawlConfig) -> dict[str, CrawlResult]:
    """The result of every outcome's page, by its URL."""
    wanted = [
        *(outcome for pair in zip(OUTCOMES, NEIGHBOURS, strict=False) for outcome in pair),
        *OUTCOMES[len(NEIGHBOURS) :],
    ]
    async with Crawler(config) as crawler:
        return {result.url: result async for result in crawler.crawl(each.request(site) for each in wanted)}


@pytest.mark.parametrize("outcome", [*OUTCOMES, *NEIGHBOURS], ids=lambda outcome: outcome.path)
async def test_a_fault_ends_as_is_owed(outcome: Outcome, site: SiteServer, results: dict[str, CrawlResult]) -> None:
    assert outcome.breaches(results[outcome.request(site).url]) == []


async def test_every_page_has_one_result(results: dict[str, CrawlResult]) -> None:
    assert len(results) == len(OUTCOMES) + len(NEIGHBOURS)


async def test_what_differs_from_what_is_owed_is_told(site: SiteServer, results: dict[str, CrawlResult]) -> None:
    def breaches(path: str, **owed: object) -> list[str]:
        return Outcome(path=path).model_copy(update=owed).breaches(results[site.url(path)])

    assert breaches("/leaf/1") == []
    assert breaches("/leaf/1", html="leaf 2") == ["/leaf/1: html lacks 'leaf 2'"]
    assert breaches("/leaf/1", status=404) == ["/leaf/1: status is 200, not 404"]
    assert len(breaches("/leaf/1", ok=False, errors=("TlsError",))) == 2
    assert breaches("/drop", ok=False, status=None, errors=("ConnectionFailed",), attempts=2) == [
        "/drop: 3 attempts were charged, not 2"
    ]
    assert breaches("/memory-loop", ok=False, errors=("PageCrashed",), attempts=None) == [
        "/memory-loop: blame is renderer, not site"
    ]
