"""Slots as tests want them, and visits of theirs."""

from __future__ import annotations

from random import Random

from crawl4ai_browser.config import PolitenessConfig
from crawl4ai_browser.politeness.outcome import ANSWERED, Outcome
from crawl4ai_browser.politeness.slot import Slot

REFUSED = Outcome("refused")


class HighRandom(Random):
    """Draws the upper end of every range."""

    def uniform(self, a: float, b: float) -> float:
        return max(a, b)


def make_slot(config: PolitenessConfig | None = None, random: Random | None = None) -> Slot:
    return Slot(config or PolitenessConfig(), random or HighRandom())


def visit(slot: Slot, now: float, *, seconds: float = 0.1, outcome: Outcome = ANSWERED) -> None:
    """One visit from its start at `now` to its end; the answer begins at its end."""
    started = slot.start(now)
    if outcome.kind != "failed":
        slot.answer(started, now + seconds, seconds)
    slot.finish(started, now + seconds, outcome)
