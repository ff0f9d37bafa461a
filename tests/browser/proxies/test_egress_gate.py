from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import pytest

from crawl4ai_browser.browser.proxies.egress_gate import ANSWER_SECONDS, MAX_ANSWERS, EgressGate
from crawl4ai_browser.browser.proxies.network import MachineNetwork
from crawl4ai_browser.browser.proxies.way_fault import WayFault
from crawl4ai_browser.egress_config import EgressConfig
from crawl4ai_browser.events import ConnectionRefused, Event, Observers
from crawl4ai_browser.testing.fake_clock import FakeClock
from crawl4ai_browser.testing.site import Response, SiteServer
from tests import proxy_servers
from tests.egress_sites import PUBLIC_ADDRESS, StagedNetwork


def staged(**names: list[tuple[str, ...]]) -> StagedNetwork:
    return StagedNetwork(0, {name.replace("_", "."): answers for name, answers in names.items()})


def gate_with(network: StagedNetwork, **parts: Any) -> EgressGate:
    gate = EgressGate(EgressConfig(), **parts)
    gate.network = network
    return gate


async def fault_of(gate: EgressGate, host: str, port: int = 80) -> WayFault:
    with pytest.raises(WayFault) as fault:
        await gate.admitted(host, port)
    return fault.value


async def test_an_answer_is_used_for_a_while_and_judged_anew_after_that() -> None:
    clock, network = FakeClock(), staged(flip_example=[(PUBLIC_ADDRESS,), ("10.0.0.1",)])
    gate = gate_with(network, clock=clock)
    assert await gate.admitted("flip.example", 80) == (PUBLIC_ADDRESS,)
    assert await gate.admitted("FLIP.example.", 443) == (PUBLIC_ADDRESS,)
    assert network.asked == ["flip.example"]
    await clock.advance(ANSWER_SECONDS)
    assert (await fault_of(gate, "flip.example")).kind == "egress"
    assert network.asked == ["flip.example"] * 2


async def test_an_address_is_looked_up_nowhere() -> None:
    network = staged()
    gate = gate_with(network)
    assert await gate.admitted(PUBLIC_ADDRESS, 80) == (PUBLIC_ADDRESS,)
    assert (await fault_of(gate, "0x7f.1")).kind == "egress"
    assert network.asked == []


@pytest.mark.parametrize("host", ["nobody.example", "x" * 70 + ".example", "\u00fc.example", "a\u0000b"])
async def test_a_name_without_an_address_is_the_names_fault(host: str) -> None:
    gate = gate_with(staged())
    assert (await fault_of(gate, host)).kind == "name"


@pytest.mark.parametrize("host", ["x" * 70 + ".invalid", "\u00fc.invalid", "a\u0000b.invalid"])
async def test_the_machines_resolver_takes_any_text(host: str) -> None:
    assert (await fault_of(EgressGate(EgressConfig()), host)).kind == "name"


async def test_observers_are_told_of_each_place_once() -> None:
    events: list[Event] = []
    gate = gate_with(staged(), observers=Observers((events.append,)))
    for port in (80, 80, 81):
        await fault_of(gate, "127.0.0.1", port)
    with pytest.raises(WayFault):
        gate.check_name("localhost", 80)
    told = [(event.host, event.port) for event in events if isinstance(event, ConnectionRefused)]
    assert told == [("127.0.0.1", 80), ("127.0.0.1", 81), ("localhost", 80)]


async def test_few_answers_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawl4ai_browser.browser.proxies.egress_gate.MAX_ANSWERS", 2)
    network = staged(a_example=[(PUBLIC_ADDRESS,)], b_example=[(PUBLIC_ADDRESS,)], c_example=[(PUBLIC_ADDRESS,)])
    gate = gate_with(network)
    for name in ("a", "b", "c", "c", "b", "a"):
        await gate.admitted(f"{name}.example", 80)
    assert network.asked == ["a.example", "b.example", "c.example", "a.example"]
    assert MAX_ANSWERS >= 1000


@pytest.mark.parametrize(
    ("url", "opened"),
    [
        ("http://127.0.0.1:8000/x", ("127.0.0.1", 8000)),
        ("http://user:word@[::1]/", ("::1", 80)),
        ("https://127.1/", ("127.0.0.1", 443)),
    ],
)
async def test_a_seed_is_opened_by_its_url(url: str, opened: tuple[str, int]) -> None:
    gate = EgressGate(EgressConfig())
    gate.name_seed(url)
    assert await gate.admitted(*opened) == (opened[0],)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "about:blank", "not a url", "http://"])
async def test_what_is_no_url_of_the_web_opens_nothing(url: str) -> None:
    gate = EgressGate(EgressConfig())
    gate.name_seed(url)
    assert repr(gate) == "<EgressGate <EgressRules seeds, 0 places, 0 seeds>>"


# --- the machine's network


@pytest.fixture
def answering() -> Callable[[SiteServer], SiteServer]:
    def answered(site: SiteServer) -> SiteServer:
        site.route("/", Response.text("there"))
        return site

    return answered


async def test_an_address_that_refuses_does_not_hide_one_that_answers(
    answering: Callable[[SiteServer], SiteServer],
) -> None:
    with answering(SiteServer()) as site, anyio.fail_after(10):
        stream = await MachineNetwork().dial(("127.0.0.3", "::1", "127.0.0.1"), site.port)
        await stream.aclose()


async def test_where_none_answers_that_is_an_error() -> None:
    with proxy_servers.dead() as nobody, pytest.raises(OSError, match="failed"):
        await MachineNetwork().dial(("127.0.0.1", "127.0.0.2"), nobody.port)


async def test_localhost_is_on_loopback() -> None:
    assert set(await MachineNetwork().addresses("localhost")) <= {"127.0.0.1", "::1"}
