"""What a selector finds in a document, and what is taken of it.

CSS runs on the document's own tree, XPath on its copy in lxml. Both hold the same elements in the same order, so an
element found by the one can be the place in which the other looks on. The copy is made when an expression needs it.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, TypeAlias, cast

from lxml import etree

from crawl4ai_browser.schema import XPath
from crawl4ai_browser.selector_syntax import SELF
from crawl4ai_browser.visible_text import visible_text

if TYPE_CHECKING:
    from lxml.html import HtmlElement
    from selectolax.lexbor import LexborNode

    from crawl4ai_browser.document import Document
    from crawl4ai_browser.schema import Selector

Hit: TypeAlias = "LexborNode | str"
"""An element, or the text that an XPath expression gave."""


class Selection:
    """Finds what selectors name in one document."""

    def __init__(self, document: Document) -> None:
        self._document = document

    def find(self, selector: Selector, within: LexborNode | None = None) -> list[Hit]:
        """All that the selector finds, in document order; `within` None: in the whole page.

        Raises:
            ValueError: an XPath expression can't be evaluated, or gives something else than elements and texts.
        """
        if isinstance(selector, XPath):
            return self._by_xpath(selector.xpath, within)
        return list(self._by_css(selector.css, within))

    def _by_css(self, css: str, within: LexborNode | None) -> list[LexborNode]:
        if css == SELF:
            place = within or self._document.tree.root
            return [place] if place is not None else []
        if within is None:
            return self._document.tree.css(css)
        return [node for node in within.css(css) if node.mem_id != within.mem_id]

    def _by_xpath(self, expression: str, within: LexborNode | None) -> list[Hit]:
        place = self._document.root if within is None else self._copies[self._numbers[within.mem_id]]
        try:
            found = _compiled_xpath(expression)(place)
        except etree.XPathError as error:
            raise ValueError(f"the expression can't be evaluated: {error}") from error
        if isinstance(found, bool):
            return ["true" if found else "false"]  # as XPath's string() has it, as have numbers
        if isinstance(found, float):
            return [format(found, ".15g")]
        if isinstance(found, str):
            return [str(found)]
        return [self._hit(each) for each in cast("list[object]", found)]

    def _hit(self, found: object) -> Hit:
        if isinstance(found, str):
            return str(found)
        number = self._copy_numbers.get(cast("HtmlElement", found))
        if number is None:
            raise ValueError(f"the expression gives {type(found).__name__}, not elements or texts")
        return self._nodes[number]

    @cached_property
    def _nodes(self) -> list[LexborNode]:
        return self._document.tree.css("*")

    @cached_property
    def _numbers(self) -> dict[int, int]:
        return {node.mem_id: number for number, node in enumerate(self._nodes)}

    @cached_property
    def _copies(self) -> list[HtmlElement]:
        # Kept in a list, as lxml makes another object of an element when the last one is gone.
        return list(self._document.root.iter())

    @cached_property
    def _copy_numbers(self) -> dict[HtmlElement, int]:
        return {element: number for number, element in enumerate(self._copies)}


@lru_cache(maxsize=512)
def _compiled_xpath(expression: str) -> etree.XPath:
    return etree.XPath(expression)


def taken(hit: Hit, take: str) -> str | None:
    """What `take` names of an element; None: it has none. Of a text found at once: that, white space collapsed or not.

    Text that is empty is None, an empty attribute is not: it may stand for itself, as `checked` does.
    """
    if isinstance(hit, str):
        return (hit if take == "raw" else " ".join(hit.split())) or None
    if take.startswith("@"):
        name = take[1:].lower()
        attributes = hit.attributes
        return (attributes[name] or "") if name in attributes else None
    if take == "html":
        return hit.inner_html
    if take == "outer_html":
        return hit.html
    return (hit.text(deep=True) if take == "raw" else visible_text(hit)) or None
