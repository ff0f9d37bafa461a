"""Crawls with everything real: browsers, content workers, robots.txt over the wire. Few, as each starts a browser.

That no process, context or temporary folder is left is checked after every test, by the common fixture.
"""

from __future__ import annotations

from collections.abc import Iterator

import anyio
import psutil
import pytest

import crawl4ai_browser
from crawl4ai_browser import Crawler, Scope
from crawl4ai_browser.testing.site_requests import Hit
from crawl4ai_browser.testing.site_responses import Response
from crawl4ai_browser.testing.site_server import SiteServer
from tests.faults.processes import processes

PAGE = """<!doctype html><title>{number}</title><h1>Page {number}</h1>
<script>
  const number = {number};
  const links = [2 * number + 1, 2 * number + 2].map((child) => `<a href="/tree/${{child}}">${{child}}</a>`);
  document.body.insertAdjacentHTML("beforeend", `<p>written by script ${{number}}</p> ${{links.join(" ")}}`);
</script>"""

pytestmark = pytest.mark.timeout(60)  # a browser starts in a second alone on a core, and in ten on a busy machine


@pytest.fixture(scope="module")
def site() -> Iterator[SiteServer]:
    """An endless tree of pages whose links only their scripts know."""

    def tree(hit: Hit) -> Response:
        return Response.html(PAGE.format(number=hit.path.rpartition("/")[2]))

    with SiteServer() as server:
        server.route("/tree/*", tree)
        server.route("/robots.txt", Response.text("User-agent: *\nDisallow: /tree/4$\n"))
        yield server


def browsers() -> set[psutil.Process]:
    """The main processes of the browsers that this process has started; fixtures of a wider scope have theirs."""
    return set(processes("browser"))


async def test_a_site_is_crawled_whole_with_what_its_scripts_write(site: SiteServer) -> None:
    async with Crawler() as crawler:
        run = crawler.crawl(site.url("/tree/0"), scope=Scope(max_depth=2))
        results = {int(result.url.rpartition("/")[2]): result async for result in run}
    assert sorted(results) == list(range(7))
    assert results[4].error is not None
    assert results[4].error.kind == "RobotsDenied"
    assert all(f"written by script {number}" in (results[number].markdown or "") for number in range(7) if number != 4)
    assert all(site.hit_count(f"/tree/{number}") == (0 if number == 4 else 1) for number in range(7))
    assert {"robots", "turn", "goto", "content", "total"} <= results[0].timings.keys()


async def test_leaving_the_loop_and_the_block_closes_everything(site: SiteServer) -> None:
    before = browsers()
    async with Crawler() as crawler:
        async for _ in crawler.crawl(site.url("/tree/0"), scope=Scope()):
            break
        assert browsers() > before
    assert browsers() <= before


async def test_a_cancel_during_the_launch_closes_everything(site: SiteServer) -> None:
    before = browsers()
    with anyio.move_on_after(0.4) as scope:
        async with Crawler() as crawler:
            await crawler.fetch(site.url("/tree/0"))
            await anyio.sleep_forever()
    assert scope.cancelled_caught
    assert browsers() <= before


def test_without_an_event_loop_a_page_is_one_call(site: SiteServer) -> None:
    result = crawl4ai_browser.fetch(site.url("/tree/5"))
    assert result.ok
    assert "written by script 5" in (result.markdown or "")
    assert [link.url for link in result.links] == [site.url("/tree/11"), site.url("/tree/12")]
