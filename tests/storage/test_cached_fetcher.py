"""When a visit is taken from the cache, when it is made, and what of it is stored."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crawl4ai_browser.cache_config import CacheConfig, CacheMode
from crawl4ai_browser.captured import CaptureFault
from crawl4ai_browser.config import CrawlConfig
from crawl4ai_browser.download import Download
from crawl4ai_browser.errors import ConfigError, ConnectionFailed, FetchError, NotCached, RobotsDenied, StorageError
from crawl4ai_browser.fetcher import BeforePage, OnAnswer, PlainResponse
from crawl4ai_browser.request import Request
from crawl4ai_browser.snapshot import ReadyReport, Snapshot
from crawl4ai_browser.storage.cache import DATABASE_NAME, SnapshotCache
from crawl4ai_browser.storage.cache_key import cache_key
from crawl4ai_browser.storage.cached_fetcher import CachedFetcher
from crawl4ai_browser.testing.fake_clock import FakeClock
from crawl4ai_browser.testing.scripted_plain_get import PlainScript, ScriptedPlainGet

pytestmark = pytest.mark.anyio

URL = "https://example.com/page"
ETAG = {"etag": '"one"', "last-modified": "Sun, 06 Nov 1994 08:49:37 GMT"}


def page(**fields: Any) -> Snapshot:
    given = {"url": URL, "final_url": URL, "status": 200, "html": "<p>first</p>", "has_fetched": False}
    return Snapshot.model_validate({**given, "fetched_at": datetime(2026, 1, 1, tzinfo=UTC), **fields})


class Answers:
    """A fetcher that gives what it was given, in this order, and counts."""

    def __init__(self, *answers: Snapshot | Exception) -> None:
        self.answers = list(answers)
        self.visits = 0

    async def fetch(
        self, request: Request, *, on_answer: OnAnswer | None = None, before_page: BeforePage | None = None
    ) -> Snapshot:
        del request, on_answer, before_page
        self.visits += 1
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class Place:
    """A folder in which caches are opened one after the other, as runs of a crawl do."""

    folder: Path
    clock: FakeClock

    @asynccontextmanager
    async def run(
        self, mode: CacheMode, *answers: Snapshot | Exception, script: PlainScript | None = None, **config: Any
    ) -> AsyncGenerator[tuple[CachedFetcher, Answers]]:
        config = {"max_bytes": 10**6, **config}
        inner = Answers(*answers)
        cached = CacheConfig(mode=mode, **config)
        must_exist = mode == "offline"
        plain_get = None if script is None else ScriptedPlainGet(script, clock=self.clock)
        async with SnapshotCache.open(self.folder, max_bytes=cached.max_bytes, must_exist=must_exist) as cache:
            yield (
                CachedFetcher(
                    inner,
                    cache,
                    cached,
                    key_of=lambda request: cache_key(request, CrawlConfig(), CrawlConfig().context),
                    plain_get=plain_get,
                    clock=self.clock,
                ),
                inner,
            )

    async def visit(self, mode: CacheMode, *answers: Snapshot | Exception, **config: Any) -> Snapshot:
        """One run of one page."""
        async with self.run(mode, *answers, **config) as (fetcher, _):
            return await fetcher.fetch(Request(url=URL))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "cache", FakeClock())


async def test_what_was_stored_comes_back_as_it_was(place: Place) -> None:
    stored = page(screenshot=b"\x89PNG", headers=ETAG, redirects=(), console=(), requests=(), timings={"goto": 1.5})
    assert await place.visit("write", stored) == stored
    again = await place.visit("write")
    assert again == stored.model_copy(update={"from_cache": True, "timings": again.timings})
    assert list(again.timings) == ["cache"]


@pytest.mark.parametrize(
    ("mode", "takes", "stores"), [("read", True, False), ("write", True, True), ("refresh", False, True)]
)
async def test_what_a_mode_takes_and_stores(place: Place, mode: CacheMode, takes: bool, stores: bool) -> None:
    await place.visit("write", page())
    second, other = page(html="<p>second</p>"), Request(url=f"{URL}/other")
    async with place.run(mode, second, page(html="<p>other</p>")) as (fetcher, inner):
        if takes:
            inner.answers.pop(0)
        assert (await fetcher.fetch(Request(url=URL))).from_cache is takes
        assert not (await fetcher.fetch(other)).from_cache
    async with place.run("read", second) as (fetcher, inner):
        assert (await fetcher.fetch(other)).from_cache is stores
        inner.answers.clear()
        assert (await fetcher.fetch(Request(url=URL))).html == (page() if takes else second).html


async def test_offline_visits_nothing(place: Place) -> None:
    with pytest.raises(ConfigError, match="no cache to be offline with"):
        await place.visit("offline")
    await place.visit("write", page())
    async with place.run("offline", max_age=1) as (fetcher, inner):
        await place.clock.advance(10_000)
        assert (await fetcher.fetch(Request(url=URL))).from_cache
        with pytest.raises(NotCached, match="not in the cache"):
            await fetcher.fetch(Request(url=f"{URL}/other"))
        assert inner.visits == 0


NOT_KEPT = {
    "not found": page(status=404),
    "forbidden": page(status=403),
    "too many": page(status=429),
    "error": page(status=503),
    "accepted": page(status=202),
    "part": page(status=206),
    "challenge": page(headers={"cf-mitigated": "challenge"}),
    "captcha": page(headers={"x-amzn-waf-action": "captcha"}),
    "not ready": page(ready=ReadyReport(kind="quiet", met=False, seconds=8, detail="still waiting")),
    "nothing": page(html=None),
    "no picture": page(capture_faults=(CaptureFault(kind="screenshot", message="no element matches '#map'"),)),
    "file cut short": page(
        html=None,
        downloads=(
            Download(
                url=URL,
                referrer="",
                suggested_name="a.pdf",
                path=None,
                state="truncated",
                started_at=datetime(2026, 1, 1, tzinfo=UTC),
                finished_at=datetime(2026, 1, 1, tzinfo=UTC),
            ),
        ),
    ),
}


@pytest.mark.parametrize("name", NOT_KEPT)
async def test_what_went_wrong_is_visited_again(place: Place, name: str) -> None:
    assert await place.visit("write", NOT_KEPT[name]) == NOT_KEPT[name]
    assert await place.visit("write", page()) == page()


@pytest.mark.parametrize("error", [ConnectionFailed("reset"), RobotsDenied("no"), FetchError("half", snapshot=page())])
async def test_an_error_is_raised_and_not_stored(place: Place, error: Exception) -> None:
    with pytest.raises(type(error)):
        await place.visit("write", error)
    assert await place.visit("write", page()) == page()


@pytest.mark.parametrize(("status", "stays"), [(404, False), (410, False), (403, False), (503, True), (429, True)])
async def test_a_page_that_is_gone_takes_its_older_self_along(place: Place, status: int, stays: bool) -> None:
    await place.visit("write", page())
    await place.visit("refresh", page(status=status))
    async with place.run("read", page(html="<p>new</p>")) as (fetcher, _):
        assert (await fetcher.fetch(Request(url=URL))).from_cache is stays


async def test_what_is_too_old_is_visited_and_stored_anew(place: Place) -> None:
    await place.visit("write", page(), max_age=60)
    await place.clock.advance(60)
    assert (await place.visit("write", max_age=60)).from_cache
    await place.clock.advance(1)
    second = page(html="<p>second</p>")
    assert await place.visit("write", second, max_age=60) == second
    await place.clock.advance(60)
    assert (await place.visit("write", max_age=60)).html == second.html


def answered(status: int, url: str = URL) -> dict[str, PlainResponse]:
    return {URL: PlainResponse(url=url, status=status, headers={}, body=b"")}


async def test_a_document_that_has_not_changed_stands_as_long_again(place: Place) -> None:
    await place.visit("write", page(headers=ETAG))
    await place.clock.advance(61)
    assert (await place.visit("write", script=answered(304), max_age=60)).from_cache
    await place.clock.advance(60)
    assert (await place.visit("write", max_age=60)).from_cache, "checked a minute ago"


async def test_the_site_is_asked_by_both_validators_and_for_no_body(place: Place) -> None:
    await place.visit("write", page(headers=ETAG))
    await place.clock.advance(61)
    plain = ScriptedPlainGet(answered(304), clock=place.clock)
    async with SnapshotCache.open(place.folder, max_bytes=10**6) as cache:
        config = CacheConfig(mode="read", max_age=60)
        context = CrawlConfig().context
        fetcher = CachedFetcher(
            Answers(),
            cache,
            config,
            key_of=lambda request: cache_key(request, CrawlConfig(), context),
            plain_get=plain,
            clock=place.clock,
        )
        assert (await fetcher.fetch(Request(url=URL))).from_cache
    assert plain.headers == [
        {"If-None-Match": '"one"', "If-Modified-Since": ETAG["last-modified"], "Range": "bytes=0-0"}
    ]


STALE: dict[str, tuple[Snapshot, PlainScript]] = {
    "changed": (page(headers=ETAG), answered(206)),
    "error": (page(headers=ETAG), answered(500)),
    "unreachable": (page(headers=ETAG), {URL: ConnectionFailed("refused")}),
    "moved": (page(headers=ETAG), answered(304, f"{URL}/elsewhere")),
    "data of its own": (page(headers=ETAG, has_fetched=True), answered(304)),
    "nothing known of its data": (page(headers=ETAG, has_fetched=None), answered(304)),
    "no validator": (page(), answered(304)),
}


@pytest.mark.parametrize("name", STALE)
async def test_what_may_have_changed_is_visited(place: Place, name: str) -> None:
    stored, script = STALE[name]
    await place.visit("write", stored)
    await place.clock.advance(61)
    second = page(html="<p>second</p>")
    assert await place.visit("write", second, script=script, max_age=60) == second


async def test_nobody_is_asked_where_that_is_not_wanted(place: Place) -> None:
    await place.visit("write", page(headers=ETAG))
    await place.clock.advance(61)
    second = page(html="<p>second</p>")
    assert await place.visit("read", second, script=answered(304), max_age=60, revalidate=False) == second


async def test_the_oldest_goes_where_room_is_needed(place: Place) -> None:
    urls = [f"{URL}/{number}" for number in range(30)]
    text = "".join(f"<p>{number * number}</p>" for number in range(2000))
    async with place.run("write", *[page(html=f"{text}{url}") for url in urls], max_bytes=40_000) as (fetcher, inner):
        for url in urls:
            await fetcher.fetch(Request(url=url))
            await place.clock.advance(1)
        kept: list[str] = []
        for url in urls:
            inner.answers[:] = [page(status=500)]
            if (await fetcher.fetch(Request(url=url))).from_cache:
                kept.append(url)
    assert kept == urls[-len(kept) :]
    assert 2 < len(kept) < 20
    async with SnapshotCache.open(place.folder, max_bytes=40_000) as cache:
        assert await cache.size() <= 40_000


async def test_a_page_larger_than_the_cache_is_not_stored(place: Place) -> None:
    await place.visit("write", page(), max_bytes=10)
    second = page(html="<p>second</p>")
    assert await place.visit("read", second) == second


async def test_a_file_that_is_not_as_it_was_is_fetched_again(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "report.pdf"
    file.write_bytes(b"%PDF")
    record = Download(
        url=URL,
        referrer="",
        suggested_name="report.pdf",
        path=file,
        state="complete",
        size_bytes=4,
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        finished_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    stored = page(html=None, downloads=(record,))
    await place.visit("write", stored)
    assert (await place.visit("write")).from_cache
    file.write_bytes(b"%PDF-1")
    assert not (await place.visit("read", stored)).from_cache
    file.unlink()
    assert not (await place.visit("read", stored)).from_cache


async def test_what_another_release_has_stored_is_visited_anew(place: Place) -> None:
    await place.visit("write", page())

    connection = sqlite3.connect(place.folder / DATABASE_NAME)
    connection.execute("UPDATE snapshots SET snapshot = x'00'")
    connection.commit()
    connection.close()
    assert not (await place.visit("write", page())).from_cache
    assert (await place.visit("write")).from_cache


async def test_two_caches_on_one_folder_see_what_the_other_has_stored(place: Place) -> None:
    async with place.run("write", page()) as (one, _), place.run("write") as (other, inner):
        await one.fetch(Request(url=URL))
        assert (await other.fetch(Request(url=URL))).from_cache
        assert inner.visits == 0


async def test_a_file_that_is_no_cache_is_refused_untouched(place: Place) -> None:
    place.folder.mkdir()
    file = place.folder / DATABASE_NAME
    file.write_bytes(b"my diary, which is longer than a header of a hundred bytes" * 3)
    before = file.read_bytes()
    with pytest.raises(StorageError, match="the cache is no database at all"):
        await place.visit("write")
    assert file.read_bytes() == before
    assert [each.name for each in place.folder.iterdir()] == [DATABASE_NAME]


async def test_a_cache_of_another_version_is_refused(place: Place) -> None:
    await place.visit("write", page())
    file = place.folder / DATABASE_NAME
    content = bytearray(file.read_bytes())
    content[60:64] = (99).to_bytes(4, "big")
    file.write_bytes(content)
    with pytest.raises(ConfigError, match="a cache of version 99"):
        await place.visit("write")
    assert file.read_bytes() == content


async def test_the_file_is_its_owners_alone(place: Place) -> None:
    await place.visit("write", page())
    assert (place.folder / DATABASE_NAME).stat().st_mode & 0o777 == 0o600


async def test_it_says_what_it_does(place: Place) -> None:
    async with place.run("read") as (fetcher, _):
        assert repr(fetcher).startswith("<CachedFetcher read <SnapshotCache in <Database ")
