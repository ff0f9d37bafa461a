"""The visible text of a document, one block a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawl4ai_browser.content.code import code_text
from crawl4ai_browser.visible_text import BLOCK_TAGS, SKIPPED_TAGS, SOFT_HYPHEN, collapse, is_frame, shown_option

if TYPE_CHECKING:
    from collections.abc import Collection

    from selectolax.lexbor import LexborNode

    from crawl4ai_browser.document import Document

_CELL_TAGS = frozenset({"td", "th"})
_CODE_TAGS = frozenset({"pre", "listing", "xmp", "plaintext"})


def to_text(document: Document, *, skipped: Collection[int] = ()) -> str:
    """What a reader sees, without markup: paragraphs on one line each, cells parted by tabs, code as it is."""
    body = document.body
    return "" if body is None else _Lines(skipped).of(body)


class _Lines:
    def __init__(self, skipped: Collection[int]) -> None:
        self._skipped = skipped
        self._lines: list[str] = []
        self._line: list[str] = []

    def of(self, root: LexborNode) -> str:
        path: list[LexborNode] = []
        node = root.first_child
        while True:
            while node is None:
                if not path:
                    self._end_line()
                    return "\n".join(self._lines)
                parent = path.pop()
                self._end(parent.tag or "")
                node = parent.next
            child = self._begin(node)
            if child is not None:
                path.append(node)
            node = child or node.next

    def _begin(self, node: LexborNode) -> LexborNode | None:
        """Take an element or text; its first child where there is more inside."""
        tag = node.tag or ""
        if tag == "-text":
            self._line.append((node.text_content or "").replace("\t", " ").replace(SOFT_HYPHEN, ""))
            return None
        if (tag in SKIPPED_TAGS and not is_frame(node)) or node.mem_id in self._skipped:
            return None
        if tag == "select":
            self._line.append(f" {shown_option(node)} ")
            return None
        if tag in BLOCK_TAGS and tag not in _CELL_TAGS:
            self._end_line()
        if tag in _CODE_TAGS:
            self._lines.append(code_text(node))
            return None
        return node.first_child

    def _end(self, tag: str) -> None:
        if tag in _CELL_TAGS:
            self._line.append("\t")
        elif tag in BLOCK_TAGS:
            self._end_line()

    def _end_line(self) -> None:
        cells = [collapse(cell) for cell in "".join(self._line).split("\t")]
        self._line = []
        line = "\t".join(cells).strip("\t")
        if line:
            self._lines.append(line)
