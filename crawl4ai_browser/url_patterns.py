"""URL patterns of scopes and captures: globs and regular expressions, matched in linear time whatever the URL.

A glob is compared with the whole URL, or, when it begins with a slash, with what follows the host. `*` stands for any
run of characters, slashes included, as in robots.txt; `**` means the same; every other character stands for itself. The
query is compared only where the pattern has a `?`: `*.pdf` also takes `/a.pdf?download=1`.

A pattern that begins with `re:` is a regular expression of RE2, searched for in the whole URL.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from crawl4ai_browser.linear_regex import compile_search
from crawl4ai_browser.urls import WebAddress

UrlTest = Callable[[WebAddress], bool]

REGEX_PREFIX = "re:"


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> UrlTest:
    """A function that tells whether a URL matches.

    Raises:
        ValueError: not a pattern; the message says what is wrong with it.
    """
    if not pattern:
        raise ValueError("an empty pattern matches no URL")
    if pattern.startswith(REGEX_PREFIX):
        occurs_in = compile_search(pattern.removeprefix(REGEX_PREFIX))
        return lambda address: occurs_in(address.href)
    return _compile_glob(pattern)


def _compile_glob(pattern: str) -> UrlTest:
    matches = _glob_test(pattern)
    from_root = pattern.startswith("/")
    with_query = "?" in pattern

    def test(address: WebAddress) -> bool:
        start = "" if from_root else address.origin
        return matches(start + address.path + (address.query if with_query else ""))

    return test


def _glob_test(pattern: str) -> Callable[[str], bool]:
    head, *parts = pattern.split("*")
    if not parts:
        return lambda text: text == head
    *middle, tail = parts

    def matches(text: str) -> bool:
        """Each part at its first place after the one before: without alternatives there is no need to go back."""
        if not (text.startswith(head) and text.endswith(tail) and len(text) >= len(head) + len(tail)):
            return False
        start, end = len(head), len(text) - len(tail)
        for part in middle:
            found = text.find(part, start, end)
            if found < 0:
                return False
            start = found + len(part)
        return True

    return matches
