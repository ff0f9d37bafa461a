"""EgressGate: looks up where a connection is to go, asks the rules, and gives the very addresses that were judged."""

from __future__ import annotations

import os
import socket
from collections import OrderedDict
from typing import TYPE_CHECKING

from ada_url import URL

from crawl4ai_browser.addresses import literal_address
from crawl4ai_browser.browser.proxies.network import MachineNetwork, Network
from crawl4ai_browser.browser.proxies.way_fault import WayFault
from crawl4ai_browser.clock import SYSTEM_CLOCK, Clock
from crawl4ai_browser.egress import EgressRules, plain_host, port_of
from crawl4ai_browser.events import ConnectionRefused, Observers

if TYPE_CHECKING:
    from crawl4ai_browser.egress import Refusal
    from crawl4ai_browser.egress_config import EgressConfig

ANSWER_SECONDS = 60.0
"""For which an answer of the resolver is used. It does not tell how long it holds; Chromium keeps one for as long."""

MAX_ANSWERS = 10_000
"""Names whose addresses are kept."""

MAX_TOLD = 10_000
"""Places of which observers are told that they were refused: a page can name any number."""


class EgressGate:
    """The gate of one crawler, through which all of its connections go."""

    def __init__(
        self,
        config: EgressConfig,
        *,
        clock: Clock = SYSTEM_CLOCK,
        observers: Observers | None = None,
    ) -> None:
        """Nothing is open beyond what `config` says."""
        self.rules = EgressRules.of(config.private, config.allowed)
        self.network: Network = MachineNetwork()
        """Replaced by tests, before anything is connected."""
        self._clock = clock
        self._observers = observers or Observers()
        self._answers: OrderedDict[str, tuple[float, tuple[str, ...]]] = OrderedDict()
        self._told: set[tuple[str, int]] = set()

    @property
    def is_open(self) -> bool:
        """Whether everything may be reached."""
        return self.rules.private == "allow"

    def name_seed(self, url: str) -> None:
        """A user wants this visited. What is no URL of the web opens nothing."""
        if URL.can_parse(url):
            parsed = URL(url)
            port = port_of(parsed)
            if port is not None:
                self.rules.name_seed(parsed.hostname, port)

    async def admitted(self, host: str, port: int) -> tuple[str, ...]:
        """The addresses to connect to.

        Raises:
            WayFault: the host has none, or may not be connected to.
        """
        addresses = await self._addresses(host)
        self._check(host, port, self.rules.refusal(host, port, addresses))
        return addresses

    def check_name(self, host: str, port: int) -> None:
        """Nothing, where a proxy may be asked for this.

        Raises:
            WayFault: it may not.
        """
        self._check(host, port, self.rules.refusal_by_name(host, port))

    def _check(self, host: str, port: int, refusal: Refusal | None) -> None:
        if refusal is None:
            return
        if (host, port) not in self._told and len(self._told) < MAX_TOLD:
            self._told.add((host, port))
            self._observers(ConnectionRefused(host=host, port=port, reason=refusal.reason))
        raise WayFault("egress", refusal.reason)

    async def _addresses(self, host: str) -> tuple[str, ...]:
        literal = literal_address(host)
        if literal is not None:
            return (literal,)
        name, now = plain_host(host), self._clock.monotonic()
        known = self._answers.get(name)
        if known is not None and now < known[0]:
            return known[1]
        try:
            addresses = await self.network.addresses(name)
        except (OSError, UnicodeError) as error:
            raise WayFault("name", f"{host} has no address: {_reason(error)}") from error
        self._answers[name] = now + ANSWER_SECONDS, addresses
        self._answers.move_to_end(name)
        if len(self._answers) > MAX_ANSWERS:
            self._answers.popitem(last=False)
        return addresses

    def __repr__(self) -> str:
        """Its rules."""
        return f"<EgressGate {self.rules!r}>"


def _reason(error: Exception) -> str:
    if isinstance(error, socket.gaierror) and error.strerror:
        return error.strerror.lower()
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno).lower()
    return "not a name"
