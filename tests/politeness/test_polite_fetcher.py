"""PoliteFetcher: the verdict, the turn, the visit, and what is learned from it."""

from __future__ import annotations

from random import Random

import anyio
import pytest

from crawl4ai_browser.config import PolitenessConfig
from crawl4ai_browser.errors import (
    BrowserCrashed,
    ConnectionFailed,
    CrawlError,
    FetchError,
    NameNotResolved,
    ReadyTimeout,
    RobotsDenied,
)
from crawl4ai_browser.fetcher import Fetcher
from crawl4ai_browser.politeness.polite_fetcher import PoliteFetcher
from crawl4ai_browser.request import Request
from crawl4ai_browser.snapshot import Snapshot
from crawl4ai_browser.testing.fake_clock import FakeClock
from crawl4ai_browser.testing.scripted_fetcher import Script, ScriptedFetcher, Seconds, page
from crawl4ai_browser.testing.scripted_plain_get import PlainScript, ScriptedPlainGet

A = "https://a.test/"
SLOW = "https://slow.test/"
FAST = "https://fast.test/"
BUSY = "https://busy.test/"


class Setting:
    """A polite fetcher over scripts, on a clock that jumps."""

    def __init__(
        self,
        script: Script,
        robots: PlainScript | None = None,
        *,
        config: PolitenessConfig | None = None,
        delay: Seconds = 0.0,
        robots_delay: float = 0.0,
    ) -> None:
        self.clock = FakeClock()
        self.inner = ScriptedFetcher(script, clock=self.clock, delay=delay)
        self.plain_get = ScriptedPlainGet(robots or {}, clock=self.clock, delay=robots_delay)
        self.fetcher = PoliteFetcher(
            self.inner, self.plain_get, config or PolitenessConfig(), self.clock, random=Random(11)
        )

    async def visit(self, url: str) -> None:
        await self.fetcher.fetch(Request(url=url))

    async def visit_until_it_answers(self, url: str) -> None:
        """Visit again after a 429, as a crawl would."""
        while (await self.fetcher.fetch(Request(url=url))).status == 429:
            pass


def as_fetcher(fetcher: Fetcher) -> Fetcher:
    """The type checkers hold it to the protocol here."""
    return fetcher


async def test_an_allowed_url_is_visited_and_its_waits_are_told() -> None:
    setting = Setting({A: "<h1>hi</h1>"}, config=PolitenessConfig(min_delay=2.0))
    async with setting.clock.jumping():
        first = await as_fetcher(setting.fetcher).fetch(Request(url=A))
        second = await setting.fetcher.fetch(Request(url=A))
    assert (first.html, first.timings) == ("<h1>hi</h1>", {"robots": 0.0, "turn": 2.0})
    assert second.timings == {"robots": 0.0, "turn": 2.0}


async def test_a_url_that_robots_txt_forbids_is_never_visited() -> None:
    setting = Setting({}, {A + "robots.txt": "User-agent: crawl4ai-browser\nDisallow: /private"})
    request = Request(url=A + "private/page", session="alice")
    with pytest.raises(RobotsDenied, match=r"robots\.txt forbids this URL to crawl4ai-browser") as info:
        await setting.fetcher.fetch(request)
    assert (info.value.request, info.value.phase, info.value.blame) == (request, "robots", "site")
    assert setting.plain_get.requests == [(A + "robots.txt", "alice")]
    assert setting.inner.visits == []


async def test_a_server_that_cannot_say_what_is_allowed_is_not_visited() -> None:
    setting = Setting({A: ""}, {A + "robots.txt": 500})
    async with setting.clock.jumping():
        with pytest.raises(RobotsDenied, match="answers 500, which forbids all visits until it can be read"):
            await setting.visit(A)
    assert setting.inner.visits == []


async def test_a_robots_txt_that_cannot_be_had_fails_the_visit_with_its_own_class() -> None:
    setting = Setting({A: ""}, {A + "robots.txt": NameNotResolved("no such host")})
    with pytest.raises(NameNotResolved, match="nothing of this host is visited: no such host") as info:
        await setting.visit(A)
    assert (info.value.phase, info.value.request) == ("robots", Request(url=A))
    assert setting.inner.visits == []


async def test_robots_txt_is_not_asked_for_where_it_is_not_obeyed() -> None:
    setting = Setting(
        {A: "page"}, {A + "robots.txt": "User-agent: *\nDisallow: /"}, config=PolitenessConfig(obey_robots=False)
    )
    snapshot = await setting.fetcher.fetch(Request(url=A))
    assert (snapshot.html, setting.plain_get.requests) == ("page", [])


