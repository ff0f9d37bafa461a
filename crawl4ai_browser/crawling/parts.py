"""CrawlParts: what all crawls of one crawler share."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from random import Random

import anyio

from crawl4ai_browser.browser.hooks import NO_HOOKS, Hooks
from crawl4ai_browser.clock import Clock
from crawl4ai_browser.config import CrawlConfig
from crawl4ai_browser.crawling.linked_files import LinkedFiles
from crawl4ai_browser.crawling.pipeline import Pipeline
from crawl4ai_browser.events import Observer
from crawl4ai_browser.politeness.polite_fetcher import PoliteFetcher
from crawl4ai_browser.proxy_status import ProxyStatus

HostOpensAt = Callable[[str, int], float]
"""When (on the clock's monotonic time) another visit of a host may start, given its visits under way or waiting for
their turn. Not later than now: at once. `math.inf`: when one of them has ended."""


ProxyStatuses = Callable[[], tuple[ProxyStatus, ...]]
"""How each proxy stands: those of the pool, then those that sessions have of their own."""


def no_proxies() -> tuple[ProxyStatus, ...]:
    """There are none."""
    return ()


NameSeed = Callable[[str], None]
"""Told of each URL that a user wants visited, before it is."""


@dataclass(frozen=True)
class CrawlParts:
    """Shared by all crawls of a crawler; nothing in it is about one of them."""

    config: CrawlConfig
    pipeline: Pipeline
    opens_at: HostOpensAt
    page_limit: Callable[[], int]
    """How many pages visits may have at once, at the moment."""
    clock: Clock
    observers: Observer
    random: Random
    linked: LinkedFiles
    name_seed: NameSeed
    proxies: ProxyStatuses = no_proxies
    polite: PoliteFetcher | None = None
    """What is known of hosts; None: a fetcher of the user's knows for itself."""
    hooks: Hooks = NO_HOOKS
    suspects: anyio.Lock = field(default_factory=anyio.Lock)

    def turn_after(self, browser_deaths: int) -> AbstractAsyncContextManager[object]:
        """What a visit of a page is made in, during whose visits so many browsers have died.

        Those take turns. A page that kills its browser takes along whatever is visited beside it; were they all tried
        again at once, the innocent would die with it each time, and be given up with it.
        """
        return self.suspects if browser_deaths else nullcontext()
