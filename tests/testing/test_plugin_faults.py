"""Faults of the plugin's making, in crawls that outlive them."""

from __future__ import annotations

from contextlib import suppress

import psutil
import pytest

from crawl4ai_browser.config import CrawlConfig, RetryConfig, VisitConfig
from crawl4ai_browser.errors import FetchTimeout
from crawl4ai_browser.frontier.scope import Scope
from crawl4ai_browser.request import Request
from crawl4ai_browser.testing.fixtures import BrowserFaults, Crawl, CrawlSite, Fetch

pytestmark = pytest.mark.timeout(240)  # browsers die and start again, on a machine that is busy

PAGES = {"/": "".join(f"<a href='/{number}'>{number}</a>" for number in range(4))} | {
    f"/{number}": f"<h1>{number}</h1>" for number in range(4)
}


@pytest.mark.parametrize("what", ["kill_browser", "kill_driver"])
def test_crawl_outlives_the_end_of_its_browser(
    browser_faults: BrowserFaults, crawl: Crawl, crawl_site: CrawlSite, what: str
) -> None:
    site = crawl_site(PAGES)
    getattr(browser_faults, what)(at_visit=2)

    results = crawl(site.url("/"), scope=Scope())

    assert sorted(result.url for result in results) == sorted(site.url(path) for path in PAGES)
    assert all(result.ok for result in results)
    assert len(browser_faults.happened) == 1
    assert "at visit 2" in browser_faults.happened[0]
    assert any(not attempt.charged for result in results for attempt in result.attempts)


class TestHanging:
    @pytest.fixture
    def crawler_config(self, crawler_config: CrawlConfig) -> CrawlConfig:
        return crawler_config.model_copy(update={"retry": RetryConfig(max_attempts=1)})

    def test_hung_browser_costs_the_visit_its_deadline(
        self, browser_faults: BrowserFaults, fetch: Fetch, crawl_site: CrawlSite
    ) -> None:
        site = crawl_site(PAGES)
        assert fetch(site.url("/")).ok
        browser_faults.hang_browser(at_visit=2)

        result = fetch(Request(url=site.url("/0"), visit=VisitConfig(timeout=2)))

        assert not result.ok or any(not attempt.charged for attempt in result.attempts)
        assert browser_faults.happened == ["hung the browser at visit 2"]
        assert repr(browser_faults).endswith("1 happened, 0 to come>")

    def test_hung_driver_costs_the_visit_its_deadline_and_goes_on_when_resumed(
        self, browser_faults: BrowserFaults, fetch: Fetch, crawl_site: CrawlSite
    ) -> None:
        site = crawl_site(PAGES)
        assert fetch(site.url("/")).ok
        assert "stopped" not in driver_states()
        browser_faults.hang_driver(at_visit=2)

        result = fetch(Request(url=site.url("/0"), visit=VisitConfig(timeout=1)))

        assert result.error is not None
        assert isinstance(result.error.to_error(), FetchTimeout), result.error
        assert site.hit_count("/0") == 0  # no call of the driver's came through
        assert browser_faults.happened == ["hung the driver at visit 2"]
        assert "stopped" in driver_states()

        browser_faults.resume()

        assert fetch(site.url("/1")).ok
        assert "stopped" not in driver_states()


def driver_states() -> list[str]:
    """Of the drivers that this process has started."""
    found: list[str] = []
    for process in psutil.Process().children():
        with suppress(psutil.Error):  # it ended meanwhile
            if "run-driver" in process.cmdline():
                found.append(process.status())
    return found


def test_fault_of_a_visit_that_is_over_is_refused(
    browser_faults: BrowserFaults, fetch: Fetch, crawl_site: CrawlSite
) -> None:
    site = crawl_site(PAGES)
    assert fetch(site.url("/")).ok

    with pytest.raises(ValueError, match="visit 1 is over"):
        browser_faults.kill_browser(at_visit=1)
