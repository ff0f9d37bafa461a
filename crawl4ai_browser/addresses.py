"""Addresses: which of them belong to the public internet, and what the others are. Pure.

A page may name any address it likes, and a name may stand for any; whether a connection may be made is decided by the
address itself. What is special is listed by IANA (iana-ipv4-special-registry, iana-ipv6-special-registry); the standard
library's `is_global` follows that list too, but differs between the versions of Python that this package runs on.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Literal

from ada_url import URL

AddressClass = Literal[
    "metadata",
    "loopback",
    "private",
    "link-local",
    "shared",
    "multicast",
    "broadcast",
    "unspecified",
    "documentation",
    "benchmarking",
    "reserved",
    "local name",
]
"""Why an address, or a name, is not public. "metadata" is where clouds tell a machine its secrets, "shared" is that of
carriers' own networks (RFC 6598), a "local name" one that means something in a local network alone."""

_METADATA = frozenset(
    map(
        ip_address,
        (
            "169.254.169.254",  # Amazon, Google, Microsoft, and most others
            "169.254.170.2",  # Amazon's containers
            "169.254.170.23",  # Amazon's pods
            "fd00:ec2::254",  # Amazon
            "fd00:ec2::23",
            "fd20:ce::254",  # Google
            "100.100.100.200",  # Alibaba
            "192.0.0.192",  # Oracle
            "168.63.129.16",  # Microsoft's host; lies in public space
        ),
    )
)

# The first that holds an address tells its class.
_IPV4_CLASSES: dict[str, AddressClass] = {
    "255.255.255.255/32": "broadcast",
    "0.0.0.0/32": "unspecified",
    "0.0.0.0/8": "reserved",  # "this network" (RFC 791); Linux takes 0.0.0.0 for loopback
    "10.0.0.0/8": "private",
    "100.64.0.0/10": "shared",
    "127.0.0.0/8": "loopback",
    "169.254.0.0/16": "link-local",
    "172.16.0.0/12": "private",
    "192.0.0.0/24": "reserved",
    "192.0.2.0/24": "documentation",
    "192.88.99.0/24": "reserved",  # relays of 6to4, given up (RFC 7526)
    "192.168.0.0/16": "private",
    "198.18.0.0/15": "benchmarking",
    "198.51.100.0/24": "documentation",
    "203.0.113.0/24": "documentation",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved",
}
_IPV4: tuple[tuple[IPv4Network, AddressClass], ...] = tuple(
    (IPv4Network(network), name) for network, name in _IPV4_CLASSES.items()
)

_IPV6_CLASSES: dict[str, AddressClass] = {
    "::/128": "unspecified",
    "::1/128": "loopback",
    "100::/64": "reserved",  # discarded
    "2001::/23": "reserved",  # protocols; Teredo in it is looked into
    "2001:db8::/32": "documentation",
    "3fff::/20": "documentation",
    "5f00::/16": "reserved",  # segment routing
    "fc00::/7": "private",
    "fe80::/10": "link-local",
    "fec0::/10": "private",  # site-local, given up (RFC 3879)
    "ff00::/8": "multicast",
}
_IPV6: tuple[tuple[IPv6Network, AddressClass], ...] = tuple(
    (IPv6Network(network), name) for network, name in _IPV6_CLASSES.items()
)

_GLOBAL_IPV6 = IPv6Network("2000::/3")
"""All that has been given out (RFC 4291, 2.4); the rest is reserved."""

_TRANSLATED = tuple(map(IPv6Network, ("::ffff:0:0/96", "64:ff9b::/96", "2002::/16", "2001::/32")))
"""Those that are nothing but an IPv4 address in another form: mapped, NAT64 (RFC 6052), 6to4, Teredo."""

_MAPPED, _NAT64, _6TO4, _TEREDO = _TRANSLATED
_COMPATIBLE = (IPv6Network("::/96"), IPv6Network("::ffff:0:0:0/96"))  # given up (RFC 4291, 2.5.5.1; RFC 2765)
_ISATAP = frozenset({0x00005EFE, 0x02005EFE})  # the first half of an interface's id (RFC 5214, 6.1)

_LOCAL_SUFFIXES = (
    "localhost",  # RFC 6761
    "local",  # RFC 6762, and its appendix G: names that people have given their networks
    "intranet",
    "private",
    "corp",
    "home",
    "lan",
    "internal",  # set apart by ICANN (2024); metadata.google.internal among them
    "home.arpa",  # RFC 8375
)


@lru_cache(maxsize=4096)
def address_class(address: str) -> AddressClass | None:
    """What an address is; None: one of the public internet. An IPv6 address that holds an IPv4 one is what that is.

    Raises:
        ValueError: not an IP address.
    """
    parsed = ip_address(address.partition("%")[0])
    if isinstance(parsed, IPv4Address):
        return _class_of_ipv4(parsed)
    # Whoever gets the packet may go on to what is embedded, so no reading of it may be special.
    for embedded in _embedded(parsed):
        kind = _class_of_ipv4(embedded)
        if kind is not None:
            return kind
    return _class_of_ipv6(parsed)


def _class_of_ipv4(address: IPv4Address) -> AddressClass | None:
    if address in _METADATA:
        return "metadata"
    return next((name for network, name in _IPV4 if address in network), None)


def _class_of_ipv6(address: IPv6Address) -> AddressClass | None:
    if address in _METADATA:
        return "metadata"
    if any(address in network for network in _TRANSLATED):
        return None  # what is embedded has been judged
    special: AddressClass | None = next((name for network, name in _IPV6 if address in network), None)
    if special is None and address not in _GLOBAL_IPV6:
        return "reserved"
    return special


def _embedded(address: IPv6Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that an IPv6 one may stand for."""
    number = int(address)
    is_isatap = number >> 32 & 0xFFFFFFFF in _ISATAP
    if is_isatap or any(address in network for network in (_MAPPED, _NAT64, *_COMPATIBLE)):
        if number > 1:  # "::" and "::1" are addresses of IPv6's own
            yield IPv4Address(number & 0xFFFFFFFF)
    elif address in _6TO4:
        yield IPv4Address(number >> 80 & 0xFFFFFFFF)
    elif address in _TEREDO:
        yield IPv4Address(number >> 64 & 0xFFFFFFFF)  # the server
        yield IPv4Address(~number & 0xFFFFFFFF)  # the client


def literal_address(host: str) -> str | None:
    """The address that a host is, in its one spelling; None: it is a name.

    Decimal, octal, hexadecimal and short forms of IPv4 count (`2130706433`, `0177.1`), as browsers take them.
    """
    bare = host.strip("[]").rstrip(".")
    try:
        return str(ip_address(bare))
    except ValueError:
        pass
    try:
        return str(ip_address(URL(f"http://{bare}/").hostname.strip("[]")))
    except ValueError:
        return None


def is_local_name(host: str) -> bool:
    """Whether a name has no meaning but in a local network: one label, or below a suffix that nobody can own."""
    name = host.rstrip(".").lower()
    return "." not in name or any(name == suffix or name.endswith(f".{suffix}") for suffix in _LOCAL_SUFFIXES)
