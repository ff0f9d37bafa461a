"""What a robots.txt means: the cases of RFC 9309 and those Google publishes for its own parser, as data."""

from __future__ import annotations

import codecs
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawl4ai_browser.fetcher import PlainResponse
from crawl4ai_browser.politeness.robots import MAX_BYTES, RobotsRules, parse_robots, robots_url, rules_of_response

BOT = "FooBot"
SITE = "https://foo.test"

CASES = Path(__file__).with_name("robots_cases.txt")


def read_cases() -> dict[str, tuple[str, dict[str, bool]]]:
    """By title: the file, and whether each path may be visited."""
    cases: dict[str, tuple[str, dict[str, bool]]] = {}
    for block in CASES.read_text(encoding="utf-8").split("\n=== ")[1:]:
        title, *lines = [line for line in block.splitlines() if not line.startswith("%")]
        verdicts = {path: line[0] == "+" for line in lines if line[:2] in ("+ ", "- ") for path in line.split()[1:]}
        cases[title] = ("\n".join(line for line in lines if line[:2] not in ("+ ", "- ")), verdicts)
    return cases


RULES = read_cases()


@pytest.mark.parametrize("title", RULES)
def test_rules_decide_as_published(title: str) -> None:
    text, expected = RULES[title]
    rules = parse_robots(text.encode(), BOT)
    assert {path: rules.allows(SITE + path) for path in expected} == expected
    assert expected


def test_no_case_hides_another_of_its_title() -> None:
    assert len(RULES) == CASES.read_text(encoding="utf-8").count("\n=== ") > 50


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_lines_end_in_any_way(ending: str) -> None:
    rules = parse_robots(ending.join(["User-agent: FooBot", "Allow: /some", "", "Disallow: /"]).encode(), BOT)
    assert (rules.allows(SITE + "/some/path"), rules.allows(SITE + "/")) == (True, False)


def test_only_line_ends_end_a_line() -> None:
    rules = parse_robots("User-agent: *\nDisallow: /a\u2028Allow: /\x0bb\n".encode(), BOT)
    assert rules.rule_count == 1
    assert rules.allows(SITE + "/a")
    assert not rules.allows(SITE + "/a%E2%80%A8Allow:%20/%0Bb")


@pytest.mark.parametrize("mark", [codecs.BOM_UTF8, b""])
def test_a_byte_order_mark_is_no_part_of_the_first_line(mark: bytes) -> None:
    assert not parse_robots(mark + b"User-agent: FooBot\nDisallow: /", BOT).allows(SITE + "/x")


def test_utf_16_is_read_where_its_mark_says_so() -> None:
    assert not parse_robots("User-agent: FooBot\nDisallow: /".encode("utf-16"), BOT).allows(SITE + "/x")


def test_bytes_that_are_not_utf_8_match_themselves() -> None:
    rules = parse_robots(b"User-agent: *\nDisallow: /caf\xe9", BOT)
    assert (rules.allows(SITE + "/caf%E9"), rules.allows(SITE + "/cafe")) == (False, True)


def test_a_page_of_html_says_nothing() -> None:
    page = b"\n <!DOCTYPE html><html>\nUser-agent: *\nDisallow: /\n</html>"
    assert parse_robots(page, BOT).allows(SITE + "/x")


