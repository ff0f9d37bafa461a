"""Which host is served next: checked against a model that sorts them all each time."""

from __future__ import annotations

import math
import random
import tracemalloc

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from crawl4ai_browser.frontier.host_queue import HostNames, HostQueue, Position


def serve(queue: HostQueue, count: int) -> list[int | None]:
    """Serve hosts whose next request is always at the same position."""
    served: list[int | None] = []
    for _ in range(count):
        host = queue.first()
        served.append(host)
        if host is not None:
            queue.put_back(host, (0.0, 0.0))
    return served


def test_equal_hosts_take_turns() -> None:
    queue = HostQueue()
    for host in (3, 1, 2):
        queue.offer(host, (0.0, 0.0))
    assert serve(queue, 7) == [3, 1, 2, 3, 1, 2, 3]


def test_urgency_goes_before_key() -> None:
    queue = HostQueue()
    queue.offer(1, (0.0, -5.0))
    queue.offer(2, (-1.0, 100.0))
    queue.offer(3, (-1.0, 99.5))
    assert [pop(queue) for _ in range(4)] == [3, 2, 1, None]


def test_a_better_offer_moves_a_host_up_and_a_worse_one_does_not() -> None:
    queue = HostQueue()
    queue.offer(1, (0.0, 1.0))
    queue.offer(2, (0.0, 2.0))
    queue.offer(1, (0.0, 9.0))
    assert queue.first() == 1
    queue.offer(2, (0.0, 0.5))
    assert [pop(queue) for _ in range(3)] == [2, 1, None]


def test_a_host_that_is_told_nothing_new_keeps_its_turn() -> None:
    queue = HostQueue()
    queue.offer(1, (0.0, 0.0))
    queue.offer(2, (0.0, 0.0))
    queue.correct(1, (0.0, 0.0))
    assert queue.first() == 1
    queue.correct(1, None)
    assert queue.first() == 2


def test_a_parked_host_is_not_served_until_its_time() -> None:
    queue = HostQueue()
    queue.offer(1, (-9.0, 0.0))
    queue.offer(2, (0.0, 0.0))
    queue.park(1, 5.0)
    assert queue.first() == 2
    assert queue.wakes_at == 5.0
    queue.open_due(4.9)
    assert queue.first() == 2
    queue.open_due(5.0)
    assert queue.first() == 1
    assert queue.wakes_at == math.inf


def test_a_host_parked_for_ever_opens_when_told() -> None:
    queue = HostQueue()
    queue.offer(1, (0.0, 0.0))
    queue.park(1, math.inf)
    queue.open_due(1e18)
    assert queue.first() is None
    queue.offer(1, (-5.0, 0.0))
    assert queue.first() is None, "an offer does not open it"
    queue.open(1)
    assert queue.first() == 1


def test_what_a_closed_host_has_queued_costs_nothing() -> None:
    queue = HostQueue()
    for number in range(100_000):
        queue.offer(1, (0.0, float(number)))
    assert repr(queue) == "<HostQueue 1 waiting, 0 parked>"


def test_a_million_hosts_take_less_than_130_megabytes() -> None:
    dice = random.Random(1)
    count = 20_000
    tracemalloc.start()
    try:
        queue, names = HostQueue(), HostNames()
        for host in range(1, count + 1):
            names.append(f"https://www.site-number-{host}.example")
            queue.offer(host, (0.0, dice.random()))
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert used / count < 130
    assert names[count] == f"https://www.site-number-{count}.example"
    assert len(names) == count


def test_zero_is_zero_whatever_its_sign() -> None:
    queue = HostQueue()
    queue.offer(1, (0.0, 0.0))
    queue.offer(2, (-0.0, -0.0))
    assert queue.first() == 1, "they are equal, so the one that waits longer is first"


def pop(queue: HostQueue) -> int | None:
    host = queue.first()
    if host is not None:
        queue.put_back(host, None)
    return host


positions = st.tuples(
    st.sampled_from([-1e308, -2.5, -1.0, -0.0, 0.0, 1.0, 1e308]), st.floats(allow_nan=False, width=32)
)
hosts = st.integers(1, 6)


class HostQueueModel(RuleBasedStateMachine):
    """Each host's position, turn and door, in plain dicts."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = HostQueue()
        self.positions: dict[int, Position] = {}
        self.turns: dict[int, int] = {}
        self.parked: dict[int, float] = {}
        self.turn = 0
        self.now = 0.0

    def waits_anew(self, host: int) -> None:
        self.turn += 1
        self.turns[host] = self.turn

    @rule(host=hosts, position=positions)
    def offer(self, host: int, position: Position) -> None:
        self.queue.offer(host, position)
        if position < self.positions.get(host, (math.inf, math.inf)):
            self.positions[host] = position
            self.waits_anew(host)

    @rule(host=hosts, position=st.none() | positions)
    def put_back(self, host: int, position: Position | None) -> None:
        self.queue.put_back(host, position)
        self.positions.pop(host, None)
        if position is not None:
            self.positions[host] = position
            self.waits_anew(host)

    @rule(host=hosts, wait=st.sampled_from([1.0, 2.0, 5.0, math.inf]))
    def park(self, host: int, wait: float) -> None:
        if host not in self.positions:
            return
        self.queue.park(host, self.now + wait)
        self.parked[host] = self.now + wait

    @rule(host=hosts)
    def open(self, host: int) -> None:
        self.queue.open(host)
        if self.parked.pop(host, None) is not None:
            self.waits_anew(host)

    @rule(seconds=st.sampled_from([0.5, 1.0, 3.0]))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.queue.open_due(self.now)
        for host, until in sorted(self.parked.items(), key=lambda item: (item[1], item[0])):
            if until <= self.now:
                del self.parked[host]
                self.waits_anew(host)

    @invariant()
    def the_first_is_the_models(self) -> None:
        ready = [host for host in self.positions if host not in self.parked]
        expected = min(ready, key=lambda host: (self.positions[host], self.turns[host]), default=None)
        assert self.queue.first() == expected

    @invariant()
    def it_wakes_when_the_first_door_opens(self) -> None:
        assert self.queue.wakes_at == min(self.parked.values(), default=math.inf)

    @precondition(lambda self: self.positions)
    @invariant()
    def hints_are_other_hosts_that_wait(self) -> None:
        hints = self.queue.next_after_first(3)
        assert len(hints) <= 3
        assert set(hints) <= self.positions.keys() - self.parked.keys() - {self.queue.first()}


TestHostQueueModel = HostQueueModel.TestCase
TestHostQueueModel.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
