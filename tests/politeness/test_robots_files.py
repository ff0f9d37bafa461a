"""RobotsFiles: one request per origin however many wait, and what is believed for how long."""

from __future__ import annotations

import sys
from random import Random

import anyio
import anyio.lowlevel

from crawl4ai_browser.config import PolitenessConfig
from crawl4ai_browser.errors import CrawlError, FetchError, NameNotResolved, ProxyError, TooManyRedirects
from crawl4ai_browser.fetcher import PlainResponse
from crawl4ai_browser.politeness.robots import RobotsRules
from crawl4ai_browser.politeness.robots_files import RobotsFiles
from crawl4ai_browser.politeness.throttle import Throttle
from crawl4ai_browser.testing.fake_clock import FakeClock
from crawl4ai_browser.testing.scripted_plain_get import PlainScript, ScriptedPlainGet

A = "https://a.test/page"
ROBOTS = "https://a.test/robots.txt"
FORBIDS = "User-agent: *\nDisallow: /"
DAY = 24 * 3600.0


class Setting:
    """Robots files over a script, on a clock that jumps."""

    def __init__(self, script: PlainScript, *, delay: float = 0.0, config: PolitenessConfig | None = None) -> None:
        config = config or PolitenessConfig()
        self.clock = FakeClock()
        self.plain_get = ScriptedPlainGet(script, clock=self.clock, delay=delay)
        self.throttle = Throttle(config, self.clock, random=Random(3))
        self.files = RobotsFiles(self.plain_get, self.throttle, config, self.clock)
        self.answers: list[RobotsRules | CrawlError] = []

    async def ask(self, url: str = A, session: str | None = None) -> None:
        try:
            self.answers.append(await self.files.rules(url, session=session))
        except FetchError as error:
            self.answers.append(error)

    @property
    def verdicts(self) -> list[bool | str]:
        return [
            answer.allows(A) if isinstance(answer, RobotsRules) else type(answer).__name__ for answer in self.answers
        ]


async def test_one_request_serves_all_who_wait() -> None:
    setting = Setting({ROBOTS: FORBIDS}, delay=1.0)
    async with setting.clock.jumping(), anyio.create_task_group() as tasks:
        for number in range(50):
            tasks.start_soon(setting.ask, f"https://a.test/{number}")
    assert setting.verdicts == [False] * 50
    assert setting.plain_get.requests == [(ROBOTS, None)]
    assert repr(setting.files) == "<RobotsFiles 1 origins, 1 rules>"


async def test_each_origin_is_asked_through_the_session_that_wants_to_know() -> None:
    setting = Setting(lambda url: 404)
    async with setting.clock.jumping():
        await setting.ask("https://a.test/", "alice")
        await setting.ask("http://a.test/", "bob")
        await setting.ask("https://a.test:8443/")
    assert setting.plain_get.requests == [
        ("https://a.test/robots.txt", "alice"),
        ("http://a.test/robots.txt", "bob"),
        ("https://a.test:8443/robots.txt", None),
    ]


async def test_a_cancelled_asker_keeps_the_answer_from_nobody() -> None:
    setting = Setting({ROBOTS: FORBIDS}, delay=1.0)
    first = anyio.CancelScope()

    async def ask_and_be_cancelled() -> None:
        with first:
            await setting.ask()

    async with setting.clock.jumping(), anyio.create_task_group() as tasks:
        tasks.start_soon(ask_and_be_cancelled)
        for _ in range(3):
            tasks.start_soon(setting.ask)
        await setting.clock.sleep(0.5)
        first.cancel()
    assert setting.verdicts == [False] * 3
    assert setting.plain_get.starts == [0.0, 0.5]


async def test_a_cancelled_waiter_does_not_disturb_the_one_who_asks() -> None:
    setting = Setting({ROBOTS: FORBIDS}, delay=1.0)
    async with setting.clock.jumping(), anyio.create_task_group() as tasks:
        tasks.start_soon(setting.ask)
        async with anyio.create_task_group() as waiters:
            for _ in range(3):
                waiters.start_soon(setting.ask)
            await setting.clock.sleep(0.5)
            waiters.cancel_scope.cancel()
    assert (setting.verdicts, len(setting.plain_get.requests)) == ([False], 1)


async def test_a_file_is_believed_for_a_day() -> None:
    setting = Setting({ROBOTS: [FORBIDS, 404]})
    async with setting.clock.jumping():
        await setting.ask()
        await setting.clock.sleep(DAY - 1)
        await setting.ask()
        await setting.clock.sleep(1)
        await setting.ask()
    assert setting.verdicts == [False, False, True]
    assert setting.plain_get.starts == [0.0, DAY]


