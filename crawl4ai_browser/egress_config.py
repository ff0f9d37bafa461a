"""EgressConfig: where pages may connect to."""

from __future__ import annotations

from ada_url import URL
from pydantic import field_validator

from crawl4ai_browser.egress import PrivateRule, parse_place, port_of
from crawl4ai_browser.frozen import Frozen


class EgressConfig(Frozen):
    """Where pages may connect to: the public internet, and nothing else but what stands here.

    It holds for every byte: each context goes out through a forwarder on loopback, which looks up each name itself and
    connects to the address that it has judged. Loopback, private, link-local and all other special addresses are kept
    closed, in whichever form they come; those at which clouds tell a machine its secrets are not opened by a seed. What
    goes through a proxy is looked up by the proxy: there addresses and names of local networks are refused, and what
    other names stand for is the proxy's affair.
    """

    private: PrivateRule = "seeds"
    """seeds: a seed that is itself at such an address opens that host and port, for good and for nothing else. refuse:
    not even that, for seeds that come from strangers. allow: everything may be reached, and contexts without a proxy
    go out by themselves, without the forwarder."""
    allowed: tuple[str, ...] = ()
    """Private places that may be reached besides: a host, with or without a port (`intranet.example.org`,
    `localhost:8000`), or a network (`10.1.0.0/16`)."""

    @field_validator("allowed")
    @classmethod
    def _places_are_places(cls, allowed: tuple[str, ...]) -> tuple[str, ...]:
        for place in allowed:
            parse_place(place)
        return allowed

    def with_allowed(self, url: str) -> EgressConfig:
        """The same, and the host and port of this URL besides, wherever they are."""
        parsed = URL(url)
        return self.model_copy(update={"allowed": (*self.allowed, f"{parsed.hostname}:{port_of(parsed)}")})
