"""Html becomes the tree a browser would build, with shadow roots and frames unfolded."""

from __future__ import annotations

import pytest
from lxml import etree

from crawl4ai_browser.html_tree import parse, to_lxml


def body(html: str) -> str:
    """The body, inner html."""
    tree = parse(html)
    assert tree.body is not None
    return tree.body.inner_html or ""


@pytest.mark.parametrize(
    "html",
    [
        # What libxml2 changes.
        "<h1><p>a</p></h1>",
        "<b><p>a</p></b>",
        "<address><ul><li>a</li></ul></address>",
        '<picture><source srcset="a"><img src="b"></picture>',
        "<a href=x><table><tbody><tr><td>a</td></tr></tbody></table></a>".replace("=x", '="x"'),
        "<ol><li>a</li><ul><li>b</li></ul></ol>",
        "<svg><title>a</title></svg>",
    ],
)
def test_serialized_page_is_parsed_back_as_it_was(html: str) -> None:
    assert body(html) == html


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("", ""),
        ("   ", ""),
        ("text", "text"),
        ("a\ud800b", "a\ufffdb"),
        ("\udc80<p>\ud83d\ude00</p>", "\ufffd<p>\ufffd\ufffd</p>"),
    ],
)
def test_odd_text_has_a_tree(html: str, expected: str) -> None:
    assert body(html) == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<x-a><template shadowrootmode=open><p>s</p></template></x-a>", "<x-a><p>s</p></x-a>"),
        (
            "<x-a><template shadowrootmode=open>[<slot></slot>]</template>light <b>b</b></x-a>",
            "<x-a>[<slot>light <b>b</b></slot>]</x-a>",
        ),
        (
            "<x-a><template shadowrootmode=closed><slot name=n>fallback</slot><slot name=m>kept</slot></template>"
            "<i slot=n>1</i><i slot=n>2</i><i slot=none>3</i></x-a>",
            '<x-a><slot name="n"><i slot="n">1</i><i slot="n">2</i></slot><slot name="m">kept</slot></x-a>',
        ),
        (
            "<x-a><template shadowrootmode=open><x-b><template shadowrootmode=open>(<slot></slot>)</template>"
            "<slot></slot></x-b></template>light</x-a>",
            "<x-a><x-b>(<slot><slot>light</slot></slot>)</x-b></x-a>",
        ),
        ("a<template><p>inert</p></template>", "a<template><p>inert</p></template>"),
        ("<p>shadowrootmode</p>", "<p>shadowrootmode</p>"),
    ],
)
def test_shadow_roots_become_the_flat_tree(html: str, expected: str) -> None:
    assert body(html) == expected


def test_noscript_is_parsed_as_the_browser_does() -> None:
    html = "<head><noscript><img src=x></noscript><title>T</title></head><body>a<noscript><p>b</p></noscript>"

    running, off = parse(html), parse(html, scripting=False)

    assert [node.text() for node in running.css("noscript")] == ["<img src=x>", "<p>b</p>"]
    assert running.css_first("head > title") is not None
    assert [node.tag for node in off.css("noscript, img, p")] == ["img", "p"]


def test_frame_holds_its_document() -> None:
    tree = parse(
        "<iframe srcdoc=\"<title>t</title><p>in <iframe srcdoc='deep'></iframe></p>\">raw</iframe><p>after</p>"
    )

    assert [(frame.text(), frame.css_first("p") is not None) for frame in tree.css("iframe")] == [
        ("in deep", True),
        ("deep", False),
    ]
    assert tree.text() == "in deepafter"


def test_frame_with_a_base_of_its_own_keeps_it() -> None:
    tree = parse("<iframe srcdoc=\"<base href='https://f.example/d/'><a href='x'>x</a><img src='/i.png'>\"></iframe>")

    assert [node.attributes for node in tree.css("iframe a, iframe img")] == [
        {"href": "https://f.example/d/x"},
        {"src": "https://f.example/i.png"},
    ]


def test_frames_within_frames_end() -> None:
    html = "x"
    for _ in range(12):
        html = f'<iframe srcdoc="{html.replace("&", "&amp;").replace(chr(34), "&quot;")}"></iframe>'

    assert len(parse(html).css("iframe")) <= 12


def test_copy_in_lxml_is_the_same_tree() -> None:
    html = (
        '<html lang="en"><head><title>T</title></head><body>a<p class="x">b<b>c</b>d</p>e<br>f'
        '<h1><p>g</p></h1><svg viewBox="0 0 1 1"><path d="M0"></path></svg></body></html>'
    )

    root = to_lxml(parse(html))

    assert etree.tostring(root, encoding="unicode", method="html") == html
    assert root.xpath("string(//p/b)") == "c"
    assert root.cssselect("h1 > p")[0].text == "g"


def test_copy_in_lxml_leaves_out_what_xml_can_not_hold() -> None:
    root = to_lxml(parse('<p a<b=1 c="\x01d">\x0bt\ufffe<!-- c --></p><a<b>x</a<b>'))

    [paragraph] = root.xpath("//p")
    assert paragraph.text == "t"
    assert paragraph.get("c") == "d"
    assert "x" in root.xpath("string(//body)")


def test_copy_in_lxml_of_a_deep_tree() -> None:
    assert to_lxml(parse("<div>" * 5000 + "deep")).xpath("string()") == "deep"
