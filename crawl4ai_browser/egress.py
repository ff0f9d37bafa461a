"""Egress: decides whether a page may connect to a host, a port and its addresses. Pure; `browser` acts on it.

A host's addresses are judged together: one that is not public is enough to refuse them all, as whoever owns the name
chooses which of them comes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Literal

from ada_url import URL

from crawl4ai_browser.addresses import AddressClass, address_class, is_local_name, literal_address

Network = IPv4Network | IPv6Network
PrivateRule = Literal["seeds", "refuse", "allow"]
_DEFAULT_PORTS = {"http:": 80, "https:": 443, "ws:": 80, "wss:": 443}
SeedState = Literal["named", "local", "public"]


@dataclass(frozen=True)
class Place:
    """Where connections are allowed though it is not public."""

    host: str = ""
    port: int | None = None
    """None: every port."""
    network: Network | None = None

    def has(self, host: str, port: int) -> bool:
        """Whether it is this host by name."""
        return self.network is None and self.host == host and self.port in (None, port)

    def holds(self, address: str) -> bool:
        """Whether it is a network with this address."""
        return self.network is not None and ip_address(address) in self.network


def parse_place(text: str) -> Place:
    """A host, a host with a port, or a network, as a user writes it.

    Raises:
        ValueError: none of them.
    """
    text = text.strip()
    if "/" in text:
        try:
            return Place(network=ip_network(text))
        except ValueError as error:
            raise ValueError(f"not a network: {text!r} ({error}; write 10.1.0.0/16)") from None
    host, colon, port = text.rpartition(":")
    if not colon or text.endswith("]") or literal_address(text) is not None:
        host, port = text, ""
    if not host or any(letter in host for letter in "@?#* \\") or (port and not port.isdecimal()):
        raise ValueError(f"not a place: {text!r} (write intranet.example.org, localhost:8000 or 10.1.0.0/16)")
    return Place(host=plain_host(host), port=int(port) if port else None)


def plain_host(host: str) -> str:
    """The one spelling of a host: an address as it is written shortest, a name in lower case without its last dot."""
    return literal_address(host) or host.strip("[]").rstrip(".").lower()


def port_of(url: URL) -> int | None:
    """The port that is connected to; None: nothing is."""
    return int(url.port) if url.port else _DEFAULT_PORTS.get(url.protocol)


@dataclass(frozen=True)
class Refusal:
    """Why nothing is connected."""

    kind: AddressClass | Literal["changed"]
    reason: str


@dataclass
class EgressRules:
    """What may be connected to. Knows the seeds, and what their names stood for at first."""

    private: PrivateRule = "seeds"
    places: tuple[Place, ...] = ()
    _seeds: dict[str, SeedState] = field(default_factory=dict[str, SeedState])

    @classmethod
    def of(cls, private: PrivateRule, allowed: Iterable[str]) -> EgressRules:
        """The rules that a configuration gives."""
        return cls(private, tuple(map(parse_place, allowed)))

    def name_seed(self, host: str, port: int) -> None:
        """A user has named this as a seed."""
        host = plain_host(host)
        literal = literal_address(host)
        if self.private == "seeds" and (literal is None or address_class(literal) is not None):
            self._seeds.setdefault(f"{host} {port}", "named")

    def open_literals(self) -> Iterator[tuple[str, int]]:
        """Seeds that are local addresses themselves, with their ports: there is nothing to look up or judge."""
        for name in self._seeds:
            host, _, port = name.rpartition(" ")
            literal = literal_address(host)
            if literal is not None and address_class(literal) != "metadata":
                yield literal, int(port)

    def refusal(self, host: str, port: int, addresses: Sequence[str]) -> Refusal | None:
        """Why no connection to the host's addresses may be made; None: any of them may be connected to.

        The first answer for a seed counts for good: a name that stood for public addresses opens nothing local later,
        and one that stood for local ones leads nowhere else. Else whoever owns the name could have a page read, as the
        site that it came from, what lies behind the other address.
        """
        host = plain_host(host)
        if self.private == "allow" or any(place.has(host, port) for place in self.places):
            return None
        kinds: list[AddressClass | None] = [address_class(address) for address in addresses]
        seed = self._seed_state(f"{host} {port}", kinds)
        if seed == "local" and None in kinds:
            return Refusal("changed", f"{host} was at a local address when it was named as a seed, and is not now")
        special: list[tuple[AddressClass, str]] = [
            (kind, address)
            for address, kind in zip(addresses, kinds, strict=True)
            if kind is not None and not self._allows(address)
        ]
        if not special or (seed == "local" and "metadata" not in kinds):
            return None
        # The worst of them is told.
        kind, address = min(special, key=lambda each: each[0] != "metadata")
        return _refused(host, address, kind)

    def refusal_by_name(self, host: str, port: int) -> Refusal | None:
        """As `refusal`, for what a proxy is asked for, which alone knows the addresses."""
        if self.private == "allow":
            return None
        literal = literal_address(host)
        if literal is not None:
            return self.refusal(host, port, [literal])
        host = plain_host(host)
        is_open = f"{host} {port}" in self._seeds or any(place.has(host, port) for place in self.places)
        return _refused(host, "", "local name") if is_local_name(host) and not is_open else None

    def _allows(self, address: str) -> bool:
        return any(place.holds(address) for place in self.places)

    def _seed_state(self, name: str, kinds: Sequence[AddressClass | None]) -> SeedState | None:
        state = self._seeds.get(name)
        if state == "named" and kinds:
            is_local = all(kind is not None and kind != "metadata" for kind in kinds)
            state = self._seeds[name] = "local" if is_local else "public"
        return state

    def __repr__(self) -> str:
        """What is open."""
        return f"<EgressRules {self.private}, {len(self.places)} places, {len(self._seeds)} seeds>"


def _refused(host: str, address: str, kind: AddressClass) -> Refusal:
    if kind == "local name":
        what = "is a name of a local network"
    else:
        what = f"is at {address}, a {kind} address" if address != host else f"is a {kind} address"
    return Refusal(kind, f"{host} {what}: pages may not connect there (EgressConfig, --allow-private)")
