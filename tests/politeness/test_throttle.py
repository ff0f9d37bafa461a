"""Throttle: turns come in order, when they are due, and a host that must wait keeps nobody else."""

from __future__ import annotations

import math
import tracemalloc
from datetime import timedelta
from functools import partial
from random import Random

import anyio
import pytest

from crawl4ai_browser.config import PolitenessConfig
from crawl4ai_browser.politeness.outcome import ANSWERED, FAILED, UNKNOWN, Outcome
from crawl4ai_browser.politeness.throttle import HostStatistics, Throttle
from crawl4ai_browser.testing.fake_clock import START, FakeClock

A = "https://a.test"
B = "https://b.test"


class Visitor:
    """Visits hosts through a throttle and writes down when each visit hit."""

    def __init__(self, config: PolitenessConfig | None = None) -> None:
        self.clock = FakeClock()
        self.throttle = Throttle(config or PolitenessConfig(), self.clock, random=Random(7))
        self.hits: list[tuple[float, str]] = []
        self.active = 0
        self.max_active = 0

    async def visit(
        self, host: str, name: str = "", *, answer: float = 0.1, lease: float = 0.0, outcome: Outcome = ANSWERED
    ) -> None:
        async with self.throttle.turn(host) as turn:
            self.active += 1
            self.max_active = max(self.max_active, self.active)
            try:
                await self.clock.sleep(lease)
                self.hits.append((self.clock.monotonic(), name or host))
                await self.clock.sleep(answer)
                turn.answered(answer)
                turn.learn(outcome)
            finally:
                self.active -= 1

    def gaps(self) -> list[float]:
        times = [time for time, _ in self.hits]
        return [later - earlier for earlier, later in zip(times, times[1:], strict=False)]


async def test_two_hits_are_never_nearer_than_the_delay_however_long_their_pages_took() -> None:
    visitor = Visitor(PolitenessConfig(min_delay=1.0))
    leases = [0.6, 0.0, 0.4, 0.0, 0.0, 0.9, 0.1]
    async with visitor.clock.jumping(), anyio.create_task_group() as tasks:
        for lease in leases:
            tasks.start_soon(partial(visitor.visit, A, lease=lease))
    assert len(visitor.hits) == len(leases)
    assert min(visitor.gaps()) >= 1.0


async def test_the_delay_is_kept_exactly_where_answers_come_at_once() -> None:
    visitor = Visitor(PolitenessConfig(min_delay=1.0))
    async with visitor.clock.jumping(), anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(partial(visitor.visit, A, answer=0.0))
    assert [time for time, _ in visitor.hits] == [0.0, 1.0, 2.0, 3.0]


async def test_a_page_that_is_still_being_read_does_not_hold_up_the_next_hit() -> None:
    visitor = Visitor(PolitenessConfig(min_delay=1.0))
    starts: list[float] = []

    async def visit_for_long() -> None:
        async with visitor.throttle.turn(A) as turn:
            starts.append(visitor.clock.monotonic())
            turn.answered(0.0)
            await visitor.clock.sleep(60)

    async with visitor.clock.jumping(), anyio.create_task_group() as tasks:
        for _ in range(2):
            tasks.start_soon(visit_for_long)
    assert starts == [0.0, 1.0]


async def test_turns_are_granted_in_the_order_in_which_they_were_asked_for() -> None:
    visitor = Visitor(PolitenessConfig(max_pages_per_host=1))
    async with visitor.clock.jumping(), anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(visitor.visit, A, str(number))
    assert [name for _, name in visitor.hits] == [str(number) for number in range(20)]
    assert visitor.max_active == 1


async def test_a_host_is_never_visited_by_more_at_once_than_allowed() -> None:
    visitor = Visitor(PolitenessConfig(max_pages_per_host=5))
    async with visitor.clock.jumping(), anyio.create_task_group() as tasks:
        for _ in range(100):
            tasks.start_soon(visitor.visit, A)
    assert (len(visitor.hits), visitor.max_active) == (100, 5)


async def test_a_host_that_waits_keeps_no_other_host() -> None:
    visitor = Visitor()
    async with visitor.clock.jumping(), anyio.create_task_group() as tasks:
        await visitor.visit(A, outcome=Outcome("refused", retry_after=3600.0))
        for _ in range(10):
            tasks.start_soon(visitor.visit, A)
            tasks.start_soon(visitor.visit, B)
    assert max(time for time, name in visitor.hits if name == B) < 1.0
    assert sorted(time for time, name in visitor.hits if name == A)[1] == pytest.approx(3600.1)