@pytest.mark.parametrize("request_", [Request(url=A, html="<p>raw"), Request(url="file:///tmp/page.html")])
async def test_raw_html_and_files_go_straight_through(request_: Request) -> None:
    setting = Setting({A: "page", "file:///tmp/page.html": "page"}, {A + "robots.txt": "User-agent: *\nDisallow: /"})
    snapshot = await setting.fetcher.fetch(request_)
    assert (snapshot.html, snapshot.timings) == ("page", {})
    assert (setting.plain_get.requests, setting.fetcher.throttle.statistics()) == ([], ())


async def test_whoever_asked_is_told_when_the_answer_begins() -> None:
    setting = Setting({A: "page"}, delay=0.75)
    told: list[float] = []
    async with setting.clock.jumping():
        await setting.fetcher.fetch(Request(url=A), on_answer=told.append)
    assert told == [0.75]
    assert [host.latency for host in setting.fetcher.throttle.statistics()] == [0.75]


async def test_crawl_delay_keeps_the_hits_apart() -> None:
    setting = Setting(lambda url: "page", {A + "robots.txt": "User-agent: *\nCrawl-delay: 5"}, delay=0.5)
    async with setting.clock.jumping(), anyio.create_task_group() as tasks:
        for number in range(4):
            tasks.start_soon(setting.visit, f"{A}{number}")
    assert setting.inner.starts_of(A) == [0.0, 5.5, 11.0, 16.5]


@pytest.mark.parametrize(
    "headers",
    [
        {"retry-after": "60"},
        {"retry-after": "Wed, 01 Jan 2025 00:01:00 GMT"},
        {"retry-after": "Tue, 31 Dec 2024 23:01:00 GMT", "date": "Tue, 31 Dec 2024 23:00:00 GMT"},
    ],
)
@pytest.mark.parametrize("status", [429, 503])
async def test_a_refusal_closes_the_host_until_its_retry_after(status: int, headers: dict[str, str]) -> None:
    setting = Setting({A: [page(A, status=status, headers=headers), "page"]})
    async with setting.clock.jumping():
        refused = await setting.fetcher.fetch(Request(url=A))
        await setting.visit(A)
    assert refused.status == status
    assert setting.inner.starts_of(A) == [0.0, 60.0]


@pytest.mark.parametrize("value", ["-60", "0", "soon"])
async def test_a_refusal_without_a_usable_time_backs_off_for_a_growing_one(value: str) -> None:
    setting = Setting(lambda url: page(url, status=429, headers={"retry-after": value}))
    async with setting.clock.jumping():
        for _ in range(6):
            await setting.visit(A)
    starts = setting.inner.starts_of(A)
    gaps = [later - earlier for earlier, later in zip(starts, starts[1:], strict=False)]
    assert all(2.0**number / 2 <= gap <= 2.0**number for number, gap in enumerate(gaps))


async def test_an_absurd_retry_after_is_cut_to_the_cap() -> None:
    setting = Setting({A: [page(A, status=429, headers={"retry-after": "9" * 30}), "page"]})
    async with setting.clock.jumping():
        await setting.visit(A)
        await setting.visit(A)
    assert setting.inner.starts_of(A) == [0.0, 3600.0]


async def test_a_failed_visit_teaches_by_the_status_it_had_and_keeps_its_snapshot() -> None:
    late = ReadyTimeout("selector did not come", snapshot=page(A, status=429, headers={"retry-after": "10"}))
    setting = Setting({A: [late, "page"]})
    async with setting.clock.jumping():
        with pytest.raises(ReadyTimeout) as info:
            await setting.visit(A)
        await setting.visit(A)
    assert info.value.snapshot is not None
    assert info.value.snapshot.timings == {"robots": 0.0, "turn": 0.0}
    assert setting.inner.starts_of(A) == [0.0, 10.0]


@pytest.mark.parametrize(("error", "waits"), [(ConnectionFailed("refused"), True), (BrowserCrashed("killed"), False)])
async def test_only_failures_of_the_host_count_against_it(error: FetchError, *, waits: bool) -> None:
    setting = Setting({A: error})
    async with setting.clock.jumping():
        for _ in range(6):
            with pytest.raises(type(error)):
                await setting.visit(A)
    assert (setting.clock.monotonic() > 0) == waits


