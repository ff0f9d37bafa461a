"""One walk over the tree, without recursion, that writes Markdown.

`Walk` knows where it is and what it has written, and no tags: what to do where an element begins and ends is looked up
by tag in the rules it is given (`blocks`, `inline`, `table_text`). Elements without a rule are transparent.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crawl4ai_browser.content.converters import Converters
from crawl4ai_browser.content.escape import (
    balance_brackets,
    escape_further_lines,
    escape_inline,
    escape_line_start,
    escape_references,
)
from crawl4ai_browser.content.writer import Fragment, Writer
from crawl4ai_browser.visible_text import SOFT_HYPHEN

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from selectolax.lexbor import LexborNode

    from crawl4ai_browser.content.grid import Grid
    from crawl4ai_browser.document import Document

Leave = Callable[["Walk", "LexborNode"], None]
"""What to do where an element ends."""

Enter = Callable[["Walk", "LexborNode"], Leave | None]
"""What to do where an element begins; it returns what to do at its end, or `skip`."""

_MAX_FRAMES = 40
"""Texts within texts (items, quotations, cells) that are still set apart. Each level indents all that is in it once
more, so without a limit 500 nested lists of 1 MB make 500 MB."""

_WHITE_SPACE = re.compile(r"[\t\n\r\f]|  ")
_LINE_BREAKS = re.compile(r"[\t ]*[\r\n\f][\t \r\n\f]*")
_SPACES = re.compile(r"[\t ]+")

# What the text that is being written is within, as bits.
ON_ONE_LINE = 1  # a heading or a table cell: blocks become spaces
NO_FORMAT = 2  # code: no markup, no escapes
IN_LINK = 4
IN_ITEM = 8
IN_HEADING = 16
STRONG = 32
EMPHASIS = 64
DELETED = 128
RAISED = 256


@dataclass(slots=True)
class OpenList:
    """A list that the walk is in."""

    is_ordered: bool
    number: int
    """Of the next item."""
    step: int


@dataclass(frozen=True, slots=True)
class OpenTable:
    """A table that the walk is in; `grid` is None where it is only a means of layout."""

    grid: Grid | None
    texts: dict[int, str] = field(default_factory=dict[int, str])
    """What each cell has become, by its node's `mem_id`."""


class Walk:
    """Writes what it walks over; may walk over several elements, one after another."""

    def __init__(
        self,
        document: Document,
        rules: Mapping[str, Enter],
        *,
        skipped: Collection[int] = (),
        references: dict[str, int] | None = None,
    ) -> None:
        """Elements whose `mem_id` is in `skipped` are left out.

        `references` gives each link target its number and grows; None: links stand in place.
        """
        self.document = document
        self.writer = Writer()
        self.converters = Converters()
        self.references = references
        self.within = 0
        self.open_lists: list[OpenList] = []
        self.open_tables: list[OpenTable] = []
        self._rules = {**rules, "-text": Walk._enter_text}
        self._skipped = skipped
        self._saved: list[int] = []

    def walk(self, root: LexborNode) -> None:
        """Write an element and all below it."""
        rules, skipped = self._rules, self._skipped
        path: list[tuple[LexborNode, Leave | None]] = []
        node = root
        while True:
            child = None
            if not (skipped and node.mem_id in skipped):
                enter = rules.get(node.tag or "")
                leave = enter(self, node) if enter is not None else None
                if leave is not skip:
                    child = node.first_child
                if child is not None:
                    path.append((node, leave))
                    node = child
                    continue
                if leave is not None:
                    leave(self, node)
            following = node.next if path else None
            while following is None:
                if not path:
                    return
                node, leave = path.pop()
                if leave is not None:
                    leave(self, node)
                following = node.next if path else None
            node = following

    def _enter_text(self, node: LexborNode) -> Leave:
        self._write_text(node.text_content or "")
        return skip

    def _write_text(self, text: str) -> None:
        if text.isspace():
            self.writer.write_space("\n" if "\n" in text and not self.within & ON_ONE_LINE else " ")
            return
        if _WHITE_SPACE.search(text):
            text = _LINE_BREAKS.sub(" " if self.within & ON_ONE_LINE else "\n", text)
            text = _SPACES.sub(" ", text)
        if SOFT_HYPHEN in text:
            text = text.replace(SOFT_HYPHEN, "")
        if text:
            self.write_plain(text)

    def write_plain(self, text: str) -> None:
        """Add text that is no markup."""
        if not self.within & NO_FORMAT:
            text = escape_inline(text)
            if self.within & IN_LINK:
                text = balance_brackets(text)
            if self.references is not None:
                text = escape_references(text)
            if self.writer.at_line_start:
                text = escape_line_start(text.lstrip())
            elif "\n" in text:
                text = escape_further_lines(text)
        self.writer.write(text)

    def break_lines(self, count: int) -> None:
        """Have a line break, or two for a blank line, between what was written and what comes; a space in one line."""
        if self.within & ON_ONE_LINE:
            self.writer.write_space(" ")
        else:
            self.writer.break_lines(count)

    def write_block(self, text: str, *, breaks: int = 2) -> None:
        """Add finished Markdown that stands on lines of its own."""
        self.break_lines(breaks)
        self.writer.write_verbatim(text)
        self.break_lines(breaks)

    @property
    def is_deep(self) -> bool:
        """Whether no further text may be set apart within the current one."""
        return self.writer.depth >= _MAX_FRAMES

    def open(self, within: int, *, starts_line: bool = False) -> None:
        """Set the text of an element apart, to be converted as a whole.

        `starts_line`: it will stand on a line of its own, without a mark before it.
        """
        self._saved.append(self.within)
        self.within |= within
        self.writer.open(starts_line=starts_line)

    def close(self) -> Fragment:
        """Take the text that was set apart."""
        self.within = self._saved.pop()
        return self.writer.close()


def skip(_walk: Walk, _node: LexborNode) -> None:
    """Where an element's rule returns it, what is inside is left out."""
