"""Markdown of whole pages and of single elements, and what it must never do."""

from __future__ import annotations

import html as html_text
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from crawl4ai_browser.content.markdown import to_cited_markdown, to_markdown
from crawl4ai_browser.document import Document
from crawl4ai_browser.visible_text import hidden_nodes

PAGES = sorted((Path(__file__).parent / "pages").glob("*.html"))
COMMONMARK = MarkdownIt("commonmark").enable(["table", "strikethrough"])
"""Another implementation, to read back what we write."""


def markdown(html: str, *, url: str = "https://example.com/dir/page") -> str:
    document = Document(html, url=url)
    return to_markdown(document, skipped=hidden_nodes(document))


def read_back(text: str) -> Document:
    return Document(COMMONMARK.render(text), url="https://example.com/")


def characters(document: Document) -> str:
    """The text without what Markdown may change: white space, and quotation marks for `<q>`."""
    body = document.body
    assert body is not None
    return re.sub(r'[\s"]+', "", body.text())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_becomes_the_markdown_beside_it(page: Path) -> None:
    expected = page.with_suffix(".md").read_text(encoding="utf-8")

    assert markdown(page.read_text(encoding="utf-8")) == expected.rstrip("\n")


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("", ""),
        ("   \n ", ""),
        ("just text", "just text"),
        ("<!-- comment -->", ""),
        ("<p>a<!-- x -->b</p>", "ab"),
        ("<frameset><frame src=a></frameset>", ""),
        ("<p>unclosed <b>bold", "unclosed **bold**"),
        ("<b>bold<p>in a block</b> end", "**bold**\n\n**in a block** end"),
        ("<table><div>misplaced</div><tr><th>a<th>b</table>", "misplaced\n\n| a | b |\n| --- | --- |"),
        ("a\0b \ud800", "ab \ufffd"),
        ("<p>a\r\nb\rc</p>", "a\nb\nc"),
        ("<p>a &#x80; &unknown; &#0;</p>", "a € \\&unknown; \ufffd"),
    ],
)
def test_odd_html_loses_nothing(html: str, expected: str) -> None:
    assert markdown(html) == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        # A format within itself, and side by side, would be read as something else.
        ("<b>a<b>b</b></b>", "**ab**"),
        ("<em>a</em><em>b</em>", "*ab*"),
        ("<b>a</b> <b>b</b>", "**a** **b**"),
        ("<code>a</code><code>b</code>", "`a` `b`"),
        ("<b>line<br></b>next", "**line**  \nnext"),
        ("a<b> b</b>", "a **b**"),
        ("a<b>\nb\n</b>c", "a **b** c"),
        ("<code>a <b>b</b></code>", "`a b`"),
        ("<code>``</code>", "``` `` ```"),
        ("<sup></sup><sub> </sub>a", "a"),
    ],
)
def test_formats_that_meet(html: str, expected: str) -> None:
    assert markdown(html) == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>1<span>. a</span></p>", "1\\. a"),
        ("<p>[a]<span>(b)</span></p>", "[a]\\(b)"),
        ("<p>&lt;<span>script></span></p>", "\\<script>"),
        ("<p>&amp;<span>lt;</span></p>", "\\&lt;"),
        ("<p>-<span> a</span></p>", "\\- a"),
        ("<p>~<span>~a~</span>~</p>", "\\~\\~a\\~\\~"),
        ("<p>a\\<b>b</b></p>", "a\\\\**b**"),
    ],
)
def test_text_in_pieces_makes_no_markup(html: str, expected: str) -> None:
    assert markdown(html) == expected


@pytest.mark.parametrize(
    "href", ["javascript:alert(1)", " JavaScript:x", "java\nscript:x", "vbscript:x", "data:text/html,x"]
)
def test_link_that_runs_something_is_plain_text(href: str) -> None:
    assert markdown(f'<a href="{html_text.escape(href)}">text</a>') == "text"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://e.org/a_(b)", "[t](https://e.org/a_(b))"),
        ("https://e.org/a)b", "[t](https://e.org/a%29b)"),
        ("https://e.org/?a=1&amp;copy=2", "[t](https://e.org/?a=1&copy=2)"),
        ("https://e.org/?a=&amp;lt;", "[t](https://e.org/?a=\\&lt;)"),
        ("https://e.org/ä", "[t](https://e.org/%C3%A4)"),
        ("mailto:a b@e.org", "[t](mailto:a%20b@e.org)"),
        ("tel:+41 1", "[t](tel:+41%201)"),
        ("x:<y>", "[t](x:%3Cy%3E)"),
    ],
)
def test_target_of_a_link_survives(url: str, expected: str) -> None:
    assert markdown(f'<a href="{url}">t</a>') == expected
    [link] = read_back(expected).tree.css("a")
    assert link.text() == "t"


def test_heading_permalink_is_left_out_and_other_links_stay() -> None:
    assert markdown('<h2>A<a href="#a">#</a></h2><p><a href="#a">#</a></p><h3><a href="#b">B</a></h3>') == (
        "## A\n\n[#](https://example.com/dir/page#a)\n\n### [B](https://example.com/dir/page#b)"
    )


