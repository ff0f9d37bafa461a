"""Html text to the tree that a browser would build from it.

The parser is lexbor (by selectolax): it follows the tree construction of the HTML Standard, so the tree of a serialized
page is the page's own DOM. libxml2's, under lxml, is not: it closes `<h1>` at a `<p>` inside, `<address>` at a list,
nests `<img>` in `<source>`, and stops for good 2,048 levels down. Of 140 real pages, serialized, it changed 42.
"""

from __future__ import annotations

import contextlib
import re
from collections import defaultdict

from lxml import etree
from lxml import html as lxml_html
from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser, LexborNode

from crawl4ai_browser import urls
from crawl4ai_browser.html_depth import limit_depth

_SURROGATE = re.compile("[\ud800-\udfff]")

# Without mutation events: they exist to mirror a selected option, and make a select of 40,000 options take 5 s.
_OPTIONS = int(LexborDocumentOptions.WO_EVENTS)

_MAX_SHADOW_LEVELS = 64
_MAX_FRAME_LEVELS = 8
"""Components within components, and frames within frames, that are still unfolded. Real pages have 10 and 3."""


def parse(html: str, *, scripting: bool = True) -> LexborHTMLParser:
    """The tree, with shadow roots and `srcdoc` frames unfolded in place: what the page shows is one tree.

    `scripting`: scripts ran, so `<noscript>` holds nothing but its own source text, as in the browser; else its content
    stands in its place. Never fails: an empty text has a body too, lone surrogates become U+FFFD.
    """
    return _parse(html, scripting=scripting, frame_levels=_MAX_FRAME_LEVELS)


def _parse(html: str, *, scripting: bool, frame_levels: int) -> LexborHTMLParser:
    tree = LexborHTMLParser(_encodable(limit_depth(html)), options=_OPTIONS, scripting=scripting)
    if not scripting:
        tree.unwrap_tags(["noscript"], delete_empty=True)
    if "shadowrootmode" in html:
        _unfold_shadow_roots(tree)
    if "srcdoc" in html and frame_levels:
        _unfold_frames(tree, scripting=scripting, frame_levels=frame_levels - 1)
    return tree


def _encodable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub("\ufffd", text)
    return text


def children(node: LexborNode) -> list[LexborNode]:
    """The child nodes, text included."""
    found: list[LexborNode] = []
    child = node.first_child
    while child is not None:
        found.append(child)
        child = child.next
    return found


def _unfold_shadow_roots(tree: LexborHTMLParser) -> None:
    """Put the content of each declarative shadow root into its host, as the flat tree of CSS Scoping, 3.1 has it."""
    for _ in range(_MAX_SHADOW_LEVELS):
        # Those within a shadow root come to light when it is unfolded.
        templates = tree.css("template[shadowrootmode]")
        if not templates:
            return
        for template in templates:
            _unfold_shadow_root(template)


def _unfold_shadow_root(template: LexborNode) -> None:
    host = template.parent
    fragments = template.template_fragments()
    if host is None or not fragments:
        template.decompose()
        return
    assigned: dict[str, list[LexborNode]] = defaultdict(list)
    for child in children(host):
        if child.mem_id != template.mem_id:
            slot_name = (child.attributes.get("slot") or "") if child.is_element_node else ""
            assigned[slot_name].append(child)
    for child in children(fragments[0]):
        template.insert_before(child, move=True)
    for slot in host.css("slot"):
        nodes = assigned.pop(slot.attributes.get("name") or "", None)
        if nodes:
            _replace_children(slot, nodes)
    for nodes in assigned.values():
        for node in nodes:
            node.decompose()  # in no slot, so not shown
    template.decompose()


def _replace_children(parent: LexborNode, nodes: list[LexborNode]) -> None:
    for child in children(parent):
        child.decompose()
    for node in nodes:
        parent.insert_child(node, move=True)


def _unfold_frames(tree: LexborHTMLParser, *, scripting: bool, frame_levels: int) -> None:
    """Put the body of each `srcdoc` document into its iframe."""
    for frame in tree.css("iframe[srcdoc]"):
        inner = _parse(frame.attributes.get("srcdoc") or "", scripting=scripting, frame_levels=frame_levels)
        _apply_own_base(inner)
        body = inner.body
        for child in children(frame):
            child.decompose()
        for child in children(body) if body is not None else ():
            frame.insert_child(child)


def _apply_own_base(tree: LexborHTMLParser) -> None:
    """Make the URLs of a frame with a base of its own absolute, as it is about to live under another one."""
    base = tree.css_first("base[href]")
    href = (base.attributes.get("href") or "") if base is not None else ""
    if not urls.is_web(href):
        return
    for attribute in ("href", "src", "poster", "data-src"):
        for node in tree.css(f"[{attribute}]"):
            absolute = urls.join(href, node.attributes.get(attribute) or "")
            if absolute is not None:
                node.attrs[attribute] = absolute


def to_lxml(tree: LexborHTMLParser) -> lxml_html.HtmlElement:
    """The same tree as lxml elements, for XPath. Comments are left out. About 3 ms for a page of 1,000 elements."""
    root = lxml_html.document_fromstring("<html></html>")
    for child in list(root):
        root.remove(child)
    top = tree.root
    if top is not None:
        root.attrib.update(_lxml_attributes(top))
        _copy_children(top, root)
    return root


def _copy_children(source: LexborNode, target: lxml_html.HtmlElement) -> None:
    """Copy all below `source`, without recursion: pages nest deeper than Python does."""
    node = source.first_child
    parents = [target]
    depth = 0
    while node is not None:
        parent = parents[-1]
        if node.is_text_node:
            _append_text(parent, node.text_content or "")
        elif node.is_element_node:
            element = _append_element(parent, node)
            child = node.first_child
            if child is not None:
                parents.append(element)
                node, depth = child, depth + 1
                continue
        following = node.next
        while following is None and depth:
            up = node.parent
            if up is None:
                return
            parents.pop()
            node, depth = up, depth - 1
            following = node.next
        node = following


_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What libxml2's tree can't hold: control characters and noncharacters (XML 1.0, 2.2)."""


def _append_text(parent: lxml_html.HtmlElement, text: str) -> None:
    text = _NOT_XML.sub("", text)
    if len(parent):
        last = parent[-1]
        last.tail = (last.tail or "") + text
    else:
        parent.text = (parent.text or "") + text


def _append_element(parent: lxml_html.HtmlElement, node: LexborNode) -> lxml_html.HtmlElement:
    attributes = _lxml_attributes(node)
    try:
        element = etree.SubElement(parent, node.tag or "unknown", attributes)
    except ValueError:  # a name that lxml refuses, such as one with a quote
        element = etree.SubElement(parent, "unknown")
        for name, value in attributes.items():
            with contextlib.suppress(ValueError):
                element.set(name, value)
    assert isinstance(element, lxml_html.HtmlElement)
    return element


def _lxml_attributes(node: LexborNode) -> dict[str, str]:
    return {name: _NOT_XML.sub("", value) if value else "" for name, value in node.attributes.items()}
