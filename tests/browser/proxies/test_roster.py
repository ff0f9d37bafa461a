# shape: one roster, each rule of it
from __future__ import annotations

import math
from collections import Counter
from random import Random

import pytest

from crawl4ai_browser.browser.proxies.member import Lease
from crawl4ai_browser.browser.proxies.roster import Fault, ProxyRoster
from crawl4ai_browser.proxy_pool import ProxyHealth, ProxyPool
from crawl4ai_browser.proxy_status import ProxyErrand, ProxyStatus

HOST = "https://site.example"
HEALTH = ProxyHealth(first_rest=10, max_rest=100, max_wait=60)


def roster(*members: str, **options: object) -> ProxyRoster:
    return ProxyRoster(ProxyPool(members or ("a:1", "b:1", "c:1"), health=HEALTH, **options), Random(7))


def errand(host: str = HOST, *, session: str | None = None, key: str = "") -> ProxyErrand:
    return ProxyErrand(host=host, session=session, key=key)


def taken(proxies: ProxyRoster, wanted: ProxyErrand | None = None, now: float = 0.0) -> Lease:
    lease = proxies.lease(wanted or errand(), now)
    assert lease is not None
    return lease


def name(lease: Lease) -> str:
    return lease.member.proxy.host if lease.member.proxy else "direct"


def names(proxies: ProxyRoster, count: int, wanted: ProxyErrand | None = None, now: float = 0.0) -> str:  # shape: short
    return "".join(name(lease) for lease in (taken(proxies, wanted, now) for _ in range(count)))


def fail(proxies: ProxyRoster, lease: Lease, fault: Fault, now: float) -> list[str]:  # shape: short
    changes = proxies.failed(lease, fault, "because", now=now)
    proxies.end(lease)
    return [f"{change.proxy} rests {change.rests_for:g} {change.host}".strip() for change in changes]


def answer(proxies: ProxyRoster, lease: Lease) -> int:
    changes = proxies.answered(lease)
    proxies.end(lease)
    return len(changes)


# --- turns


def test_round_robin_gives_each_its_turn() -> None:
    assert names(roster(), 7) == "abcabca"


def test_round_robin_leaves_out_who_rests_and_keeps_the_order() -> None:
    proxies = roster()
    fail(proxies, taken(proxies), "proxy", 0.0)
    assert names(proxies, 4, now=1) == "bcbc"
    assert names(proxies, 1, now=11) == "a"


def test_least_used_takes_who_has_the_fewest_attempts_under_way() -> None:
    proxies = roster(rotation="least_used")
    first, second = taken(proxies), taken(proxies)
    taken(proxies)
    proxies.end(second)
    assert name(taken(proxies)) == name(second)
    proxies.end(first)
    assert name(taken(proxies)) == name(first)


def test_weighted_takes_each_as_often_as_its_weight_and_not_in_a_row() -> None:
    assert names(roster("a:1 weight=5", "b:1", "c:1", rotation="weighted"), 7) == "aabacaa"


def test_random_takes_all_of_them() -> None:
    counts = Counter(names(roster(rotation="random"), 300))
    assert set(counts) == set("abc")
    assert min(counts.values()) > 60


def test_a_chooser_is_given_those_that_may_be_used() -> None:
    seen: list[tuple[tuple[ProxyStatus, ...], ProxyErrand]] = []

    def last(statuses: tuple[ProxyStatus, ...], wanted: ProxyErrand) -> ProxyStatus:
        seen.append((statuses, wanted))
        return statuses[-1]

    proxies = roster(chooser=last)
    fail(proxies, taken(proxies), "proxy", 0.0)
    assert name(taken(proxies, errand(session="alice"), now=1)) == "b"
    statuses, wanted = seen[-1]
    assert [status.proxy for status in statuses] == ["http://a:1", "http://b:1"]
    assert wanted.session == "alice"