def test_nested_formats_end_where_deep_nesting_begins() -> None:
    text = markdown("<ul><li>" * 100 + "<b>deep</b>" + "</li></ul>" * 100)

    assert text.lstrip("- ").strip("*") == "deep"
    assert len(text) < 1000


def test_cited_form_lists_each_target_once() -> None:
    document = Document(
        '<p><a href="/a">one</a> <a href="/b" title="B">two</a> <a href="/a">three</a> [1] f[2](x)</p>',
        url="https://example.com/",
    )

    text = to_cited_markdown(document)

    assert text == (
        "[one][1] [two][2] [three][1] \\[1] f[2\\](x)\n\n[1]: https://example.com/a\n[2]: https://example.com/b"
    )
    assert [link.attributes["href"] for link in read_back(text).tree.css("a")] == [
        "https://example.com/a",
        "https://example.com/b",
        "https://example.com/a",
    ]


def test_cited_form_without_links_is_the_plain_form() -> None:
    document = Document("<p>no link</p>", url="https://example.com/")

    assert to_cited_markdown(document) == to_markdown(document) == "no link"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("<tr><th>A</tr><tr hidden><td>x</tr><tr><td>1</tr>", "| A |\n| --- |\n| 1 |"),
        ("<tr style='display:none'><th>A</tr><tr><td>1</tr>", "|  |\n| --- |\n| 1 |"),
        ("<tr hidden><th>A</tr>", ""),
        ("<tr><th>A</tr><tr><td></tr>", "| A |\n| --- |\n|  |"),
    ],
)
def test_rows_that_are_not_shown_are_left_out(rows: str, expected: str) -> None:
    assert markdown(f"<table>{rows}</table>") == expected


def test_formula_comes_once_in_tex() -> None:
    html = """a <span class="katex"><span class="katex-mathml"><math><semantics><mi>x</mi>
    <annotation encoding="application/x-tex">x^2</annotation></semantics></math></span>
    <span class="katex-html" aria-hidden="true">x2</span></span> b"""

    assert markdown(html).split() == ["a", "$x^2$", "b"]


def test_element_that_is_skipped_takes_all_below_with_it() -> None:
    document = Document("<div id=a><p>a<b>b</b></p></div><p>c</p>", url="https://example.com/")
    node = document.tree.css_first("#a")
    assert node is not None

    assert to_markdown(document, skipped={node.mem_id}) == "c"
    assert to_markdown(document) == "a**b**\n\nc"


# What CommonMark gives a meaning, in short texts so that they meet.
_NASTY = st.text(st.sampled_from("ab1 2\n\t*_`[]()<>#+-.!|~\\&;:=\"'/x"), max_size=14)
_INLINE = ("b", "i", "code", "a href=q", "s", "sup", "q", "kbd", "br", "img src=x", "u", "span")
_BLOCKS = ("p", "div", "h1", "h3", "blockquote", "ul", "ol", "li", "pre", "hr", "details", "summary", "a href=z", "b")


def _element(tag: str, inner: str) -> str:
    name = tag.split()[0]
    return f"<{tag}>" if name in {"br", "img", "hr"} else f"<{tag}>{inner}</{name}>"


def _nested(tags: tuple[str, ...], leaves: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4).map("".join), st.builds(_element, st.sampled_from(tags), inner)
        ),
        max_leaves=6,
    )


_INLINE_HTML = _nested(_INLINE, _NASTY.map(html_text.escape))
_BLOCK_HTML = _nested(_BLOCKS, _INLINE_HTML)


@settings(max_examples=150, deadline=None)
@given(_NASTY)
def test_any_text_is_read_back_as_itself(text: str) -> None:
    document = Document(f"<p>{html_text.escape(text)}</p>", url="https://example.com/")

    back = read_back(to_markdown(document))

    assert characters(back) == characters(document)
    assert not back.tree.css("em, strong, code, a, img, li, h1, h2, h3, h4, h5, h6, blockquote, table, hr, pre, s")


@settings(max_examples=150, deadline=None)
@given(_INLINE_HTML)
def test_any_line_keeps_its_text(html: str) -> None:
    document = Document(f"<p>{html}</p>", url="https://example.com/")

    back = read_back(to_markdown(document))

    # A mark beside punctuation and a letter (`a**.**`) is no emphasis in CommonMark and shows, as with markdownify.
    assert re.sub(r"[*~]", "", characters(back)) == re.sub(r"[*~]", "", characters(document))


@settings(max_examples=150, deadline=None)
@given(_BLOCK_HTML)
def test_any_page_has_no_runs_of_blank_lines_and_no_tags(html: str) -> None:
    text = markdown(html)

    without_code = re.sub(r"(?s)(`{3,}).*?\1", "x", text)
    assert "\n\n\n" not in without_code
    assert text == text.strip("\n")
    raw = [token.content for token in COMMONMARK.parse(text) if token.type == "html_block"]
    assert not raw
