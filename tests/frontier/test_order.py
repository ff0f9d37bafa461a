"""Which candidate goes first."""

from __future__ import annotations

import math

from crawl4ai_browser.frontier.candidate import Candidate
from crawl4ai_browser.frontier.order import Order, best_first, breadth_first, depth_first


def link(name: str, depth: int = 1) -> Candidate:
    return Candidate(f"https://a.example/{name}", depth, "https://a.example/", text=name)


SEED = Candidate("https://a.example/", 0)


def order_of(order: Order, *found: tuple[Candidate, int]) -> list[str]:
    """The texts of candidates in the order in which they would be visited; each comes with the number of its page."""
    ranked = sorted(enumerate(found), key=lambda item: (order.key(*item[1]), item[0]))
    return [candidate.text for _, (candidate, _) in ranked]


def test_breadth_first_goes_by_depth_then_arrival() -> None:
    found = [(link("deep", 2), 1), (link("near"), 2), (link("deeper", 3), 3), (link("near too"), 4)]
    assert order_of(breadth_first(), *found) == ["near", "near too", "deep", "deeper"]


def test_depth_first_goes_by_the_newest_page_then_document_order() -> None:
    found = [(link("a"), 1), (link("b"), 1), (link("c", 2), 5), (link("d", 2), 5), (link("e"), 9)]
    assert order_of(depth_first(), *found) == ["e", "c", "d", "a", "b"]


def test_depth_first_takes_seeds_in_turn_after_everything_found() -> None:
    assert depth_first().key(SEED, 1) == depth_first().key(SEED, 1000)
    assert depth_first().key(link("a"), 1) < depth_first().key(SEED, 1)


def test_best_first_goes_by_score_and_puts_what_has_none_last() -> None:
    scores = {"low": 0.1, "high": 7.0, "none": math.nan, "negative": -3.0}
    order = best_first(lambda candidate: scores[candidate.text])
    found = [(link(name), 1) for name in scores]
    assert order_of(order, *found) == ["high", "low", "negative", "none"]


def test_an_order_prints_its_name() -> None:
    assert repr(breadth_first()) == "<Order breadth_first>"
