"""Order: which of the queued requests is visited first. A request's own priority goes before every order."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from crawl4ai_browser.frontier.candidate import Candidate

Scorer = Callable[[Candidate], float]
"""The higher, the earlier. Called once for each new URL, in the database's thread: it must not touch the event loop."""


@dataclass(frozen=True)
class Order:
    """A way through a site. Made by `breadth_first`, `depth_first` or `best_first`."""

    name: str
    """Kept in the state, as queued requests cannot change their order."""
    key: Callable[[Candidate, int], float]
    """The place of a candidate, lower is earlier; equal ones go by arrival. The number rises with each page whose links
    are added."""

    def __repr__(self) -> str:
        """Its name."""
        return f"<Order {self.name}>"


def _by_depth(candidate: Candidate, _: int) -> float:
    return float(candidate.depth)


def _newest_page_first(candidate: Candidate, page: int) -> float:
    return 0.0 if candidate.parent is None else -float(page)


def breadth_first() -> Order:
    """Pages near the seeds first; hosts take turns."""
    return Order("breadth_first", _by_depth)


def depth_first() -> Order:
    """The links of the page visited last first, in document order; a seed when the one before has no more to give."""
    return Order("depth_first", _newest_page_first)


def best_first(scorer: Scorer) -> Order:
    """The highest score first. Where the scorer raises or gives no number, the URL goes last and there is a warning."""

    def by_score(candidate: Candidate, _: int) -> float:
        score = float(scorer(candidate))
        return math.inf if math.isnan(score) else -score

    return Order("best_first", by_score)
