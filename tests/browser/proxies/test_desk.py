from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import anyio
import pytest

from crawl4ai_browser.browser.proxies.desk import ProxyDesk
from crawl4ai_browser.browser.proxies.forwarder import SeenFault
from crawl4ai_browser.browser.proxies.verdict import sign_of_block, verdict_of_answer, verdict_of_error
from crawl4ai_browser.egress_config import EgressConfig
from crawl4ai_browser.errors import (
    ActionFailed,
    BrowserCrashed,
    ConnectionFailed,
    FetchError,
    NavigationError,
    NavigationTimeout,
    Phase,
    ProxyError,
    TlsError,
)
from crawl4ai_browser.events import Event, Observers, ProxyRecovered, ProxyRested
from crawl4ai_browser.proxy import Proxy
from crawl4ai_browser.proxy_pool import ProxyHealth, ProxyPool
from crawl4ai_browser.proxy_status import ProxyErrand, ProxyStatus
from crawl4ai_browser.snapshot import Snapshot
from crawl4ai_browser.testing.fake_clock import FakeClock

URL = "https://site.example/"
ERRAND = ProxyErrand(host="https://site.example", key="page")


class Desk:
    """A desk with a clock whose time moves when told to."""

    def __init__(self, *members: str, **options: object) -> None:
        self.clock = FakeClock()
        self.events: list[Event] = []
        self.desk = ProxyDesk(
            ProxyPool(members, health=ProxyHealth(first_rest=10, max_wait=60), **options),
            EgressConfig(private="allow"),
            clock=self.clock,
            observers=Observers((self.events.append,)),
            start=never_started,
        )

    async def attempt(self, outcome: Snapshot | FetchError, errand: ProxyErrand = ERRAND) -> str:
        """Who was used for an attempt that ends so."""

        async def visit() -> Snapshot:
            if isinstance(outcome, FetchError):
                raise outcome
            return outcome

        async with self.desk.turn(errand, None) as turn:
            await turn.judged(visit(), None)
            return turn.proxy.host if turn.proxy else "direct"

    async def failed(self, error: FetchError, errand: ProxyErrand = ERRAND) -> FetchError:
        """What an attempt raises that fails so."""
        with pytest.raises(type(error)) as raised:
            await self.attempt(error, errand)
        return raised.value

    def told(self) -> list[str]:
        lines: list[str] = []
        for event in self.events:
            if isinstance(event, ProxyRested):
                lines.append(f"{event.proxy} rests {event.seconds:g} {event.host}".strip())
            elif isinstance(event, ProxyRecovered):
                lines.append(f"{event.proxy} works {event.host}".strip())
        return lines


def never_started(_function: Callable[[], Awaitable[None]]) -> None:
    raise AssertionError("nothing is opened here")


def answer(status: int = 200, html: str = "<p>text</p>") -> Snapshot:
    return Snapshot(url=URL, final_url=URL, status=status, html=html, fetched_at=datetime(2025, 1, 1, tzinfo=UTC))


# --- turns


async def test_each_attempt_has_the_next_proxy() -> None:
    desk = Desk("a:1", "b:1")
    assert [await desk.attempt(answer(), ProxyErrand(host=URL, key=str(number))) for number in range(4)] == list("abab")


async def test_a_session_with_its_own_proxy_keeps_to_it() -> None:
    desk = Desk("a:1").desk
    own = Proxy.parse("own:1")
    async with desk.turn(ERRAND, own) as turn:
        assert (turn.proxy, turn.is_pooled) == (own, False)
        assert [status.in_use for status in desk.statuses()] == [0, 1]
    assert [(status.proxy, status.requests) for status in desk.statuses()] == [("http://a:1", 0), ("http://own:1", 1)]


async def test_proxies_of_sessions_are_remembered_in_bounded_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawl4ai_browser.browser.proxies.desk.MAX_OWN", 3)
    desk = Desk("a:1").desk
    async with desk.turn(ERRAND, Proxy.parse("first:1")):
        for number in range(5):
            async with desk.turn(ERRAND, Proxy.parse(f"user{number}:word@own:1")):
                pass
    assert [status.requests for status in desk.statuses()] == [0, 1, 1, 1]
    assert desk.statuses()[1].proxy == "http://first:1", "which was in use"
    assert desk.statuses()[-1].proxy == Proxy.parse("user4:word@own:1").id


