"""Thing, Product and Article: what pages say about their subject in notations made for machines, as values."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias

from pydantic import JsonValue

from crawl4ai_browser.frozen import Frozen

Notation: TypeAlias = Literal["json-ld", "microdata", "opengraph"]


class Thing(Frozen):
    """One thing that a page describes, in schema.org's words whatever the notation."""

    types: tuple[str, ...]
    """Without the vocabulary's address: `Product`."""
    notation: Notation
    id: str | None = None
    data: dict[str, JsonValue]
    """Its properties, as JSON-LD has them: a value, or a list of values; a thing within it is such a dict in turn, with
    its type in `@type`."""


class Offer(Frozen):
    """At what a product is sold."""

    price: Decimal | None = None
    """The lowest, where a range is given."""
    currency: str = ""
    """ISO 4217, such as EUR."""
    availability: str = ""
    """Such as InStock."""
    url: str | None = None
    seller: str = ""


class Product(Frozen):
    """A product. What the page does not say is empty."""

    notation: Notation
    name: str = ""
    description: str = ""
    brand: str = ""
    sku: str = ""
    gtin: str = ""
    url: str | None = None
    images: tuple[str, ...] = ()
    offers: tuple[Offer, ...] = ()
    rating: Decimal | None = None
    review_count: int | None = None


class Article(Frozen):
    """An article, a news item, a post. What the page does not say is empty."""

    notation: Notation
    headline: str = ""
    description: str = ""
    authors: tuple[str, ...] = ()
    publisher: str = ""
    section: str = ""
    keywords: tuple[str, ...] = ()
    url: str | None = None
    images: tuple[str, ...] = ()
    published_at: datetime | None = None
    modified_at: datetime | None = None
    text: str = ""
