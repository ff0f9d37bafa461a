"""What a page says about itself: title, meta elements, OpenGraph, Twitter cards, JSON-LD, dates, author."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawl4ai_browser.dates import parse_date
from crawl4ai_browser.json_ld import parse_json_ld
from crawl4ai_browser.page_content import PageMetadata
from crawl4ai_browser.visible_text import collapse, visible_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from pydantic import JsonValue

    from crawl4ai_browser.document import Document

_OPEN_GRAPH_PREFIXES = ("og:", "article:", "book:", "profile:", "music:", "video:", "product:", "fb:")


@dataclass(frozen=True, slots=True)
class _DateSources:
    """Where a page writes one of its dates, the more reliable first."""

    properties: tuple[str, ...]
    """Of OpenGraph."""
    json_keys: tuple[str, ...]
    names: tuple[str, ...]
    """Of meta elements, in lower case."""
    elements: str
    """A CSS selector."""


_PUBLISHED = _DateSources(
    properties=("article:published_time", "og:published_time", "article:published", "og:article:published_time"),
    json_keys=("datePublished", "dateCreated", "uploadDate"),
    names=(
        "date",
        "pubdate",
        "publishdate",
        "publish-date",
        "publish_date",
        "publication_date",
        "dc.date",
        "dc.date.issued",
        "dcterms.created",
        "dcterms.date",
        "dcterms.issued",
        "citation_publication_date",
        "citation_date",
        "parsely-pub-date",
        "sailthru.date",
        "datepublished",
        "article.published",
        "cxenseparse:recs:publishtime",
    ),
    elements="[itemprop~='datePublished'], time[pubdate], article time[datetime], main time[datetime]",
)
_MODIFIED = _DateSources(
    properties=("article:modified_time", "og:updated_time", "article:modified", "og:modified_time"),
    json_keys=("dateModified",),
    names=("last-modified", "lastmod", "dcterms.modified", "dc.date.modified", "datemodified", "revised"),
    elements="[itemprop~='dateModified'], time.updated",
)
_AUTHOR_NAMES = ("author", "article:author", "dc.creator", "dcterms.creator", "citation_author", "parsely-author")


def read_metadata(document: Document) -> PageMetadata:
    """All of it. Where several sources give one thing, the more specific one wins; see the functions below."""
    facts = _Facts(document)
    graph = facts.open_graph
    return PageMetadata(
        title=facts.title(),
        description=collapse(
            _first(facts.meta.get("description"), *graph.get("og:description", ()), facts.twitter.get("description"))
        ),
        language=facts.language(),
        canonical=facts.link_target("canonical"),
        author=facts.author(),
        published_at=facts.date(_PUBLISHED),
        modified_at=facts.date(_MODIFIED),
        keywords=tuple(facts.keywords()),
        robots=tuple(word.strip().lower() for word in facts.meta.get("robots", "").split(",") if word.strip()),
        image=facts.image(),
        favicon=facts.link_target("icon") or facts.link_target("shortcut") or facts.link_target("apple-touch-icon"),
        open_graph={name: tuple(values) for name, values in graph.items()},
        twitter=facts.twitter,
        meta=facts.meta,
        json_ld=tuple(facts.json_ld),
    )


def _first(*texts: str | None) -> str:
    return next((text for text in texts if text and text.strip()), "")


class _Facts:
    """The meta elements and JSON-LD of a document, read once."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.open_graph: dict[str, list[str]] = defaultdict(list)
        self.twitter: dict[str, str] = {}
        self.meta: dict[str, str] = {}
        for node in document.tree.css("meta[content]"):
            self._add_meta(node.attributes)
        self.json_ld = list(_json_ld(document))
        self._things = [thing for value in self.json_ld for thing in _things(value)]

    def _add_meta(self, attributes: dict[str, str | None]) -> None:
        content = (attributes.get("content") or "").strip()
        names = (attributes.get(key) for key in ("property", "name", "itemprop", "http-equiv"))
        name = _first(*names).strip().lower()
        if not name:
            return
        if name.startswith("twitter:"):
            self.twitter.setdefault(name.removeprefix("twitter:"), content)
        elif name.startswith(_OPEN_GRAPH_PREFIXES):
            self.open_graph[name].append(content)
        else:
            self.meta.setdefault(name, content)

    def title(self) -> str:
        """`<title>`, else the title of OpenGraph or Twitter, else the first `<h1>`."""
        node = self._document.tree.css_first("head > title")
        found = node.text() if node is not None else ""
        found = _first(found, *self.open_graph.get("og:title", ()), self.twitter.get("title"))
        if not found:
            heading = self._document.tree.css_first("h1")
            found = visible_text(heading) if heading is not None else ""
        return collapse(found)

    def language(self) -> str:
        """`<html lang>`, else the Content-Language meta element, else the locale of OpenGraph (`en_US` as `en-US`)."""
        root = self._document.tree.css_first("html")
        declared = (root.attributes.get("lang") or root.attributes.get("xml:lang")) if root is not None else ""
        locale = _first(*self.open_graph.get("og:locale", ())).replace("_", "-")
        return _first(declared, self.meta.get("content-language"), locale).strip()

    def link_target(self, rel: str) -> str | None:
        """The absolute address of the first `<link>` of a relation."""
        for node in self._document.tree.css("link[rel][href]"):
            attributes = node.attributes
            if rel in (attributes.get("rel") or "").lower().split():
                url = self._document.resolve((attributes.get("href") or "").strip())
                return url if url and not url.startswith("data:") else None
        return None

    def image(self) -> str | None:
        """The page's choice of picture, absolute."""
        graph = self.open_graph
        url = _first(
            *graph.get("og:image:secure_url", ()),
            *graph.get("og:image", ()),
            *graph.get("og:image:url", ()),
            self.twitter.get("image"),
            self.twitter.get("image:src"),
        )
        return self._document.resolve(url.strip()) if url else None

    def keywords(self) -> Iterable[str]:
        """The words of the keywords meta element, else the tags of an OpenGraph article, each once."""
        listed = self.meta.get("keywords") or ",".join(self.open_graph.get("article:tag", ()))
        return dict.fromkeys(word for part in listed.split(",") if (word := collapse(part)))

    def author(self) -> str:
        """Meta elements, else JSON-LD, else `rel=author` links and `itemprop=author`. An address is no name."""
        for name in _AUTHOR_NAMES:
            found = _first(self.meta.get(name), *self.open_graph.get(name, ()))
            if found and not found.startswith(("http://", "https://")):
                return collapse(found)
        names = [name for thing in self._things for name in _names(thing.get("author"))]
        if names:
            return collapse(", ".join(dict.fromkeys(names)))
        marked = (
            visible_text(name if name is not None else node)
            for node in self._document.tree.css("[rel~='author'], [itemprop~='author']")
            for name in [node.css_first("[itemprop~='name']")]
        )
        return next((text for text in marked if text), "")

    def date(self, sources: _DateSources) -> datetime | None:
        """The first that is a date: OpenGraph, JSON-LD, meta elements, then `<time>` and microdata."""
        moments = (parse_date(text) for text in self._date_texts(sources))
        return next((moment for moment in moments if moment is not None), None)

    def _date_texts(self, sources: _DateSources) -> Iterator[str]:
        for name in sources.properties:
            yield from self.open_graph.get(name, ())
        for key in sources.json_keys:
            values = (thing.get(key) for thing in self._things)
            yield from (value for value in values if isinstance(value, str))
        for name in sources.names:
            yield self.meta.get(name, "")
        for node in self._document.tree.css(sources.elements):
            yield node.attributes.get("datetime") or node.attributes.get("content") or visible_text(node)


def _json_ld(document: Document) -> Iterator[JsonValue]:
    for node in document.tree.css("script[type='application/ld+json' i]"):
        yield from parse_json_ld(node.text() or "")


def _things(value: JsonValue) -> Iterator[dict[str, JsonValue]]:
    """The objects of a JSON-LD script: itself, those of a list, those of `@graph`."""
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            yield item
            graph = item.get("@graph")
            if isinstance(graph, list):
                yield from (thing for thing in graph if isinstance(thing, dict))


def _names(value: JsonValue) -> Iterator[str]:
    """The names in an `author`: a text, an object with a name, or a list of them."""
    for item in value if isinstance(value, list) else [value]:
        name = item.get("name") if isinstance(item, dict) else item
        if isinstance(name, str) and name.strip() and not name.startswith(("http://", "https://")):
            yield collapse(name)
