"""Sitemaps of every form the protocol allows, and of those that sites make."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawl4ai_browser.errors import ExtractError
from crawl4ai_browser.frontier import sitemaps
from crawl4ai_browser.frontier.sitemaps import SitemapEntry, read_sitemap

BASE = "https://a.example/sitemap.xml"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def cut(content: bytes, size: int) -> Iterator[bytes]:
    return (content[start : start + size] for start in range(0, len(content), size))


def entries(content: str | bytes, *, size: int = 64) -> list[SitemapEntry]:
    raw = content.encode() if isinstance(content, str) else content
    return list(read_sitemap(cut(raw, size), base_url=BASE))


def found(content: str | bytes) -> list[str]:
    """The URLs, which must be the same however the bytes are cut."""
    urls = [entry.url for entry in entries(content, size=2**20)]
    for size in (1, 7, 64):
        assert [entry.url for entry in entries(content, size=size)] == urls
    return urls


def urlset(*locations: str) -> str:
    return (
        f"{HEAD}<urlset {NAMESPACE}>{''.join(f'<url><loc>{location}</loc></url>' for location in locations)}</urlset>"
    )


def test_a_urlset_gives_its_pages_with_their_dates() -> None:
    content = f"""{HEAD}<urlset {NAMESPACE}>
      <url><loc>https://a.example/1</loc><lastmod>2024-05-06</lastmod><priority>0.5</priority></url>
      <url><loc>
        https://a.example/2?x=1&amp;y=2
      </loc><changefreq>daily</changefreq></url>
    </urlset>"""
    assert entries(content) == [
        SitemapEntry("https://a.example/1", "page", datetime(2024, 5, 6, tzinfo=UTC)),
        SitemapEntry("https://a.example/2?x=1&y=2", "page", None),
    ]


def test_an_index_gives_sitemaps() -> None:
    content = f"""{HEAD}<sitemapindex {NAMESPACE}>
      <sitemap><loc>https://a.example/s1.xml.gz</loc><lastmod>2024-05-06T07:08:09+02:00</lastmod></sitemap>
    </sitemapindex>"""
    moment = datetime(2024, 5, 6, 7, 8, 9, tzinfo=timezone(timedelta(hours=2)))
    assert entries(content) == [SitemapEntry("https://a.example/s1.xml.gz", "sitemap", moment)]


def test_other_languages_come_with_a_page_and_images_do_not() -> None:
    content = f"""{HEAD}<urlset {NAMESPACE} xmlns:xhtml="http://www.w3.org/1999/xhtml" xmlns:image="urn:image">
      <url><loc>https://a.example/en</loc>
        <image:image><image:loc>https://a.example/picture.png</image:loc></image:image>
        <xhtml:link rel="alternate" hreflang="de" href="https://a.example/de"/>
        <xhtml:link rel="alternate" hreflang="fr" href="https://a.example/fr"/>
      </url></urlset>"""
    assert entries(content) == [
        SitemapEntry("https://a.example/en", alternates=("https://a.example/de", "https://a.example/fr"))
    ]


def test_rss_gives_its_items() -> None:
    content = f"""{HEAD}<rss version="2.0"><channel><title>News</title><link>https://a.example/</link>
      <item><title>One</title><link>https://a.example/1</link><pubDate>Mon, 06 May 2024 07:08:09 +0200</pubDate></item>
      <item><guid isPermaLink="true">https://a.example/2</guid></item>
      <item><guid>tag:a.example,2024:3</guid></item>
    </channel></rss>"""
    moment = datetime(2024, 5, 6, 7, 8, 9, tzinfo=timezone(timedelta(hours=2)))
    assert entries(content) == [
        SitemapEntry("https://a.example/1", modified=moment),
        SitemapEntry("https://a.example/2"),
    ]


def test_atom_gives_its_entries() -> None:
    content = f"""{HEAD}<feed xmlns="http://www.w3.org/2005/Atom"><link href="https://a.example/"/>
      <entry><link rel="self" href="https://a.example/1.atom"/><link href="/1"/><updated>2024-05-06T07:08:09Z</updated>
      </entry>
      <entry><link rel="alternate" href="https://a.example/2"/></entry></feed>"""
    moment = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert entries(content) == [
        SitemapEntry("https://a.example/1", modified=moment),
        SitemapEntry("https://a.example/2"),
    ]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_plain_text_gives_its_lines(line_end: str) -> None:
    lines = ["https://a.example/1", "", "  https://a.example/2  ", "not a url", "# comment", "https://a.example/3"]
    content = line_end.join(lines)
    assert found(content) == ["https://a.example/1", "https://a.example/2", "https://a.example/3"]
    assert found("\ufeff" + content)[0] == "https://a.example/1"


def test_gzip_is_known_by_its_bytes_in_one_part_or_many() -> None:
    content = urlset("https://a.example/1", "https://a.example/2").encode()
    assert len(found(gzip.compress(content))) == 2
    parts = gzip.compress(content[:50]) + gzip.compress(content[50:]) + b"\0" * 100
    assert len(found(parts)) == 2


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("https://a.example/?x=1&y=2", "https://a.example/?x=1&y=2"),
        ("https://a.example/?x=1&amp;y=2", "https://a.example/?x=1&y=2"),
        ("https://a.example/?x=1&copy=2", "https://a.example/?x=1&copy=2"),
        ("https://a.example/?x=1&#38;y=2", "https://a.example/?x=1&y=2"),
        ("https://a.example/?x=1&#x26;y=2", "https://a.example/?x=1&y=2"),
        ("<![CDATA[https://a.example/?x=1&y=2]]>", "https://a.example/?x=1&y=2"),
        ("<![CDATA[https://a.example/?x=1&amp;y=2]]>", "https://a.example/?x=1&amp;y=2"),
        ("/relative", "https://a.example/relative"),
        ("https://a.example/ä", "https://a.example/%C3%A4"),
    ],
)
def test_locations_are_read_as_they_were_meant(location: str, url: str) -> None:
    assert found(urlset(location)) == [url]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1"])
def test_encodings_are_the_documents(encoding: str) -> None:
    name = encoding.removesuffix("-sig")
    content = urlset("https://a.example/ä").replace("UTF-8", name).encode(encoding)
    assert found(content) == ["https://a.example/%C3%A4"]


def test_namespaces_may_be_missing_or_wrong() -> None:
    assert found("<urlset><url><loc>https://a.example/1</loc></url></urlset>") == ["https://a.example/1"]
    wrong = "<x:urlset xmlns:x='urn:wrong'><x:url><x:loc>https://a.example/1</x:loc></x:url></x:urlset>"
    assert found(wrong) == ["https://a.example/1"]


def test_a_document_that_ends_too_early_gives_what_is_complete() -> None:
    whole = urlset("https://a.example/1", "https://a.example/2", "https://a.example/3")
    assert found(whole[: whole.index("/3")]) == ["https://a.example/1", "https://a.example/2"]


@pytest.mark.parametrize(
    "location", ["mailto:a@example.com", "javascript:alert(1)", "file:///etc/passwd", "http://[", ""]
)
def test_what_is_no_url_of_the_web_is_left_out(location: str) -> None:
    assert found(urlset(location, "https://a.example/1")) == ["https://a.example/1"]


@pytest.mark.parametrize(
    "content",
    [
        "",
        " ",
        "<",
        "<!DOCTYPE html><html><body><a href='https://a.example/1'>404</a><p>https://a.example/2</p></body></html>",
        "\0\1\2\3",
        "{}",
    ],
)
def test_what_is_no_sitemap_has_no_entries(content: str) -> None:
    assert found(content) == []


def test_entities_of_the_document_itself_are_text_and_do_not_grow() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "https://a.example/x"><!ENTITY b "&a;&a;&a;&a;">]>'
    content = urlset("&b;", "https://a.example/?x&a;").replace(HEAD, HEAD + bomb)
    assert found(content) == ["https://a.example/&b;", "https://a.example/?x&a;"]


def test_no_file_is_read_through_an_entity() -> None:
    content = urlset("https://a.example/&secret;").replace(
        HEAD, HEAD + '<!DOCTYPE x [<!ENTITY secret SYSTEM "file:///etc/hostname">]>'
    )
    assert found(content) == ["https://a.example/&secret;"]


def test_a_packed_bomb_is_stopped_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemaps, "MAX_BYTES", 2**20)
    content = gzip.compress(urlset("https://a.example/1").encode() + b" " * 2**24)
    given_before: list[str] = []

    def read() -> None:
        given_before.extend(entry.url for entry in read_sitemap([content], base_url=BASE))

    with pytest.raises(ExtractError, match="more than 1048576 bytes"):
        read()
    assert given_before == ["https://a.example/1"]


def test_broken_gzip_is_said_after_what_could_be_read() -> None:
    content = bytearray(gzip.compress(urlset(*(f"https://a.example/{number}" for number in range(9999))).encode()))
    content[-8:-4] = b"\0\0\0\0"  # the check sum
    given_before: list[str] = []

    def read() -> None:
        given_before.extend(entry.url for entry in read_sitemap([bytes(content)], base_url=BASE))

    with pytest.raises(ExtractError, match="gzip is broken"):
        read()
    assert len(given_before) > 100


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024", datetime(2024, 1, 1, tzinfo=UTC)),
        ("2024-05", datetime(2024, 5, 1, tzinfo=UTC)),
        ("2024-05-06", datetime(2024, 5, 6, tzinfo=UTC)),
        ("2024-05-06T07:08Z", datetime(2024, 5, 6, 7, 8, tzinfo=UTC)),
        ("2024-05-06T07:08:09.25+00:00", datetime(2024, 5, 6, 7, 8, 9, 250000, tzinfo=UTC)),
        ("2024-05-06 07:08:09", datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)),
        ("Mon, 06 May 2024 07:08:09 GMT", datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)),
        ("2024-13-45", None),
        ("0000", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_dates_are_read_in_every_form(text: str, moment: datetime | None) -> None:
    content = f"<urlset><url><loc>https://a.example/1</loc><lastmod>{text}</lastmod></url></urlset>"
    assert [entry.modified for entry in entries(content)] == [moment]


def test_any_number_of_urls_takes_flat_memory() -> None:
    """Fifty thousand is what a sitemap may have (https://www.sitemaps.org/protocol.html)."""

    def content() -> Iterator[bytes]:
        yield b"<urlset>"
        for number in range(50_000):
            yield b"<url><loc>https://a.example/page/%d</loc><lastmod>2024-05-06</lastmod></url>" % number
        yield b"</urlset>"

    found = read_sitemap(content(), base_url=BASE)
    for _ in range(40_000):
        next(found)
    tracemalloc.start()  # only now, as it takes its time: what is kept of each would show in the last ten thousand too
    try:
        count = sum(1 for _ in found)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 10_000
    assert peak < 2**19


def test_an_endless_element_takes_flat_memory() -> None:
    def content() -> Iterator[bytes]:
        yield b"<urlset><url><loc>https://a.example/"
        for _ in range(2000):
            yield b"x" * 4096

    tracemalloc.start()
    try:
        assert list(read_sitemap(content(), base_url=BASE)) == []
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2**20


@given(st.binary(max_size=300), st.integers(1, 50))
def test_no_bytes_raise_anything_but_what_is_documented(content: bytes, size: int) -> None:
    try:
        for entry in read_sitemap(cut(content, size), base_url=BASE):
            assert entry.url.startswith(("http://", "https://"))
    except ExtractError:
        assert content.startswith(b"\x1f\x8b")


@given(st.text("<>/&;![]CDATA url loc#x38", max_size=120), st.integers(1, 20))
def test_how_the_bytes_are_cut_changes_nothing(body: str, size: int) -> None:
    content = f"<urlset><url><loc>https://a.example/1</loc></url>{body}</urlset>".encode()
    assert entries(content, size=size) == entries(content, size=10**6)
