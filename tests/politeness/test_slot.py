"""Slot: what one host is allowed, decided without waiting."""

from __future__ import annotations

import math
from random import Random

import pytest

from crawl4ai_browser.config import PolitenessConfig
from crawl4ai_browser.politeness.outcome import ANSWERED, FAILED, UNKNOWN, Outcome
from crawl4ai_browser.politeness.slot import Slot, Visit
from tests.politeness.slots import REFUSED, make_slot, visit


def warm_slot(config: PolitenessConfig | None = None) -> Slot:
    """One that has had as many quick answers as it takes to be allowed everything."""
    slot = make_slot(config)
    for number in range(16):
        visit(slot, number / 10)
    return slot


# Slow start.


def test_a_host_nobody_knows_gets_two_and_one_more_with_each_answer() -> None:
    slot = make_slot()
    limits = [slot.limit]
    for number in range(8):
        visit(slot, float(number))
        limits.append(slot.limit)
    assert limits == [2, 3, 4, 5, 6, 7, 8, 8, 8]


def test_one_page_per_host_is_never_more() -> None:
    slot = warm_slot(PolitenessConfig(max_pages_per_host=1))
    assert slot.limit == 1


def test_a_full_host_opens_only_when_a_visit_ends() -> None:
    slot = make_slot()
    first = slot.start(0.0)
    slot.start(0.0)
    assert slot.opens_at(1.0) == math.inf
    slot.finish(first, 1.0, ANSWERED)
    assert slot.opens_at(1.0) == 1.0


# Latency.


@pytest.mark.parametrize(("latency", "limit"), [(0.05, 8), (0.8, 8), (1.0, 6), (1.6, 4), (3.2, 2), (6.3, 1), (60.0, 1)])
def test_the_slower_a_host_answers_the_fewer_visits_at_once(latency: float, limit: int) -> None:
    slot = make_slot()
    for number in range(100):
        visit(slot, number * 100.0, seconds=latency)
    assert slot.limit == limit


def test_one_slow_page_does_little_and_many_do_much() -> None:
    slot = warm_slot()
    visit(slot, 10.0, seconds=4.0)
    after_one = slot.limit
    for number in range(20):
        visit(slot, 20.0 + number, seconds=4.0)
    assert (after_one, slot.limit) == (8, 1)


def test_a_host_that_recovers_gets_its_visits_back() -> None:
    slot = warm_slot()
    for number in range(30):
        visit(slot, 100.0 + number, seconds=5.0)
    slow = slot.limit
    for number in range(30):
        visit(slot, 200.0 + number, seconds=0.1)
    assert (slow, slot.limit) == (1, 8)


def test_a_deadline_that_passed_counts_as_slow_and_a_refused_connection_not_as_fast() -> None:
    slot = warm_slot()
    visit(slot, 10.0, seconds=30.0, outcome=FAILED)
    after_deadline = slot.latency
    visit(slot, 50.0, seconds=0.001, outcome=FAILED)
    assert after_deadline is not None
    assert after_deadline > 3
    assert slot.latency == after_deadline


def test_an_answer_without_a_measure_teaches_no_latency() -> None:
    slot = make_slot()
    started = slot.start(0.0)
    slot.answer(started, 3.0, None)
    slot.finish(started, 3.0, ANSWERED)
    assert slot.latency is None


def test_a_fetcher_that_tells_nothing_is_measured_by_the_whole_visit() -> None:
    slot = make_slot()
    slot.finish(slot.start(0.0), 2.0, ANSWERED)
    assert slot.latency == 2.0


# Refusals.


def test_retry_after_closes_the_host_for_as_long_as_it_says() -> None:
    slot = make_slot()
    visit(slot, 0.0, outcome=Outcome("refused", retry_after=30.0))
    assert slot.opens_at(1.0) == pytest.approx(30.1)


def test_an_absurd_retry_after_is_cut() -> None:
    slot = make_slot(PolitenessConfig(max_back_off=600.0))
    visit(slot, 0.0, outcome=Outcome("refused", retry_after=math.inf))
    assert slot.opens_at(1.0) == pytest.approx(600.1)


def test_back_off_without_a_header_doubles_up_to_the_cap() -> None:
    slot = make_slot(PolitenessConfig(max_back_off=10.0))
    waits: list[float] = []
    now = 0.0
    for _ in range(6):
        visit(slot, now, seconds=0.0, outcome=REFUSED)
        waits.append(slot.opens_at(now) - now)
        now = slot.opens_at(now)
    assert waits == [1.0, 2.0, 4.0, 8.0, 10.0, 10.0]


