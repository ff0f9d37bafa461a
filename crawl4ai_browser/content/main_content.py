"""The main content of a page: what is left when navigation, boilerplate and adverts are taken away.

Nothing is searched for, since what goes wrong in choosing a best element is that it leaves content out. An element is
taken away for what it is (a landmark), for what it is called, or for holding little but links; never when that would
leave next to nothing, as the name was then that of a wrapper.

Measured over the 140 pages of seven kinds in the WCXB sample, word F1 (on the half that nothing was tuned on): this
0.793 (0.767), trafilatura 0.734 (0.739), resiliparse 0.718 (0.705), readability 0.558; the whole text has 0.595.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crawl4ai_browser.content.boilerplate_names import Names
from crawl4ai_browser.visible_text import SKIPPED_TAGS, is_frame

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from selectolax.lexbor import LexborNode

    from crawl4ai_browser.document import Document

_BOILERPLATE_TAGS = frozenset({"nav", "footer", "aside", "dialog", "menu", "search", "header"})
_CONTROL_TAGS = frozenset({"button", "select", "label", "textarea"})
_BOILERPLATE_ROLES = frozenset(
    {"navigation", "banner", "contentinfo", "complementary", "search", "dialog", "alertdialog", "menu", "menubar"}
    | {"toolbar", "tablist", "tooltip", "alert", "listbox"}
)
_KEPT_TAGS = frozenset({"main", "article", "h1", "pre", "code"})
"""Not judged by their names or links."""
_INLINE_TAGS = frozenset(
    {
        "a",
        "abbr",
        "b",
        "code",
        "em",
        "font",
        "i",
        "img",
        "mark",
        "s",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "time",
        "u",
    }
)
_NOT_JUDGED_BY_LINKS = _KEPT_TAGS | _INLINE_TAGS | {"h2", "h3", "h4", "h5", "h6", "header", "hgroup"}

# Shares of the words of the page, found by trial on half of the pages; the result hardly depends on them (0.4 to 0.7
# for the second changes nothing, 0.2 to 0.6 for the fourth neither).
_MAX_SHARE_OF_LANDMARK = 0.9
_MAX_SHARE_OF_NAMED = 0.5
_MAX_SHARE_OF_LINKS = 0.3
_MIN_SHARE_OF_MAIN = 0.3

_MAX_CONTROL_WORDS = 15
_MAX_LIKELY_WORDS = 25
"""What has a doubtful name is taken away up to this size, or when half of it is links."""
_MIN_LINK_WORDS = 4
_LINK_DENSITY = 0.7
_MAX_PAGE_LINK_DENSITY = 0.35
"""A page with more links than this is a list of them: there they are the content."""
_MIN_WORDS_BESIDE_COMMENTS = 150
_MIN_SHARE_BESIDE_COMMENTS = 0.2
"""With less than this beside them, the comments are the content, as in a forum."""


@dataclass(slots=True, eq=False)
class _Block:
    """An element that has text, with how much of it."""

    node: LexborNode
    tag: str
    parent: _Block | None
    words: int = 0
    """In it, elements that were taken away left out."""
    link_words: int = 0
    children: list[_Block] = field(default_factory=list["_Block"])
    is_cut: bool = False

    def cut(self) -> None:
        """Take it away."""
        self.is_cut = True
        above = self.parent
        while above is not None:
            above.words -= self.words
            above.link_words -= self.link_words
            above = above.parent

    def kept(self) -> Iterator[_Block]:
        """Itself and all below that is still there, in document order. What is cut on the way is passed over."""
        pending: list[_Block] = [self]
        while pending:
            block = pending.pop()
            if block.is_cut:
                continue
            yield block
            if not block.is_cut:
                pending.extend(reversed(block.children))


def boilerplate(document: Document, *, skipped: Collection[int] = ()) -> frozenset[int]:
    """The `mem_id` of each element to leave out of the main content. `skipped` ones count as not there."""
    body = document.body
    if body is None:
        return frozenset()
    root = _read_blocks(body, skipped)
    cut = [*_cut_named(root), *_cut_comments(root), *_cut_links(root), *_cut_around_main(root)]
    return frozenset(block.node.mem_id for block in cut)


def _read_blocks(body: LexborNode, skipped: Collection[int]) -> _Block:
    """The elements with their own words; then those below added, from the last element to the first."""
    root = current = _Block(body, "body", None)
    blocks = [root]
    links = 0
    node = body.first_child
    while True:
        while node is None:
            if current.parent is None:
                _add_up(blocks)
                return root
            links -= current.tag == "a"
            node = current.node.next
            current = current.parent
        tag = node.tag or ""
        child = None
        if tag == "-text":
            count = len((node.text_content or "").split())
            current.words += count
            current.link_words += count if links else 0
        elif (tag not in SKIPPED_TAGS or is_frame(node)) and node.mem_id not in skipped:
            child = node.first_child
        if child is None:
            node = node.next
            continue
        current = _Block(node, tag, current)
        blocks.append(current)
        links += tag == "a"
        node = child


def _add_up(blocks: list[_Block]) -> None:
    for block in reversed(blocks):
        if block.parent is not None:
            block.parent.words += block.words
            block.parent.link_words += block.link_words
    for block in blocks:
        if block.parent is not None and block.words:
            block.parent.children.append(block)


def _cut_named(root: _Block) -> Iterator[_Block]:
    """Landmarks of the page, controls, and what is named as boilerplate."""
    total = root.words
    for block in root.kept():
        if block is not root and block.words <= _max_share(block) * total:
            block.cut()
            yield block


def _max_share(block: _Block) -> float:
    """Up to which share of the page's words a block is to be taken away for what it is; 0: not for that."""
    attributes = block.node.attributes
    names = Names(block.tag, attributes)
    if _is_landmark(block, attributes):
        return _MAX_SHARE_OF_LANDMARK
    if block.tag in _KEPT_TAGS:
        return 0
    if names.are_hiding or names.are_boilerplate:
        return _MAX_SHARE_OF_NAMED
    if names.may_be_boilerplate and not names.are_comments and block.tag not in _INLINE_TAGS:
        is_likely = block.words < _MAX_LIKELY_WORDS or block.link_words >= block.words / 2
        return _MAX_SHARE_OF_NAMED if is_likely else 0
    return 0


