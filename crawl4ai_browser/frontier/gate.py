"""Gate: a scope made ready to judge URLs. Pure: what it says depends on its arguments alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from crawl4ai_browser import urls
from crawl4ai_browser.frontier.patterns import compile_pattern
from crawl4ai_browser.frontier.scope import Scope
from crawl4ai_browser.urls import WebAddress

FILE_SCHEME = "file:"


class Refusal(NamedTuple):
    """Why a URL stays out."""

    rule: str
    """The field of `Scope` or `TrapLimits` that decided."""
    detail: str

    def __str__(self) -> str:
        """`rule: detail`."""
        return f"{self.rule}: {self.detail}"


Rule = Callable[[WebAddress], str | None]
"""Gives the detail of a refusal, or None."""


@lru_cache(maxsize=65536)
def _host_of(origin: str) -> str:
    return origin.partition("//")[2]


@lru_cache(maxsize=65536)
def _site_of(host: str) -> str:
    return urls.site_of_host(host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host)


class Gate:
    """Judges URLs by one scope."""

    def __init__(self, scope: Scope, *, allow_files: bool = False) -> None:
        self.scope = scope
        self._allow_files = allow_files
        self._rules: tuple[tuple[str, Rule], ...] = tuple(_rules(scope))

    def seed_refusal(self, address: WebAddress) -> Refusal | None:
        """Seeds are always in scope, but for their scheme."""
        scheme = address.scheme
        if scheme in urls.WEB_SCHEMES or (scheme == FILE_SCHEME and self._allow_files):
            return None
        if scheme == FILE_SCHEME:
            return Refusal("allow_files", "file: URLs are not allowed")
        return Refusal("scheme", f"only http: and https: are crawled, not {scheme}")

    def refusal(self, address: WebAddress, *, depth: int, seed: str) -> Refusal | None:
        """Why a link found at `depth`, on the way from a seed of the origin `seed`, stays out; None: it does not."""
        scope = self.scope
        if not address.origin.startswith("http"):
            refused = self.seed_refusal(address)
            if refused is not None:
                return refused
            if not seed.startswith(FILE_SCHEME):
                return Refusal("allow_files", "a page of the web may not lead to a file: URL")
        if scope.max_depth is not None and depth > scope.max_depth:
            return Refusal("max_depth", f"{depth} hops from the seed, at most {scope.max_depth}")
        if not self._is_near(address, seed):
            return Refusal("same", f"{address.host} is another {scope.same} than {_host_of(seed)}")
        for name, rule in self._rules:
            detail = rule(address)
            if detail is not None:
                return Refusal(name, detail)
        return None

    def _is_near(self, address: WebAddress, seed: str) -> bool:
        same = self.scope.same
        if same == "any" or address.origin == seed or address.host == _host_of(seed):
            return True
        if same == "site" and _site_of(address.host) == _site_of(_host_of(seed)):
            return True
        return any(_is_host(address, host) for host in self.scope.hosts)

    def rewrite(self, address: WebAddress) -> WebAddress | None:
        """The URL with the query parameters that the scope lets stay; None: it is no URL without them."""
        keep, drop = self.scope.query_keep, self.scope.query_drop
        if not address.query or (keep is None and not drop):
            return address
        pairs = [pair for pair in address.query[1:].split("&") if pair]
        stay = [
            pair for pair in pairs if (name := pair.partition("=")[0]) not in drop and (keep is None or name in keep)
        ]
        if len(stay) == len(pairs):
            return address
        route = address.href.partition("#")
        start = route[0].partition("?")[0]
        return urls.take_apart(start + ("?" + "&".join(stay) if stay else "") + route[1] + route[2])


def _is_host(address: WebAddress, host: str) -> bool:
    if host.startswith("*."):
        return address.host_name.endswith(host[1:])
    return host in (address.host, address.host_name)


def _rules(scope: Scope) -> list[tuple[str, Rule]]:
    """The rules that look at nothing but the URL, cheapest first."""
    traps = scope.traps
    rules: list[tuple[str, Rule]] = []
    if traps.max_url_length is not None:
        rules.append(("max_url_length", _length_rule(traps.max_url_length)))
    if scope.skip_suffixes:
        rules.append(("skip_suffixes", _suffix_rule(scope.skip_suffixes)))
    if traps.max_path_segments is not None or traps.max_segment_repeats is not None:
        rules += _segment_rules(traps.max_path_segments, traps.max_segment_repeats)
    if scope.include:
        rules.append(("include", _include_rule(scope.include)))
    if scope.exclude:
        rules.append(("exclude", _exclude_rule(scope.exclude)))
    return rules


def _length_rule(limit: int) -> Rule:
    return lambda address: f"{len(address.href)} characters, at most {limit}" if len(address.href) > limit else None


def _suffix_rule(suffixes: frozenset[str]) -> Rule:
    def rule(address: WebAddress) -> str | None:
        stem, dot, suffix = address.path.rpartition(".")
        if not dot or suffix.lower() not in suffixes or stem.endswith("/"):
            return None
        return f".{suffix.lower()} is no page"

    return rule


def _segment_rules(most: int | None, repeats: int | None) -> list[tuple[str, Rule]]:
    def too_many(address: WebAddress) -> str | None:
        count = address.path.count("/")
        return f"{count} segments, at most {most}" if most is not None and count > most else None

    def repeated(address: WebAddress) -> str | None:
        path = address.path
        if repeats is None or path.count("/") <= repeats:
            return None
        segment, count = Counter(filter(None, path.split("/"))).most_common(1)[0] if path.strip("/") else ("", 0)
        return f"{segment!r} occurs {count} times, at most {repeats}" if count > repeats else None

    return [("max_path_segments", too_many), ("max_segment_repeats", repeated)]


def _include_rule(patterns: tuple[str, ...]) -> Rule:
    tests = [compile_pattern(pattern) for pattern in patterns]
    listed = ", ".join(patterns)
    return lambda address: None if any(test(address) for test in tests) else f"no pattern of {listed} matches"


def _exclude_rule(patterns: tuple[str, ...]) -> Rule:
    tests = [(pattern, compile_pattern(pattern)) for pattern in patterns]
    return lambda address: next((f"{pattern} matches" for pattern, test in tests if test(address)), None)
