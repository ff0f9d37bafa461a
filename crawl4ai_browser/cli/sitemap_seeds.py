"""Seeds of a crawl, and after each the URLs that its site lists in its sitemaps."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, suppress
from datetime import datetime
from typing import TYPE_CHECKING

from crawl4ai_browser import urls
from crawl4ai_browser.crawling.crawler import Crawler
from crawl4ai_browser.crawling.seeds import Seed, Seeds, checked, each
from crawl4ai_browser.errors import ConfigError, FetchError, LaunchFailed, RobotsDenied
from crawl4ai_browser.frontier.scope import Scope

if TYPE_CHECKING:
    from crawl4ai_browser.crawling.site_map import SiteUrl


async def with_sitemaps(
    crawler: Crawler, seeds: Seeds, *, scope: Scope, since: datetime | None, warn: Callable[[str], None]
) -> AsyncGenerator[Seed]:
    """The seeds, each before what the sitemaps of its site list in scope; every site once.

    A site whose robots.txt can't be had is told to `warn`: its seed is visited all the same, and its failure counted.

    Raises:
        LaunchFailed: there is no browser.
    """
    known: set[str] = set()
    async for seed in each(seeds):
        yield seed
        site = _site(seed)
        if site is None or site in known:
            continue
        known.add(site)
        async with aclosing(crawler.map(site, scope=scope, since=since)) as pages:
            async for url in _without_failures(pages, site, warn):
                yield url


async def _without_failures(
    pages: AsyncIterator[SiteUrl], site: str, warn: Callable[[str], None]
) -> AsyncGenerator[str]:
    try:
        async for page in pages:
            yield page.url
    except LaunchFailed:
        raise
    except (FetchError, RobotsDenied) as error:
        warn(f"no sitemaps of {site}: {error.message}")


def _site(seed: Seed) -> str | None:
    """The home page of a seed's site; None where it is none of the web."""
    with suppress(ConfigError):
        return f"{urls.origin(checked(seed, allow_files=False).url)}/"
    return None
