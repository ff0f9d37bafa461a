"""URL patterns of a scope: globs and regular expressions, both matched in linear time whatever the URL.

A glob is compared with the whole URL, or, when it begins with a slash, with what follows the host. `*` stands for any
run of characters, slashes included, as in robots.txt; `**` means the same; every other character stands for itself. The
query is compared only where the pattern has a `?`: `*.pdf` also takes `/a.pdf?download=1`.

A pattern that begins with `re:` is a regular expression searched for in the whole URL. It is matched by RE2, as URLs are
chosen by strangers and Python's own engine can be made to take years over one (https://github.com/google/re2/wiki/Syntax:
no look-around, no back-references).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import re2

from crawl4ai_browser.urls import WebAddress

UrlTest = Callable[[WebAddress], bool]

REGEX_PREFIX = "re:"


def _glob_test(pattern: str) -> Callable[[str], bool]:
    """Leftmost match of each part in turn: without alternatives there is nothing to go back to."""
    head, *parts = pattern.split("*")
    if not parts:
        return head.__eq__
    *middle, tail = parts

    def matches(text: str) -> bool:
        if not (text.startswith(head) and text.endswith(tail) and len(text) >= len(head) + len(tail)):
            return False
        at, end = len(head), len(text) - len(tail)
        for part in middle:
            found = text.find(part, at, end)
            if found < 0:
                return False
            at = found + len(part)
        return True

    return matches


def _compile_glob(pattern: str) -> UrlTest:
    matches = _glob_test(pattern)
    from_root = pattern.startswith("/")
    with_query = "?" in pattern

    def test(address: WebAddress) -> bool:
        start = "" if from_root else address.origin
        return matches(start + address.path + (address.query if with_query else ""))

    return test


def _compile_regex(source: str) -> UrlTest:
    options = re2.Options()
    options.log_errors = False
    try:
        expression = re2.compile(source, options=options)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else error
        raise ValueError(
            f"not a regular expression of RE2: {source!r} ({reason}; look-around and back-references do not exist there)"
        ) from None
    return lambda address: expression.search(address.href) is not None


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> UrlTest:
    """A function that tells whether a URL matches.

    Raises:
        ValueError: not a pattern; the message says what is wrong with it.
    """
    if not pattern:
        raise ValueError("an empty pattern matches no URL")
    if pattern.startswith(REGEX_PREFIX):
        return _compile_regex(pattern.removeprefix(REGEX_PREFIX))
    return _compile_glob(pattern)
