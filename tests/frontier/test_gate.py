"""Which links are in scope, as tables: the scope, the link, and the rule that refuses it."""

from __future__ import annotations

from typing import Any

import pytest

from crawl4ai_browser.frontier.gate import Gate, Refusal
from crawl4ai_browser.frontier.scope import Scope, TrapLimits
from crawl4ai_browser.page_content import Link
from crawl4ai_browser.urls import WebAddress

SEED = "https://www.example.com"


def judge(
    scope: Scope, url: str, *, depth: int = 1, seed: str = SEED, allow_files: bool = False, **link: Any
) -> WebAddress | Refusal | None:
    gate = Gate(scope, allow_files=allow_files)
    return gate.judge_link(Link(url=url, internal=True, **link), depth=depth, seed=seed)


def rule(scope: Scope, url: str, **more: Any) -> str | None:
    """The rule that refuses the link; None: it is in scope."""
    verdict = judge(scope, url, **more)
    return verdict.rule if isinstance(verdict, Refusal) else None


@pytest.mark.parametrize(
    ("same", "seed", "url", "is_in"),
    [
        ("host", SEED, "https://www.example.com/a", True),
        ("host", SEED, "http://www.example.com/a", True),
        ("host", SEED, "https://WWW.EXAMPLE.COM:443/a", True),
        ("host", SEED, "https://www.example.com:8443/a", False),
        ("host", SEED, "https://example.com/a", False),
        ("host", SEED, "https://blog.example.com/a", False),
        ("host", SEED, "https://www.example.com.evil.org/a", False),
        ("host", SEED, "https://evil.org/https://www.example.com/", False),
        ("host", SEED, "https://www.example.com@evil.org/", False),
        ("host", "http://localhost:8000", "http://localhost:8000/x", True),
        ("host", "http://localhost:8000", "http://localhost:8001/x", False),
        ("site", SEED, "https://example.com/a", True),
        ("site", SEED, "https://a.b.example.com:8443/a", True),
        ("site", SEED, "https://example.org/a", False),
        ("site", SEED, "https://notexample.com/a", False),
        ("site", "https://a.example.co.uk", "https://b.example.co.uk/", True),
        ("site", "https://a.co.uk", "https://b.co.uk/", False),
        ("site", "https://anna.github.io", "https://bert.github.io/", False),
        ("site", "http://127.0.0.1:8000", "http://127.0.0.1:8001/", True),
        ("site", "http://127.0.0.1:8000", "http://127.0.0.2:8000/", False),
        ("any", SEED, "https://elsewhere.org/", True),
    ],
)
def test_how_near_a_link_must_be_to_its_seed(same: Any, seed: str, url: str, *, is_in: bool) -> None:
    assert rule(Scope(same=same), url, seed=seed) == (None if is_in else "same")


@pytest.mark.parametrize(
    ("host", "url", "is_in"),
    [
        ("example.org", "https://example.org/", True),
        ("example.org", "https://example.org:8443/", True),
        ("EXAMPLE.org", "https://example.ORG/", True),
        ("example.org", "https://sub.example.org/", False),
        ("*.example.org", "https://sub.example.org/", True),
        ("*.example.org", "https://a.sub.example.org/", True),
        ("*.example.org", "https://example.org/", False),
        ("*.example.org", "https://badexample.org/", False),
        ("localhost:8000", "http://localhost:8000/", True),
        ("localhost:8000", "http://localhost:8001/", False),
    ],
)
def test_further_hosts_are_in_scope(host: str, url: str, *, is_in: bool) -> None:
    scope = Scope(hosts=(host,))
    assert rule(scope, url) == (None if is_in else "same")
    assert rule(scope, f"{SEED}/own") is None


REFUSALS: list[tuple[dict[str, Any], str, str | None]] = [
    ({"include": ("/docs/*",)}, "/docs/a", None),
    ({"include": ("/docs/*",)}, "/blog/a", "include"),
    ({"include": ("/docs/*", "/blog/*")}, "/blog/a", None),
    ({"exclude": ("*/private/*",)}, "/docs/private/a", "exclude"),
    ({"exclude": ("*/private/*",)}, "/docs/a", None),
    ({"include": ("/docs/*",), "exclude": ("/docs/old/*",)}, "/docs/old/a", "exclude"),
    ({"include": ("re:/v[0-9]+/",)}, "/v12/a", None),
    ({}, "/file.zip", "skip_suffixes"),
    ({}, "/FILE.PDF?download=1", "skip_suffixes"),
    ({}, "/photo.jpeg", "skip_suffixes"),
    ({}, "/wiki/Node.js", None),
    ({}, "/archive.zip/", None),
    ({}, "/.zip", None),
    ({}, "/v1.2", None),
    ({"skip_suffixes": frozenset[str]()}, "/file.zip", None),
    ({"skip_suffixes": frozenset({"html"})}, "/a.html", "skip_suffixes"),
    ({}, "/" + "x" * 2060, "max_url_length"),
    ({}, "/" + "x" * 2000, None),
    ({}, "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u", "max_path_segments"),
    ({}, "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t", None),
    ({}, "/a/b/a/b/a/b/a/b", "max_segment_repeats"),
    ({}, "/a/b/a/b/a/b", None),
    ({}, "/2024/01/01/01", None),
    ({}, "////////", None),
    ({"traps": TrapLimits(max_url_length=None)}, "/" + "x" * 5000, None),
    ({"traps": TrapLimits(max_path_segments=None)}, "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u", None),
    ({"traps": TrapLimits(max_segment_repeats=None)}, "/a/a/a/a/a/a", None),
]


