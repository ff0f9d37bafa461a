"""Products and articles as typed values, from the things of a page (schema.org's Product, Article and their kinds)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from crawl4ai_browser.dates import parse_date
from crawl4ai_browser.extract.microdata import short_type
from crawl4ai_browser.extract.numbers import parse_number
from crawl4ai_browser.things import Article, Offer, Product

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from pydantic import JsonValue

    from crawl4ai_browser.document import Document
    from crawl4ai_browser.things import Thing

_PRODUCT_TYPES = {"Product", "ProductGroup", "IndividualProduct", "ProductModel", "SomeProducts", "Vehicle", "Car"}
_ARTICLE_TYPES = {
    *("Article", "NewsArticle", "BlogPosting", "Report", "ScholarlyArticle", "TechArticle", "SocialMediaPosting"),
    *("AnalysisNewsArticle", "OpinionNewsArticle", "ReviewNewsArticle", "ReportageNewsArticle", "LiveBlogPosting"),
    *("AdvertiserContentArticle", "SatiricalArticle", "BackgroundNewsArticle", "MedicalScholarlyArticle"),
}
_GTINS = ("gtin", "gtin13", "gtin14", "gtin12", "gtin8", "isbn")


def read_products(things: Iterable[Thing], document: Document) -> tuple[Product, ...]:
    """The products among the things, in their order; one that is told in two notations comes twice."""
    return tuple(_product(thing, document) for thing in things if not _PRODUCT_TYPES.isdisjoint(thing.types))


def read_articles(things: Iterable[Thing], document: Document) -> tuple[Article, ...]:
    """The articles among the things, in their order; one that is told in two notations comes twice."""
    return tuple(_article(thing, document) for thing in things if not _ARTICLE_TYPES.isdisjoint(thing.types))


def _product(thing: Thing, document: Document) -> Product:
    data = thing.data
    rating = _dict(data.get("aggregateRating"))
    count = _number(rating.get("reviewCount") or rating.get("ratingCount"))
    return Product(
        notation=thing.notation,
        name=_text(data.get("name")),
        description=_text(data.get("description")),
        brand=_text(data.get("brand")),
        sku=_text(data.get("sku")),
        gtin=next(filter(None, (_text(data.get(name)) for name in _GTINS)), ""),
        url=_address(data.get("url"), document),
        images=_images(data.get("image"), document),
        offers=tuple(_offers(data.get("offers"), document)),
        rating=_number(rating.get("ratingValue")),
        review_count=int(count) if count is not None else None,
    )


def _offers(value: JsonValue, document: Document) -> Iterator[Offer]:
    for data in _dicts(value):
        specification = _dict(data.get("priceSpecification"))
        price = next((data[name] for name in ("price", "lowPrice") if name in data), specification.get("price"))
        yield Offer(
            price=_number(price),
            currency=_text(data.get("priceCurrency") or specification.get("priceCurrency")),
            availability=short_type(_text(data.get("availability"))),
            url=_address(data.get("url"), document),
            seller=_text(data.get("seller")),
        )


def _article(thing: Thing, document: Document) -> Article:
    data = thing.data
    keywords = [part.strip() for text in _texts(data.get("keywords")) for part in text.split(",")]
    return Article(
        notation=thing.notation,
        headline=_text(data.get("headline")) or _text(data.get("name")),
        description=_text(data.get("description")),
        authors=tuple(dict.fromkeys(_texts(data.get("author")))),
        publisher=_text(data.get("publisher")),
        section=_text(data.get("articleSection")),
        keywords=tuple(filter(None, keywords)),
        url=_address(data.get("url") or data.get("mainEntityOfPage"), document),
        images=_images(data.get("image"), document),
        published_at=_moment(data.get("datePublished")),
        modified_at=_moment(data.get("dateModified")),
        text=_text(data.get("articleBody")),
    )


def _each(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else [value]


def _dicts(value: JsonValue) -> Iterator[dict[str, JsonValue]]:
    return (each for each in _each(value) if isinstance(each, dict))


def _dict(value: JsonValue) -> dict[str, JsonValue]:
    nothing: dict[str, JsonValue] = {}
    return next(_dicts(value), nothing)


def _texts(value: JsonValue) -> Iterator[str]:
    """Texts, numbers and the names of things."""
    for each in _each(value):
        named = each.get("name") or each.get("@value") or each.get("@id") if isinstance(each, dict) else each
        if isinstance(named, str | int | float) and not isinstance(named, bool) and str(named).strip():
            yield " ".join(str(named).split())


def _text(value: JsonValue) -> str:
    return next(_texts(value), "")


def _number(value: JsonValue) -> Decimal | None:
    text = _text(value)
    try:
        return parse_number(text) if text else None
    except ValueError:
        return None


def _moment(value: JsonValue) -> datetime | None:
    return parse_date(_text(value))


def _address(value: JsonValue, document: Document) -> str | None:
    for each in _each(value):
        given = (each.get("url") or each.get("contentUrl") or each.get("@id")) if isinstance(each, dict) else each
        given = given[0] if isinstance(given, list) and given else given
        if isinstance(given, str) and given.strip():
            return document.resolve(given.strip())
    return None


def _images(value: JsonValue, document: Document) -> tuple[str, ...]:
    found = (_address(each, document) for each in _each(value))
    return tuple(dict.fromkeys(image for image in found if image))
