"""Scorers for `best_first`: each gives a candidate a number, the higher the earlier, and `weighted` adds them up.

    best_first(weighted((by_keywords("install", "guide"), 2.0), (by_depth(), 1.0)))

All give 0 to 1, so that weights mean what they say.
"""

from __future__ import annotations

import re
from datetime import date

from crawl4ai_browser.frontier.candidate import Candidate
from crawl4ai_browser.frontier.order import Scorer
from crawl4ai_browser.linear_regex import compile_search

_WORD = re.compile(r"\w+")


def weighted(*parts: tuple[Scorer, float]) -> Scorer:
    """The sum of other scores, each times its weight."""
    return lambda candidate: sum(scorer(candidate) * weight for scorer, weight in parts)


def by_keywords(*words: str) -> Scorer:
    """The share of the words that occur in the link's text or title, or in its URL; whole words, in any case.

    A word in the text counts whole, one in the URL alone half: URLs are often told apart by less than their words.
    """
    wanted = [word.casefold() for word in words]
    if not wanted:
        raise ValueError("by_keywords needs at least one word")

    def score(candidate: Candidate) -> float:
        text = set(_WORD.findall(f"{candidate.text} {candidate.title}".casefold()))
        url = set(_WORD.findall(candidate.url.casefold().replace("_", " ")))
        return sum(1.0 if word in text else 0.5 if word in url else 0.0 for word in wanted) / len(wanted)

    return score


def by_depth() -> Scorer:
    """1 for seeds, less with each hop from them: 1/2, 1/3, ..."""
    return lambda candidate: 1.0 / (1 + candidate.depth)


def by_shortness() -> Scorer:
    """1 for the home page of a site, less with each segment of the path, and again with a query."""

    def score(candidate: Candidate) -> float:
        path, _, query = candidate.url.partition("://")[2].partition("?")
        segments = sum(1 for segment in path.split("/")[1:] if segment)
        return 1.0 / (1 + segments + bool(query))

    return score


def by_pattern(expression: str) -> Scorer:
    """1 where the regular expression (of RE2) occurs in the URL, else 0.

    Raises:
        ValueError: not such an expression.
    """
    occurs_in = compile_search(expression)
    return lambda candidate: 1.0 if occurs_in(candidate.url) else 0.0


_DATE = re.compile(r"(?<!\d)(19[89]\d|20\d\d)[-/_.]?(0[1-9]|1[0-2])(?:[-/_.]?(0[1-9]|[12]\d|3[01]))?(?!\d)")


def by_date(today: date, *, half_life_days: float = 365.0) -> Scorer:
    """How new the date in the URL is (`/2024/05/06/`, `2024-05`): 1 today, half after each `half_life_days`.

    A URL without a date scores 0, one of the future 1.
    """

    def score(candidate: Candidate) -> float:
        match = _DATE.search(candidate.url)
        if match is None:
            return 0.0
        year, month, day = match.groups("1")
        try:
            age = (today - date(int(year), int(month), int(day))).days
        except ValueError:  # 31 February
            return 0.0
        return float(0.5 ** (max(age, 0) / half_life_days))

    return score
