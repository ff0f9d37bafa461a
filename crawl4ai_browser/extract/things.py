"""The things that a page describes: JSON-LD, microdata and OpenGraph, in one form."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from crawl4ai_browser.extract.microdata import read_microdata, short_type
from crawl4ai_browser.json_ld import parse_json_ld
from crawl4ai_browser.things import Thing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic import JsonValue

    from crawl4ai_browser.document import Document
    from crawl4ai_browser.things import Notation

_OPEN_GRAPH_ARTICLE = {
    "og:title": "headline",
    "og:description": "description",
    "og:url": "url",
    "og:image": "image",
    "og:site_name": "publisher",
    "article:published_time": "datePublished",
    "article:modified_time": "dateModified",
    "article:author": "author",
    "article:section": "articleSection",
    "article:tag": "keywords",
}
_OPEN_GRAPH_PRODUCT = {
    "og:title": "name",
    "og:description": "description",
    "og:url": "url",
    "og:image": "image",
    "product:brand": "brand",
    "product:retailer_item_id": "sku",
    "product:gtin": "gtin",
}
_OPEN_GRAPH_OFFER = {
    "product:price:amount": "price",
    "og:price:amount": "price",
    "product:price:currency": "priceCurrency",
    "og:price:currency": "priceCurrency",
    "product:availability": "availability",
    "og:availability": "availability",
}
_URL_PROPERTIES = {"og:url", "og:image"}


def read_things(document: Document) -> tuple[Thing, ...]:
    """All of them, those of JSON-LD first: it is what pages keep in order for search engines."""
    return (*_json_ld_things(document), *_microdata_things(document), *_open_graph_things(document))


def types_of(data: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """The types of a thing, without their vocabulary."""
    given = data.get("@type")
    names = given if isinstance(given, list) else [given]
    return tuple(short_type(name) for name in names if isinstance(name, str))


def _json_ld_things(document: Document) -> Iterator[Thing]:
    found = [data for value in _json_ld(document) for data in _top(value)]
    by_id = {identity: data for data in found if isinstance(identity := data.get("@id"), str)}
    for data in found:
        yield _thing({name: _followed(value, by_id) for name, value in data.items()}, "json-ld")


def _followed(value: JsonValue, by_id: Mapping[str, dict[str, JsonValue]]) -> JsonValue:
    """The value, or what it refers to by its `@id` alone. One step: graphs have circles."""
    if isinstance(value, list):
        return [_followed(each, by_id) for each in value]
    if isinstance(value, dict) and value.keys() == {"@id"}:
        identity = value["@id"]
        return by_id.get(identity, value) if isinstance(identity, str) else value
    return value


def _json_ld(document: Document) -> Iterator[JsonValue]:
    for node in document.tree.css("script[type]"):
        kind = (node.attributes.get("type") or "").partition(";")[0].strip().lower()
        if kind == "application/ld+json":
            yield from parse_json_ld(node.text() or "")


def _top(value: JsonValue) -> Iterator[dict[str, JsonValue]]:
    """The things at the top: of a list each, of a graph each."""
    if isinstance(value, list):
        for each in value:
            yield from _top(each)
    elif isinstance(value, dict):
        if value.get("@type") is not None:
            yield value
        yield from _top(value.get("@graph"))


def _microdata_things(document: Document) -> Iterator[Thing]:
    return (_thing(data, "microdata") for data in read_microdata(document))


def _thing(data: dict[str, JsonValue], notation: Notation) -> Thing:
    identity = data.get("@id")
    properties = {name: value for name, value in data.items() if name not in {"@type", "@id", "@context", "@graph"}}
    return Thing(
        types=types_of(data),
        notation=notation,
        id=identity if isinstance(identity, str) else None,
        data=properties,
    )


def _open_graph_things(document: Document) -> Iterator[Thing]:
    """The page as an article or a product, where OpenGraph says that it is one."""
    graph = _open_graph(document)
    kind = " ".join(graph.get("og:type", ())).lower()
    offer = _named(graph, _OPEN_GRAPH_OFFER)
    if "product" in kind or (offer and not kind):
        data = _named(graph, _OPEN_GRAPH_PRODUCT)
        if offer:
            data["offers"] = {"@type": "Offer", **offer}
        yield Thing(types=("Product",), notation="opengraph", data=data)
    elif kind == "article":
        yield Thing(types=("Article",), notation="opengraph", data=_named(graph, _OPEN_GRAPH_ARTICLE))


def _open_graph(document: Document) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for node in document.tree.css("meta[property][content]"):
        attributes = node.attributes
        name = (attributes.get("property") or "").strip().lower()
        content = (attributes.get("content") or "").strip()
        if name in _URL_PROPERTIES and content:
            content = document.resolve(content) or content
        if content:
            found.setdefault(name, []).append(content)
    return found


def _named(graph: dict[str, list[str]], names: Mapping[str, str]) -> dict[str, JsonValue]:
    data: dict[str, JsonValue] = {}
    for name, ours in names.items():
        values = graph.get(name)
        if values and ours not in data:
            data[ours] = values[0] if len(values) == 1 else cast("list[JsonValue]", values)
    return data
