"""URLs: one form for all spellings, as browsers read them."""

from __future__ import annotations

import operator
from collections.abc import Callable

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from crawl4ai_browser import urls
from crawl4ai_browser.errors import ConfigError

# --- what a person typed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://example.com", "https://example.com/"),
        ("  HTTP://EXAMPLE.com:80/a/../b  ", "http://example.com/b"),
        ("https://exämple.com/ä?ö#ü", "https://xn--exmple-cua.com/%C3%A4?%C3%B6#%C3%BC"),
        ("http://user:secret@example.com/", "http://user:secret@example.com/"),
        ("file:///a/b.html", "file:///a/b.html"),
        ("http://[::1]:8000/", "http://[::1]:8000/"),
    ],
)
def test_a_seed_is_made_absolute_and_serialized(text: str, expected: str) -> None:
    assert urls.parse_seed(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("example.com", r"not an absolute URL: 'example.com' \(write https://example.com\)"),
        ("localhost:8000/a", r"write https://localhost:8000/a"),
        ("//example.com/a", r"write https://example.com/a"),
        ("", "not an absolute URL"),
        ("http://", "not a URL"),
        ("http://exa mple.com/", "not a URL"),
        ("http://example.com:99999/", "not a URL"),
        ("http://[::1/", "not a URL"),
        ("https://example.com/" + "a" * 9000, "URL of 9020 characters, at most 8192"),
    ],
)
def test_what_is_no_url_is_named_with_what_to_write(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        urls.parse_seed(text)


# --- one form for all spellings

CANONICAL = [
    ("https://example.com", "https://example.com/"),
    ("HTTPS://Example.COM/", "https://example.com/"),
    ("https://example.com:443/", "https://example.com/"),
    ("http://example.com:80/", "http://example.com/"),
    ("http://example.com:443/", "http://example.com:443/"),
    ("https://example.com/a/./b/../c", "https://example.com/a/c"),
    ("https://example.com/%7Eanna/%2f%e4", "https://example.com/~anna/%2F%E4"),
    ("https://example.com/a%2525", "https://example.com/a%2525"),
    ("https://example.com/a b", "https://example.com/a%20b"),
    ("https://example.com\\a\\b", "https://example.com/a/b"),
    ("https://example.com/a?", "https://example.com/a"),
    ("https://example.com/a?&&", "https://example.com/a"),
    ("https://example.com/a?b=2&a=1", "https://example.com/a?a=1&b=2"),
    ("https://example.com/a?b=2&a=9&b=1", "https://example.com/a?a=9&b=2&b=1"),
    ("https://example.com/a?q=%C3%A4+%7e", "https://example.com/a?q=%C3%A4+~"),
    ("https://example.com/a?utm_source=x&b=1&gclid=y&FBCLID=z", "https://example.com/a?b=1"),
    ("https://example.com/a?utm_source=x", "https://example.com/a"),
    ("https://example.com/a?utmost=x", "https://example.com/a?utmost=x"),
    ("https://example.com/a#section", "https://example.com/a"),
    ("https://example.com/a#", "https://example.com/a"),
    ("https://anna:secret@example.com/", "https://example.com/"),
    ("https://exämple.com/", "https://xn--exmple-cua.com/"),
    ("https://example.com/a;jsessionid=1A2B.node1?x=1", "https://example.com/a?x=1"),
    ("https://example.com/a;jsessionid=1A2B/b;v=1", "https://example.com/a/b;v=1"),
    ("https://example.com/a?PHPSESSID=123&x=1", "https://example.com/a?x=1"),
    ("https://example.com/a?ASPSESSIONIDABCD=123", "https://example.com/a"),
    ("https://example.com/t?sid=0123456789abcdef0123456789ABCDEF&t=5", "https://example.com/t?t=5"),
    ("https://example.com/t?sid=42", "https://example.com/t?sid=42"),
    ("http://[0:0:0:0:0:0:0:1]/", "http://[::1]/"),
    ("http://0x7f.1/", "http://127.0.0.1/"),
    ("file:///A/b#c", "file:///A/b"),
]


@pytest.mark.parametrize(("url", "expected"), CANONICAL)
def test_a_url_has_one_canonical_spelling(url: str, expected: str) -> None:
    assert urls.canonicalize(url) == expected
    assert urls.fingerprint(url) == urls.fingerprint(expected)


@pytest.mark.parametrize("fragment", ["#/users/1", "#!/users/1", "#!users", "#/a?b=1"])
def test_a_fragment_that_is_a_route_is_another_page(fragment: str) -> None:
    assert urls.canonicalize(f"https://example.com/app{fragment}") == f"https://example.com/app{fragment}"


@pytest.mark.parametrize("fragment", ["#", "#/", "#!", "#!/", "#top", "#a/b", "#:~:text=hello"])
def test_a_fragment_that_is_a_place_on_the_page_is_not(fragment: str) -> None:
    assert urls.canonicalize(f"https://example.com/app{fragment}") == "https://example.com/app"


@pytest.mark.parametrize("text", ["", "nothing", "http://", "//example.com", "http://a b/", "\ud800"])
def test_text_that_is_no_url_stays_as_it_is(text: str) -> None:
    assert urls.canonicalize(text) == text
    assert urls.take_apart(text) is None
    assert len(urls.fingerprint(text)) == 32


def test_tracking_parameters_stay_on_request() -> None:
    url = "https://example.com/a?utm_source=x&a=1"
    assert urls.canonicalize(url, keep_tracking=True) == "https://example.com/a?a=1&utm_source=x"
    assert urls.fingerprint(url, keep_tracking=True) != urls.fingerprint(url)


def test_further_texts_make_another_request() -> None:
    prints = {urls.fingerprint("https://a.example/", *extra) for extra in ((), ("",), ("a",), ("a", ""), ("", "a"))}
    assert len(prints) == 5


# --- the parts


def test_a_url_is_taken_apart() -> None:
    address = urls.take_apart("https://anna:secret@Example.com:8443/a;jsessionid=1/b?z=1&a=%7e#!/route")
    assert address is not None
    assert address.href == "https://example.com:8443/a;jsessionid=1/b?z=1&a=%7e#!/route"
    assert address.canonical == "https://example.com:8443/a/b?a=~&z=1#!/route"
    assert (address.origin, address.scheme) == ("https://example.com:8443", "https:")
    assert (address.host, address.host_name) == ("example.com:8443", "example.com")
    assert (address.path, address.query) == ("/a;jsessionid=1/b", "?z=1&a=%7e")


@pytest.mark.parametrize(
    ("url", "origin", "host_name"),
    [
        ("http://[::1]:8000/", "http://[::1]:8000", "[::1]"),
        ("http://[::1]/", "http://[::1]", "[::1]"),
        ("file:///a", "file://", ""),
    ],
)
def test_origins_and_host_names(url: str, origin: str, host_name: str) -> None:
    address = urls.take_apart(url)
    assert address is not None
    assert address.origin == origin == urls.origin(url)
    assert address.host_name == host_name


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://www.example.com/", "example.com"),
        ("https://a.b.example.co.uk:8443/", "example.co.uk"),
        ("https://anna.github.io/", "anna.github.io"),
        ("http://localhost:8000/", "localhost"),
        ("http://127.0.0.1:8000/", "127.0.0.1"),
        ("http://[::1]/", "[::1]"),
        ("https://co.uk/", "co.uk"),
    ],
)
def test_the_site_is_the_registrable_domain(url: str, site: str) -> None:
    assert urls.site(url) == site