def test_back_off_never_overflows() -> None:
    slot = make_slot(PolitenessConfig(max_back_off=7.0))
    now = 0.0
    for _ in range(2000):
        visit(slot, now, seconds=0.0, outcome=REFUSED)
        now = slot.opens_at(now)
    assert slot.back_off_until - now <= 7.0


def test_back_off_is_jittered_over_its_upper_half() -> None:
    waits: list[float] = []
    for seed in range(200):
        slot = make_slot(random=Random(seed))
        visit(slot, 0.0, seconds=0.0, outcome=REFUSED)
        waits.append(slot.opens_at(0.0))
    assert 0.5 <= min(waits) < 0.55
    assert 0.95 < max(waits) <= 1.0


def test_a_host_that_refuses_again_after_its_own_time_waits_longer_than_that() -> None:
    slot = make_slot()
    asks_for_one = Outcome("refused", retry_after=1.0)
    now = 0.0
    waits: list[float] = []
    for _ in range(4):
        visit(slot, now, seconds=0.0, outcome=asks_for_one)
        waits.append(slot.opens_at(now) - now)
        now = slot.opens_at(now)
    assert waits == [1.0, 2.0, 4.0, 8.0]


def test_visits_under_way_when_a_host_refuses_count_as_one_refusal() -> None:
    slot = warm_slot()
    started = [slot.start(10.0) for _ in range(8)]
    for each in started:
        slot.answer(each, 10.1, 0.1)
        slot.finish(each, 10.1, REFUSED)
    assert slot.opens_at(10.1) == pytest.approx(11.1)


def test_the_latest_retry_after_of_one_refusal_holds() -> None:
    slot = make_slot()
    first, second = slot.start(0.0), slot.start(0.0)
    slot.finish(first, 1.0, Outcome("refused", retry_after=5.0))
    slot.finish(second, 1.0, Outcome("refused", retry_after=50.0))
    assert slot.opens_at(1.0) == 51.0


def test_after_a_refusal_one_visit_probes_and_answers_bring_back_the_rest() -> None:
    slot = warm_slot()
    visit(slot, 10.0, outcome=REFUSED)
    limits = [slot.limit]
    for number in range(30):
        visit(slot, 20.0 + number)
        limits.append(slot.limit)
    # One, then one more with each answer up to half of eight, then one more a round.
    assert limits[:4] == [1, 2, 3, 4]
    assert limits[5:9] == [4, 4, 4, 5]
    assert limits[-1] == 8


def test_an_answer_to_a_visit_from_before_the_refusal_proves_nothing() -> None:
    slot = warm_slot()
    early, refused = slot.start(10.0), slot.start(10.0)
    slot.finish(refused, 11.0, REFUSED)
    slot.finish(early, 12.0, ANSWERED)
    assert slot.limit == 1


def test_each_answer_takes_one_doubling_back() -> None:
    slot = make_slot()
    now = 0.0
    for _ in range(3):
        visit(slot, now, seconds=0.0, outcome=REFUSED)
        now = slot.opens_at(now)
    visit(slot, now, seconds=0.0)
    visit(slot, now, seconds=0.0, outcome=REFUSED)
    assert slot.opens_at(now) - now == 4.0


def test_five_visits_in_a_row_that_come_to_nothing_close_the_host() -> None:
    slot = make_slot()
    for number in range(4):
        visit(slot, number * 1.0, outcome=FAILED)
    before = slot.opens_at(10.0)
    visit(slot, 10.0, seconds=0.0, outcome=FAILED)
    first = slot.opens_at(10.0) - 10.0
    visit(slot, 20.0, seconds=0.0, outcome=FAILED)
    assert (before, first, slot.opens_at(20.0) - 20.0) == (10.0, 1.0, 2.0)


def test_an_answer_between_failures_starts_the_count_anew() -> None:
    slot = make_slot()
    for number in range(20):
        visit(slot, number * 1.0, outcome=ANSWERED if number % 5 == 4 else FAILED)
    assert slot.opens_at(100.0) == 100.0


def test_a_visit_that_says_nothing_changes_nothing() -> None:
    slot = make_slot()
    slot.finish(slot.start(0.0), 60.0, UNKNOWN)
    assert (slot.limit, slot.latency, slot.opens_at(60.0), slot.active_count) == (2, None, 60.0, 0)