@pytest.mark.parametrize(("fields", "url", "refused_by"), REFUSALS)
def test_what_a_url_is_refused_by(fields: dict[str, Any], url: str, refused_by: str | None) -> None:
    assert rule(Scope(**fields), SEED + url) == refused_by


def test_depth_is_counted_in_hops() -> None:
    scope = Scope(max_depth=2)
    assert rule(scope, f"{SEED}/a", depth=2) is None
    assert rule(scope, f"{SEED}/a", depth=3) == "max_depth"
    assert not Gate(scope).is_too_deep(2)
    assert Gate(scope).is_too_deep(3)
    assert not Gate(Scope()).is_too_deep(10**6)


@pytest.mark.parametrize(
    ("fields", "url", "visited"),
    [
        ({}, "/a?b=1&c=2", "/a?b=1&c=2"),
        ({"query_keep": frozenset[str]()}, "/a?b=1&c=2", "/a"),
        ({"query_keep": frozenset({"b"})}, "/a?b=1&c=2&b=3", "/a?b=1&b=3"),
        ({"query_drop": frozenset({"c"})}, "/a?b=1&c=2", "/a?b=1"),
        ({"query_keep": frozenset({"b", "c"}), "query_drop": frozenset({"c"})}, "/a?b=1&c=2&d=3", "/a?b=1"),
        ({"query_drop": frozenset({"sid"})}, "/a?sid", "/a"),
        ({"query_drop": frozenset({"b"})}, "/a#!/route", "/a#!/route"),
        ({"query_drop": frozenset({"b"})}, "/a?b=1&c=2#!/route", "/a?c=2#!/route"),
        ({}, "/a#section", "/a"),
        ({}, "/a?utm_source=x", "/a?utm_source=x"),
    ],
)
def test_what_is_visited_for_a_link(fields: dict[str, Any], url: str, visited: str) -> None:
    verdict = judge(Scope(**fields), SEED + url)
    assert isinstance(verdict, WebAddress)
    assert verdict.href == SEED + visited


def test_patterns_see_the_url_that_would_be_visited() -> None:
    scope = Scope(exclude=("*?*sort=*",), query_drop=frozenset({"sort"}))
    assert rule(scope, f"{SEED}/a?sort=up") is None


@pytest.mark.parametrize(
    ("url", "refused_by"),
    [
        ("mailto:a@example.com", "scheme"),
        ("javascript:void(0)", "scheme"),
        ("data:text/html,hi", "scheme"),
        ("ftp://www.example.com/", "scheme"),
        ("about:blank", "scheme"),
        ("blob:https://www.example.com/x", "scheme"),
        ("file:///etc/passwd", "allow_files"),
        ("http://", "url"),
        ("not a url", "url"),
    ],
)
def test_only_the_web_is_followed_from_the_web(url: str, refused_by: str) -> None:
    assert rule(Scope(same="any"), url) == refused_by
    assert rule(Scope(same="any"), url, allow_files=True) == refused_by


def test_a_page_of_the_web_leads_to_no_file_though_a_file_led_to_it() -> None:
    gate = Gate(Scope(same="any"), allow_files=True)
    link = Link(url="file:///etc/passwd", text="", internal=False)
    verdict = gate.judge_link(link, depth=2, seed="file://", page="https://www.example.com/")
    assert isinstance(verdict, Refusal)
    assert verdict.rule == "allow_files"
    assert isinstance(gate.judge_link(link, depth=2, seed="file://", page="file:///a.html"), WebAddress)


def test_files_lead_to_files_where_that_is_allowed() -> None:
    assert rule(Scope(), "file:///a/b.html", seed="file://", allow_files=True) is None
    assert rule(Scope(), "file:///a/b.html", seed="file://") == "allow_files"


def test_seeds_are_in_scope_but_for_their_scheme() -> None:
    gate = Gate(Scope(include=("/docs/*",), max_depth=0, traps=TrapLimits(max_url_length=10)))
    assert isinstance(gate.judge_seed("https://elsewhere.org/a.zip"), WebAddress)
    for url, refused_by in (("file:///a", "allow_files"), ("ftp://a/", "scheme"), ("nothing", "url")):
        refusal = gate.judge_seed(url)
        assert isinstance(refusal, Refusal)
        assert refusal.rule == refused_by
    assert isinstance(Gate(Scope(), allow_files=True).judge_seed("file:///a"), WebAddress)


def test_kinds_of_links_and_nofollow() -> None:
    url = f"{SEED}/a"
    assert isinstance(judge(Scope(), url, kind="next"), WebAddress)
    assert judge(Scope(), url, kind="canonical") is None
    assert isinstance(judge(Scope(link_kinds=frozenset({"canonical"})), url, kind="canonical"), WebAddress)
    assert judge(Scope(link_kinds=frozenset({"canonical"})), url) is None
    assert isinstance(judge(Scope(), url, rel=("nofollow",)), WebAddress)
    assert rule(Scope(obey_nofollow=True), url, rel=("noopener", "nofollow")) == "obey_nofollow"


def test_a_refusal_names_its_rule_and_value() -> None:
    assert str(judge(Scope(max_depth=1), f"{SEED}/a", depth=2)) == "max_depth: 2 hops from the seed, at most 1"
    assert str(judge(Scope(), "https://other.org/")) == "same: other.org is another host than www.example.com"
    assert str(judge(Scope(exclude=("/a*",)), f"{SEED}/abc")) == "exclude: /a* matches"
    assert str(judge(Scope(), f"{SEED}/a.zip")) == "skip_suffixes: a.zip is no page"