async def test_a_back_off_that_comes_while_the_first_in_line_waits_is_kept() -> None:
    visitor = Visitor(PolitenessConfig(min_delay=2.0))
    async with visitor.clock.jumping(), anyio.create_task_group() as tasks, visitor.throttle.turn(A) as turn:
        turn.answered(0.0)
        tasks.start_soon(visitor.visit, A)
        await visitor.clock.sleep(1)  # The visit above is waiting for 2.0.
        turn.learn(Outcome("refused", retry_after=10.0))
    assert [time for time, _ in visitor.hits] == [11.0]


async def test_nobody_waits_a_moment_longer_than_due() -> None:
    visitor = Visitor(PolitenessConfig(min_delay=0.1, max_pages_per_host=3))
    async with visitor.clock.jumping(), anyio.create_task_group() as tasks:
        for _ in range(50):
            tasks.start_soon(partial(visitor.visit, A, answer=0.0))
    assert visitor.gaps() == pytest.approx([0.1] * 49)


@pytest.mark.parametrize("moment", [0.05, 0.25, 0.55, 1.05, 1.15])
async def test_who_is_cancelled_at_any_moment_keeps_nobody_from_their_turn(moment: float) -> None:
    visitor = Visitor(PolitenessConfig(min_delay=0.5, max_pages_per_host=1))
    scope = anyio.CancelScope()

    async def visit_until_cancelled() -> None:
        with scope:
            for _ in range(5):
                await visitor.visit(A, "cancelled", lease=0.1, answer=0.2)

    async with visitor.clock.jumping(), anyio.create_task_group() as tasks:
        tasks.start_soon(visit_until_cancelled)
        tasks.start_soon(visitor.visit, A, "other")
        await visitor.clock.sleep(moment)
        scope.cancel()
        await visitor.visit(A, "late")
    assert {"other", "late"} <= {name for _, name in visitor.hits}
    assert repr(visitor.throttle) == "<Throttle 1 hosts, 0 visits, 0 waiting>"
    assert min(visitor.gaps()) >= 0.5


@pytest.mark.parametrize("seed", range(5))
async def test_whatever_happens_the_delay_is_kept_and_everyone_gets_a_turn(seed: int) -> None:
    visitor = Visitor(PolitenessConfig(min_delay=1.0, max_back_off=20.0))
    random = Random(seed)
    outcomes = [ANSWERED, ANSWERED, FAILED, UNKNOWN, Outcome("refused"), Outcome("refused", retry_after=5.0)]
    patient = 0

    async def visit(patience: float) -> None:
        nonlocal patient
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(wait_and_cancel, scope, patience)
                await visitor.visit(A, lease=random.random(), answer=random.random(), outcome=random.choice(outcomes))
                patient += 1
                tasks.cancel_scope.cancel()

    async def wait_and_cancel(scope: anyio.CancelScope, patience: float) -> None:
        await visitor.clock.sleep(patience)
        scope.cancel()

    async with visitor.clock.jumping(), anyio.create_task_group() as tasks:
        for number in range(40):
            tasks.start_soon(visit, math.inf if number % 2 else random.uniform(0.0, 60.0))
    assert patient >= 20
    assert min(visitor.gaps()) >= 1.0
    assert repr(visitor.throttle) == "<Throttle 1 hosts, 0 visits, 0 waiting>"


async def test_a_crowd_of_which_most_are_cancelled_leaves_nothing_behind() -> None:
    visitor = Visitor(PolitenessConfig(min_delay=1.0))
    async with anyio.create_task_group() as tasks:
        for _ in range(200):
            tasks.start_soon(visitor.visit, A)
        await visitor.clock.advance(2.5)
        assert repr(visitor.throttle) == "<Throttle 1 hosts, 0 visits, 197 waiting>"
        tasks.cancel_scope.cancel()
    assert repr(visitor.throttle) == "<Throttle 1 hosts, 0 visits, 0 waiting>"
    assert visitor.clock.sleeper_count == 0


async def test_an_error_in_a_visit_gives_the_turn_back() -> None:
    throttle = Throttle(PolitenessConfig(max_pages_per_host=1), FakeClock())
    with pytest.raises(KeyError):
        async with throttle.turn(A):
            raise KeyError
    async with throttle.turn(A):
        assert repr(throttle) == "<Throttle 1 hosts, 1 visits, 0 waiting>"