async def test_without_a_pool_everything_goes_out_directly() -> None:
    desk = Desk().desk
    assert not desk.is_pooled
    assert desk.opens_at(URL) == -math.inf
    async with desk.turn(ERRAND, None) as turn:
        assert turn.proxy is None
    assert await desk.open_way(None) is None
    assert desk.statuses() == ()


async def test_an_error_of_the_pools_proxies_is_one_that_another_may_mend() -> None:
    error = await Desk("a:1", "b:1").failed(ProxyError("refused"))
    assert isinstance(error, ProxyError)
    assert error.remedy == "another"


async def test_an_attempt_that_is_cancelled_ends_its_turn() -> None:
    desk = Desk("a:1").desk
    with anyio.move_on_after(0.01):
        async with desk.turn(ERRAND, None):
            await anyio.sleep_forever()
    assert [status.in_use for status in desk.statuses()] == [0]


async def test_a_chooser_that_fails_is_the_users_fault() -> None:
    def stranger(_statuses: tuple[ProxyStatus, ...], _errand: ProxyErrand) -> ProxyStatus:
        return ProxyStatus(proxy="elsewhere")

    with pytest.raises(ProxyError, match="chooser of the proxy pool chose") as failure:
        await Desk("a:1", chooser=stranger).attempt(answer())
    assert failure.value.blame == "user"


# --- waiting


async def rested(desk: Desk) -> None:
    """Make the only proxy of a desk rest as a whole."""
    for number in range(5):
        await desk.failed(ConnectionFailed("reset"), ProxyErrand(host=f"https://{number}.example"))


async def test_a_page_waits_for_the_end_of_a_rest() -> None:
    desk = Desk("a:1")
    await rested(desk)
    assert desk.told() == ["http://a:1 rests 10"]
    assert desk.desk.opens_at(ERRAND.host) == 10.0
    async with desk.clock.jumping():
        assert await desk.attempt(answer()) == "a"
    assert desk.clock.monotonic() == 10.0
    assert desk.told() == ["http://a:1 rests 10", "http://a:1 works"]


async def test_those_who_wait_go_on_when_the_trial_has_succeeded() -> None:
    desk = Desk("a:1")
    await rested(desk)
    used: list[str] = []

    async def one(number: int) -> None:
        used.append(await desk.attempt(answer(), ProxyErrand(host=URL, key=str(number))))

    async with desk.clock.jumping(), anyio.create_task_group() as pages:
        for number in range(8):
            pages.start_soon(one, number)
    assert used == ["a"] * 8
    assert desk.clock.monotonic() == 10.0


async def test_who_waits_for_a_proxy_holds_no_slot() -> None:
    desk = Desk("a:1")
    await rested(desk)
    slots = anyio.CapacityLimiter(1)

    async def wait() -> None:
        async with desk.desk.turn(ERRAND, None, slots):
            pass

    async with anyio.create_task_group() as pages:
        pages.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        assert slots.borrowed_tokens == 0
        await desk.clock.advance(10)
    assert slots.borrowed_tokens == 0


async def test_when_waiting_has_been_in_vain_pages_fail_and_say_why() -> None:
    desk = Desk("a:1")
    await rested(desk)
    failures: list[ProxyError] = []
    async with desk.clock.jumping():
        while not failures or failures[-1].remedy != "none":
            with pytest.raises(ProxyError) as failure:
                await desk.attempt(ProxyError("refused"), ProxyErrand(host=f"https://late{len(failures)}.example"))
            failures.append(failure.value)
    assert failures[-1].message.startswith("no proxy can be used for https://late")
    assert failures[-1].message.endswith(": http://a:1 (refused)")
    assert len(failures) == 3, "tried out after 10 and 30 s; the next time is after 70"
    assert desk.clock.monotonic() == 60.0


# --- verdicts


def seen(kind: str, text: str = "it refused") -> SeenFault:
    return SeenFault(at=0.0, host="site.example", kind=kind, text=text)  # type: ignore[arg-type]  # parametrized


