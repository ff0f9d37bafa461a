"""The cache before a way out, where the configuration asks for one."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

from crawl4ai_browser.clock import Clock
from crawl4ai_browser.config import ContextConfig, CrawlConfig
from crawl4ai_browser.crawling.way_out import WayOut
from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.request import Request
from crawl4ai_browser.storage.cache import SnapshotCache
from crawl4ai_browser.storage.cache_key import cache_key
from crawl4ai_browser.storage.cached_fetcher import CachedFetcher


@asynccontextmanager
async def open_cached_way(way: WayOut, config: CrawlConfig, *, clock: Clock) -> AsyncGenerator[WayOut]:
    """The way itself, or with its fetcher behind a cache.

    Raises:
        ConfigError: the cache has no folder, or what is there is none.
        StorageError: it can't be opened.
    """
    if config.cache.mode == "off":
        yield way
        return
    folder = config.cache.folder or config.state_dir
    if folder is None:
        raise ConfigError(
            f"a cache (mode {config.cache.mode}) needs CacheConfig.folder or a crawl's state folder"
            " (--cache-folder, --state)"
        )

    def context_of(request: Request) -> ContextConfig:
        return config.context if way.browsers is None else way.browsers.pool.session(request.session).config

    is_offline = config.cache.mode == "offline"
    async with SnapshotCache.open(folder, max_bytes=config.cache.max_bytes, must_exist=is_offline) as cache:
        fetcher = CachedFetcher(
            way.fetcher,
            cache,
            config.cache,
            key_of=lambda request: cache_key(request, config, context_of(request)),
            plain_get=None if way.browsers is None else way.browsers.plain_get,
            clock=clock,
        )
        yield replace(way, fetcher=fetcher)
