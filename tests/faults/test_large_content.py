"""Pages of a shape that breaks parsers, writers and stacks: they are read, and their content is made."""

from __future__ import annotations

import pytest

from crawl4ai_browser import CapacityConfig, Crawler, VisitConfig
from crawl4ai_browser.config import CrawlConfig
from crawl4ai_browser.request import Request
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.testing.site import SiteServer

pytestmark = pytest.mark.timeout(150)  # alone on two cores they take 12 s in all, on a busy machine a minute

PATIENT = VisitConfig(timeout=120, navigation_timeout=100)


async def test_a_page_of_any_shape_is_read_and_its_content_made(config: CrawlConfig, site: SiteServer) -> None:
    deep = "<div>" * 5000 + "<a href=/leaf/deep>the innermost</a>" + "</div>" * 5000
    patient = config.model_copy(update={"visit": PATIENT, "capacity": CapacityConfig(content_timeout=100)})
    async with Crawler(patient) as crawler:

        async def had(path: str) -> CrawlResult:
            result = await crawler.fetch(site.url(path))
            assert result.ok, result.error
            return result

        assert len((await had("/many-links?count=5000")).links) == 5000
        assert len((await had("/many-nodes?count=200000")).markdown or "") > 200_000
        assert "the innermost" in ((await had("/nested?levels=5000")).markdown or "")
        assert len((await had("/big?bytes=10000000")).markdown or "") > 9_000_000
        shown = await crawler.fetch(Request.from_html(deep, base_url=site.url("/")))
        assert [link.url for link in shown.links] == [site.url("/leaf/deep")]
