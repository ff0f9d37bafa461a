"""How an element's text becomes Markdown: markdownify's rules, and ours where a page needs more than they give.

markdownify's rules are methods `convert_<tag>(element, text, parent_tags)`. `Converters` takes them as they are where
it has no method of its own; those of its own say in what they differ.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol, cast

from markdownify import ATX, MarkdownConverter

from crawl4ai_browser.content.escape import balance_brackets, escape_inline, link_destination, link_title
from crawl4ai_browser.visible_text import collapse

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from crawl4ai_browser.content.writer import Fragment

_BLOCK_MARK = re.compile(r"(?:#{1,6} |> |[-+] |\d+[.)] |\||```|:   |---$)")
_HEADING = re.compile(r"(#{1,6} )(.+)")
_BACKTICKS = re.compile(r"`+")
_CLOSING_HASHES = re.compile(r"(^|\s)(#+)$")
_NOTHING: frozenset[str] = frozenset()


class _Rule(Protocol):
    def __call__(self, el: object, text: str, parent_tags: Collection[str]) -> str: ...


class Converters(MarkdownConverter):
    """markdownify with `#` headings, `-` bullets and `<sup>`/`<sub>` kept (it drops them, so that 10² becomes 102)."""

    class Options:
        """Over markdownify's DefaultOptions."""

        heading_style = ATX
        bullets = "-"
        sub_symbol = "<sub>"
        sup_symbol = "<sup>"

    def __init__(self) -> None:
        super().__init__()
        self._rules: dict[str, _Rule] = {}

    def by_rule(self, tag: str, text: str) -> str:
        """`text` as markdownify's rule for the tag has it, outside of code and table cells."""
        rule = self._rules.get(tag)
        if rule is None:
            rule = self._rules[tag] = cast("_Rule", getattr(self, "get_conv_fn")(tag))  # noqa: B009 - not in its stubs
        return rule(None, text, parent_tags=_NOTHING)

    def inline(self, tag: str, fragment: Fragment) -> str:
        """Text of an inline element, such as `**text**`.

        markdownify keeps a space at either edge outside of the markers, but loses a line break there, and sets one pair
        of markers around several paragraphs, where they mean nothing. Here each paragraph gets its own.
        """
        if fragment.has_blocks:
            blocks = _Blocks(fragment)
            return "\n\n".join(
                self.by_rule(tag, block) if is_plain else block for block, is_plain in blocks.with_kind()
            )
        return _keep_edges(fragment.text, lambda text: self.by_rule(tag, text))

    def heading(self, level: int, text: str) -> str:
        """A heading on one line."""
        text = _CLOSING_HASHES.sub(r"\1\\\2", collapse(text))
        return self.by_rule(f"h{level}", text).strip("\n")

    def link(self, fragment: Fragment, target: str) -> str:
        """A link; `target` is what follows the text, such as `(https://example.com/)`.

        markdownify puts whole blocks between the brackets, which CommonMark does not read as a link. Here the heading
        in it becomes the link, else all paragraphs together on one line.
        """
        if fragment.has_blocks:
            return _link_blocks(_Blocks(fragment), target)
        return _keep_edges(fragment.text, lambda text: f"[{text}]{target}")


def _keep_edges(text: str, convert: Callable[[str], str]) -> str:
    """The converted text with the space at the edges of the original, a hard line break at its end included."""
    stripped = text.strip()
    if not stripped:
        return " " if text else ""
    before = " " if text[0].isspace() else ""
    after = "  \n" if text.endswith("  \n") else " " if text[-1].isspace() else ""
    return f"{before}{convert(stripped)}{after}"


class _Blocks:
    """The blocks that an inline element has around or in it."""

    def __init__(self, fragment: Fragment) -> None:
        self.texts = [block for part in fragment.text.split("\n\n") if (block := part.strip())]
        self._starts_inline = not fragment.lead

    def with_kind(self) -> Iterator[tuple[str, bool]]:
        """Each block, and whether it is plain text: no heading, list, quotation, table or code."""
        for index, text in enumerate(self.texts):
            # What comes before the first break stands in the line, where no text is escaped as if it began one.
            is_first_line = self._starts_inline and index == 0
            yield text, is_first_line or not _BLOCK_MARK.match(text)


def _link_blocks(blocks: _Blocks, target: str) -> str:
    kinds = [is_plain for _, is_plain in blocks.with_kind()]
    texts = blocks.texts
    if all(kinds):
        return f"[{collapse(' '.join(texts))}]{target}" if texts else ""
    for index, (text, is_plain) in enumerate(blocks.with_kind()):
        heading = None if is_plain else _HEADING.fullmatch(text)
        if heading:
            texts[index] = f"{heading[1]}[{heading[2]}]{target}"
            return "\n\n".join(texts)
    if any(kinds):
        index = kinds.index(True)
        texts[index] = f"[{texts[index]}]{target}"
    return "\n\n".join(texts)


def inline_target(url: str, title: str) -> str:
    """What follows the text of an inline link: `(url "title")`."""
    return f"({link_destination(url)}{link_title(title)})"


def image(alt: str, url: str, title: str) -> str:
    """An image. `alt` is plain text."""
    alt = balance_brackets(escape_inline(collapse(alt)))
    return f"![{alt}]({link_destination(url)}{link_title(title)})"


def fenced_code(text: str, language: str) -> str:
    """A code block whose fence is longer than any run of backticks in it (CommonMark 4.5)."""
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0) if "```" in text else 0
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def list_item(text: str, bullet: str) -> str:
    """An item whose further lines are indented to the width of its bullet, as markdownify does."""
    return f"{bullet} {indent(text, ' ' * (len(bullet) + 1))}"


def indent(text: str, margin: str) -> str:
    """All lines but the first, and but blank ones, set in by the margin."""
    if "\n" not in text:
        return text
    return "\n".join([margin + line if line else line for line in text.split("\n")])[len(margin) :]


def table_row(cells: Sequence[str]) -> str:
    """A row in markdownify's form."""
    return "|" + "".join([f" {cell} |" for cell in cells])


def table_rule(alignments: Sequence[str]) -> str:
    """The line under a table's head; GitHub's marks for left, center and right."""
    marks = {"left": ":---", "center": ":---:", "right": "---:"}
    return "| " + " | ".join([marks.get(alignment, "---") for alignment in alignments]) + " |"
