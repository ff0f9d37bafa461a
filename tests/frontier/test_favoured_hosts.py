"""A lease takes favoured hosts before others, and before nothing that comes earlier."""

from __future__ import annotations

import math

from crawl4ai_browser.request import Request
from tests.frontier.small_crawl import links, open_now, opened

A, B, C = "https://a.test", "https://b.test", "https://c.test"


def seeds(*addresses: str) -> list[Request]:
    return [Request(url=address) for address in addresses]


async def test_a_favoured_host_goes_before_others_that_are_as_early() -> None:
    async with opened(seeds=seeds(f"{A}/1", f"{B}/1", f"{C}/1", f"{A}/2", f"{B}/2", f"{C}/2")) as crawl:
        first, second, third = [await crawl.lease() for _ in range(3)]
        assert [each.host for each in (first, second, third)] == [A, B, C]
        fourth = await crawl.frontier.lease(open_now, favoured=[second.host_number])
        assert fourth is not None
        assert fourth.request.url == f"{B}/2"
        exhausted = await crawl.frontier.lease(open_now, favoured=[second.host_number])
        assert exhausted is not None
        assert exhausted.host == A


async def test_a_favoured_host_that_is_closed_is_passed_over() -> None:
    async with opened(seeds=seeds(f"{A}/1", f"{B}/1", f"{A}/2", f"{B}/2")) as crawl:
        first = await crawl.lease()
        favoured = [first.host_number]
        lease = await crawl.frontier.lease(lambda host: math.inf if host == A else 0.0, favoured=favoured)
        assert lease is not None
        assert lease.host == B


async def test_what_comes_earlier_goes_before_a_favoured_host() -> None:
    async with opened(seeds=seeds(f"{A}/1", f"{B}/1")) as crawl:
        first = await crawl.lease()
        await crawl.frontier.complete(first, links("deeper", site=A))
        lease = await crawl.frontier.lease(open_now, favoured=[first.host_number])
        assert lease is not None
        assert lease.request.url == f"{B}/1"
