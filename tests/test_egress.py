from __future__ import annotations

import pytest
from pydantic import ValidationError

from crawl4ai_browser.egress import EgressRules, PrivateRule, parse_place
from crawl4ai_browser.egress_config import EgressConfig

PUBLIC = "93.184.215.14"


def rules(private: PrivateRule = "seeds", *allowed: str) -> EgressRules:
    return EgressRules.of(private, allowed)


def kind(given: EgressRules, host: str, port: int, *addresses: str) -> str | None:
    refusal = given.refusal(host, port, addresses or (host,))
    return refusal.kind if refusal is not None else None


def test_public_addresses_are_open_and_local_ones_are_not() -> None:
    assert kind(rules(), "example.com", 443, PUBLIC) is None
    assert kind(rules(), "example.com", 443, "10.0.0.1") == "private"
    assert kind(rules(), "localhost", 80, "127.0.0.1") == "loopback"
    assert kind(rules(), "169.254.169.254", 80) == "metadata"


def test_one_local_address_among_public_ones_closes_the_name() -> None:
    assert kind(rules(), "example.com", 443, PUBLIC, "127.0.0.1") == "loopback"
    assert kind(rules(), "example.com", 443, PUBLIC, "10.0.0.1", "169.254.169.254") == "metadata"


def test_the_reason_names_host_address_and_class() -> None:
    refusal = rules().refusal("rebind.example", 80, ["192.168.0.7"])
    assert refusal is not None
    assert refusal.reason.startswith("rebind.example is at 192.168.0.7, a private address: ")
    refusal = rules().refusal("::1", 80, ["::1"])
    assert refusal is not None
    assert refusal.reason.startswith("::1 is a loopback address: ")


def test_a_seed_opens_its_own_host_and_port_alone() -> None:
    given = rules()
    given.name_seed("localhost", 8000)
    assert kind(given, "localhost", 8000, "127.0.0.1", "::1") is None
    assert kind(given, "LOCALHOST.", 8000, "127.0.0.1") is None
    assert kind(given, "localhost", 8001, "127.0.0.1") == "loopback"
    assert kind(given, "127.0.0.1", 8000) == "loopback"
    assert kind(given, "other.localhost", 8000, "127.0.0.1") == "loopback"


@pytest.mark.parametrize("spelling", ["2130706433", "0x7f.1", "127.0.0.1", "0177.0.0.1"])
def test_a_seed_is_the_same_in_every_spelling(spelling: str) -> None:
    given = rules()
    given.name_seed(spelling, 80)
    assert kind(given, "127.0.0.1", 80) is None


def test_a_seed_that_was_public_at_first_opens_nothing_local() -> None:
    given = rules()
    given.name_seed("rebind.example", 80)
    assert kind(given, "rebind.example", 80, PUBLIC) is None
    assert kind(given, "rebind.example", 80, "127.0.0.1") == "loopback"
    given.name_seed("rebind.example", 80)
    assert kind(given, "rebind.example", 80, "127.0.0.1") == "loopback"


def test_a_seed_that_was_local_at_first_leads_nowhere_else() -> None:
    given = rules()
    given.name_seed("wiki.example", 80)
    assert kind(given, "wiki.example", 80, "10.0.0.1") is None
    assert kind(given, "wiki.example", 80, PUBLIC) == "changed"
    assert kind(given, "wiki.example", 80, "10.0.0.1", PUBLIC) == "changed"
    assert kind(given, "wiki.example", 80, "10.0.0.2") is None


def test_a_seed_with_public_and_local_addresses_is_none_of_either() -> None:
    given = rules()
    given.name_seed("wiki.example", 80)
    assert kind(given, "wiki.example", 80, PUBLIC, "10.0.0.1") == "private"
    assert kind(given, "wiki.example", 80, "10.0.0.1") == "private"


def test_seeds_that_are_local_addresses_need_no_judgement() -> None:
    rules = EgressRules.of("seeds", ())
    for host, port in (("127.0.0.1", 80), ("[::1]", 81), ("169.254.169.254", 80), ("a.example", 80), ("8.8.8.8", 80)):
        rules.name_seed(host, port)
    assert list(rules.open_literals()) == [("127.0.0.1", 80), ("::1", 81)]


def test_no_seed_opens_a_metadata_service() -> None:
    given = rules()
    given.name_seed("169.254.169.254", 80)
    given.name_seed("cloud.example", 80)
    assert kind(given, "169.254.169.254", 80) == "metadata"
    assert kind(given, "cloud.example", 80, "169.254.169.254") == "metadata"


def test_seeds_of_strangers_open_nothing() -> None:
    given = rules("refuse")
    given.name_seed("localhost", 8000)
    assert kind(given, "localhost", 8000, "127.0.0.1") == "loopback"


def test_everything_is_open_where_all_is_allowed() -> None:
    for address in ("127.0.0.1", "169.254.169.254", "10.0.0.1"):
        assert kind(rules("allow"), address, 80) is None
        assert rules("allow").refusal_by_name(address, 80) is None


def test_allowed_places_are_open() -> None:
    given = rules("seeds", "localhost:8000", "wiki.example", "10.1.0.0/16", "[::1]:81", "169.254.169.254")
    assert kind(given, "localhost", 8000, "127.0.0.1") is None
    assert kind(given, "localhost", 8001, "127.0.0.1") == "loopback"
    assert kind(given, "wiki.example", 9, "192.168.0.1") is None
    assert kind(given, "any.example", 80, "10.1.2.3") is None
    assert kind(given, "any.example", 80, "10.2.2.3") == "private"
    assert kind(given, "::1", 81) is None
    assert kind(given, "169.254.169.254", 80) is None


def test_what_a_proxy_looks_up_is_judged_by_its_name() -> None:
    given = rules()
    assert given.refusal_by_name("example.com", 80) is None
    for host, expected in {
        "127.0.0.1": "loopback",
        "0x7f.1": "loopback",
        "::ffff:10.0.0.1": "private",
        "localhost": "local name",
        "metadata.google.internal": "local name",
        "router": "local name",
    }.items():
        refusal = given.refusal_by_name(host, 80)
        assert refusal is not None, host
        assert refusal.kind == expected
    given.name_seed("router", 80)
    assert given.refusal_by_name("router", 80) is None
    given.name_seed("127.0.0.1", 8000)
    assert given.refusal_by_name("127.0.0.1", 8000) is None
    assert given.refusal_by_name("127.0.0.1", 8001) is not None


@pytest.mark.parametrize("text", ["", "http://x", "10.0.0.0/33", "a b", "user@host", "host:port", "*.example.com"])
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a "):
        parse_place(text)
    with pytest.raises(ValidationError, match="not a "):
        EgressConfig(allowed=(text,))
