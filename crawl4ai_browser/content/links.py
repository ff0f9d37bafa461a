"""Links of a document: each URL once, absolute, in document order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from crawl4ai_browser import urls
from crawl4ai_browser.page_content import Link
from crawl4ai_browser.visible_text import collapse, visible_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from selectolax.lexbor import LexborNode

    from crawl4ai_browser.document import Document

    Kind = Literal["anchor", "area", "canonical", "alternate", "next", "prev"]

_RELATIONS: dict[str, Kind] = {
    "canonical": "canonical",
    "alternate": "alternate",
    "next": "next",
    "prev": "prev",
    "previous": "prev",
}
_NO_TARGETS = ("javascript:", "vbscript:", "data:", "blob:", "about:")


def read_links(document: Document) -> tuple[Link, ...]:
    """`<a>`, `<area>`, and `<link>` of the kinds canonical, alternate, next and prev.

    Left out: references to a place in this very page (`#top`, but not `#/route`, which a client-side router shows
    another page for), and what is no address (`javascript:`, `data:`). A URL that comes twice has the text and title of
    the first that has one, and the kind of the first.
    """
    found: dict[str, Link] = {}
    is_internal = _InternalTest(document)
    for node in document.tree.css("a[href], area[href], link[href][rel]"):
        attributes = node.attributes
        href = (attributes.get("href") or "").strip()
        rel = tuple((attributes.get("rel") or "").lower().split())
        kind = _kind(node, rel)
        if kind is None or not href or (href.startswith("#") and not urls.is_route(href)):
            continue
        url = document.resolve(href)
        if url is None or url.startswith(_NO_TARGETS):
            continue
        known = found.get(url)
        if known is None:
            found[url] = Link(
                url=url,
                text=_text(node, attributes),
                title=collapse(attributes.get("title") or ""),
                rel=rel,
                internal=is_internal(url),
                kind=kind,
            )
        elif not known.text or not known.title:
            found[url] = _completed(known, node, attributes)
    return tuple(found.values())


def _kind(node: LexborNode, rel: tuple[str, ...]) -> Kind | None:
    if node.tag == "a":
        return "anchor"
    if node.tag == "area":
        return "area"
    if "stylesheet" in rel:
        return None
    return next((_RELATIONS[word] for word in rel if word in _RELATIONS), None)


def _text(node: LexborNode, attributes: Mapping[str, str | None]) -> str:
    """What a reader sees; for a picture its description, else what a screen reader says."""
    if node.tag != "a":
        return collapse(attributes.get("alt") or attributes.get("title") or "")
    text = visible_text(node)
    if text:
        return text
    for image in node.css("img[alt]"):
        alt = collapse(image.attributes.get("alt") or "")
        if alt:
            return alt
    label = attributes.get("aria-label") or attributes.get("title")
    if not label:
        drawing = node.css_first("svg[aria-label], svg title")
        label = (drawing.attributes.get("aria-label") or drawing.text()) if drawing is not None else ""
    return collapse(label)


def _completed(known: Link, node: LexborNode, attributes: Mapping[str, str | None]) -> Link:
    text = known.text or _text(node, attributes)
    title = known.title or collapse(attributes.get("title") or "")
    if text == known.text and title == known.title:
        return known
    return known.model_copy(update={"text": text, "title": title})


class _InternalTest:
    """Whether a URL is of the document's site, remembering what it found for each origin."""

    def __init__(self, document: Document) -> None:
        self._site = urls.site(document.url)
        self._is_web = urls.is_web(document.url)
        self._known: dict[str, bool] = {}

    def __call__(self, url: str) -> bool:
        origin = url[: url.find("/", url.find("//") + 2)] if "//" in url else urls.scheme(url)
        known = self._known.get(origin)
        if known is None:
            known = self._known[origin] = urls.is_web(url) == self._is_web and urls.site(url) == self._site
        return known
