"""How a proxy stands: good, at rest, or tried out; as a whole, or for one host. Decides; pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crawl4ai_browser.proxy_pool import ProxyHealth
    from crawl4ai_browser.proxy_status import ProxyState


@dataclass(slots=True)
class Standing:
    """Rests after failures, longer each time; then a single attempt at a time tries whether it works again."""

    health: ProxyHealth
    bad_in_a_row: int = 0
    rests: int = 0
    """In a row, without a success between them."""
    rests_since: float = -math.inf
    rests_until: float = -math.inf
    trials: int = 0
    """Attempts under way that try it out."""

    def state(self, now: float) -> ProxyState:
        """How it stands at this moment."""
        if not self.rests:
            return "good"
        return "resting" if now < self.rests_until else "trial"

    def is_usable(self, now: float) -> bool:
        """Whether another attempt may begin."""
        state = self.state(now)
        return state == "good" or (state == "trial" and not self.trials)

    def opens_at(self, now: float) -> float:
        """When it can be used, as far as that is a matter of time; `math.inf`: when the trial has ended."""
        if self.is_usable(now):
            return -math.inf
        return math.inf if self.trials and now >= self.rests_until else self.rests_until

    def succeeded(self, started: float) -> bool:
        """Take note of a good end of an attempt that began at `started`; whether it has recovered by that."""
        if started < self.rests_since:
            return False  # what began before the failure says nothing of what is after it
        had_rested = self.rests > 0
        self.bad_in_a_row = self.rests = 0
        return had_rested

    def failed(self, *, started: float, now: float, limit: int) -> bool:
        """Take note of a bad end; whether it rests from now on. `limit`: bad ends in a row that make it rest.

        Of the attempts that were under way when it began to rest, none makes the rest longer: they failed at once.
        """
        if started < self.rests_since:
            return False
        self.bad_in_a_row += 1
        if not self.rests and self.bad_in_a_row < limit:
            return False
        # The exponent is bounded so that no number of rests overflows a float.
        seconds = min(self.health.max_rest, self.health.first_rest * 2.0 ** min(self.rests, 62))
        self.rests += 1
        self.rests_since, self.rests_until = now, now + seconds
        return True

    @property
    def is_spotless(self) -> bool:
        """Whether nothing is held against it."""
        return not self.rests and not self.bad_in_a_row and not self.trials

    def forgive(self) -> None:
        """Take back one bad end, which was not its doing after all."""
        self.bad_in_a_row = max(0, self.bad_in_a_row - 1)
