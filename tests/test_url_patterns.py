"""Globs and regular expressions on URLs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawl4ai_browser.clock import SYSTEM_CLOCK
from crawl4ai_browser.url_patterns import compile_pattern
from crawl4ai_browser.urls import take_apart

DOC = "https://docs.example.com/guide/intro/start.html"
QUERY = "https://example.com/list.php?page=2&sort=up"


@pytest.mark.parametrize(
    ("pattern", "url", "expected"),
    [
        ("/guide/*", DOC, True),
        ("/guide/**", DOC, True),
        ("/guide/*.html", DOC, True),
        ("/guide/", DOC, False),
        ("/guide", DOC, False),
        ("/Guide/*", DOC, False),
        ("/guide/intro/start.html", DOC, True),
        ("*.html", DOC, True),
        ("*.pdf", DOC, False),
        ("*intro*", DOC, True),
        ("https://docs.example.com/*", DOC, True),
        ("http://docs.example.com/*", DOC, False),
        ("*://docs.example.com/*", DOC, True),
        ("https://*.example.com/guide/*", DOC, True),
        ("https://*.example.com/guide/*", "https://example.com/guide/a", False),
        ("*start*start*", DOC, False),
        ("/list.php", QUERY, True),
        ("*.php", QUERY, True),
        ("/list.php?*", QUERY, True),
        ("/list.php?page=*", QUERY, True),
        ("*?*sort=*", QUERY, True),
        ("*?*sort=down*", QUERY, False),
        ("/list.php?", QUERY, False),
        ("/a[1].html", "https://example.com/a[1].html", True),
        ("/a[1].html", "https://example.com/a1.html", False),
        ("re:/guide/.*\\.html$", DOC, True),
        ("re:^https://docs\\.", DOC, True),
        ("re:GUIDE", DOC, False),
        ("re:(?i)GUIDE", DOC, True),
        ("re:[?&]page=\\d+", QUERY, True),
        ("re:^/guide", DOC, False),
    ],
)
def test_a_pattern_matches_as_documented(pattern: str, url: str, *, expected: bool) -> None:
    address = take_apart(url)
    assert address is not None
    assert compile_pattern(pattern)(address) is expected


@pytest.mark.parametrize("pattern", ["", "re:(", "re:(?=ahead)", "re:(a)\\1", "re:[z-a]"])
def test_what_is_no_pattern_is_said(pattern: str) -> None:
    with pytest.raises(ValueError, match="pattern|not a regular expression"):
        compile_pattern(pattern)


@pytest.mark.parametrize("pattern", ["*a" * 30 + "b", "re:(a+)+$", "re:/(a|a)*$", "re:(.*a){20}$"])
def test_no_url_makes_a_pattern_slow(pattern: str) -> None:
    address = take_apart("https://example.com/" + "a" * 8000 + "!")
    assert address is not None
    test = compile_pattern(pattern)
    started = SYSTEM_CLOCK.monotonic()
    assert test(address) is False
    assert SYSTEM_CLOCK.monotonic() - started < 1.0


def reference_match(pattern: str, text: str) -> bool:
    """Globbing by its definition, in exponential time."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(reference_match(pattern[1:], text[start:]) for start in range(len(text) + 1))
    return bool(text) and text[0] == pattern[0] and reference_match(pattern[1:], text[1:])


@given(st.text("ab*", max_size=8), st.text("ab", max_size=8))
def test_a_glob_matches_as_its_definition_says(pattern: str, path: str) -> None:
    address = take_apart(f"https://example.com/{path}")
    assert address is not None
    assert compile_pattern("/" + pattern)(address) is reference_match("/" + pattern, "/" + path)
