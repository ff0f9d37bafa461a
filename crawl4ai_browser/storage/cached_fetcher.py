"""CachedFetcher: takes a visit from the cache where that will do, and stores those that are made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal

from crawl4ai_browser import urls
from crawl4ai_browser.cache_config import CacheConfig
from crawl4ai_browser.clock import SYSTEM_CLOCK, Clock
from crawl4ai_browser.errors import FetchError, NotCached, Skipped
from crawl4ai_browser.fetcher import BeforePage, OnAnswer, PlainGet, StagedFetcher
from crawl4ai_browser.request import Request
from crawl4ai_browser.snapshot import Snapshot
from crawl4ai_browser.storage.cache import SnapshotCache, Stored
from crawl4ai_browser.storage.keepable import is_gone, reason_not_to_keep, validators

_MAX_BODY = 8 * 2**20
"""Of an answer whose body nobody reads."""

KeyOf = Callable[[Request], bytes]
"""The key of a request; see `cache_key`."""

_ONE_BYTE = {"Range": "bytes=0-0"}
"""Asked for beside the conditions, which go first (RFC 9110, 13.2.2): what has changed is visited anyway, so its body
need not come twice. A server without ranges sends all of it."""


class CachedFetcher:
    """A `Fetcher` that asks the cache before another fetcher, which it stands before with all its waiting."""

    def __init__(
        self,
        inner: StagedFetcher,
        cache: SnapshotCache,
        config: CacheConfig,
        *,
        key_of: KeyOf,
        plain_get: PlainGet | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """`plain_get` asks sites whether a page has changed; None: what is too old is visited."""
        self._inner = inner
        self._cache = cache
        self._config = config
        self._key_of = key_of
        self._plain_get = plain_get
        self._clock = clock

    async def fetch(
        self, request: Request, *, on_answer: OnAnswer | None = None, before_page: BeforePage | None = None
    ) -> Snapshot:
        """What is stored, with `from_cache` set and the time of its visit; else a visit.

        Raises:
            NotCached: it is not stored, and nothing is visited.
            FetchError, Skipped: as the other fetcher has it.
            StorageError: the cache failed.
        """
        key = self._key_of(request)
        started = self._clock.monotonic()
        if self._config.mode != "refresh":
            stored = await self._cache.load(key)
            if stored is not None and await self._stands(key, stored, request):
                seconds = self._clock.monotonic() - started
                return stored.snapshot.model_copy(update={"from_cache": True, "timings": {"cache": seconds}})
        if self._config.mode == "offline":
            raise NotCached("not in the cache, and nothing is visited", request=request, phase="queue")
        snapshot = await self._inner.fetch(request, on_answer=on_answer, before_page=before_page)
        if self._config.mode in ("write", "refresh"):
            await self._keep(key, snapshot)
        return snapshot

    async def _keep(self, key: bytes, snapshot: Snapshot) -> None:
        if reason_not_to_keep(snapshot) is None:
            await self._cache.store(key, snapshot, self._clock.now())
        elif is_gone(snapshot.status):
            await self._cache.remove(key)

    async def _stands(self, key: bytes, stored: Stored, request: Request) -> bool:
        match verdict(stored, self._config, self._clock.now()):
            case "fresh":
                return True
            case "stale":
                return False
            case "ask":
                if self._plain_get is None or not await self._is_unchanged(self._plain_get, stored.snapshot, request):
                    return False
                if self._config.mode == "write":
                    await self._cache.confirm(key, self._clock.now())
                return True

    async def _is_unchanged(self, plain_get: PlainGet, snapshot: Snapshot, request: Request) -> bool:
        headers = {**request.headers, **validators(snapshot), **_ONE_BYTE}
        try:
            answer = await plain_get.get(request.url, session=request.session, headers=headers, max_bytes=_MAX_BODY)
        except (FetchError, Skipped):
            return False  # the visit tells better what is wrong
        same_place = urls.without_fragment(answer.url) == urls.without_fragment(snapshot.final_url)
        return answer.status == 304 and same_place

    def __repr__(self) -> str:
        """What it does with what."""
        return f"<CachedFetcher {self._config.mode} {self._cache!r} before {self._inner!r}>"


def verdict(stored: Stored, config: CacheConfig, now: datetime) -> Literal["fresh", "stale", "ask"]:
    """Whether it stands by its age, or the site must be asked first."""
    if config.mode == "offline" or config.max_age is None or now - stored.checked <= timedelta(seconds=config.max_age):
        return "fresh"
    return "ask" if config.revalidate and validators(stored.snapshot) else "stale"
