"""Traffic: what goes through one way out, counted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Traffic:
    """Counters that only grow."""

    connections: int = 0
    sent_bytes: int = 0
    received_bytes: int = 0
    connect_seconds: float = 0.0
    """Of all connections together."""

    @property
    def mean_connect_seconds(self) -> float | None:
        """To open one; None: none was opened."""
        return self.connect_seconds / self.connections if self.connections else None
