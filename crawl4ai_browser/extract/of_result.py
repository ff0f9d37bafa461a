"""What `CrawlResult` gives of its html: the stored page parsed again, and read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, JsonValue

from crawl4ai_browser.document import Document
from crawl4ai_browser.errors import ExtractError
from crawl4ai_browser.extract.items import extract, extract_all, harvest
from crawl4ai_browser.extract.subjects import read_articles, read_products
from crawl4ai_browser.extract.things import read_things
from crawl4ai_browser.schema import Schema

if TYPE_CHECKING:
    from crawl4ai_browser.result import CrawlResult
    from crawl4ai_browser.schema import Css, XPath
    from crawl4ai_browser.things import Article, Product, Thing


def extracted(
    result: CrawlResult, what: type[BaseModel] | Schema, each: Css | XPath | str | None
) -> BaseModel | tuple[BaseModel, ...] | tuple[dict[str, JsonValue], ...]:
    """See `CrawlResult.extract`."""
    document = _document(result)
    if isinstance(what, Schema):
        found = harvest(document, what)
        if found.errors:
            raise found.errors[0]
        return found.items
    return extract(document, what) if each is None else extract_all(document, what, each)


def things_of(result: CrawlResult, types: tuple[str, ...]) -> tuple[Thing, ...]:
    """See `CrawlResult.things`."""
    things = read_things(_document(result))
    return tuple(thing for thing in things if not types or not set(types).isdisjoint(thing.types))


def products_of(result: CrawlResult) -> tuple[Product, ...]:
    """See `CrawlResult.products`."""
    document = _document(result)
    return read_products(read_things(document), document)


def articles_of(result: CrawlResult) -> tuple[Article, ...]:
    """See `CrawlResult.articles`."""
    document = _document(result)
    return read_articles(read_things(document), document)


def _document(result: CrawlResult) -> Document:
    if result.html is None:
        raise ExtractError(f"{result.url} has no html", phase="extract")
    return Document(result.html, url=result.final_url, base_url=result.base_url)