async def test_opens_at_says_what_a_turn_then_keeps() -> None:
    visitor = Visitor(PolitenessConfig(min_delay=3.0))
    assert visitor.throttle.opens_at(A, 0) == 0.0
    async with visitor.clock.jumping():
        await visitor.visit(A, answer=0.5)
        promised = visitor.throttle.opens_at(A, 0)
        await visitor.visit(A)
    assert promised == 3.5 == visitor.hits[1][0]


async def test_opens_at_lets_two_requests_out_to_a_host_nobody_knows() -> None:
    throttle = Throttle(PolitenessConfig(), FakeClock())
    assert [throttle.opens_at(A, in_flight) for in_flight in (0, 1, 2)] == [0.0, 0.0, math.inf]


async def test_crawl_delay_is_kept_from_when_it_is_known() -> None:
    clock = FakeClock()
    throttle = Throttle(PolitenessConfig(), clock)
    throttle.set_crawl_delay(A, 7.0)
    starts: list[float] = []
    async with clock.jumping():
        for _ in range(3):
            async with throttle.turn(A) as turn:
                starts.append(clock.monotonic())
                turn.answered(0.0)
    assert starts == [0.0, 7.0, 14.0]


async def test_statistics_tell_how_each_host_is_treated() -> None:
    visitor = Visitor(PolitenessConfig(min_delay=0.5))
    statistics: list[HostStatistics] = []
    async with visitor.clock.jumping(), anyio.create_task_group() as tasks:
        await visitor.visit(A, answer=0.25)
        await visitor.visit(B, answer=0.25, outcome=Outcome("refused", retry_after=99.75))
        tasks.start_soon(visitor.visit, B)
        await visitor.clock.sleep(1)
        statistics.extend(visitor.throttle.statistics())
        tasks.cancel_scope.cancel()
    first, second = statistics
    assert first.model_dump() == {
        "host": A,
        "visits": 1,
        "active": 0,
        "waiting": 0,
        "limit": 3,
        "delay": 0.5,
        "latency": 0.25,
        "back_off_until": None,
        "is_given_up": False,
    }
    assert (second.host, second.waiting, second.limit) == (B, 1, 1)
    assert second.back_off_until == START + timedelta(seconds=0.5 + 99.75)


@pytest.fixture
def few_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer are remembered, so that it takes fewer to go beyond them."""
    monkeypatch.setattr("crawl4ai_browser.politeness.throttle._REMEMBERED_HOSTS", 512)


@pytest.mark.usefixtures("few_hosts")
async def test_hundreds_of_hosts_are_visited_side_by_side_and_forgotten_in_flat_memory() -> None:
    visitor = Visitor()

    async def visit_side_by_side(numbers: range) -> None:
        async with anyio.create_task_group() as tasks:
            for number in numbers:
                tasks.start_soon(visitor.visit, f"https://{number}.test")

    async with visitor.clock.jumping():
        await visit_side_by_side(range(525))
        await visit_side_by_side(range(525, 1050))
    assert len(visitor.hits) == 1050
    assert visitor.clock.monotonic() == pytest.approx(0.2)
    assert len(visitor.throttle.statistics()) <= 700  # 525 were in use at once, and a third again.


@pytest.mark.usefixtures("few_hosts")
async def test_hosts_visited_one_after_another_are_forgotten_down_to_those_remembered() -> None:
    throttle = Throttle(PolitenessConfig(), FakeClock())
    tracemalloc.start()
    try:
        for number in range(750):
            async with throttle.turn(f"https://{number}.test") as turn:
                turn.answered(0.1)
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    remembered = throttle.statistics()
    assert len(remembered) <= 512
    assert remembered[-1].host == "https://749.test"
    assert size < 512 * 3000


@pytest.mark.usefixtures("few_hosts")
async def test_a_host_that_asked_to_be_left_alone_is_never_forgotten_before_its_time() -> None:
    clock = FakeClock()
    throttle = Throttle(PolitenessConfig(), clock)
    async with throttle.turn(A) as turn:
        turn.learn(Outcome("refused", retry_after=1000.0))
    for number in range(625):
        async with throttle.turn(f"https://{number}.test"):
            pass
    assert throttle.opens_at(A, 0) == 1000.0
    await clock.advance(1000)
    for number in range(625):
        async with throttle.turn(f"https://{number}.test"):
            pass
    assert A not in {host.host for host in throttle.statistics()}
