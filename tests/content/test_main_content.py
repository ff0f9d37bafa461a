"""What is left when boilerplate is taken away."""

from __future__ import annotations

import pytest

from crawl4ai_browser.content.main_content import boilerplate
from crawl4ai_browser.content.text import to_text
from crawl4ai_browser.document import Document
from crawl4ai_browser.visible_text import hidden_nodes

SENTENCE = "This is a sentence of the text, which is what a reader came for. "
TEXT = f"<h1>Title</h1><p>{SENTENCE * 6}</p><p>Second: {SENTENCE * 6}</p>"


def main_text(html: str) -> str:
    document = Document(html, url="https://example.com/")
    hidden = hidden_nodes(document)
    return to_text(document, skipped=hidden | boilerplate(document, skipped=hidden))


def is_kept(part: str, *, beside: str = TEXT) -> bool:
    text = main_text(f"<body>{beside}{part}</body>")
    assert "Title" in text
    assert text.count("This is a sentence") >= 12
    return "marked" in text


@pytest.mark.parametrize(
    "part",
    [
        "<nav>marked</nav>",
        "<footer>marked</footer>",
        "<aside>marked</aside>",
        "<header>marked</header>",
        "<div role=navigation>marked</div>",
        "<div role=dialog>marked</div>",
        "<div aria-modal=true>marked</div>",
        "<div class=sidebar>marked</div>",
        "<div class='col-3 siteNav'>marked</div>",
        "<div id=page_footer>marked</div>",
        "<section class='cookie-banner'>marked</section>",
        "<ul class=breadcrumbs><li>marked</ul>",
        "<div class='share-buttons'>marked</div>",
        "<div class='related-posts'>marked</div>",
        "<p class='visually-hidden'>marked</p>",
        "<div class='d-none'>marked</div>",
        "<button>marked</button>",
        "<div class=comments>marked</div>",
        "<ul><li><a href=/a>marked one</a><li><a href=/b>two and three</a></ul>",
        f"<div class=widget><div class=advert>{SENTENCE} marked</div></div>",
    ],
)
def test_boilerplate_is_taken_away(part: str) -> None:
    assert not is_kept(part)


@pytest.mark.parametrize(
    "part",
    [
        "<p>marked</p>",
        "<section id=cookies><h2>Cookies</h2>marked</section>",
        "<article><header>marked</header></article>",
        "<aside role=doc-footnote>marked</aside>",
        "<aside class=footnote-list>marked</aside>",
        "<div class='hidden md:block'>marked</div>",
        "<div class='d-none d-md-flex'>marked</div>",
        "<div class=sidereal>marked</div>",
        f"<div class=notice>{SENTENCE * 3} marked</div>",
        f"<p>{SENTENCE}<a href=/x>marked link in a text</a></p>",
        "<pre class=nav>marked</pre>",
        "<div><h1><a href=/x>marked title that links to its page</a></h1></div>",
        f"<label>{SENTENCE * 2} marked</label>",
    ],
)
def test_content_stays(part: str) -> None:
    assert is_kept(part)


def test_name_of_a_wrapper_takes_nothing_away() -> None:
    assert is_kept("marked", beside=f"<div class='layout-sidebar'>{TEXT}</div>")


def test_main_element_is_all_there_is() -> None:
    assert not is_kept("<div>marked</div>", beside=f"<main>{TEXT}</main>")


def test_small_main_element_is_not_believed() -> None:
    assert is_kept("<main>marked</main>")


def test_comments_are_the_content_of_a_forum() -> None:
    posts = "".join(f"<div class=comment>Post {number}: {SENTENCE}</div>" for number in range(20))

    assert main_text(f"<h1>Thread</h1>{posts}").count("This is a sentence") == 20


def test_links_are_the_content_of_a_list() -> None:
    cards = "".join(f"<div class=card><a href=/{number}>Card number {number} of many</a></div>" for number in range(20))

    assert main_text(f"<nav><a href=/>Home</a></nav>{cards}").count("Card number") == 20


@pytest.mark.parametrize("html", ["", "<p>only</p>", "<nav>only navigation</nav>"])
def test_page_without_boilerplate_or_without_content(html: str) -> None:
    assert main_text(html) == to_text(Document(html, url="https://example.com/"))
