"""What of a page its reader sees, for every part alike: which elements are left out, and the text of the others.

Left out is what a reader of the page never sees: scripts, styles, templates, `<noscript>` (scripts ran), drawings, and
what the page itself marks as not shown: the `hidden` attribute, an inline `display: none`, a closed `<dialog>`. Kept is
what is one click away: closed `<details>`, tab panels, `hidden="until-found"`. `aria-hidden` says nothing about the
eye, so it is not looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

    from crawl4ai_browser.document import Document

SKIPPED_TAGS = frozenset(
    {"annotation", "annotation-xml", "audio", "base", "canvas", "datalist", "frameset", "head", "iframe", "link"}
    | {"meta", "meter", "noembed", "noframes", "noscript", "param", "progress", "script", "style", "svg", "template"}
    | {"title", "track", "video"}
)
"""Elements whose text no reader sees. A `srcdoc` iframe is the exception, see `is_frame`."""

BLOCK_TAGS = frozenset(
    {"address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "dir", "div"}
    | {"dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header"}
    | {"hgroup", "hr", "html", "iframe", "legend", "li", "listing", "main", "menu", "nav", "ol", "optgroup", "option"}
    | {"p", "plaintext", "pre", "search", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr"}
    | {"ul", "xmp", "br", "button"}
)
"""Elements that begin on a line of their own (HTML Standard, 15.3.3, and table parts), and `<br>`."""

SOFT_HYPHEN = "\xad"
"""Where a word may be broken: nothing a reader sees, and in the way of whoever searches for the word."""

_HIDDEN = (
    "[hidden]:not([hidden='until-found' i]):not([role='tabpanel']),"
    "[style*='display:none' i]:not([role='tabpanel']),[style*='display: none' i]:not([role='tabpanel']),"
    "dialog:not([open]),"
    ".katex-mathml + .katex-html"  # a formula drawn a second time
)


def hidden_nodes(document: Document) -> frozenset[int]:
    """The `mem_id` of each element that the page itself marks as not shown."""
    # html and body are hidden by some pages until their scripts are done; a crawler wants them all the same.
    return frozenset(node.mem_id for node in document.tree.css(_HIDDEN) if node.tag not in {"html", "body"})


def is_frame(node: LexborNode) -> bool:
    """Whether an `<iframe>` holds a document that was unfolded into it."""
    return node.tag == "iframe" and "srcdoc" in node.attributes


def shown_option(select: LexborNode) -> str:
    """The text that a closed `<select>` shows: its selected option's, else its first one's."""
    option = select.css_first("option[selected]") or select.css_first("option")
    return collapse(option.text()) if option is not None else ""


def collapse(text: str) -> str:
    """Runs of white space as one space, none at the ends."""
    return " ".join(text.split())


def visible_text(node: LexborNode) -> str:
    """The text below an element on one line."""
    parts: list[str] = []
    path: list[LexborNode] = []
    current = node.first_child
    while True:
        if current is None:
            if not path:
                return collapse("".join(parts).replace(SOFT_HYPHEN, ""))
            current = path.pop()
            if current.tag in BLOCK_TAGS:
                parts.append(" ")
            current = current.next
            continue
        tag = current.tag
        if tag == "-text":
            parts.append(current.text_content or "")
        elif tag == "select":
            parts.append(f" {shown_option(current)} ")
        elif tag not in SKIPPED_TAGS or is_frame(current):
            if tag in BLOCK_TAGS:
                parts.append(" ")
            child = current.first_child
            if child is not None:
                path.append(current)
                current = child
                continue
        current = current.next
