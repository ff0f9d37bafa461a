"""Every special range at its first and last address and just outside, and every form in which one may hide."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawl4ai_browser.addresses import address_class, is_local_name, literal_address

RANGES = {
    "0.0.0.0/32": "unspecified",
    "10.0.0.0/8": "private",
    "100.64.0.0/10": "shared",
    "127.0.0.0/8": "loopback",
    "169.254.0.0/16": "link-local",
    "172.16.0.0/12": "private",
    "192.0.0.0/24": "reserved",
    "192.0.2.0/24": "documentation",
    "192.88.99.0/24": "reserved",
    "192.168.0.0/16": "private",
    "198.18.0.0/15": "benchmarking",
    "198.51.100.0/24": "documentation",
    "203.0.113.0/24": "documentation",
    "224.0.0.0/4": "multicast",
    "::1/128": "loopback",
    "::/128": "unspecified",
    "100::/64": "reserved",
    "2001:db8::/32": "documentation",
    "3fff::/20": "documentation",
    "fc00::/7": "private",
    "fe80::/10": "link-local",
    "fec0::/10": "private",
    "ff00::/8": "multicast",
    "64:ff9b:1::/48": "reserved",
    "4000::/3": "reserved",
}

PUBLIC = [
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "93.184.215.14",
    "2606:4700:4700::1111",
    "2a00:1450:4001:80b::200e",
    "2003::1",
]

LOCAL_IPV4 = ["127.0.0.1", "10.1.2.3", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1"]


@pytest.mark.parametrize(("network", "kind"), RANGES.items())
def test_a_special_range_is_special_to_its_ends(network: str, kind: str) -> None:
    parsed = ip_network(network)
    assert address_class(str(parsed[0])) == kind
    assert address_class(str(parsed[-1])) == kind


@pytest.mark.parametrize("address", PUBLIC)
def test_what_lies_beside_them_is_public(address: str) -> None:
    assert address_class(address) is None


def test_the_last_addresses_of_ipv4_are_closed() -> None:
    assert address_class("255.255.255.255") == "broadcast"
    assert address_class("255.255.255.254") == "reserved"
    assert address_class("240.0.0.1") == "reserved"
    assert address_class("0.0.0.1") == "reserved"


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "169.254.170.2", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192"]
)
def test_metadata_services_are_told_apart(address: str) -> None:
    assert address_class(address) == "metadata"


def forms_in_ipv6(address: str) -> list[str]:
    number = int(IPv4Address(address))
    high, low = number >> 16, number & 0xFFFF
    teredo = 0x2001 << 112 | int(IPv4Address("8.8.8.8")) << 64 | (~number & 0xFFFFFFFF)
    return [
        f"::ffff:{address}",
        f"::ffff:{high:x}:{low:x}",
        f"::{address}",
        f"::ffff:0:{address}",
        f"64:ff9b::{address}",
        f"2002:{high:x}:{low:x}::1",
        str(IPv6Address(teredo)),
        f"2001:4860::5efe:{address}",
        f"2001:4860::200:5efe:{address}",
    ]


@pytest.mark.parametrize("address", LOCAL_IPV4)
def test_an_ipv4_address_in_ipv6_is_what_it_is(address: str) -> None:
    for form in forms_in_ipv6(address):
        assert address_class(form) is not None, form
    assert address_class(f"::ffff:{address}") == address_class(address)


@pytest.mark.parametrize("template", ["::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"])
def test_a_public_ipv4_address_in_ipv6_is_public(template: str) -> None:
    assert address_class(template) is None


def test_a_zone_changes_nothing() -> None:
    assert address_class("fe80::1%eth0") == "link-local"


@settings(deadline=None, derandomize=True)
@given(st.ip_addresses())
def test_nothing_is_public_that_the_standard_library_knows_as_private(address: IPv4Address | IPv6Address) -> None:
    if address_class(str(address)) is None and not embeds_ipv4(address):
        assert address.is_global or not address.is_private


@settings(deadline=None, derandomize=True)
@given(st.ip_addresses(v=4))
def test_an_address_and_its_mapped_form_are_the_same(address: IPv4Address) -> None:
    assert address_class(f"::ffff:{address}") == address_class(str(address))


def embeds_ipv4(address: IPv4Address | IPv6Address) -> bool:
    return any(address in ip_network(each) for each in ("::ffff:0:0/96", "64:ff9b::/96", "2002::/16", "2001::/32"))


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("0X7F.1", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("127.0.0.1.", "127.0.0.1"),
        ("0", "0.0.0.0"),
        ("[::1]", "::1"),
        ("[::ffff:7f00:1]", "::ffff:7f00:1"),
        ("0000:0000:0000:0000:0000:0000:0000:0001", "::1"),
        ("\uff11\uff12\uff17.0.0.1", "127.0.0.1"),
        ("127\u30020\u30020\u30021", "127.0.0.1"),
        ("localhost", None),
        ("example.com", None),
        ("256.256.256.256", None),
        ("1.2.3.4.example", None),
        ("", None),
    ],
)
def test_an_address_is_recognised_in_every_form_a_browser_takes(host: str, address: str | None) -> None:
    found = literal_address(host)
    assert found is None if address is None else ip_address(found or "") == ip_address(address)


@pytest.mark.parametrize(
    "name", ["localhost", "LOCALHOST.", "a.localhost", "router", "printer.local", "metadata.google.internal", "x.lan"]
)
def test_names_of_local_networks_are_known(name: str) -> None:
    assert is_local_name(name)


@pytest.mark.parametrize("name", ["example.com", "localhost.example.com", "internal.example", "mylocal.org"])
def test_other_names_are_not(name: str) -> None:
    assert not is_local_name(name)
