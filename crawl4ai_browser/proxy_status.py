"""What is told of the proxies of a pool, as values: how each stands, and what one is wanted for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from crawl4ai_browser.frozen import Frozen

ProxyState = Literal["good", "resting", "trial"]
"""`resting`: it failed, and is left alone for a while. `trial`: its rest is over, and one attempt tries it out."""

DIRECT = "direct"
"""What stands for no proxy at all, in lists and in statuses."""


class ProxyStatus(Frozen):
    """One proxy at one moment."""

    proxy: str
    """Its id, or `direct`."""
    state: ProxyState = "good"
    rests_for: float = 0.0
    """Seconds until it is tried out."""
    tier: int = 0
    weight: float = 1.0
    in_use: int = 0
    """Attempts under way."""
    requests: int = 0
    """Attempts, of pages and of plain requests, that are over or under way."""
    failures: int = 0
    """Of these, those that counted against it: as a whole, or for one host."""
    connections: int = 0
    """Opened through it."""
    sent_bytes: int = 0
    """Through those connections; what TLS adds is part of it."""
    received_bytes: int = 0
    connect_seconds: float | None = None
    """To open a connection through it, on average. None: none has been opened."""
    answer_seconds: float | None = None
    """From what is first sent over a connection to the first byte that comes back, on average: the way there and back,
    and what the target takes. None: nothing has come back."""
    last_failure: str = ""

    def __str__(self) -> str:
        """All of it in one line."""
        state = f"rests for {self.rests_for:.0f} s" if self.state == "resting" else self.state
        parts = [
            state,
            f"{self.requests:,} requests",
            f"{self.failures:,} failed",
            f"{self.received_bytes:,} bytes received",
            f"{self.sent_bytes:,} sent",
        ]
        if self.connect_seconds is not None:
            parts.append(f"connects in {self.connect_seconds * 1000:.0f} ms")
        if self.answer_seconds is not None:
            parts.append(f"answers in {self.answer_seconds * 1000:.0f} ms")
        if self.last_failure:
            parts.append(f"last failure: {self.last_failure}")
        return f"{self.proxy}  {', '.join(parts)}"


class ProxyErrand(Frozen):
    """What a proxy is wanted for."""

    host: str
    """The origin of the URL, such as `https://example.com`; empty where it is not known."""
    session: str | None = None
    """None: the anonymous one."""
    key: str = ""
    """The fingerprint of the request, by which its attempts know of one another; empty: there is but one."""


ProxyChooser = Callable[[tuple[ProxyStatus, ...], ProxyErrand], ProxyStatus]
"""Chooses among the proxies that may be used now, of which there is at least one. Called on the event loop."""
