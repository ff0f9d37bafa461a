"""What a lease makes of the times at which hosts open."""

from __future__ import annotations

from crawl4ai_browser.clock import SYSTEM_CLOCK
from crawl4ai_browser.events import Observers
from crawl4ai_browser.frontier.frontier import Frontier
from crawl4ai_browser.frontier.order import breadth_first
from crawl4ai_browser.frontier.scope import Scope
from crawl4ai_browser.request import Request
from crawl4ai_browser.storage.database import Database


async def test_a_host_that_opens_at_the_moment_of_asking_is_open() -> None:
    async with (
        Database.open(None) as database,
        Frontier.open(
            database, scope=Scope(), order=breadth_first(), clock=SYSTEM_CLOCK, observers=Observers()
        ) as frontier,
    ):
        await frontier.add_seeds([Request(url="http://127.0.0.1/")])
        lease = await frontier.lease(lambda _host: SYSTEM_CLOCK.monotonic())
        assert lease is not None
        assert lease.request.url == "http://127.0.0.1/"