@pytest.mark.parametrize(
    ("error", "fault", "expected"),
    [
        (ConnectionFailed("ERR_EMPTY_RESPONSE"), seen("proxy"), ("proxy", ProxyError)),
        (ProxyError("ERR_TUNNEL_CONNECTION_FAILED"), seen("locked"), ("locked", ProxyError)),
        (ProxyError("ERR_TUNNEL_CONNECTION_FAILED"), seen("target"), ("target", ConnectionFailed)),
        (ProxyError("ERR_TUNNEL_CONNECTION_FAILED"), seen("unclear"), ("unclear", ProxyError)),
        (NavigationTimeout("30 s"), seen("proxy"), ("proxy", ProxyError)),
        (ConnectionFailed("ERR_CONNECTION_RESET"), None, ("unclear", None)),
        (NavigationTimeout("30 s"), None, ("unclear", None)),
        (TlsError("ERR_CERT_INVALID"), seen("proxy"), (None, None)),
        (ActionFailed("no button"), seen("proxy"), (None, None)),
        (BrowserCrashed("gone"), seen("proxy"), (None, None)),
    ],
)
def test_an_error_is_the_proxys_only_where_that_is_known(
    error: FetchError, fault: SeenFault | None, expected: tuple[str | None, type[FetchError] | None]
) -> None:
    verdict = verdict_of_error(error, fault, "http://a:1")
    assert (verdict.fault, type(verdict.error) if verdict.error else None) == expected
    if verdict.error is not None:
        assert verdict.error.message == "http://a:1: it refused"


@pytest.mark.parametrize(("phase", "fault"), [("goto", "unclear"), ("ready", None), ("read", None)])
def test_what_a_page_does_once_it_has_come_is_nothing_against_its_proxy(phase: Phase, fault: str | None) -> None:
    error = NavigationError("the page's script led away from it", phase=phase)
    error.snapshot = answer()
    verdict = verdict_of_error(error, None, "http://a:1")
    assert (verdict.fault, verdict.answered) == (fault, fault is None)


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (200, {"x-squid-error": "ERR_NONE"}, None),
        (503, {}, None),
        (407, {}, ("locked", ProxyError)),
        (503, {"x-squid-error": "ERR_CONNECT_FAIL 111"}, ("target", ConnectionFailed)),
        (500, {"server": "tinyproxy/1.11.1"}, ("target", ConnectionFailed)),
        (502, {"proxy-status": "edge; error=connection_timeout"}, ("target", ConnectionFailed)),
    ],
)
def test_a_proxys_own_page_is_not_taken_for_the_sites(
    status: int, headers: dict[str, str], expected: tuple[str, type[FetchError]] | None
) -> None:
    verdict = verdict_of_answer(status, headers, "http://a:1")
    assert verdict.answered == (expected is None)
    assert ((verdict.fault, type(verdict.error)) if verdict.fault else None) == expected


def test_block_pages_are_known_by_status_and_by_signs() -> None:
    health = ProxyHealth(block_signs=("Are you a ROBOT?",))
    assert sign_of_block(403, None, health) == "status 403"
    assert sign_of_block(200, "<h1>are you a robot?</h1>", health) == "the page says 'Are you a ROBOT?'"
    assert sign_of_block(200, "<p>text</p>", health) is None
    assert sign_of_block(403, None, ProxyHealth(block_statuses=frozenset())) is None


async def test_a_block_page_is_an_error_while_others_may_do_and_then_an_answer() -> None:
    desk = Desk("a:1", "b:1")
    error = await desk_refuses(desk, answer(403))
    assert error.snapshot == answer(403)
    assert (error.remedy, error.message) == ("another", "http://a:1: the site seems to turn it away (status 403)")
    assert await desk.attempt(answer(403)) == "b"


async def desk_refuses(desk: Desk, snapshot: Snapshot) -> ProxyError:
    with pytest.raises(ProxyError) as failure:
        await desk.attempt(snapshot)
    return failure.value


async def test_a_host_that_asks_for_less_is_obeyed_and_asked_by_another_later() -> None:
    desk = Desk("a:1", "b:1")
    assert await desk.attempt(answer(429)) == "a"
    assert await desk.attempt(answer(200)) == "b"