def test_a_chooser_that_chooses_none_of_them_is_told() -> None:
    def stranger(_statuses: tuple[ProxyStatus, ...], _wanted: ProxyErrand) -> ProxyStatus:
        return ProxyStatus(proxy="http://elsewhere:1")

    proxies = roster(chooser=stranger)
    with pytest.raises(ValueError, match="none of the proxies"):
        proxies.lease(errand(), 0.0)


# --- who keeps a proxy


def test_a_named_session_keeps_its_proxy() -> None:
    proxies = roster()
    assert names(proxies, 3, errand(session="alice")) == "aaa"
    assert names(proxies, 3, errand(session="bob")) == "bbb"
    assert names(proxies, 2, errand(session="alice")) == "aa"


def test_the_anonymous_session_takes_turns_unless_sessions_are_sticky() -> None:
    assert names(roster(), 3) == "abc"
    assert names(roster(sticky="session"), 3) == "aaa"


def test_a_host_keeps_its_proxy() -> None:
    proxies = roster(sticky="host")
    assert names(proxies, 2, errand("https://one.example")) == "aa"
    assert names(proxies, 2, errand("https://two.example")) == "bb"


def test_a_proxy_is_kept_for_its_time_and_while_it_is_in_use() -> None:
    proxies = roster(sticky="session", sticky_ttl=100)
    first = taken(proxies, now=0)
    assert name(taken(proxies, now=99)) == "a"
    assert name(taken(proxies, now=101)) == "a", "two are under way: the identity would be split"
    proxies = roster(sticky="session", sticky_ttl=100)
    first = taken(proxies, now=0)
    proxies.end(first)
    assert name(taken(proxies, now=101)) == "b"


def test_who_keeps_a_proxy_that_fails_gets_another_and_keeps_that() -> None:
    proxies = roster()
    fail(proxies, taken(proxies, errand(session="alice")), "proxy", 0.0)
    assert names(proxies, 2, errand(session="alice"), now=1) == "bb"
    assert names(proxies, 1, errand(session="alice"), now=1000) == "b"


# --- rest, trial, recovery


def test_a_proxy_that_fails_rests_longer_each_time_and_recovers() -> None:
    proxies = roster("a:1")
    assert fail(proxies, taken(proxies), "proxy", 0.0) == ["http://a:1 rests 10"]
    assert proxies.lease(errand(), 9.9) is None
    assert fail(proxies, taken(proxies, now=10), "proxy", 10.0) == ["http://a:1 rests 20"]
    assert proxies.lease(errand(), 29) is None
    assert fail(proxies, taken(proxies, now=30), "proxy", 30.0) == ["http://a:1 rests 40"]
    assert answer(proxies, taken(proxies, now=70)) == 1
    assert fail(proxies, taken(proxies, now=71), "proxy", 71.0) == ["http://a:1 rests 10"]


def test_rests_are_bounded() -> None:
    proxies, now = roster("a:1"), 0.0
    changes: list[str] = []
    for _ in range(200):
        changes = fail(proxies, taken(proxies, now=now), "proxy", now)
        now += 100
    assert changes == ["http://a:1 rests 100"]


def test_one_attempt_at_a_time_tries_a_proxy_out() -> None:
    proxies = roster("a:1")
    fail(proxies, taken(proxies), "proxy", 0.0)
    trial = taken(proxies, now=10)
    assert proxies.statuses(10)[0].state == "trial"
    assert proxies.lease(errand(), 10) is None
    answer(proxies, trial)
    assert proxies.statuses(10)[0].state == "good"
    assert names(proxies, 2, now=10) == "aa"


def test_a_trial_that_is_cancelled_leaves_room_for_the_next() -> None:
    proxies = roster("a:1")
    fail(proxies, taken(proxies), "proxy", 0.0)
    proxies.end(taken(proxies, now=10))
    assert name(taken(proxies, now=10)) == "a"