async def test_the_first_visits_to_a_host_are_few_until_it_has_answered() -> None:
    setting = Setting(lambda url: "page", delay=0.5)
    seen: list[int] = []

    async def watch() -> None:
        for _ in range(4):
            await setting.clock.sleep(0.25)
            seen.append(setting.inner.active_count)
            await setting.clock.sleep(0.25)

    async with setting.clock.jumping(), anyio.create_task_group() as tasks:
        tasks.start_soon(watch)
        for number in range(40):
            tasks.start_soon(setting.visit, f"{A}{number}")
    # robots.txt was the first answer: three, then one more with each.
    assert seen == [3, 6, 8, 8]
    assert setting.inner.max_active_of(A) == 8


async def test_a_host_that_answers_more_slowly_is_visited_by_fewer_at_once() -> None:
    now_slow = False
    setting = Setting(lambda url: "page", delay=lambda url: 4.0 if now_slow else 0.1)
    async with setting.clock.jumping():
        async with anyio.create_task_group() as tasks:
            for number in range(100):
                tasks.start_soon(setting.visit, f"{A}{number}")
        while_fast = setting.fetcher.throttle.statistics()[0].limit
        now_slow = True
        async with anyio.create_task_group() as tasks:
            for number in range(100):
                tasks.start_soon(setting.visit, f"{A}{number}")
    assert (while_fast, setting.fetcher.throttle.statistics()[0].limit) == (8, 1)


async def test_a_slow_and_a_refusing_host_leave_the_fast_one_its_full_speed() -> None:
    refusal = page(BUSY, status=429, headers={"retry-after": "30"})
    pages = {FAST: 0.1, SLOW: 20.0, BUSY: 0.1}
    refusals = 0

    def answer(url: str) -> Snapshot:
        nonlocal refusals
        if url.startswith(BUSY) and refusals < 3:
            refusals += 1
            return refusal
        return page(url)

    def delay(url: str) -> float:
        return next(seconds for host, seconds in pages.items() if url.startswith(host))

    alone = Setting(lambda url: "page", delay=delay)
    async with alone.clock.jumping(), anyio.create_task_group() as tasks:
        for number in range(100):
            tasks.start_soon(alone.visit, f"{FAST}{number}")
    together = Setting(answer, delay=delay)
    async with together.clock.jumping(), anyio.create_task_group() as tasks:
        for number in range(100):
            tasks.start_soon(together.visit, f"{FAST}{number}")
            if number < 20:
                tasks.start_soon(together.visit, f"{SLOW}{number}")
                tasks.start_soon(together.visit_until_it_answers, f"{BUSY}{number}")
    finished = max(visit.ended for visit in together.inner.visits if visit.url.startswith(FAST))
    assert finished == pytest.approx(alone.clock.monotonic())
    busy_starts = together.inner.starts_of(BUSY)
    assert len(busy_starts) == 23
    # Three were under way when it refused; then one probes, and the rest follow its answer.
    assert busy_starts[:3] == [0.0] * 3
    assert busy_starts[3:5] == pytest.approx([30.1, 30.2])


@pytest.mark.parametrize("moment", [0.25, 1.25, 2.25])
async def test_a_visit_can_be_cancelled_at_any_stop_and_leaves_the_host_free(moment: float) -> None:
    """A second each for robots.txt, the turn and the visit."""
    config = PolitenessConfig(min_delay=1.0, max_pages_per_host=1)
    setting = Setting({A: "page"}, config=config, delay=1.0, robots_delay=1.0)
    async with setting.clock.jumping():
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(setting.visit, A)
            await setting.clock.sleep(moment)
            tasks.cancel_scope.cancel()
        snapshot = await setting.fetcher.fetch(Request(url=A))
    assert snapshot.html == "page"
    free = "<PoliteFetcher <Throttle 1 hosts, 0 visits, 0 waiting>, <RobotsFiles 1 origins, 0 rules>>"
    assert repr(setting.fetcher) == free


async def test_an_error_that_is_not_of_a_visit_passes_through_and_frees_the_host() -> None:
    setting = Setting({A: CrawlError("a bug")})
    with pytest.raises(CrawlError, match="a bug"):
        await setting.visit(A)
    assert repr(setting.fetcher.throttle) == "<Throttle 1 hosts, 0 visits, 0 waiting>"


async def test_a_thousand_hosts_are_visited_in_no_time() -> None:
    setting = Setting(lambda url: "page", delay=0.1)
    async with setting.clock.jumping(), anyio.create_task_group() as tasks:
        for number in range(1000):
            tasks.start_soon(setting.visit, f"https://{number}.test/")
    assert len(setting.inner.visits) == 1000
    assert setting.clock.monotonic() == pytest.approx(0.1)
