"""The content stage as a whole: the parts asked for, and no page that it fails on."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawl4ai_browser.config import ContentConfig
from crawl4ai_browser.content.render import render
from crawl4ai_browser.document import Document
from crawl4ai_browser.page_content import Content, PageMetadata

EVERYTHING = ContentConfig(cited_markdown=True, main_markdown=True, text=True)
PAGE = """<title>Title</title><nav><a href="/">Home</a></nav><main><h1>Heading</h1><p>Some <b>text</b> and
<a href="/link">a link</a>.</p><img src="/i.png"><table><tr><th>A</th></tr><tr><td>1</td></tr></table></main>"""


def rendered(html: str, config: ContentConfig = EVERYTHING) -> Content:
    return render(Document(html, url="https://example.com/"), config)


def test_default_parts() -> None:
    content = rendered(PAGE, ContentConfig())

    assert content.markdown is not None
    assert content.markdown.startswith("[Home](https://example.com/)\n\n# Heading\n\nSome **text** and\n[a link]")
    assert [link.text for link in content.links] == ["Home", "a link"]
    assert [media.url for media in content.media] == ["https://example.com/i.png"]
    assert [table.headers for table in content.tables] == [("A",)]
    assert content.metadata.title == "Title"
    assert (content.cited_markdown, content.main_markdown, content.text) == (None, None, None)
    assert set(content.timings) == {"parse", "markdown", "links", "media", "tables", "metadata"}
    assert all(seconds >= 0 for seconds in content.timings.values())


def test_every_part() -> None:
    content = rendered(PAGE)

    assert content.cited_markdown is not None
    assert content.cited_markdown.endswith("\n\n[1]: https://example.com/\n[2]: https://example.com/link")
    assert content.main_markdown is not None
    assert content.main_markdown.startswith("# Heading")
    assert content.text == "Home\nHeading\nSome text and a link.\nA\n1"


def test_nothing_asked_for_is_nothing_made() -> None:
    config = ContentConfig(markdown=False, links=False, media=False, tables=False, metadata=False)

    content = rendered(PAGE, config)

    assert content == Content(timings=content.timings)
    assert content.metadata == PageMetadata()
    assert set(content.timings) <= {"parse"}


def test_tree_is_left_as_it_was() -> None:
    document = Document(PAGE + "<p hidden>x</p><ul><li>y<pre>z</pre></ul>", url="https://example.com/")
    before = document.tree.html

    render(document, EVERYTHING)

    assert document.tree.html == before


DEPTH = 5000
NESTS = (
    "div",
    "ul><li",
    "blockquote",
    "table><tr><td",
    "b",
    "span",
    "a href=x",
    "section",
    "font",
    "details",
    "svg><g",
)


@pytest.mark.parametrize("tags", NESTS)
def test_deep_nesting_loses_no_text(tags: str) -> None:
    names = [tag.split()[0] for tag in tags.split("><")]
    ends = "".join(f"</{name}>" for name in reversed(names))

    content = rendered(f"<{tags}>" * DEPTH + "deep" + ends * DEPTH + "<p>after</p>")

    assert content.text is not None
    assert content.markdown is not None
    if names[0] != "svg":  # a drawing's text is none of the page's
        assert "deep" in content.text
        assert "deep" in content.markdown
    assert content.text.endswith("after")
    assert content.markdown.endswith("after")
    assert len(content.markdown) < 20 * DEPTH


def test_large_page() -> None:
    html = "".join(
        f"<h2>Heading {n}</h2><p>Some <b>bold</b> text with <a href='/page/{n}'>link {n}</a>.</p><ul><li>a<li>b</ul>"
        for n in range(2000)
    )

    content = rendered(html)

    assert content.markdown is not None
    assert content.markdown.count("## Heading") == 2000
    assert len(content.links) == 2000
    assert content.links[-1].text == "link 1999"


_TAG_NAMES = """
    a abbr area article aside b base blockquote body br button caption code col colgroup dd del details dialog div dl dt
    em embed figcaption figure font footer form frameset h1 h2 h3 head header hr html i iframe img input ins kbd label
    legend li link main map math menu meta nav noscript object ol optgroup option p picture plaintext pre q rp rt ruby s
    script section select slot small source span strong style sub summary sup svg table tbody td template textarea tfoot
    th thead time title tr u ul video x-y xmp a:b
"""
_TAGS = st.sampled_from(_TAG_NAMES.split())
_ATTRIBUTE_TEXT = """
    href=/x|href=//|href=#a|src=i.png|src=data:,|srcset=a 1x, b 2x|data-src=l.png|alt=[a] <b>|title=q'\\|class=nav
    |class=language-x|class=comment|colspan=3|rowspan=0|rowspan=9|hidden=|style=display:none|role=presentation|role=main
    |start=-5|value=9999999999|reversed=|shadowrootmode=open|name=description|property=og:image|content=2024-01-01
    |itemprop=author datePublished|type=application/ld+json|type=checkbox|slot=s|srcdoc=<p>x<iframe srcdoc=y>
    |rel=canonical icon|width=1|height=1|dir=\x00
"""
_ATTRIBUTES = st.sampled_from(_ATTRIBUTE_TEXT.split("|"))
_ATTRIBUTE_LISTS = st.lists(_ATTRIBUTES, max_size=3)
_TEXTS = st.one_of(
    st.text(max_size=8),
    st.text(st.sampled_from("*_`[]()<>#+-.!|~\\&;:=\"' \n\ud800\x00\x0b"), max_size=8),
    st.sampled_from(['{"author": [{"name": 1}]}', "</div>", "</p>", "<!-- x -->", "<![CDATA[", "<a ", "&#xD800;"]),
)


@st.composite
def _elements(draw: st.DrawFn, inner: st.SearchStrategy[str]) -> str:
    tag = draw(_TAGS)
    attributes = "".join(
        f' {name.strip()}="{value}"' for name, _, value in (each.partition("=") for each in draw(_ATTRIBUTE_LISTS))
    )
    content = "".join(draw(st.lists(inner, max_size=4)))
    return f"<{tag}{attributes}>{content}" + draw(st.sampled_from([f"</{tag}>", ""]))


_PAGES = st.recursive(_TEXTS, _elements, max_leaves=12)


@settings(max_examples=200, deadline=None)
@given(_PAGES)
def test_any_page_becomes_content_that_travels(html: str) -> None:
    content = rendered(html)

    assert Content.model_validate_json(content.model_dump_json()) == content
    assert pickle.loads(pickle.dumps(content)) == content


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_page(data: bytes) -> None:
    content = rendered(data.decode("utf-8", "surrogateescape"))

    assert Content.model_validate_json(content.model_dump_json()) == content