def test_attempts_under_way_when_a_proxy_dies_count_as_one_failure() -> None:
    proxies = roster("a:1")
    leases = [taken(proxies) for _ in range(8)]
    changes = [change for lease in leases for change in fail(proxies, lease, "proxy", 1.0)]
    assert changes == ["http://a:1 rests 10"]


def test_an_attempt_that_began_before_a_failure_does_not_end_the_rest() -> None:
    proxies = roster("a:1")
    early = taken(proxies, now=0)
    fail(proxies, taken(proxies, now=1), "proxy", 2.0)
    answer(proxies, early)
    assert proxies.lease(errand(), 3) is None


def test_what_may_be_the_hosts_fault_counts_for_that_host_first() -> None:
    proxies = roster("a:1", "b:1")
    changes: list[str] = []
    for now in (0.0, 1.0):
        lease = taken(proxies, errand(session="alice"), now)
        changes = fail(proxies, lease, "unclear", now)
    assert changes == [f"http://a:1 rests 10 {HOST}"]
    assert names(proxies, 2, now=2) == "bb"
    assert set(names(proxies, 2, errand("https://other.example"), now=2)) == {"a", "b"}


def test_what_happens_with_many_hosts_counts_for_the_proxy() -> None:
    proxies = roster("a:1", "b:1", sticky="session")
    changes = [
        fail(proxies, taken(proxies, errand(f"https://{n}.example"), now=n), "unclear", float(n)) for n in range(5)
    ]
    assert changes[-1] == ["http://a:1 rests 10"]


def test_an_answer_between_failures_wipes_them_out() -> None:
    proxies = roster("a:1", "b:1", sticky="session")
    for now in range(20):
        lease = taken(proxies, now=now)
        assert name(lease) == "a"
        if now % 2:
            answer(proxies, lease)
        else:
            assert not fail(proxies, lease, "unclear", float(now))


def test_a_tunnel_refused_for_one_host_is_nothing_against_the_proxy() -> None:
    proxies = roster("a:1", "b:1", sticky="session")
    for number in range(30):
        fail(proxies, taken(proxies, errand(f"https://{number}.example"), number), "target", float(number))
    assert proxies.statuses(31)[0].state == "good"


# --- retries


def test_a_retry_takes_another_proxy_as_long_as_there_is_one() -> None:
    proxies = roster()
    seen: list[str] = []
    for now in range(3):
        lease = taken(proxies, errand(key="page"), now)
        seen.append(name(lease))
        fail(proxies, lease, "target", float(now))
    assert seen == ["a", "b", "c"]
    assert name(taken(proxies, errand(key="page"), 3)) in "abc"


def test_a_host_that_fails_through_two_proxies_is_to_blame_itself() -> None:
    proxies = roster("a:1", "b:1")
    for number in range(40):
        for _ in range(2):
            fail(proxies, taken(proxies, errand(key=f"page {number}"), number), "unclear", float(number))
    assert [status.state for status in proxies.statuses(41)] == ["good", "good"]
    assert set(names(proxies, 2, now=41)) == {"a", "b"}


def test_a_page_that_looks_blocked_is_tried_through_one_more_proxy_and_then_believed() -> None:
    proxies = roster()
    page = errand(key="page")
    first = taken(proxies, page)
    fail(proxies, first, "blocked", 0.0)
    assert proxies.is_worth_another(page, 0.0)
    second = taken(proxies, page)
    assert name(second) != name(first)
    fail(proxies, second, "blocked", 0.0)
    assert not proxies.is_worth_another(page, 0.0)


def test_a_site_full_of_forbidden_pages_blocks_no_proxy() -> None:
    proxies = roster("a:1", "b:1")
    for number in range(50):
        page = errand(key=f"page {number}")
        fail(proxies, taken(proxies, page, number), "blocked", float(number))
        fail(proxies, taken(proxies, page, number), "blocked", float(number))
        assert not proxies.is_worth_another(page, float(number))
    assert set(names(proxies, 2, now=51)) == {"a", "b"}


