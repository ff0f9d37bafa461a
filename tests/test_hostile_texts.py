"""Texts that strangers write: nothing but our own errors comes of them, in time that grows with their length alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawl4ai_browser import urls
from crawl4ai_browser.addresses import literal_address
from crawl4ai_browser.browser.files.names import name_of_answer, safe_name
from crawl4ai_browser.config import ContentConfig
from crawl4ai_browser.content.render import render
from crawl4ai_browser.content.srcset import parse_srcset
from crawl4ai_browser.dates import parse_date
from crawl4ai_browser.document import Document
from crawl4ai_browser.egress import parse_place, plain_host
from crawl4ai_browser.errors import ConfigError, CrawlError
from crawl4ai_browser.extract.numbers import parse_number
from crawl4ai_browser.extract.transform import transformed
from crawl4ai_browser.frontier.sitemaps import read_sitemap
from crawl4ai_browser.html_depth import limit_depth
from crawl4ai_browser.json_ld import parse_json_ld
from crawl4ai_browser.politeness.retry_after import retry_after
from crawl4ai_browser.politeness.robots import parse_robots
from crawl4ai_browser.proxy import Proxy
from crawl4ai_browser.proxy_pool import parse_proxies
from crawl4ai_browser.storage_state import StorageState
from crawl4ai_browser.transforms import Match, Replace
from crawl4ai_browser.url_patterns import compile_pattern

LENGTH = 100_000
"""Characters. What takes the square of them takes minutes, and what tries all ways takes for ever."""

MOST_SECONDS = 4.0
"""Of CPU for one text. The slowest takes 0.5: whole pages, whose content is made."""

EVERYTHING = ContentConfig(cited_markdown=True, main_markdown=True, text=True)
PAGE = "https://site.example/"


def as_robots(text: str) -> None:
    parse_robots(text.encode("utf-8", "replace"), "crawler").allows(PAGE + "a" * 2000)


def as_sitemap(text: str) -> None:
    list(read_sitemap([text.encode("utf-8", "replace")], base_url=PAGE))


def as_page(text: str) -> None:
    render(Document(text, url=PAGE), EVERYTHING)


READERS: dict[str, Callable[[str], Any]] = {
    "url": urls.canonicalize,
    "link": lambda text: urls.join(PAGE, text),
    "seed": urls.parse_seed,
    "host": plain_host,
    "address": literal_address,
    "place": parse_place,
    "robots": as_robots,
    "sitemap": as_sitemap,
    "srcset": parse_srcset,
    "json-ld": lambda text: list(parse_json_ld(text)),
    "date": parse_date,
    "number": parse_number,
    "retry-after": lambda text: retry_after({"retry-after": text}, datetime.now(UTC)),
    "proxy": Proxy.parse,
    "proxy list": lambda text: list(parse_proxies(text)),
    "state": lambda text: StorageState.parse(text, source="test"),
    "name": safe_name,
    "disposition": lambda text: name_of_answer(PAGE, {"content-disposition": f'attachment; filename="{text}'}),
    "nesting": limit_depth,
    "page": as_page,
}

USERS_OWN = frozenset({"seed", "place", "proxy", "proxy list", "state", "number", "host", "address"})
"""Readers that refuse what they can't read; the others make what they can of it."""

REPEATED = (
    *("a", "<", "<a ", "<p>", "<b>", "</b>", "<table><tr><td>", "<ul><li>", "<pre>", "<svg>", "<template>", "<!--"),
    *("<![CDATA[", "<script>", "<style>", "<img srcset='a 1x,", '<a b="', "<url><loc>", "<iframe srcdoc=", "</p>"),
    *("[", "](", "\\", "`", "*", "_", "![", "&", "&#", ";", '"', "'", "/", "../", "%", "%2", "?a=", "&a=1", "#", "@"),
    *(":", ":@", "a.", "1,", "1.", "0x", " ", "\t", "\n", "\r\n ", "\u00a0", "\u202e", '{"a":', "[[", "//x\n", "/*"),
    *("disallow: /*a*b$\n", "*a", "2020-01-01", " via ", "socks5://", "- ", "> ", "1. ", "|", "(", "x(", "a,b "),
)


@pytest.mark.parametrize("reader", READERS)
def test_time_grows_with_the_length_of_a_text(reader: str) -> None:
    read = READERS[reader]
    slow: list[str] = []
    # Pages are long anyway, and take the time that they need; the rest are short texts of which much is made.
    length = LENGTH // 4 if reader == "page" else LENGTH
    for part in REPEATED:
        text = (part * (length // len(part) + 1))[:length]
        started = time.process_time()
        with suppress(CrawlError, ValueError):
            read(text)
        if time.process_time() - started > MOST_SECONDS:
            slow.append(part)
    assert slow == []


FUZZ = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])

MARKS = st.sampled_from("<>&;:/@?#%[]{}()\"'\\,.*=-_ \n\t\0\u202e\ud800\u00fcaAzZ019")


@pytest.mark.parametrize("reader", sorted(READERS))
@FUZZ
@given(text=st.text(alphabet=MARKS, max_size=60))
def test_any_text_is_read_or_refused_with_an_error_of_ours(reader: str, text: str) -> None:
    with suppress(*((ConfigError, ValueError) if reader in USERS_OWN else ())):
        READERS[reader](text)


KEYS = st.sampled_from(["cookies", "origins", "name", "value", "domain", "path", "origin", "localStorage"])
LEAVES = st.none() | st.booleans() | st.floats() | st.text(max_size=5)


@FUZZ
@given(st.recursive(LEAVES, lambda each: st.lists(each) | st.dictionaries(KEYS, each)))
def test_any_value_is_a_state_or_refused(value: object) -> None:
    with suppress(ConfigError):
        StorageState.of(value, source="test")


# --- patterns that users give, against texts that strangers write

EXPLOSIVE = ("(a+)+$", "(a|aa)+$", "(a|a?)+$", "(.*a){20}$", "([a-z]+)*$", "^(([a-z])+.)+[A-Z]([a-z])+$")
"""Over which Python's own engine takes for ever, given a long text that does not match."""

LONG = "a" * 50_000 + "!"


@pytest.mark.parametrize("pattern", EXPLOSIVE)
def test_no_expression_of_a_scope_can_be_made_to_hang(pattern: str) -> None:
    address = urls.take_apart(f"https://site.example/{LONG}")
    assert address is not None
    assert_soon(lambda: compile_pattern(f"re:{pattern}")(address))


@pytest.mark.parametrize("pattern", EXPLOSIVE)
def test_no_expression_of_a_schema_can_be_made_to_hang(pattern: str) -> None:
    document = Document("", url=PAGE)
    assert_soon(lambda: transformed(LONG, (Match(pattern),), document))
    assert_soon(lambda: transformed(LONG, (Replace(pattern, "b"),), document))


@pytest.mark.parametrize("glob", ["*a" * 50 + "*b", "*" * 1000 + "b", "/" + "*a*" * 100 + "$"])
def test_no_glob_can_be_made_to_hang(glob: str) -> None:
    address = urls.take_apart(f"https://site.example/{LONG}")
    assert address is not None
    assert_soon(lambda: compile_pattern(glob)(address))


def assert_soon(act: Callable[[], object]) -> None:
    started = time.process_time()
    act()
    assert time.process_time() - started < MOST_SECONDS
