"""What a page says about itself."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crawl4ai_browser.content.metadata import read_metadata
from crawl4ai_browser.document import Document
from crawl4ai_browser.page_content import PageMetadata


def metadata(html: str) -> PageMetadata:
    return read_metadata(Document(html, url="https://example.com/dir/page"))


def test_page_that_says_everything() -> None:
    found = metadata("""
    <html lang="de-CH"><head>
      <title> The
        title </title>
      <meta name="Description" content="What it  is about">
      <meta name="keywords" content="one, two,,One,one">
      <meta name="robots" content="NOINDEX, follow">
      <meta name="author" content="A. Author">
      <meta name="generator" content="Hand"><meta name="generator" content="second">
      <meta http-equiv="refresh" content="5">
      <meta property="og:title" content="OG title">
      <meta property="og:image" content="/og1.png"><meta property="og:image" content="/og2.png">
      <meta property="article:published_time" content="2024-05-06T07:08:09+02:00">
      <meta property="article:modified_time" content="2024-05-07">
      <meta name="twitter:card" content="summary"><meta property="twitter:site" content="@site">
      <link rel="canonical" href="../canonical"><link rel="shortcut icon" href="/icon.png">
      <script type="application/ld+json">{"@type": "Article", "headline": "H"}</script>
    </head></html>""")

    assert found == PageMetadata(
        title="The title",
        description="What it is about",
        language="de-CH",
        canonical="https://example.com/canonical",
        author="A. Author",
        published_at=datetime(2024, 5, 6, 5, 8, 9, tzinfo=UTC),
        modified_at=datetime(2024, 5, 7, tzinfo=UTC),
        keywords=("one", "two", "One"),
        robots=("noindex", "follow"),
        image="https://example.com/og1.png",
        favicon="https://example.com/icon.png",
        open_graph={
            "og:title": ("OG title",),
            "og:image": ("/og1.png", "/og2.png"),
            "article:published_time": ("2024-05-06T07:08:09+02:00",),
            "article:modified_time": ("2024-05-07",),
        },
        twitter={"card": "summary", "site": "@site"},
        meta={
            "description": "What it  is about",
            "keywords": "one, two,,One,one",
            "robots": "NOINDEX, follow",
            "author": "A. Author",
            "generator": "Hand",
            "refresh": "5",
        },
        json_ld=({"@type": "Article", "headline": "H"},),
    )


def test_page_that_says_nothing() -> None:
    assert metadata("") == PageMetadata()


@pytest.mark.parametrize(
    ("html", "title"),
    [
        ("<title>T</title><meta property=og:title content=O>", "T"),
        ("<title> </title><meta property=og:title content=O>", "O"),
        ("<meta name=twitter:title content=W><h1>H</h1>", "W"),
        ("<h1>The <b>heading</b></h1>", "The heading"),
        ("<svg><title>drawing</title></svg>", ""),
        ("<title>&lt;script&gt;</title>", "<script>"),
    ],
)
def test_title(html: str, title: str) -> None:
    assert metadata(html).title == title


@pytest.mark.parametrize(
    ("html", "language"),
    [
        ("<html lang=fr><meta property=og:locale content=en_US>", "fr"),
        ('<html lang=""><meta http-equiv=Content-Language content=it>', "it"),
        ("<meta property=og:locale content=pt_BR>", "pt-BR"),
    ],
)
def test_language(html: str, language: str) -> None:
    assert metadata(html).language == language


@pytest.mark.parametrize(
    ("html", "author"),
    [
        ('<meta name="author" content="M"><script type=application/ld+json>{"author":"J"}</script>', "M"),
        ('<meta property="article:author" content="https://facebook.com/x"><a rel="author">R</a>', "R"),
        ('<script type=application/ld+json>{"author":{"name":"J"}}</script>', "J"),
        ('<script type=application/ld+json>{"author":[{"name":"A"},"B",{"x":1},{"name":["no"]},"A"]}</script>', "A, B"),
        ('<script type=application/ld+json>{"@graph":[{"author":"G"}]}</script>', "G"),
        ('<span itemprop="author"><span itemprop="name">I</span>, editor</span>', "I"),
        ('<a rel="author" href="/x"></a><span itemprop="author">S</span>', "S"),
        ("<p>By nobody</p>", ""),
    ],
)
def test_author(html: str, author: str) -> None:
    assert metadata(html).author == author


@pytest.mark.parametrize(
    "html",
    [
        '<meta property="article:published_time" content="2024-05-06">',
        '<meta property="article:published_time" content="soon"><meta name="date" content="2024-05-06">',
        '<script type="application/ld+json">{"datePublished": "2024-05-06T00:00Z"}</script>',
        '<script type="application/ld+json">[{"x": 1}, {"@graph": [{"datePublished": "2024-05-06"}]}]</script>',
        '<meta name="DC.date.issued" content="6 May 2024">',
        '<meta itemprop="datePublished" content="2024-05-06">',
        '<time itemprop="datePublished" datetime="2024-05-06">x</time>',
        "<article><time datetime='2024-05-06'>x</time><time datetime='2020-01-01'>y</time></article>",
        "<time pubdate>May 6, 2024</time>",
    ],
)
def test_time_of_publication(html: str) -> None:
    assert metadata(html).published_at == datetime(2024, 5, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    "html",
    [
        '<meta property="og:updated_time" content="2024-05-06T00:00:00Z">',
        '<script type="application/ld+json">{"dateModified": "2024-05-06"}</script>',
        '<meta name="last-modified" content="Mon, 06 May 2024 00:00:00 GMT">',
        '<time class="updated" datetime="2024-05-06">x</time>',
    ],
)
def test_time_of_change(html: str) -> None:
    found = metadata(html)

    assert found.modified_at == datetime(2024, 5, 6, tzinfo=UTC)
    assert found.published_at is None


def test_date_elsewhere_in_the_page_is_not_its_own() -> None:
    assert metadata("<aside><time datetime='2024-05-06'>x</time></aside>").published_at is None


def test_icon_in_the_page_itself_is_no_address() -> None:
    assert metadata('<link rel="icon" href="data:image/png;base64,AAAA">').favicon is None


def test_broken_json_ld_leaves_the_rest() -> None:
    found = metadata(
        '<script type="application/ld+json">{"a": </script><script type="APPLICATION/LD+JSON">{"b": 1}</script>'
    )

    assert found.json_ld == ({"b": 1},)
