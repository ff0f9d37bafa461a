"""Html that nests without end is flattened, and loses nothing but depth."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from crawl4ai_browser.html_depth import MAX_ATTRIBUTE_COUNT, MAX_DEPTH, limit_depth
from crawl4ai_browser.html_tree import children


def depth_of(html: str) -> int:
    """Levels of the deepest element."""
    root = LexborHTMLParser(html).root
    level = [] if root is None else [root]
    depth = 0
    while level:
        depth += 1
        level = [child for node in level for child in children(node)]
    return depth


def text_of(html: str) -> str:
    return LexborHTMLParser(html).text()


@pytest.mark.parametrize(
    "html",
    [
        "",
        "text",
        "<p>a</p>" * 5000,
        "<ul>" + "<li>a</li>" * 5000 + "</ul>",
        "<br>" * 5000,
        "<div>" * MAX_DEPTH + "x" + "</div>" * MAX_DEPTH,
        '<a href="?' + "x=1&" * 5000 + '">x</a>',
    ],
)
def test_ordinary_html_stays_as_it_is(html: str) -> None:
    assert limit_depth(html) == html


@pytest.mark.parametrize("tag", ["div", "ul><li", "blockquote", "b", "span class=x", "x-y", "table><tr><td", "button"])
def test_deep_html_keeps_its_text(tag: str) -> None:
    names = [name.split()[0] for name in tag.split("><")]
    ends = "".join(f"</{name}>" for name in reversed(names))
    html = f"<main><{tag}>x " * 3000 + "deep" + f"{ends}</main> " * 3000 + "<p>after</p>"

    flat = limit_depth(html)

    assert depth_of(flat) < 2 * MAX_DEPTH  # the parser adds a <tbody> to each table
    assert text_of(flat).replace(" ", "") == "x" * 3000 + "deepafter"


def test_deep_elements_keep_their_attributes_and_links() -> None:
    html = "<div>" * 2000 + '<a href="/x" title=">">link</a><img src="i.png">' + "</div>" * 2000

    tree = LexborHTMLParser(limit_depth(html))

    assert [link.attributes for link in tree.css("a")] == [{"href": "/x", "title": ">"}]
    assert len(tree.css("img")) == 1


@pytest.mark.parametrize(
    ("inner", "text"),
    [
        ("<script>if (a < b) '</div>'</script>x", "x"),
        ("<!-- </div><div> -->x", "x"),
        ("<textarea></div></textarea>x", "</div>x"),
        ("<p>unclosed<p>x", "unclosedx"),
        ("</span></b>x", "x"),
        ("<STYLE></div></StYlE >x", "x"),
        ("a < b", "a < b"),
        ("x<![CDATA[y]]>", "x"),
    ],
)
def test_what_looks_like_tags_is_none(inner: str, text: str) -> None:
    html = "<div>" * 1000 + inner + "</div>" * 1000 + "<p>after"

    tree = LexborHTMLParser(limit_depth(html))
    tree.strip_tags(["script", "style"])

    assert tree.text() == f"{text}after"


@pytest.mark.parametrize("end", ["<a href='", "<a", "<!--", "<script>", "</", "<", "<!", "<a b=\"'"])
def test_html_that_breaks_off(end: str) -> None:
    assert text_of(limit_depth("<div>" * 1000 + "x" + end)).startswith("x")


def test_excess_attributes_are_cut() -> None:
    attributes = " ".join(f'a{number}="{number} x"' for number in range(5000))

    tree = LexborHTMLParser(limit_depth(f"<p {attributes}>x</p><p b=1>y"))

    first, second = tree.css("p")
    assert list(first.attributes) == [f"a{number}" for number in range(MAX_ATTRIBUTE_COUNT)]
    assert first.attributes["a7"] == "7 x"
    assert second.attributes == {"b": "1"}


_PARTS = "<div> </div> <b> </b> <br> x <p> <li> <!-- --> <"


@settings(max_examples=60, deadline=None)
@example(["<", "</div>", "x"])
@given(st.lists(st.sampled_from(_PARTS.split()), max_size=30))
def test_any_html_keeps_its_text_below_the_limit(parts: list[str]) -> None:
    html = "<section>" * 600 + "".join(parts) + "</section>" * 600

    assert text_of(limit_depth(html)) == text_of(html)
