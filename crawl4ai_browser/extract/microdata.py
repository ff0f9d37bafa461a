"""Microdata as the HTML Standard reads it (5.2, "Encoding microdata"), in the form of JSON-LD.

Our own reader, as the algorithm is a page long: extruct, which others use, brings rdflib, pyRdfa and mf2py for
notations that few pages have, and parses the page a second time.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from crawl4ai_browser.html_tree import children

if TYPE_CHECKING:
    from pydantic import JsonValue
    from selectolax.lexbor import LexborNode

    from crawl4ai_browser.document import Document

_URL_ATTRIBUTES = {
    **dict.fromkeys(("a", "area", "link"), "href"),
    **dict.fromkeys(("audio", "embed", "iframe", "img", "source", "track", "video"), "src"),
    "object": "data",
}
"""Elements whose value is an address (HTML Standard, 5.2.4)."""

_MAX_LEVELS = 50
"""Of items within items. Real pages have about five."""


def read_microdata(document: Document) -> list[dict[str, JsonValue]]:
    """Each item of the page that is not a property of another one, with its `@type` and `@id`."""
    reader = _Reader(document)
    top = document.tree.css("[itemscope]:not([itemprop])")
    return [reader.item(node, ()) for node in top]


def short_type(name: str) -> str:
    """A type without its vocabulary: `https://schema.org/Product`, `schema:Product` and `Product` are one."""
    return name.rstrip("/").replace("#", "/").rpartition("/")[2].rpartition(":")[2]


_MAX_ITEMS = 5_000
_MAX_STEPS = 200_000
"""Items, and elements looked at, in all. With `itemref` a small page can claim items without end, each made of the same
elements; the longest lists of real pages have some hundred items."""


class _Reader:
    def __init__(self, document: Document) -> None:
        self._document = document
        self._steps_left = _MAX_STEPS
        self._items_left = _MAX_ITEMS

    def item(self, node: LexborNode, above: tuple[int, ...]) -> dict[str, JsonValue]:
        """An item's properties; `above` are the items it lies in, as `itemref` can make circles."""
        self._items_left -= 1
        attributes = node.attributes
        item: dict[str, JsonValue] = {}
        types = [short_type(name) for name in (attributes.get("itemtype") or "").split()]
        if types:
            item["@type"] = types[0] if len(types) == 1 else list[JsonValue](types)
        identity = (attributes.get("itemid") or "").strip()
        if identity:
            item["@id"] = self._document.resolve(identity) or identity
        path = (*above, node.mem_id)
        for property_node in self._properties(node):
            if property_node.mem_id in path or len(path) > _MAX_LEVELS:
                continue
            value = self._value(property_node, path)
            for name in dict.fromkeys((property_node.attributes.get("itemprop") or "").split()):
                _add(item, short_type(name) if ":" in name else name, value)
        return item

    def _properties(self, root: LexborNode) -> list[LexborNode]:
        """The elements with `itemprop` that belong to an item: below it, and below what `itemref` names."""
        found: list[LexborNode] = []
        seen = {root.mem_id}
        pending = [*self._referred(root), *reversed(children(root))]
        while pending and self._steps_left and self._items_left > 0:
            self._steps_left -= 1
            node = pending.pop()
            if not node.is_element_node or node.mem_id in seen:
                continue
            seen.add(node.mem_id)
            attributes = node.attributes
            if "itemprop" in attributes:
                found.append(node)
            if "itemscope" not in attributes:
                pending += reversed(children(node))
        return found

    def _referred(self, root: LexborNode) -> list[LexborNode]:
        names = (root.attributes.get("itemref") or "").split()
        found = (self._by_id.get(name) for name in reversed(names))
        return [node for node in found if node is not None]

    @cached_property
    def _by_id(self) -> dict[str, LexborNode]:
        by_id: dict[str, LexborNode] = {}
        for node in self._document.tree.css("[id]"):
            by_id.setdefault(node.attributes.get("id") or "", node)
        return by_id

    def _value(self, node: LexborNode, path: tuple[int, ...]) -> JsonValue:
        attributes = node.attributes
        if "itemscope" in attributes:
            return self.item(node, path)
        tag = node.tag or ""
        if tag in _URL_ATTRIBUTES:
            address = (attributes.get(_URL_ATTRIBUTES[tag]) or "").strip()
            return self._document.resolve(address) or address if address else ""
        if tag == "time":
            return attributes.get("datetime") or _text(node)
        if tag in {"data", "meter"} and "value" in attributes:
            return attributes["value"] or ""
        # Authors put `content` on any element, and search engines take it there (the Standard: on <meta> alone).
        return attributes["content"] or "" if "content" in attributes else _text(node)


def _text(node: LexborNode) -> str:
    return " ".join(node.text(deep=True).split())


def _add(item: dict[str, JsonValue], name: str, value: JsonValue) -> None:
    """Add a property; one that occurs again becomes a list."""
    present = item.get(name)
    if name not in item:
        item[name] = value
    elif isinstance(present, list):
        present.append(value)
    else:
        item[name] = [present, value]
