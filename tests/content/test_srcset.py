"""`srcset` as the HTML Standard parses it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawl4ai_browser.content.srcset import Candidate, largest, parse_srcset


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("a.png", [("a.png", "")]),
        ("a.png, b.png 2x", [("a.png", ""), ("b.png", "2x")]),
        ("a.png 100w,b.png 200w", [("a.png", "100w"), ("b.png", "200w")]),
        ("a.png,b.png 2x", [("a.png,b.png", "2x")]),  # no space, no end of the URL
        ("a.png, , b.png,", [("a.png", ""), ("b.png", "")]),
        (
            "/c_fill,w_100/a.png 1x, /c_fill,w_200/a.png 2x",
            [("/c_fill,w_100/a.png", "1x"), ("/c_fill,w_200/a.png", "2x")],
        ),
        ("data:image/png;base64,AA== 1x, b 2x", [("data:image/png;base64,AA==", "1x"), ("b", "2x")]),
        ("a.png 100w 50h , b", [("a.png", "100w 50h"), ("b", "")]),
        ("a (1, 2) , b", [("a", "(1, 2)"), ("b", "")]),
        ("a (1, 2", [("a", "(1, 2")]),
        ("\n a.png\n 1x,\n b.png\t2x \n", [("a.png", "1x"), ("b.png", "2x")]),
    ],
)
def test_candidates(text: str, expected: list[tuple[str, str]]) -> None:
    assert parse_srcset(text) == [Candidate(*each) for each in expected]


def test_largest_has_the_most_pixels() -> None:
    assert largest(parse_srcset("a 320w, b 1024w, c 640w")) == Candidate("b", "1024w")
    assert largest(parse_srcset("a, b 1.5x")) == Candidate("b", "1.5x")
    assert largest([]) is None


@given(st.text(st.sampled_from("ab, ()1xw\n"), max_size=40))
def test_any_text_ends(text: str) -> None:
    for candidate in parse_srcset(text):
        assert candidate.url
        assert candidate.url in text
