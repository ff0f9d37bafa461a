"""A document resolves its URLs as the browser would, and is parsed once."""

from __future__ import annotations

import pytest

from crawl4ai_browser.document import Document


@pytest.mark.parametrize(
    ("html", "base"),
    [
        ("<p>none</p>", "https://example.com/dir/page"),
        ('<base href="/other/">', "https://example.com/other/"),
        ('<base target=_top><base href="x/"><base href="y/">', "https://example.com/dir/x/"),
        ('<base href="">', "https://example.com/dir/page"),
        ('<base href="http://">', "https://example.com/dir/page"),
        ('<p>late</p><base href="https://cdn.example/">', "https://cdn.example/"),
    ],
)
def test_base_url(html: str, base: str) -> None:
    assert Document(html, url="https://example.com/dir/page").base_url == base


def test_base_that_the_browser_gave_goes_first() -> None:
    document = Document('<base href="/other/">', url="https://example.com/", base_url="https://given.example/x")

    assert document.resolve("y") == "https://given.example/y"


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("a b", "https://example.com/dir/a%20b"),
        ("#f", "https://example.com/dir/page#f"),
        ("//h/x", "https://h/x"),
        ("http://", None),
        ("mailto:a@b", "mailto:a@b"),
    ],
)
def test_resolve(reference: str, expected: str | None) -> None:
    document = Document("", url="https://example.com/dir/page")

    assert document.resolve(reference) == expected
    assert document.resolve(reference) == expected  # remembered


def test_trees_are_built_once() -> None:
    document = Document("<p>a</p>", url="https://example.com/")

    assert document.tree is document.tree
    assert document.root is document.root
    assert document.root.xpath("string(//p)") == "a"


def test_noscript_is_content_where_no_script_ran() -> None:
    html = "<noscript><p>Please turn on scripts</p></noscript>"

    assert Document(html, url="https://example.com/").tree.css("p") == []
    assert len(Document(html, url="https://example.com/", scripting=False).tree.css("p")) == 1


def test_empty_page_has_a_body() -> None:
    document = Document("", url="https://example.com/")

    assert document.body is not None
    assert document.root.tag == "html"


def test_frameset_stands_in_for_the_body() -> None:
    body = Document("<frameset><frame></frameset>", url="https://example.com/").body

    assert body is not None
    assert body.tag in {"frameset", "html"}