def test_a_proxy_that_is_blocked_where_others_are_not_rests_for_that_host() -> None:
    proxies = roster("a:1", "b:1")
    for number in range(4):
        page = errand(key=f"page {number}")
        lease = taken(proxies, page, number)
        if name(lease) == "a":
            fail(proxies, lease, "blocked", float(number))
            lease = taken(proxies, page, number)
        assert name(lease) == "b"
        answer(proxies, lease)
    assert names(proxies, 3, now=5) == "bbb"
    assert "a" in names(proxies, 2, errand("https://other.example"), now=5)


def test_a_single_proxy_is_not_kept_from_a_host_that_refuses_pages() -> None:
    proxies = roster("a:1")
    for number in range(20):
        page = errand(key=f"page {number}")
        fail(proxies, taken(proxies, page, number), "blocked", float(number))
        assert not proxies.is_worth_another(page, float(number))
    assert name(taken(proxies, now=20)) == "a"


def test_a_named_session_is_not_sent_elsewhere_for_one_page() -> None:
    proxies = roster()
    page = errand(session="alice", key="page")
    fail(proxies, taken(proxies, page), "blocked", 0.0)
    assert not proxies.is_worth_another(page, 0.0)
    assert name(taken(proxies, page)) == "a"


# --- tiers


def tiered() -> ProxyRoster:
    return roster("direct", "cheap:1 tier=1", "dear:1 tier=2", "rich:1 tier=2")


def test_a_higher_tier_is_used_only_where_the_lower_one_can_not_be() -> None:
    proxies = tiered()
    assert {name(taken(proxies)) for _ in range(5)} == {"direct"}


def test_a_block_sends_the_page_up_and_in_the_end_the_host() -> None:
    proxies = tiered()
    ways: list[list[str]] = []
    for number in range(3):
        page = errand(key=f"page {number}")
        way: list[str] = []
        lease = taken(proxies, page, number)
        while name(lease) in ("direct", "cheap"):
            way.append(name(lease))
            fail(proxies, lease, "blocked", float(number))
            assert proxies.is_worth_another(page, float(number))
            lease = taken(proxies, page, number)
        answer(proxies, lease)
        ways.append([*way, "top"])
    assert ways == [["direct", "cheap", "top"], ["direct", "cheap", "top"], ["top"]]
    assert name(taken(proxies, errand("https://other.example"), 4)) == "direct"


def test_a_host_falls_back_to_the_lower_tier_when_that_works_again() -> None:
    proxies = roster("direct", "dear:1 tier=1")
    for number in range(2):
        page = errand(key=f"page {number}")
        fail(proxies, taken(proxies, page), "blocked", 0.0)
        answer(proxies, taken(proxies, page))
    assert names(proxies, 2, now=5) == "deardear"
    trial = taken(proxies, now=11)
    assert name(trial) == "direct"
    assert name(taken(proxies, now=11)) == "dear", "one attempt tries it out"
    answer(proxies, trial)
    assert names(proxies, 2, now=12) == "directdirect"