@pytest.mark.parametrize(
    ("base", "reference", "expected"),
    [
        ("https://a.example/b/c", "d", "https://a.example/b/d"),
        ("https://a.example/b/c", "../d?x#y", "https://a.example/d?x#y"),
        ("https://a.example/b/c", "//c.example", "https://c.example/"),
        ("https://a.example/b/c", "  d\n", "https://a.example/b/d"),
        ("https://a.example/b/c", "", "https://a.example/b/c"),
        ("https://a.example/", "http://[", None),
    ],
)
def test_a_reference_is_resolved_as_a_browser_does(base: str, reference: str, expected: str | None) -> None:
    assert urls.join(base, reference) == expected


def test_credentials_are_taken_off_for_showing() -> None:
    assert urls.without_credentials("https://anna:secret@a.example/x") == "https://a.example/x"
    assert urls.without_credentials("https://a.example/@x") == "https://a.example/@x"


# --- properties

PATH = st.text("ab%27fF/.;=~ \\ä", max_size=12).map(str.strip)  # the parser cuts off blanks at the end of a URL
PAIR = st.tuples(st.text("abc", min_size=1, max_size=3), st.text("xy%2fF+ä", max_size=5))
ORIGIN = st.sampled_from(
    [
        "http://example.com",
        "https://example.com",
        "https://a.b.example:8080",
        "http://127.0.0.1",
        "http://xn--exmple-cua.com",
    ]
)


