"""Deck: what the connections of one cassette share: its tape, how it is used, and what was asked for in vain."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

import h11
from anyio.abc import ByteStream

from crawl4ai_browser.addresses import is_local_name, literal_address
from crawl4ai_browser.browser.proxies.egress_gate import EgressGate
from crawl4ai_browser.browser.proxies.upstream import Upstream
from crawl4ai_browser.clock import SYSTEM_CLOCK
from crawl4ai_browser.config import CrawlConfig
from crawl4ai_browser.egress_config import EgressConfig
from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.proxy import Proxy
from crawl4ai_browser.testing.cassettes.exchange import Answer, Asked
from crawl4ai_browser.testing.cassettes.fixed_time import Beginning, is_for_worker
from crawl4ai_browser.testing.cassettes.secrets_filter import Secrets
from crawl4ai_browser.testing.cassettes.tape import Tape
from crawl4ai_browser.testing.cassettes.websocket_frames import Message

_CONNECT_TIMEOUT = 10.0
"""Seconds for a connection to a server."""

MISSED_STATUS = 501
"""Of a page that is not on the cassette: one that is not tried again."""


@dataclass(frozen=True, slots=True)
class Miss:
    """A request that is not on the cassette."""

    asked: Asked
    nearest: str
    """The most similar one that is; empty: none is similar."""
    message: str = ""
    """What was sent, where it was over a WebSocket."""

    def __str__(self) -> str:
        """Both, for people."""
        said = f" {self.message}" if self.message else ""
        return f"{self.asked}{said} is not on the cassette; " + (
            f"the nearest is {self.nearest}" if self.nearest else "nothing on it is similar"
        )


class Deck:
    """Used by the connections in their event loop; what others read of it are whole values."""

    def __init__(self, tape: Tape, *, replays: bool, records: bool) -> None:
        """`replays`: what is on the tape is answered from it. `records`: what is not is asked of its server."""
        self.tape = tape
        self.replays = replays
        self.records = records
        self.verifies = True
        """Whether certificates of servers are looked at."""
        self.secrets = Secrets()
        self.misses: list[Miss] = []
        self.recorded_count = 0
        self._authority: Any = None
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._open_gate = EgressGate(EgressConfig(private="allow"))
        self._gate = self._open_gate
        self._upstream = Upstream(None, self._gate.network, connect_timeout=_CONNECT_TIMEOUT)

    def go_out_as(self, config: CrawlConfig, proxy: Proxy | None) -> None:
        """Record by this proxy, if any, and reach no more than the configuration lets pages reach."""
        egress = config.egress
        if egress.private == "seeds":  # which of these there are is known to the crawler: see `dial`
            egress = egress.model_copy(update={"private": "refuse"})
        self._gate = EgressGate(egress)
        self._upstream = Upstream(proxy, self._gate.network, connect_timeout=_CONNECT_TIMEOUT)
        self.verifies = not config.context.ignore_tls_errors

    async def dial(self, host: str, port: int) -> ByteStream:
        """A connection to a server, while recording.

        What is local by its own name or address the crawler has judged before it asked. Where a public name leads to
        is seen only here, so a local address of one has to be allowed by the configuration.

        Raises:
            WayFault: there is none.
        """
        if self._upstream.proxy is not None:
            return await self._upstream.connect(host, port)
        is_judged = literal_address(host) is not None or is_local_name(host)
        addresses = await (self._open_gate if is_judged else self._gate).admitted(host, port)
        return await self._upstream.connect(host, port, addresses)

    @property
    def now(self) -> datetime:
        """The true time."""
        return SYSTEM_CLOCK.now()

    def beginning(self, request: h11.Request) -> Beginning | None:
        """What the answer to this request is to begin with, if anything."""
        return Beginning(self.tape.recorded_at) if is_for_worker(request) else None

    @property
    def age(self) -> timedelta:
        """How long ago the tape was recorded."""
        return self.now - self.tape.recorded_at

    def found(self, asked: Asked) -> Answer | None:
        """What the tape answers."""
        return self.tape.take(self.secrets.asked(asked)) if self.replays else None

    def missed(self, asked: Asked, *, is_passive: bool = False) -> Answer:
        """The answer to what is not on it, which is remembered.

        What `is_passive` is not: whether a page comes to load a picture before it is left is chance.
        """
        asked = self.secrets.asked(asked)
        miss = Miss(asked, self.tape.nearest(asked))
        if not is_passive:
            self.misses.append(miss)
        body = f"{miss}\n".encode()
        headers = (("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body))))
        return Answer(status=MISSED_STATUS, reason="Not On The Cassette", headers=headers, body=body)

    def missed_message(self, asked: Asked, said: Message, *, awaited: Message | None) -> None:
        """Remember what a page said over a WebSocket that is not on it."""
        asked = replace(self.secrets.asked(asked), method="SEND")
        nearest = f"to send {awaited}" if awaited is not None else ""
        self.misses.append(Miss(asked, nearest, message=str(self.secrets.message(said))))

    def keep(self, asked: Asked, answer: Answer) -> None:
        """Put an exchange on the tape, without its secrets."""
        self.tape.add(self.secrets.answer(asked, answer))
        self.recorded_count += 1

    def tls_context(self, host: str) -> ssl.SSLContext:
        """For connections of the browser to an https site: with a certificate for it, that nobody else trusts.

        Raises:
            ConfigError: the package that makes certificates is not installed.
        """
        if self._authority is None:
            try:
                self._authority = import_module("trustme").CA()
            except ImportError:
                raise ConfigError(
                    "cassettes of https sites need trustme: pip install 'crawl4ai-browser[pytest]'"
                ) from None
        if host not in self._contexts:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._authority.issue_cert(host).configure_cert(context)
            self._contexts[host] = context
        return self._contexts[host]