def test_a_host_goes_up_again_for_longer_when_the_trial_fails() -> None:
    proxies = roster("direct", "dear:1 tier=1")
    for number in range(3):
        page = errand(key=f"page {number}")
        fail(proxies, taken(proxies, page, now=10.0 * (number // 2)), "blocked", 10.0 * (number // 2))
        answer(proxies, taken(proxies, page))
    assert names(proxies, 1, now=29) == "dear"
    assert names(proxies, 1, now=31) == "direct"


# --- none at all


def test_hosts_are_open_while_a_proxy_can_be_used() -> None:
    proxies = roster("a:1", "b:1")
    assert proxies.opens_at(HOST, 0.0) == -math.inf
    fail(proxies, taken(proxies), "proxy", 0.0)
    assert proxies.opens_at(HOST, 1.0) == -math.inf


def test_hosts_open_when_the_first_rest_is_over() -> None:
    proxies = roster("a:1", "b:1")
    fail(proxies, taken(proxies), "proxy", 0.0)
    fail(proxies, taken(proxies, now=5), "proxy", 5.0)
    assert proxies.opens_at(HOST, 6.0) == 10.0
    trial = taken(proxies, now=10.0)
    assert proxies.opens_at(HOST, 10.0) == 15.0
    proxies.end(trial)
    assert proxies.opens_at(HOST, 10.0) == -math.inf


def test_waiting_ends_a_while_after_the_last_proxy_was_lost_and_not_after_each_page() -> None:
    proxies = roster("a:1")
    now = 0.0
    for _ in range(5):
        fail(proxies, taken(proxies, now=now), "proxy", now)
        assert proxies.lease(errand(), now + 0.1) is None
        now = proxies.members[0].standing.rests_until
    assert proxies.gives_up_at(HOST, now) == pytest.approx(60.1)
    assert proxies.gives_up_at("https://other.example", now) == pytest.approx(60.1)
    answer(proxies, taken(proxies, now=now))
    assert proxies.gives_up_at(HOST, now) == now + 60


def test_where_no_proxy_lets_anybody_in_nobody_waits() -> None:
    proxies = roster("a:1", "b:1")
    fail(proxies, taken(proxies), "locked", 0.0)
    assert proxies.gives_up_at(HOST, 1.0) > 1.0
    fail(proxies, taken(proxies, now=1), "locked", 1.0)
    assert proxies.gives_up_at(HOST, 1.0) == -math.inf


def test_a_host_that_turned_every_proxy_away_waits_by_itself() -> None:
    proxies = roster("a:1", "b:1")
    for now in range(4):
        fail(proxies, taken(proxies, now=now), "blocked", float(now))
    assert proxies.lease(errand(), 5) is None
    assert proxies.opens_at(HOST, 5) == 12.0
    assert proxies.opens_at("https://other.example", 5) == -math.inf


def test_the_complaint_names_the_proxies_and_why_without_secrets() -> None:
    proxies = roster("http://me:canary@a:1", "b:1", "c:1", "d:1")
    lease = taken(proxies)
    proxies.failed(lease, "proxy", "connection refused", now=0.0)
    text = proxies.complaint(HOST)
    assert text.startswith(f"no proxy can be used for {HOST}: http://a:1#")
    assert "(connection refused), http://b:1 (at rest), http://c:1 (at rest) and 1 more" in text
    assert "canary" not in text


# --- figures


def test_statuses_count_what_happened() -> None:
    proxies = roster("a:1", "b:1", sticky="session")
    first, second = taken(proxies), taken(proxies)
    answer(proxies, first)
    proxies.members[0].traffic.received_bytes += 2048
    fail(proxies, second, "proxy", 3.0)
    status = proxies.statuses(5.0)[0]
    assert (status.requests, status.failures, status.in_use, status.state) == (2, 1, 0, "resting")
    assert (status.rests_for, status.received_bytes, status.last_failure) == (8.0, 2048, "because")
    assert str(status).startswith("http://a:1  rests for 8 s, 2 requests, 1 failed, 2,048 bytes received")


def test_what_is_remembered_of_hosts_and_requests_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawl4ai_browser.browser.proxies.troubles.MAX_REMEMBERED", 10)
    monkeypatch.setattr("crawl4ai_browser.browser.proxies.owners.MAX_OWNERS", 10)
    proxies = roster(sticky="host")
    for number in range(100):
        wanted = errand(f"https://{number}.example", key=str(number))
        fail(proxies, taken(proxies, wanted, number), "target", float(number))
    assert "10 hosts, 10 requests" in repr(proxies._troubles)
    assert repr(proxies._owners) == "<Owners 10>"
