"""Allowance: how much a client of a forwarder may be sent."""

from __future__ import annotations

HEAD_ROOM = 64 * 2**10
"""Bytes for what comes beside a body: heads of answers, redirects, the handshakes of TLS."""


class Allowance:
    """The bytes that one client of plain requests may be sent, over all of its connections.

    Playwright's request client holds a whole answer in memory before anybody can say that it is too much, and an answer
    may have no end. What stands between it and the server is the one place at which it can be stopped.
    """

    def __init__(self, max_bytes: int) -> None:
        """`max_bytes` of bodies, as they travel."""
        self.max_bytes = max_bytes
        self._left = max_bytes + HEAD_ROOM

    @property
    def is_spent(self) -> bool:
        """Whether more came than may come."""
        return self._left < 0

    def take(self, count: int) -> bool:
        """Whether so many bytes more may come."""
        self._left -= count
        return not self.is_spent

    def __repr__(self) -> str:
        """What is left of it."""
        return f"<Allowance {max(0, self._left)} of {self.max_bytes} bytes and what is beside them>"
