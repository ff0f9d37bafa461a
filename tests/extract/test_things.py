from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from crawl4ai_browser.document import Document
from crawl4ai_browser.extract.microdata import read_microdata
from crawl4ai_browser.extract.subjects import read_articles, read_products
from crawl4ai_browser.extract.things import read_things
from crawl4ai_browser.things import Article, Offer, Product

URL = "https://shop.test/p/1"

PRODUCT_JSON_LD = """<script type="application/ld+json">{"@context": "https://schema.org", "@graph": [
 {"@type": "Product", "@id": "#p", "name": "Bield 2", "sku": 17, "brand": {"@type": "Brand", "name": "Hollow"},
  "image": ["/a.jpg", {"@type": "ImageObject", "url": "b.jpg"}], "offers": {"@id": "#o"}, "gtin13": "4006381333931",
  "aggregateRating": {"ratingValue": "4,5", "reviewCount": "12"}},
 {"@type": "Offer", "@id": "#o", "price": "1299.00", "priceCurrency": "EUR",
  "availability": "https://schema.org/InStock", "seller": {"name": "Kit room"}}]}</script>"""

PRODUCT_MICRODATA = """<div itemscope itemtype="https://schema.org/Product" itemref="more">
 <h1 itemprop="name">Bield 2</h1>
 <img itemprop="image" src="/a.jpg"><span itemprop="brand" itemscope itemtype="http://schema.org/Brand">
 <meta itemprop="name" content="Hollow"></span>
 <div itemprop="offers" itemscope itemtype="https://schema.org/Offer">
 <span itemprop="price" content="9.50">9,50 EUR</span>
 <meta itemprop="priceCurrency" content="EUR"><link itemprop="availability" href="https://schema.org/SoldOut"></div></div>
<p id="more"><data itemprop="sku" value="17">No. 17</data></p>"""

PRODUCT_OPEN_GRAPH = """<meta property="og:type" content="product"><meta property="og:title" content="Bield 2">
<meta property="og:image" content="/a.jpg"><meta property="product:price:amount" content="9.50">
<meta property="product:price:currency" content="EUR">"""


def products(html: str) -> tuple[Product, ...]:
    document = Document(html, url=URL)
    return read_products(read_things(document), document)


def test_a_product_of_json_ld() -> None:
    offer = Offer(price=Decimal("1299.00"), currency="EUR", availability="InStock", seller="Kit room")
    assert products(PRODUCT_JSON_LD) == (
        Product(
            notation="json-ld",
            name="Bield 2",
            brand="Hollow",
            sku="17",
            gtin="4006381333931",
            images=("https://shop.test/a.jpg", "https://shop.test/p/b.jpg"),
            offers=(offer,),
            rating=Decimal("4.5"),
            review_count=12,
        ),
    )


def test_a_product_of_microdata() -> None:
    offer = Offer(price=Decimal("9.50"), currency="EUR", availability="SoldOut")
    assert products(PRODUCT_MICRODATA) == (
        Product(
            notation="microdata",
            name="Bield 2",
            brand="Hollow",
            sku="17",
            images=("https://shop.test/a.jpg",),
            offers=(offer,),
        ),
    )


def test_a_product_of_open_graph() -> None:
    offer = Offer(price=Decimal("9.50"), currency="EUR")
    assert products(PRODUCT_OPEN_GRAPH) == (
        Product(notation="opengraph", name="Bield 2", images=("https://shop.test/a.jpg",), offers=(offer,)),
    )


def test_a_page_that_tells_it_thrice_has_it_thrice_with_json_ld_first() -> None:
    found = products(PRODUCT_MICRODATA + PRODUCT_OPEN_GRAPH + PRODUCT_JSON_LD)
    assert [product.notation for product in found] == ["json-ld", "microdata", "opengraph"]


def test_articles_of_both_notations() -> None:
    html = """<meta property="og:type" content="article"><meta property="og:title" content="Rain">
    <meta property="article:author" content="Ida"><meta property="article:tag" content="a">
    <meta property="article:tag" content="b"><meta property="article:published_time" content="2026-03-27T06:30+01:00">
    <script type="application/ld+json">[{"@type": ["NewsArticle", "Thing"], "headline": "Rain", "author":
    [{"@type": "Person", "name": "Ida"}, "Ida", {"@id": "#tom"}], "keywords": "a, b", "mainEntityOfPage": "/n/1",
    "datePublished": "2026-03-27"}, {"@type": "Person", "@id": "#tom", "name": "Tom"}]</script>"""
    document = Document(html, url=URL)
    assert read_articles(read_things(document), document) == (
        Article(
            notation="json-ld",
            headline="Rain",
            authors=("Ida", "Tom"),
            keywords=("a", "b"),
            url="https://shop.test/n/1",
            published_at=datetime(2026, 3, 27, tzinfo=UTC),
        ),
        Article(
            notation="opengraph",
            headline="Rain",
            authors=("Ida",),
            keywords=("a", "b"),
            published_at=datetime(2026, 3, 27, 5, 30, tzinfo=UTC),
        ),
    )


def test_a_page_that_says_nothing_has_no_things() -> None:
    assert read_things(Document("<p>hello</p><meta property='og:type' content='website'>", url=URL)) == ()


@pytest.mark.parametrize(
    ("element", "value"),
    [
        ("<p itemprop=x>a <b>b</b></p>", "a b"),
        ("<a itemprop=x href=../q>link</a>", "https://shop.test/q"),
        ("<object itemprop=x data=/o></object>", "https://shop.test/o"),
        ("<time itemprop=x datetime=2024-01-01>New Year</time>", "2024-01-01"),
        ("<time itemprop=x>2024</time>", "2024"),
        ("<meter itemprop=x value=4>four</meter>", "4"),
        ("<meta itemprop=x content=m>", "m"),
        ("<i itemprop=x>1</i><i itemprop=x>2</i><i itemprop='x y'>3</i>", ["1", "2", "3"]),
    ],
)
def test_a_property_of_microdata_is_what_its_element_says(element: str, value: object) -> None:
    (item,) = read_microdata(Document(f"<div itemscope>{element}</div>", url=URL))
    assert item["x"] == value


def test_items_within_items_belong_to_them_alone() -> None:
    html = "<div itemscope><p itemprop=a itemscope><b itemprop=n>1</b></p><b itemprop=n>2</b></div>"
    assert read_microdata(Document(html, url=URL)) == [{"a": {"n": "1"}, "n": "2"}]


def test_items_that_refer_to_each_other_end() -> None:
    html = "<div id=a itemscope itemref=b itemprop=p></div><div id=b itemscope itemref=a itemprop=p></div>"
    top = f"<div itemscope itemref='a b'></div>{html}"
    assert read_microdata(Document(top, url=URL)) == [{"p": [{"p": {}}, {"p": {}}]}]


def test_a_page_that_refers_without_end_is_read_in_bounded_time() -> None:
    levels = "".join(
        f"<p id=i{n} itemprop=x itemscope itemref='i{n + 1} j{n + 1}'></p>"
        f"<p id=j{n} itemprop=x itemscope itemref='i{n + 1} j{n + 1}'></p>"
        for n in range(40)
    )
    (item,) = read_microdata(Document(f"<div itemscope itemref='i0 j0'></div>{levels}", url=URL))
    assert item["x"]
