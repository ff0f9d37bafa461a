"""A host without hope is given up, so that its pages do not keep a crawl waiting."""

from __future__ import annotations

import anyio
import pytest

from crawl4ai_browser.config import PolitenessConfig
from crawl4ai_browser.errors import HostGivenUp
from crawl4ai_browser.politeness.outcome import ANSWERED, FAILED, UNKNOWN, Outcome
from crawl4ai_browser.politeness.slot import Slot
from crawl4ai_browser.politeness.throttle import Throttle
from crawl4ai_browser.testing.fake_clock import FakeClock
from tests.politeness.slots import REFUSED, make_slot, visit

HOST = "https://a.test"


@pytest.mark.parametrize("outcome", [FAILED, REFUSED])
def test_a_host_with_setbacks_alone_is_given_up_when_patience_ends(outcome: Outcome) -> None:
    slot = make_slot(PolitenessConfig(give_up_after=100.0))
    for now in (0.0, 30.0, 60.0, 99.0):
        visit(slot, now, seconds=0.0, outcome=outcome)
    slot.finish(slot.start(101.0), 101.0, UNKNOWN)
    assert not slot.is_given_up(101.0), "four setbacks"
    visit(slot, 102.0, seconds=0.0, outcome=outcome)
    assert (slot.is_given_up(102.0), slot.setback_count, slot.silence(102.0)) == (True, 5, 102.0)
    assert (slot.opens_at(103.0), slot.forecast(103.0, 20)) == (103.0, 103.0), "to be told so"


def test_many_setbacks_within_the_time_are_not_enough() -> None:
    slot = make_slot(PolitenessConfig(give_up_after=100.0))
    for number in range(50):
        visit(slot, float(number), seconds=0.0, outcome=FAILED)
    assert not slot.is_given_up(50.0)


def given_up(give_up_after: float = 100.0) -> Slot:
    slot = make_slot(PolitenessConfig(give_up_after=give_up_after))
    for number in range(5):
        visit(slot, number * 25.0, seconds=0.0, outcome=FAILED)
    assert slot.is_given_up(100.0)
    return slot


def test_a_host_that_was_given_up_has_one_more_try_after_as_long() -> None:
    slot = given_up()
    assert not slot.is_given_up(200.0)
    visit(slot, 200.0, seconds=0.0, outcome=FAILED)
    assert slot.is_given_up(299.0)
    visit(slot, 300.0)
    assert not slot.is_given_up(300.0)
    visit(slot, 301.0, seconds=0.0, outcome=FAILED)
    assert not slot.is_given_up(301.0), "an answer begins a new count"


def test_an_answer_that_comes_late_makes_up_for_all() -> None:
    slot = make_slot(PolitenessConfig(give_up_after=100.0))
    late = slot.start(0.0)
    for number in range(5):
        visit(slot, number * 25.0, seconds=0.0, outcome=FAILED)
    assert slot.is_given_up(100.0)
    slot.finish(late, 101.0, ANSWERED)
    assert not slot.is_given_up(101.0)


def test_a_host_is_never_given_up_where_that_is_not_wanted() -> None:
    slot = make_slot(PolitenessConfig(give_up_after=None))
    for number in range(50):
        visit(slot, number * 3600.0, seconds=0.0, outcome=FAILED)
    assert not slot.is_given_up(50 * 3600.0)


async def fail_at(throttle: Throttle, clock: FakeClock, *moments: float) -> None:
    for moment in moments:
        await clock.advance(moment - clock.monotonic())
        async with throttle.turn(HOST) as turn:
            turn.learn(Outcome("failed"))


async def test_a_host_that_is_given_up_has_no_turns_and_says_so() -> None:
    clock = FakeClock()
    throttle = Throttle(PolitenessConfig(give_up_after=600.0), clock)
    await fail_at(throttle, clock, 0, 100, 200, 300, 600)
    with pytest.raises(
        HostGivenUp, match=r"^https://a.test was not asked: the last 5 visits, in 10 min, failed or were"
    ):
        async with throttle.turn(HOST):
            pass
    assert throttle.opens_at(HOST, 50) == 600.0
    (host,) = throttle.statistics()
    assert (host.visits, host.active, host.waiting, host.is_given_up) == (5, 0, 0, True)
    await clock.advance(600)
    async with throttle.turn(HOST) as turn:
        turn.learn(ANSWERED)


async def test_who_waits_for_a_turn_is_told_when_the_host_is_given_up() -> None:
    clock = FakeClock()
    throttle = Throttle(PolitenessConfig(give_up_after=600.0, max_pages_per_host=1), clock)
    await fail_at(throttle, clock, 0, 100, 200, 300)
    told: list[str] = []

    async def visit() -> None:
        try:
            async with throttle.turn(HOST) as turn:
                await clock.sleep(300)
                turn.learn(Outcome("failed"))
        except HostGivenUp as error:
            told.append(error.message)

    async with clock.jumping(), anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(visit)
    assert len(told) == 2
    assert clock.monotonic() == 600.0


async def test_a_host_that_is_given_up_is_not_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawl4ai_browser.politeness.throttle._REMEMBERED_HOSTS", 512)
    clock = FakeClock()
    throttle = Throttle(PolitenessConfig(give_up_after=600.0), clock)
    await fail_at(throttle, clock, 0, 100, 200, 300, 600)
    await clock.advance(30)
    for number in range(625):
        async with throttle.turn(f"https://{number}.test"):
            pass
    assert HOST in {host.host for host in throttle.statistics()}