# Delay.


def answered_at(slot: Slot, started: Visit, now: float) -> float:
    slot.answer(started, now, 0.1)
    return slot.opens_at(now)


def test_the_delay_counts_from_the_answer_and_nothing_starts_before_it() -> None:
    slot = make_slot(PolitenessConfig(min_delay=1.0))
    started = slot.start(0.0)
    assert slot.opens_at(5.0) == math.inf
    assert answered_at(slot, started, 5.0) == 6.0
    slot.finish(started, 9.0, ANSWERED)
    assert slot.opens_at(9.0) == 9.0


def test_a_visit_that_was_never_answered_counts_as_a_hit_at_its_end() -> None:
    slot = make_slot(PolitenessConfig(min_delay=1.0))
    slot.finish(slot.start(0.0), 5.0, UNKNOWN)
    assert slot.opens_at(5.0) == 6.0


def test_a_second_document_of_one_visit_is_a_hit_too() -> None:
    slot = make_slot(PolitenessConfig(min_delay=1.0))
    started = slot.start(0.0)
    assert [answered_at(slot, started, now) for now in (1.0, 3.0)] == [2.0, 4.0]


def test_jitter_is_added_to_the_delay() -> None:
    slot = make_slot(PolitenessConfig(min_delay=1.0, jitter=0.5))
    assert answered_at(slot, slot.start(0.0), 0.0) == 1.5


def test_jitter_alone_keeps_hits_apart() -> None:
    slot = make_slot(PolitenessConfig(jitter=0.5))
    started = slot.start(0.0)
    assert slot.opens_at(0.0) == math.inf
    assert answered_at(slot, started, 0.25) == 0.75


@pytest.mark.parametrize(("crawl_delay", "delay"), [(0.5, 1.0), (5.0, 5.0), (86_400.0, 60.0)])
def test_crawl_delay_raises_the_delay_up_to_its_cap(crawl_delay: float, delay: float) -> None:
    slot = make_slot(PolitenessConfig(min_delay=1.0))
    slot.crawl_delay = crawl_delay
    assert slot.delay == delay


# Forecasts for whoever hands out requests.


def test_a_forecast_counts_those_who_wait_in_line() -> None:
    slot = warm_slot(PolitenessConfig(min_delay=2.0))
    assert [slot.forecast(100.0, in_flight) for in_flight in (0, 1, 2)] == [100.0, 102.0, 104.0]


def test_a_forecast_while_a_hit_is_unanswered_is_at_least_a_delay_away() -> None:
    slot = warm_slot(PolitenessConfig(min_delay=2.0))
    slot.start(100.0)
    assert [slot.forecast(now, 1) for now in (100.0, 101.0, 105.0)] == [102.0, 103.0, 107.0]


def test_a_forecast_without_a_delay_knows_only_the_limit() -> None:
    slot = warm_slot()
    assert [slot.forecast(100.0, in_flight) for in_flight in (0, 7, 8, 9)] == [100.0, 100.0, math.inf, math.inf]


def test_a_forecast_sees_the_back_off() -> None:
    slot = make_slot()
    visit(slot, 0.0, seconds=0.0, outcome=Outcome("refused", retry_after=30.0))
    assert (slot.forecast(1.0, 0), slot.forecast(1.0, 1)) == (30.0, math.inf)


@pytest.mark.parametrize("seed", range(20))
def test_a_forecast_is_never_later_than_what_then_happens(seed: int) -> None:
    random = Random(seed)
    slot = Slot(PolitenessConfig(min_delay=random.choice([0.0, 1.0]), jitter=random.choice([0.0, 0.3])), random)
    under_way: list[Visit] = []
    now = 0.0
    for _ in range(500):
        now += random.random()
        assert slot.forecast(now, slot.active_count) <= slot.opens_at(now)
        if slot.opens_at(now) <= now and random.random() < 0.7:
            under_way.append(slot.start(now))
        elif under_way and random.random() < 0.5:
            slot.answer(random.choice(under_way), now, random.random())
        elif under_way:
            slot.finish(under_way.pop(), now, random.choice([ANSWERED, ANSWERED, FAILED, UNKNOWN, REFUSED]))
    assert slot.active_count == len(under_way)


def test_a_slot_prints_what_is_going_on() -> None:
    slot = make_slot(PolitenessConfig(min_delay=0.5))
    slot.start(0.0)
    assert repr(slot) == "<Slot 1/2 visits, delay 0.5 s>"
