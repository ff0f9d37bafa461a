"""The rules of a scope that look at nothing but the URL. Pure, and linear in its length."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from crawl4ai_browser.frontier.scope import Scope
from crawl4ai_browser.url_patterns import compile_pattern
from crawl4ai_browser.urls import WebAddress

Rule = Callable[[WebAddress], str | None]
"""Why a URL stays out, or None."""


def url_rules(scope: Scope) -> list[tuple[str, Rule]]:
    """The rules that a scope sets, each with the name of its field; the cheapest first."""
    traps = scope.traps
    rules: list[tuple[str, Rule]] = []
    if traps.max_url_length is not None:
        rules.append(("max_url_length", _length(traps.max_url_length)))
    if scope.skip_suffixes:
        rules.append(("skip_suffixes", _suffix(scope.skip_suffixes)))
    if traps.max_path_segments is not None:
        rules.append(("max_path_segments", _segments(traps.max_path_segments)))
    if traps.max_segment_repeats is not None:
        rules.append(("max_segment_repeats", _repeats(traps.max_segment_repeats)))
    if scope.include:
        rules.append(("include", _include([str(pattern) for pattern in scope.include])))
    if scope.exclude:
        rules.append(("exclude", _exclude([str(pattern) for pattern in scope.exclude])))
    return rules


def _length(limit: int) -> Rule:
    return lambda address: f"{len(address.href)} characters, at most {limit}" if len(address.href) > limit else None


def _suffix(suffixes: frozenset[str]) -> Rule:
    def rule(address: WebAddress) -> str | None:
        path = address.path
        if path[path.rfind(".") + 1 :].lower() not in suffixes:
            return None
        name = path[path.rfind("/") + 1 :]
        # A name that only begins with a dot has no suffix.
        return f"{name} is no page" if name.rfind(".") > 0 else None

    return rule


def _segments(limit: int) -> Rule:
    def rule(address: WebAddress) -> str | None:
        count = address.path.count("/")
        return f"{count} segments, at most {limit}" if count > limit else None

    return rule


def _repeats(limit: int) -> Rule:
    def rule(address: WebAddress) -> str | None:
        if address.path.count("/") <= limit:
            return None
        segments = address.path.split("/")
        if len(segments) - len(set(segments)) < limit:  # a sixth of the time that counting each takes
            return None
        for segment, count in Counter(segments).most_common(2):
            if segment and count > limit:
                return f"{segment!r} occurs {count} times, at most {limit}"
        return None

    return rule


def _include(patterns: list[str]) -> Rule:
    tests = [compile_pattern(pattern) for pattern in patterns]
    refusal = f"none of {', '.join(patterns)} matches"
    return lambda address: None if any(test(address) for test in tests) else refusal


def _exclude(patterns: list[str]) -> Rule:
    tests = [(f"{pattern} matches", compile_pattern(pattern)) for pattern in patterns]
    return lambda address: next((refusal for refusal, test in tests if test(address)), None)
