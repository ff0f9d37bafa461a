"""Rules for elements within a line: emphasis, code spans, links, images, line breaks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crawl4ai_browser import urls
from crawl4ai_browser.content.converters import image, inline_target
from crawl4ai_browser.content.media import image_url, is_pixel, media_url
from crawl4ai_browser.content.walk import (
    DELETED,
    EMPHASIS,
    IN_HEADING,
    IN_ITEM,
    IN_LINK,
    NO_FORMAT,
    ON_ONE_LINE,
    RAISED,
    STRONG,
    Enter,
    Leave,
    Walk,
    skip,
)
from crawl4ai_browser.content.writer import Fragment
from crawl4ai_browser.visible_text import collapse, shown_option

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_FORMATS = {
    "b": ("b", STRONG, "**"),
    "strong": ("b", STRONG, "**"),
    "em": ("em", EMPHASIS, "*"),
    "i": ("em", EMPHASIS, "*"),
    "del": ("del", DELETED, "~~"),
    "s": ("del", DELETED, "~~"),
    "strike": ("del", DELETED, "~~"),
    "sub": ("sub", RAISED, ""),
    "sup": ("sup", RAISED, ""),
}
"""By tag: markdownify's rule, the bit that keeps a format from being applied within itself, and its mark."""

_PERMALINK = re.compile(r"[\s¶#§🔗⚓∞\\]*|(?:Link to this|Permalink|Direct link to|Anchor)\b.*", re.IGNORECASE)
"""The text of links beside a heading that only lead to it (Sphinx, MkDocs, Docusaurus, GitHub)."""

_UNSAFE_SCHEMES = ("javascript:", "vbscript:", "data:", "blob:", "about:")
"""Targets that run something or exist only within the page."""


def _enter_format(walk: Walk, node: LexborNode) -> Leave | None:
    _, bit, _ = _FORMATS[node.tag or ""]
    if walk.within & (bit | NO_FORMAT) or walk.is_deep:
        return None
    walk.open(bit)
    return _leave_format


def _leave_format(walk: Walk, node: LexborNode) -> None:
    rule, bit, mark = _FORMATS[node.tag or ""]
    fragment = walk.close()
    is_footnote = bit == RAISED and fragment.text.lstrip().startswith("[")
    text = fragment.text if is_footnote else walk.converters.inline(rule, fragment)
    walk.writer.write_fragment(fragment, text, mark=mark)


def _enter_code(walk: Walk, _node: LexborNode) -> Leave | None:
    if walk.within & NO_FORMAT or walk.is_deep:
        return None
    walk.open(NO_FORMAT | ON_ONE_LINE)
    return _leave_code


def _leave_code(walk: Walk, _node: LexborNode) -> None:
    fragment = walk.close()
    walk.writer.write_fragment(fragment, walk.converters.inline("code", fragment), mark="`")


def _enter_link(walk: Walk, _node: LexborNode) -> Leave | None:
    if walk.within & (IN_LINK | NO_FORMAT) or walk.is_deep:
        return None
    walk.open(IN_LINK)
    return _leave_link


def _leave_link(walk: Walk, node: LexborNode) -> None:
    fragment = walk.close()
    attributes = node.attributes
    href = (attributes.get("href") or "").strip()
    url = link_url(walk, href)
    text = fragment.text.strip()
    if url is None:
        walk.writer.write_fragment(fragment, fragment.text)
    elif walk.within & IN_HEADING and href.startswith("#") and _PERMALINK.fullmatch(text):
        return
    elif "://" in text and text.replace("\\", "") in {href, url} and urls.is_web(url) and walk.references is None:
        walk.writer.write_fragment(fragment, f"<{url}>")
    else:
        title = attributes.get("title") or ""
        target = _target(walk, url, title="" if title == text else title)
        walk.writer.write_fragment(fragment, walk.converters.link(fragment, target))


def link_url(walk: Walk, href: str) -> str | None:
    """Where a link leads, or None where Markdown should not say so."""
    if not href or href == "#":
        return None
    url = walk.document.resolve(href)
    return None if url is None or url.startswith(_UNSAFE_SCHEMES) else url


