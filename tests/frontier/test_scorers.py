"""What the scorers that come with the package give."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawl4ai_browser.frontier.candidate import Candidate
from crawl4ai_browser.frontier.scorers import by_date, by_depth, by_keywords, by_pattern, by_shortness, weighted

SITE = "https://a.example"
TODAY = date(2025, 1, 1)


def link(path: str = "/", text: str = "", *, title: str = "", depth: int = 1) -> Candidate:
    return Candidate(SITE + path, depth, SITE, text, title)


@pytest.mark.parametrize(
    ("candidate", "score"),
    [
        (link(text="How to Install"), 0.5),
        (link(text="Install guide"), 1.0),
        (link(text="x", title="The GUIDE"), 0.5),
        (link("/install-guide.html"), 0.5),
        (link("/install_guide", text="guide"), 0.75),
        (link("/installer", text="reinstall"), 0.0),
        (link(), 0.0),
    ],
)
def test_keywords_count_as_whole_words_more_in_the_text(candidate: Candidate, score: float) -> None:
    assert by_keywords("install", "Guide")(candidate) == score


def test_keywords_are_needed() -> None:
    with pytest.raises(ValueError, match="at least one word"):
        by_keywords()


def test_depth_and_length_count_against_a_link() -> None:
    assert [by_depth()(link(depth=depth)) for depth in range(3)] == [1, 1 / 2, 1 / 3]
    assert [by_shortness()(link(path)) for path in ("/", "/a/", "/a/b", "/a/b?c")] == [1, 1 / 2, 1 / 3, 1 / 4]


def test_a_pattern_is_there_or_not() -> None:
    assert [by_pattern("/v[0-9]+/")(link(path)) for path in ("/v2/a", "/vx/a")] == [1, 0]
    with pytest.raises(ValueError, match="not a regular expression"):
        by_pattern("(")


@pytest.mark.parametrize(
    ("path", "score"),
    [
        ("/2025/01/01/news", 1.0),
        ("/2024/01/02/news", 0.5),
        ("/news-2024-01-02.html", 0.5),
        ("/news/20240102", 0.5),
        ("/2026/05/", 1.0),
        ("/2024/02/31", 0.0),
        ("/1234/56", 0.0),
        ("/item/120240102", 0.0),
        ("/news", 0.0),
    ],
)
def test_newer_dates_count_more(path: str, score: float) -> None:
    assert by_date(TODAY, half_life_days=365)(link(path)) == pytest.approx(score)


def test_weights_add_up() -> None:
    score = weighted((by_keywords("guide"), 2.0), (by_depth(), 1.0))
    assert score(link(text="guide", depth=1)) == 2.5


@given(st.text(max_size=60), st.text(max_size=30), st.integers(0, 50))
def test_every_score_is_between_nothing_and_one(path: str, text: str, depth: int) -> None:
    candidate = link(f"/{path}", text, depth=depth)
    for scorer in (by_keywords("a", "b"), by_depth(), by_shortness(), by_pattern("a+"), by_date(TODAY)):
        assert 0.0 <= scorer(candidate) <= 1.0