def test_what_lies_past_500_kib_is_not_read_and_a_cut_line_does_not_count() -> None:
    head = b"User-agent: *\nDisallow: /read\n"
    filler = b"#" * (MAX_BYTES - len(head) - len(b"\nDisallow: /")) + b"\n"
    rules = parse_robots(head + filler + b"Disallow: /cut\nDisallow: /past\n", BOT)
    verdicts = [rules.allows(SITE + path) for path in ("/read", "/cut", "/past", "/")]
    assert verdicts == [False, True, True, True]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("User-agent: *\nCrawl-delay: 10", 10.0),
        ("User-agent: *\nCrawl-delay: 0.5", 0.5),
        ("User-agent: *\nCrawl-delay: 10\nUser-agent: FooBot\nDisallow:", 0.0),
        ("User-agent: FooBot\nCrawl-delay: 3\nUser-agent: *\nCrawl-delay: 10", 3.0),
        ("User-agent: *\nCrawl-delay: 2\nUser-agent: *\nCrawl-delay: 5\nCrawl-delay: 4", 5.0),
        ("User-agent: *\nCrawl-delay: soon", 0.0),
        ("User-agent: *\nCrawl-delay: -1", 0.0),
        ("User-agent: *\nCrawl-delay: inf", 0.0),
        ("User-agent: *\nCrawl-delay: nan", 0.0),
        ("Crawl-delay: 7", 0.0),
    ],
)
def test_crawl_delay_is_that_of_our_group(text: str, seconds: float) -> None:
    assert parse_robots(text.encode(), BOT).crawl_delay == seconds


def test_sitemaps_belong_to_no_group_and_are_absolute() -> None:
    text = b"Sitemap: https://cdn.test/a.xml\nUser-agent: BarBot\nSitemap: /b.xml\nsitemap: /b.xml\nSite-map: c"
    rules = parse_robots(text, BOT, base_url="https://foo.test/robots.txt")
    assert rules.sitemaps == ("https://cdn.test/a.xml", "https://foo.test/b.xml", "https://foo.test/c")


def test_many_names_with_many_rules_do_not_multiply() -> None:
    names = b"".join(b"User-agent: bot%d\n" % number for number in range(10_000))
    text = names + b"Disallow: /x\n" * 20_000
    assert parse_robots(text, "bot7").rule_count == 20_000
    assert parse_robots(text, BOT) == RobotsRules()


LINES = st.lists(
    st.sampled_from(
        [b"User-agent: *", b"User-agent: FooBot", b"Disallow: /", b"Allow: /a*b$", b"Crawl-delay: 1e9", b"Sitemap: ["]
    )
    | st.binary(max_size=40).map(lambda value: b"Disallow: " + value)
    | st.binary(max_size=40)
)


@given(LINES, st.text(max_size=30))
def test_no_file_and_no_address_is_beyond_reading(lines: list[bytes], path: str) -> None:
    rules = parse_robots(b"\n".join(lines), BOT, base_url=SITE)
    assert rules.allows(SITE + path) in (True, False)
    assert rules.allows(SITE + "/robots.txt")
    assert 0 <= rules.crawl_delay < math.inf


def response(status: int, body: bytes = b"User-agent: *\nDisallow: /") -> PlainResponse:
    return PlainResponse(url=SITE + "/robots.txt", status=status, headers={}, body=body)


@pytest.mark.parametrize("status", [200, 203])
def test_a_success_is_the_file(status: int) -> None:
    rules = rules_of_response(response(status), BOT)
    assert rules is not None
    assert not rules.allows(SITE + "/x")


@pytest.mark.parametrize("status", [302, 304, 400, 401, 403, 404, 410, 451])
def test_4xx_and_a_redirect_that_leads_nowhere_allow_all(status: int) -> None:
    rules = rules_of_response(response(status), BOT)
    assert rules is not None
    assert rules.allows(SITE + "/x")


@pytest.mark.parametrize("status", [429, 500, 502, 503, 599])
def test_5xx_and_429_are_unreachable(status: int) -> None:
    assert rules_of_response(response(status), BOT) is None


def test_a_refusal_forbids_everything_but_robots_txt() -> None:
    rules = RobotsRules(refusal="nobody knows")
    assert (rules.allows(SITE + "/"), rules.allows(SITE + "/robots.txt")) == (False, True)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://foo.test/a/b?c#d", "https://foo.test/robots.txt"),
        ("http://foo.test:8080/", "http://foo.test:8080/robots.txt"),
        ("http://user:secret@foo.test/", "http://foo.test/robots.txt"),
        ("http://[::1]:8080/x", "http://[::1]:8080/robots.txt"),
    ],
)
def test_each_origin_has_its_own_file(url: str, expected: str) -> None:
    assert robots_url(url) == expected
