"""Pages larger or later than there is time for: what is there is had, and what has no end is given up."""

from __future__ import annotations

import pytest

from crawl4ai_browser.errors import PageTooLarge
from crawl4ai_browser.ready import Quiet
from crawl4ai_browser.testing.site import Response, SiteServer, dripped
from tests.browser.visiting import Fetch, html_of, page


@pytest.mark.parametrize("path", ["/fetch-forever", "/write-forever"])
async def test_what_is_there_before_a_short_deadline_is_read(fetch: Fetch, path: str) -> None:
    snapshot = await fetch(path, timeout=2, ready=Quiet(cap=60))
    assert "<h1>" in html_of(snapshot) or "<p>more</p>" in html_of(snapshot)
    assert snapshot.ready is not None
    assert not snapshot.ready.met


async def test_a_page_without_an_end_is_given_up_at_the_limit_and_not_at_the_deadline(fetch: Fetch) -> None:
    with pytest.raises(PageTooLarge, match="at most 500000"):
        await fetch("/flood", max_html_bytes=500_000, timeout=60, navigation_timeout=60)


async def test_the_time_that_a_document_takes_to_arrive_is_part_of_its_becoming_ready(
    fetch: Fetch, site: SiteServer
) -> None:
    site.route("/slowly", dripped(page("", body="<p>text</p>" * 200), chunk_bytes=500, interval=0.1))
    snapshot = await fetch("/slowly")
    assert snapshot.ready is not None
    # More than four pauses of the server: the page itself was ready as soon as all was there.
    assert snapshot.timings["ready"] - snapshot.ready.seconds > 0.3


async def test_a_large_page_that_moves_on_while_it_arrives_is_left(fetch: Fetch, site: SiteServer) -> None:
    moving = page("location.replace('/leaf/there')", body="<p>here</p>" + "<p>more</p>" * 300)
    site.route("/moving", dripped(moving, chunk_bytes=2000, interval=0.1))
    assert "leaf there" in html_of(await fetch("/moving"))


async def test_elements_without_text_are_counted(fetch: Fetch, site: SiteServer) -> None:
    site.route("/elements", Response.html("<!doctype html>" + "<b></b>" * 20_000))
    with pytest.raises(PageTooLarge):
        await fetch("/elements", max_html_bytes=100_000)
