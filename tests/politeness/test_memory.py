"""What another process is told of hosts and robots.txt files, and what it does with that."""

from __future__ import annotations

from random import Random

import pytest

from crawl4ai_browser.config import PolitenessConfig
from crawl4ai_browser.fetcher import PlainResponse
from crawl4ai_browser.politeness.memory import HostMemory, KeptRobots
from crawl4ai_browser.politeness.outcome import ANSWERED, Outcome
from crawl4ai_browser.politeness.robots_files import LIFE, UNREACHABLE_LIFE, RobotsFiles
from crawl4ai_browser.politeness.throttle import Throttle
from crawl4ai_browser.testing.fake_clock import FakeClock
from crawl4ai_browser.testing.scripted_plain_get import PlainScript, ScriptedPlainGet

HOST = "https://a.test"
ROBOTS = f"{HOST}/robots.txt"


class Notebook:
    """A `MannersMemory` in a dict."""

    def __init__(self) -> None:
        self.files: dict[str, KeptRobots] = {}
        self.hosts: list[str] = []

    async def robots(self, origin: str) -> KeptRobots | None:
        return self.files.get(origin)

    async def keep_robots(self, origin: str, kept: KeptRobots) -> None:
        self.files[origin] = kept

    def host_changed(self, host: str) -> None:
        self.hosts.append(host)


def throttle(clock: FakeClock, **config: float) -> Throttle:
    return Throttle(PolitenessConfig.model_validate(config), clock, random=Random(1))


async def visit(of: Throttle, outcome: Outcome = ANSWERED, *, crawl_delay: float = 0.0) -> None:
    of.set_crawl_delay(HOST, crawl_delay)
    async with of.turn(HOST) as turn:
        turn.answered(0.1)
        turn.learn(outcome)


async def test_nothing_is_remembered_of_a_host_that_asks_for_nothing() -> None:
    before = throttle(FakeClock())
    await visit(before)
    assert before.memory_of(HOST) is None
    assert before.memory_of("https://unknown.test") is None


async def test_a_back_off_goes_on_in_the_next_process() -> None:
    clock = FakeClock()
    before = throttle(clock)
    await visit(before, Outcome("refused", 100.0))
    memory = before.memory_of(HOST)
    assert memory is not None
    await clock.advance(30.0)

    after = throttle(clock)
    after.recall(HOST, HostMemory.model_validate_json(memory.model_dump_json()))
    assert after.opens_at(HOST, 0) - clock.monotonic() == pytest.approx(70.0, abs=0.2)
    assert after.statistics()[0].limit == 1, "one visit goes out as a probe"
    await clock.advance(70.2)
    await visit(after, Outcome("refused"))
    assert after.opens_at(HOST, 0) - clock.monotonic() > 0.9, "the second refusal in a row, not the first"


async def test_a_delay_is_kept_over_the_change() -> None:
    clock = FakeClock()
    before = throttle(clock)
    await visit(before, crawl_delay=20.0)
    memory = before.memory_of(HOST)
    assert memory is not None
    await clock.advance(5.0)
    after = throttle(clock)
    after.recall(HOST, memory)
    assert after.opens_at(HOST, 0) - clock.monotonic() == pytest.approx(15.0, abs=0.2)


async def test_a_clock_that_was_set_back_closes_a_host_no_longer_than_the_configuration_allows() -> None:
    clock = FakeClock()
    after = throttle(clock, max_back_off=60.0)
    epoch = clock.now().timestamp()
    after.recall(HOST, HostMemory(back_off_until=epoch + 10**6, next_start=epoch + 10**6, crawl_delay=10.0))
    assert after.opens_at(HOST, 0) - clock.monotonic() == pytest.approx(60.0, abs=0.2)


async def test_whoever_keeps_it_is_told_of_what_changed() -> None:
    notebook = Notebook()
    before = throttle(FakeClock())
    before.kept_by = notebook
    await visit(before)
    assert set(notebook.hosts) == {HOST}


class Files:
    """Robots files of one process after another, on one clock, with one notebook."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.notebook = Notebook()

    def open(self, script: PlainScript) -> tuple[RobotsFiles, ScriptedPlainGet]:
        plain_get = ScriptedPlainGet(script, clock=self.clock)
        files = RobotsFiles(plain_get, throttle(self.clock), PolitenessConfig(), self.clock)
        files.kept_by = self.notebook
        return files, plain_get


async def test_a_file_is_read_once_for_both_processes_and_believed_for_a_day() -> None:
    setting = Files()
    before, _ = setting.open({ROBOTS: "User-agent: *\nDisallow: /no\nCrawl-delay: 3"})
    await before.rules(f"{HOST}/page")
    await setting.clock.advance(LIFE - 10)
    after, asked = setting.open({})
    rules = await after.rules(f"{HOST}/page")
    assert (rules.allows(f"{HOST}/no"), rules.allows(f"{HOST}/yes"), rules.crawl_delay) == (False, True, 3.0)
    assert asked.requests == []
    await setting.clock.advance(20)
    assert (await after.rules(f"{HOST}/page")).allows(f"{HOST}/no"), "a day is over, and there is none any more"
    assert asked.requests == [(ROBOTS, None)]


async def test_a_refusal_is_kept_for_as_long_as_it_would_have_been() -> None:
    setting = Files()
    before, _ = setting.open({ROBOTS: PlainResponse(url=ROBOTS, status=503, headers={}, body=b"")})
    async with setting.clock.jumping():
        assert not (await before.rules(f"{HOST}/page")).allows(f"{HOST}/page")
    after, asked = setting.open({})
    assert "answers 503" in (await after.rules(f"{HOST}/page")).refusal
    assert asked.requests == []
    await setting.clock.advance(UNREACHABLE_LIFE + 1)
    assert (await after.rules(f"{HOST}/page")).allows(f"{HOST}/page")