async def test_a_server_error_is_tried_three_times_and_then_forbids_all_for_five_minutes() -> None:
    setting = Setting({ROBOTS: [500, 500, 500, 404]})
    async with setting.clock.jumping():
        await setting.ask()
        await setting.clock.sleep(299)
        await setting.ask()
        await setting.clock.sleep(1)
        await setting.ask()
    assert setting.verdicts == [False, False, True]
    assert setting.plain_get.starts == [0.0, 1.0, 3.0, 303.0]
    refused = setting.answers[0]
    assert isinstance(refused, RobotsRules)
    assert refused.refusal == f"{ROBOTS} answers 500, which forbids all visits until it can be read"


async def test_a_server_error_that_passes_costs_nothing() -> None:
    setting = Setting({ROBOTS: [503, 429, "User-agent: *\nDisallow: /private"]})
    async with setting.clock.jumping():
        await setting.ask()
    assert setting.verdicts == [True]


async def test_retry_after_of_the_file_is_kept_and_a_long_one_is_not_waited_for() -> None:
    soon = PlainResponse(url=ROBOTS, status=503, headers={"retry-after": "20"}, body=b"")
    late = PlainResponse(url=ROBOTS, status=503, headers={"retry-after": "3000"}, body=b"")
    setting = Setting({ROBOTS: [soon, late, "never asked"]})
    async with setting.clock.jumping():
        await setting.ask()
    assert (setting.verdicts, setting.plain_get.starts) == ([False], [0.0, 20.0])
    assert setting.throttle.opens_at("https://a.test", 0) == 3020.0


async def test_an_older_file_outlives_a_server_that_is_down() -> None:
    setting = Setting({ROBOTS: ["User-agent: *\nDisallow: /other", 500, 500, 500, NameNotResolved("gone"), FORBIDS]})
    async with setting.clock.jumping():
        for _ in range(3):
            await setting.ask()
            await setting.clock.sleep(DAY)
        await setting.ask()
    assert setting.verdicts == [True, True, True, False]


async def test_no_answer_is_an_error_of_its_class_shared_by_those_who_waited_and_then_asked_again() -> None:
    setting = Setting({ROBOTS: [NameNotResolved("no such host"), FORBIDS]}, delay=1.0)
    async with setting.clock.jumping():
        async with anyio.create_task_group() as tasks:
            for _ in range(4):
                tasks.start_soon(setting.ask)
        await setting.ask()
    assert setting.verdicts == ["NameNotResolved"] * 4 + [False]
    assert len(setting.plain_get.requests) == 2


async def test_a_failure_of_one_session_is_not_that_of_another() -> None:
    setting = Setting({ROBOTS: [ProxyError("proxy is down"), FORBIDS]}, delay=1.0)
    async with setting.clock.jumping(), anyio.create_task_group() as tasks:
        tasks.start_soon(setting.ask, A, "alice")
        await setting.clock.sleep(0.5)
        tasks.start_soon(setting.ask, A, "alice")
        tasks.start_soon(setting.ask, A, "bob")
    assert setting.verdicts == ["ProxyError", "ProxyError", False]
    assert [session for _, session in setting.plain_get.requests] == ["alice", "bob"]


async def test_redirects_that_do_not_end_mean_that_there_is_no_file() -> None:
    setting = Setting({ROBOTS: TooManyRedirects("21 redirects")})
    await setting.ask()
    assert setting.verdicts == [True]


async def test_asking_is_a_hit_that_takes_a_turn() -> None:
    setting = Setting({ROBOTS: 404}, delay=0.5, config=PolitenessConfig(min_delay=2.0))
    async with setting.clock.jumping():
        await setting.ask()
    assert setting.throttle.opens_at("https://a.test", 0) == 2.5


async def test_a_big_file_is_read_beside_the_event_loop() -> None:
    setting = Setting({ROBOTS: "User-agent: *\n" + "Disallow: /some/path/*/x\n" * 15_000})
    turns = 0

    async def count_turns_of_the_loop() -> None:
        nonlocal turns
        while not setting.answers:
            turns += 1
            await anyio.lowlevel.checkpoint()

    switch_interval = sys.getswitchinterval()
    sys.setswitchinterval(0.0005)
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(count_turns_of_the_loop)
            tasks.start_soon(setting.ask)
    finally:
        sys.setswitchinterval(switch_interval)
    assert setting.verdicts == [True]
    assert turns > 40  # Read on the loop it is 8: as many as there are awaits on the way.


async def test_what_is_kept_is_bounded_by_its_rules_and_the_latest_stay() -> None:
    text = "User-agent: *\n" + "Disallow: /private\n" * 2000
    setting = Setting(lambda url: text)
    for number in range(110):
        await setting.files.rules(f"https://{number}.test/")
    asked = len(setting.plain_get.requests)
    await setting.files.rules("https://109.test/")
    assert len(setting.plain_get.requests) == asked == 110
    await setting.files.rules("https://0.test/")
    assert len(setting.plain_get.requests) == 111
    assert int(repr(setting.files).split()[3]) <= 200_000