def _target(walk: Walk, url: str, *, title: str) -> str:
    if walk.references is None:
        return inline_target(url, title)
    number = walk.references.setdefault(url, len(walk.references) + 1)
    return f"[{number}]"


def _enter_image(walk: Walk, node: LexborNode) -> Leave | None:
    attributes = node.attributes
    alt = attributes.get("alt") or ""
    if walk.within & NO_FORMAT:
        walk.writer.write(alt)
        return skip
    url = image_url(walk.document, node)
    if is_pixel(attributes) or not (url or alt.strip()):
        return skip
    if url.startswith("data:"):
        url = ""  # a whole picture has no place in a text; its description has
    if url or alt.strip():
        walk.writer.write(image(alt, url, attributes.get("title") or ""))
    return skip


def _enter_player(walk: Walk, node: LexborNode) -> Leave | None:
    """`<video>` and `<audio>`: a link to the file, or to the poster where there is none."""
    attributes = node.attributes
    label = collapse(attributes.get("title") or attributes.get("aria-label") or node.tag or "")
    url = media_url(walk.document, node)
    poster = walk.document.resolve(attributes.get("poster") or "") if attributes.get("poster") else None
    if url and link_url(walk, url):
        text = image(label, poster, "") if poster else label
        walk.writer.write(walk.converters.link(Fragment(text), _target(walk, url, title="")))
    elif poster:
        walk.writer.write(image(label, poster, ""))
    return skip


def _enter_break(walk: Walk, _node: LexborNode) -> Leave | None:
    if walk.within & ON_ONE_LINE:
        walk.writer.write_space(" ")
    else:
        walk.writer.break_hard()
    return skip


def _enter_quote(walk: Walk, _node: LexborNode) -> Leave | None:
    walk.writer.write('"')
    return _leave_quote


def _leave_quote(walk: Walk, _node: LexborNode) -> None:
    walk.writer.write('"')


def _enter_ruby_text(walk: Walk, _node: LexborNode) -> Leave | None:
    walk.writer.write("(")
    return _leave_ruby_text


def _leave_ruby_text(walk: Walk, _node: LexborNode) -> None:
    walk.writer.write(")")


def _enter_button(walk: Walk, _node: LexborNode) -> Leave | None:
    walk.writer.write_space(" ")
    return _leave_button


def _leave_button(walk: Walk, _node: LexborNode) -> None:
    walk.writer.write_space(" ")


def _enter_input(walk: Walk, node: LexborNode) -> Leave | None:
    attributes = node.attributes
    is_checkbox = (attributes.get("type") or "").lower() == "checkbox"
    if is_checkbox and walk.within & IN_ITEM and walk.writer.is_empty and not walk.within & ON_ONE_LINE:
        walk.writer.write_verbatim("[x] " if "checked" in attributes else "[ ] ")
    return skip


def _enter_select(walk: Walk, node: LexborNode) -> Leave | None:
    """What a closed list of choices shows: the selected one."""
    text = shown_option(node)
    if text:
        walk.write_plain(f" {text} ")
    return skip


def _enter_math(walk: Walk, node: LexborNode) -> Leave | None:
    """A formula whose TeX the page gives: that, as GitHub and most others render it."""
    source = node.css_first("annotation[encoding='application/x-tex']")
    tex = source.text() if source is not None else node.attributes.get("alttext") or ""
    tex = collapse(tex)
    if not tex or walk.within & NO_FORMAT:
        return None
    mark = "$$" if node.attributes.get("display") == "block" else "$"
    walk.writer.write(f"{mark}{tex}{mark}")
    return skip


def _enter_skipped(_walk: Walk, _node: LexborNode) -> Leave | None:
    return skip


RULES: dict[str, Enter] = {
    **dict.fromkeys(_FORMATS, _enter_format),
    **dict.fromkeys(("code", "kbd", "samp", "tt"), _enter_code),
    "a": _enter_link,
    "img": _enter_image,
    "video": _enter_player,
    "audio": _enter_player,
    "br": _enter_break,
    "q": _enter_quote,
    "rt": _enter_ruby_text,
    "rp": _enter_skipped,
    "button": _enter_button,
    "input": _enter_input,
    "select": _enter_select,
    "math": _enter_math,
}
"""What to do where an element begins, by tag."""
