"""Which links a page has, and what is said of each."""

from __future__ import annotations

import pytest

from crawl4ai_browser.content.links import read_links
from crawl4ai_browser.document import Document
from crawl4ai_browser.page_content import Link

URL = "https://www.example.co.uk/dir/page?q=1"


def links(html: str, *, url: str = URL) -> tuple[Link, ...]:
    return read_links(Document(html, url=url))


def urls_of(html: str) -> list[str]:
    return [link.url for link in links(html)]


def test_every_kind_in_document_order() -> None:
    html = """
    <head>
      <link rel="canonical" href="/c"><link rel="alternate" hreflang="de" href="/de">
      <link rel="stylesheet" href="/s.css">
      <link rel="next" href="?p=2"><link rel="previous" href="?p=0"><link rel="alternate stylesheet" href="/t.css">
    </head>
    <a href="a" rel="nofollow UGC" title=" A
      title ">A  <b>text</b></a>
    <map><area href="/area" alt="Area"></map>
    <a href="//other.example.org/">other</a>
    """

    assert links(html) == (
        Link(url="https://www.example.co.uk/c", rel=("canonical",), internal=True, kind="canonical"),
        Link(url="https://www.example.co.uk/de", rel=("alternate",), internal=True, kind="alternate"),
        Link(url="https://www.example.co.uk/dir/page?p=2", rel=("next",), internal=True, kind="next"),
        Link(url="https://www.example.co.uk/dir/page?p=0", rel=("previous",), internal=True, kind="prev"),
        Link(
            url="https://www.example.co.uk/dir/a",
            text="A text",
            title="A title",
            rel=("nofollow", "ugc"),
            internal=True,
        ),
        Link(url="https://www.example.co.uk/area", text="Area", internal=True, kind="area"),
        Link(url="https://other.example.org/", text="other", internal=False),
    )


@pytest.mark.parametrize(
    "href", ["#", "#top", "", "  ", "javascript:void(0)", "JAVASCRIPT:x", "data:text/html,x", "http://", "https://[x/"]
)
def test_what_is_no_address_is_left_out(href: str) -> None:
    assert links(f'<a href="{href}">x</a>') == ()


def test_place_in_another_page_keeps_its_fragment() -> None:
    assert urls_of('<a href="/other#part">x</a>') == ["https://www.example.co.uk/other#part"]


def test_same_url_is_one_link_with_the_first_text() -> None:
    [link] = links('<a href="/a" rel=x></a><a href="../a"><img alt="picture"></a><a href="/a" title="T">text</a>')

    assert link == Link(
        url="https://www.example.co.uk/a", text="picture", title="T", rel=("x",), internal=True, kind="anchor"
    )


def test_base_element_counts() -> None:
    assert urls_of('<base href="https://cdn.example/x/"><a href="y">y</a>') == ["https://cdn.example/x/y"]


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        ("a <script>s</script><style>t</style>b", "a b"),
        ("<div>a</div><div>b</div>", "a b"),
        ("a&shy;b", "ab"),
        ('<img alt=""><img alt="second">', "second"),
        ('<svg aria-label="Icon"></svg>', "Icon"),
        ("<svg><title>Icon title</title></svg>", "Icon title"),
        ("", ""),
    ],
)
def test_text_is_what_a_reader_sees_or_hears(inner: str, expected: str) -> None:
    [link] = links(f'<a href="/x">{inner}</a>')

    assert link.text == expected


def test_label_speaks_for_a_link_without_text() -> None:
    [first, second] = links('<a href="/a" aria-label="Label" title="Title"></a><a href="/b" title="Title"><i></i></a>')

    assert (first.text, second.text) == ("Label", "Title")


@pytest.mark.parametrize(
    ("page", "href", "internal"),
    [
        (URL, "https://shop.example.co.uk/", True),
        (URL, "http://www.example.co.uk:8080/", True),
        (URL, "https://other.co.uk/", False),
        (URL, "mailto:a@example.co.uk", False),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:9000/", True),
        ("http://127.0.0.1:8000/", "http://127.0.0.2:8000/", False),
        ("http://localhost/", "/x", True),
        ("file:///dir/a.html", "b.html", True),
        ("file:///dir/a.html", "https://example.com/", False),
        ("about:blank", "https://example.com/", False),
    ],
)
def test_internal_means_of_the_same_site(page: str, href: str, *, internal: bool) -> None:
    [link] = links(f'<a href="{href}">x</a>', url=page)

    assert link.internal is internal


def test_links_in_shadow_roots_and_frames_count_where_they_stand() -> None:
    html = """<a href="/1">1</a>
    <my-menu><template shadowrootmode="open"><a href="/2">2</a><slot></slot></template><a href="/3">3</a></my-menu>
    <iframe srcdoc="<a href='/4'>4</a>"></iframe><a href="/5">5</a>
    <template><a href="/never">inert</a></template>"""

    assert [link.text for link in links(html)] == ["1", "2", "3", "4", "5"]