def _is_landmark(block: _Block, attributes: dict[str, str | None]) -> bool:
    role = (attributes.get("role") or "").lower()
    if block.tag == "header":
        return not _is_in_article(block)
    if block.tag == "aside":
        return not role.startswith("doc-") and "footnote" not in (attributes.get("class") or "")
    if block.tag in _CONTROL_TAGS:
        return block.words <= _MAX_CONTROL_WORDS
    if block.tag in _BOILERPLATE_TAGS:
        return True
    if block.tag in _KEPT_TAGS:
        return False
    return role in _BOILERPLATE_ROLES or attributes.get("aria-modal") == "true"


def _is_in_article(block: _Block) -> bool:
    above = block.parent
    while above is not None:
        if above.tag in {"article", "main"}:
            return True
        above = above.parent
    return False


def _cut_comments(root: _Block) -> list[_Block]:
    """What readers wrote below a text; not where that is all there is."""
    found: list[_Block] = []
    for block in root.kept():
        is_within = found and _is_below(block, found[-1])
        if not is_within and block.tag not in _KEPT_TAGS and Names(block.tag, block.node.attributes).are_comments:
            found.append(block)
    rest = root.words - sum(block.words for block in found)
    if rest < max(_MIN_WORDS_BESIDE_COMMENTS, _MIN_SHARE_BESIDE_COMMENTS * root.words):
        return []
    for block in found:
        block.cut()
    return found


def _is_below(block: _Block, other: _Block) -> bool:
    above = block.parent
    while above is not None:
        if above is other:
            return True
        above = above.parent
    return False


def _cut_links(root: _Block) -> Iterator[_Block]:
    """Blocks of little but links, on a page that is not made of them."""
    total = root.words
    if root.link_words >= _MAX_PAGE_LINK_DENSITY * total:
        return
    for block in root.kept():
        is_small = _MIN_LINK_WORDS <= block.words < _MAX_SHARE_OF_LINKS * total
        is_judged = block is not root and block.tag not in _NOT_JUDGED_BY_LINKS
        if is_judged and is_small and block.link_words >= _LINK_DENSITY * block.words and not _has_title(block):
            block.cut()
            yield block


def _has_title(block: _Block) -> bool:
    """Whether the title of the page is in it, which may well be a link to the page."""
    return block.node.css_first("h1") is not None


def _cut_around_main(root: _Block) -> Iterator[_Block]:
    """What is beside the `<main>` element, where that holds a good part of what is left."""
    mains = [block for block in root.kept() if block.tag == "main" or block.node.attributes.get("role") == "main"]
    main = max(mains, key=lambda block: block.words, default=None)
    if main is None or main.words < _MIN_SHARE_OF_MAIN * root.words:
        return
    inner: _Block = main
    while inner.parent is not None:
        for beside in inner.parent.children:
            if beside is not inner and not beside.is_cut:
                beside.cut()
                yield beside
        inner = inner.parent
