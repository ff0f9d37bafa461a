"""Rules for elements that stand on lines of their own: paragraphs, headings, lists, quotations, code blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawl4ai_browser.content.code import code_language, code_text
from crawl4ai_browser.content.converters import fenced_code, indent, list_item
from crawl4ai_browser.content.walk import (
    IN_HEADING,
    IN_ITEM,
    NO_FORMAT,
    ON_ONE_LINE,
    Enter,
    Leave,
    OpenList,
    Walk,
    skip,
)
from crawl4ai_browser.content.writer import Fragment
from crawl4ai_browser.html_tree import children
from crawl4ai_browser.visible_text import BLOCK_TAGS, SKIPPED_TAGS, collapse, is_frame

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_LIST_TAGS = frozenset({"ul", "ol", "menu", "dir"})
_DEFINITION_MARK = ":   "


def _enter_block(walk: Walk, _node: LexborNode) -> Leave | None:
    walk.break_lines(2)
    return _leave_block


def _leave_block(walk: Walk, _node: LexborNode) -> None:
    walk.break_lines(2)


def _enter_skipped(_walk: Walk, _node: LexborNode) -> Leave | None:
    return skip


def _enter_frame(walk: Walk, node: LexborNode) -> Leave | None:
    return _enter_block(walk, node) if is_frame(node) else skip


def _enter_heading(walk: Walk, node: LexborNode) -> Leave | None:
    if walk.within & ON_ONE_LINE or walk.is_deep:
        return _enter_block(walk, node)
    walk.open(ON_ONE_LINE | IN_HEADING)
    return _leave_heading


def _leave_heading(walk: Walk, node: LexborNode) -> None:
    text = walk.close().text.strip()
    if text:
        walk.write_block(walk.converters.heading(int((node.tag or "h1")[1]), text))


def _enter_rule(walk: Walk, _node: LexborNode) -> Leave | None:
    if walk.within & ON_ONE_LINE:
        walk.break_lines(1)
    else:
        walk.write_block("---")
    return skip


def _enter_quotation(walk: Walk, node: LexborNode) -> Leave | None:
    if walk.within & ON_ONE_LINE or walk.is_deep:
        return _enter_block(walk, node)
    walk.open(0, starts_line=True)
    return _leave_quotation


def _leave_quotation(walk: Walk, _node: LexborNode) -> None:
    text = walk.close().text.strip()
    if text:
        walk.write_block(walk.converters.by_rule("blockquote", text).strip("\n"))


def _enter_code_block(walk: Walk, node: LexborNode) -> Leave | None:
    text = code_text(node)
    if not text:
        pass
    elif walk.within & NO_FORMAT:
        walk.writer.write(collapse(text))
    elif walk.within & ON_ONE_LINE:
        walk.writer.write(f" {walk.converters.inline('code', Fragment(collapse(text)))} ")
    else:
        walk.write_block(fenced_code(text, code_language(node)))
    return skip


def _enter_list(walk: Walk, node: LexborNode) -> Leave | None:
    attributes = node.attributes
    is_ordered = node.tag == "ol"
    is_reversed = is_ordered and "reversed" in attributes
    count = sum(1 for child in children(node) if child.tag == "li") if is_reversed else 1
    start = _integer(attributes.get("start"), default=count)
    walk.open_lists.append(OpenList(is_ordered, start, -1 if is_reversed else 1))
    parent = node.parent
    if parent is not None and parent.tag in _LIST_TAGS and not (walk.within & ON_ONE_LINE or walk.is_deep):
        walk.open(IN_ITEM, starts_line=True)  # invalid but common: it belongs to the item before it
        return _leave_orphaned_list
    walk.break_lines(1 if walk.within & IN_ITEM else 2)
    return _leave_list


def _leave_list(walk: Walk, _node: LexborNode) -> None:
    walk.open_lists.pop()
    walk.break_lines(1 if walk.within & IN_ITEM else 2)


def _leave_orphaned_list(walk: Walk, _node: LexborNode) -> None:
    walk.open_lists.pop()
    text = walk.close().text
    if text:
        walk.write_block("  " + indent(text, "  "), breaks=1)


def _enter_item(walk: Walk, node: LexborNode) -> Leave | None:
    if walk.is_deep:
        return _enter_block(walk, node)
    if walk.within & ON_ONE_LINE:
        walk.writer.write(f" {_next_bullet(walk, node)} ")
        return _leave_block
    walk.open(IN_ITEM, starts_line=True)
    return _leave_item


def _leave_item(walk: Walk, node: LexborNode) -> None:
    text = walk.close().text.strip()
    bullet = _next_bullet(walk, node)
    if text:
        walk.write_block(list_item(text, bullet), breaks=1)


def _next_bullet(walk: Walk, node: LexborNode) -> str:
    """`-`, or the number of the item, counting on from the one before or from its own `value`."""
    if not walk.open_lists or not walk.open_lists[-1].is_ordered:
        return "-"
    current = walk.open_lists[-1]
    number = _integer(node.attributes.get("value"), default=current.number)
    current.number = number + current.step
    return f"{max(number, 0)}."


def _integer(value: str | None, *, default: int) -> int:
    value = (value or "").strip()
    digits = value.removeprefix("-")
    # Nine digits are what CommonMark takes for the number of an item.
    return int(value) if digits.isascii() and digits.isdigit() and len(digits) <= 9 else default


def _enter_term(walk: Walk, node: LexborNode) -> Leave | None:
    if walk.within & ON_ONE_LINE or walk.is_deep:
        return _enter_block(walk, node)
    walk.open(ON_ONE_LINE, starts_line=True)
    return _leave_term


def _leave_term(walk: Walk, _node: LexborNode) -> None:
    text = collapse(walk.close().text)
    if text:
        walk.break_lines(2)
        walk.writer.write_verbatim(text)
        walk.break_lines(1)


def _enter_definition(walk: Walk, node: LexborNode) -> Leave | None:
    if walk.within & ON_ONE_LINE or walk.is_deep:
        return _enter_block(walk, node)
    walk.open(0, starts_line=True)
    return _leave_definition


def _leave_definition(walk: Walk, _node: LexborNode) -> None:
    text = walk.close().text.strip()
    if text:
        walk.write_block(_DEFINITION_MARK + indent(text, "    "), breaks=1)


def _enter_summary(walk: Walk, node: LexborNode) -> Leave | None:
    if walk.within & ON_ONE_LINE or walk.is_deep:
        return _enter_block(walk, node)
    walk.open(ON_ONE_LINE)
    return _leave_summary


def _leave_summary(walk: Walk, _node: LexborNode) -> None:
    text = collapse(walk.close().text)
    if text:
        walk.write_block(text if text.startswith("**") else walk.converters.inline("b", Fragment(text)))


RULES: dict[str, Enter] = {
    **dict.fromkeys(BLOCK_TAGS, _enter_block),
    **dict.fromkeys(SKIPPED_TAGS, _enter_skipped),
    "iframe": _enter_frame,
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), _enter_heading),
    "hr": _enter_rule,
    "blockquote": _enter_quotation,
    **dict.fromkeys(("pre", "listing", "xmp", "plaintext"), _enter_code_block),
    **dict.fromkeys(_LIST_TAGS, _enter_list),
    "li": _enter_item,
    "dt": _enter_term,
    "dd": _enter_definition,
    "summary": _enter_summary,
}
"""What to do where an element begins, by tag. The rules of `inline` and `table_text` come on top."""