@st.composite
def web_urls(draw: st.DrawFn) -> str:
    pairs = draw(st.lists(PAIR, max_size=4, unique_by=operator.itemgetter(0)))
    query = "&".join(f"{name}={value}" for name, value in pairs)
    return f"{draw(ORIGIN)}/{draw(PATH)}" + (f"?{query}" if query else "")


WEB = web_urls()


def reversed_query(url: str) -> str:
    start, mark, query = url.partition("?")
    return url if "#" in url else start + mark + "&".join(reversed(query.split("&")))


RESPELLINGS: list[Callable[[str], str]] = [
    lambda url: url.replace("http", "HTTP", 1),
    lambda url: url.replace("example", "EXAMPLE"),
    lambda url: f"{url}#section",
    lambda url: url.replace("://", "://anna:secret@", 1),
    lambda url: url + ("&" if "?" in url else "?") + "utm_campaign=spring",
    lambda url: url + ("&" if "?" in url else "?") + "PHPSESSID=1234",
    lambda url: url.replace("a", "%61") if "?" not in url and "%" not in url else url,
    lambda url: f"  {url}\n",
    lambda url: reversed_query(url),
]


@given(WEB | st.text(max_size=40))
def test_canonicalizing_twice_changes_nothing(url: str) -> None:
    once = urls.canonicalize(url)
    assert urls.canonicalize(once) == once


@given(WEB, st.lists(st.sampled_from(RESPELLINGS), max_size=4))
def test_all_spellings_have_one_fingerprint(url: str, respellings: list[Callable[[str], str]]) -> None:
    assume(urls.take_apart(url) is not None)
    other = url
    for respell in respellings:
        other = respell(other)
    assert urls.fingerprint(other) == urls.fingerprint(url)


@given(WEB)
def test_what_is_visited_is_the_same_request_as_what_was_found(url: str) -> None:
    address = urls.take_apart(url)
    assume(address is not None)
    assert address is not None
    assert urls.fingerprint(address.href) == urls.fingerprint(url)
    assert urls.take_apart(address.href) == address
    assert urls.parse_seed(address.href) == address.href, "it is serialized as the URL Standard does"


# Of what a URL that is taken as it stands is made, and of what comes near to that.
HOST_PIECE = st.sampled_from(
    ["a", "b1", "1", "0x7f", "255", "xn--a", "xn--exmple-cua", "-", "a-", "ab--c", ".", "com", "A", "_"]
)
PORT = st.sampled_from(["", "", "", ":80", ":443", ":1234", ":8080", ":59999", ":60000", ":65536", ":01234", ":"])
PIECE = st.sampled_from(
    [*"ab19/..;:@!$&'()*+,=_~%-?#[]|^`{}\"<>\\ ä", ".", "..", "%2e", "%2E.", "%41", "%zz", "//", "&", "="]
)


@st.composite
def nearly_plain_urls(draw: st.DrawFn) -> str:
    host = "".join(draw(st.lists(HOST_PIECE, min_size=1, max_size=4)))
    rest = "".join(draw(st.lists(PIECE, max_size=10)))
    return f"{draw(st.sampled_from(['http', 'https']))}://{host}{draw(PORT)}/{rest}"


@settings(max_examples=400)
@given(nearly_plain_urls())
def test_a_url_taken_as_it_stands_is_what_the_parser_makes_of_it(url: str) -> None:
    through_the_parser = url.replace("http", "HTTP", 1)
    assert urls.take_apart(url) == urls.take_apart(through_the_parser)


@given(WEB, WEB)
def test_urls_that_differ_in_path_or_host_have_different_fingerprints(one: str, other: str) -> None:
    first, second = urls.take_apart(one), urls.take_apart(other)
    assume(first is not None and second is not None)
    assert first is not None
    assert second is not None
    same = first.canonical == second.canonical
    assert (urls.fingerprint(one) == urls.fingerprint(other)) is same


@given(st.text(max_size=60))
def test_no_text_raises(text: str) -> None:
    for function in (urls.canonicalize, urls.fingerprint, urls.origin, urls.host, urls.site, urls.is_web):
        function(text)
    urls.take_apart(text)
    urls.join("https://example.com/", text)
    urls.without_credentials(text)
