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
    answers: int = 0
    """Connections over which something came back."""
    answer_seconds: float = 0.0
    """Of these together, from what was first sent to the first byte that came back."""

    @property
    def mean_connect_seconds(self) -> float | None:
        """To open one; None: none was opened."""
        return self.connect_seconds / self.connections if self.connections else None

    @property
    def mean_answer_seconds(self) -> float | None:
        """Until the first byte came back over one; None: none has."""
        return self.answer_seconds / self.answers if self.answers else None
