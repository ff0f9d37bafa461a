"""Keep the elements of an html text from nesting without end, losing none of them.

The tree construction of the HTML Standard walks the stack of open elements for many tags, so its cost grows with the
depth: 50,000 nested `<div>` take lexbor 3 s, 300,000 two minutes. Scripts can build such trees. Blink's own parser cuts
at 512 levels by making deeper elements siblings; this does the same to the text before it is parsed.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import accumulate

MAX_DEPTH = 512
"""Levels. Blink's limit (`kMaximumHTMLParserDOMTreeDepth`), so html that was parsed rather than built by a script never
reaches it. The deepest of 140 real pages has 60."""

MAX_ATTRIBUTE_COUNT = 512
"""Attributes of one element. Looking for a duplicate is linear in them, so 50,000 take the parser 4 s."""

_HUGE_TAG_SIZE = 16 * 1024
"""Characters. In less than this there is room for 3,000 attributes, which take 20 ms."""

_STRIDE = 64
"""Tags whose ends are counted at once."""

VOID_TAGS = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
)
_RAW_TEXT_TAGS = frozenset({"script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes"})

_TAG_SIGN = re.compile(rf"<(?!(?:{'|'.join(sorted(VOID_TAGS))})\b)([a-zA-Z/])")
_MARKUP = re.compile(r"<[a-zA-Z/!?]")
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*+)((?:[^>\"']|\"[^\"]*+\"|'[^']*+')*+)>")
_ATTRIBUTE = re.compile(r"[^\s=/>]++(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s>]++))?+")


def limit_depth(html: str) -> str:
    """The html itself where it is harmless, else with its deepest elements made siblings and attributes cut."""
    if html.count("<") > MAX_DEPTH and _is_deep("".join(_TAG_SIGN.findall(html))):
        return _Flattener(html).flatten()
    return _Flattener(html).flatten() if _has_huge_tag(html) else html


def _is_deep(signs: str) -> bool:
    """Whether tags nest too deep; those without end tag, and those within scripts, count too.

    `signs` has a `/` for each end tag and another character for each start tag.
    """
    depth = 0
    for start in range(0, len(signs), _STRIDE):
        ends = signs.count("/", start, start + _STRIDE)
        starts = min(_STRIDE, len(signs) - start) - ends
        if depth + starts > MAX_DEPTH:  # at most that deep: now exactly
            return max(accumulate(-1 if sign == "/" else 1 for sign in signs)) > MAX_DEPTH
        depth += starts - ends
    return False


def _has_huge_tag(html: str) -> bool:
    """Whether there may be an element with very many attributes."""
    if len(html) < _HUGE_TAG_SIZE:
        return False
    return any(part.count("=") > MAX_ATTRIBUTE_COUNT for part in html.split("<") if len(part) >= _HUGE_TAG_SIZE)


class _Flattener:
    """One pass over the tags of an html text, with the stack of open elements."""

    def __init__(self, html: str) -> None:
        self._html = html
        self._out: list[str] = []
        self._open: list[str] = []
        self._open_count: Counter[str] = Counter()
        self._sibling: str | None = None  # the element that stands for all that would be deeper than the limit

    def flatten(self) -> str:
        position = 0
        while (found := _MARKUP.search(self._html, position)) is not None:
            text = self._html[position : found.start()]
            # A sign that stands for itself stays so where the tag after it is left out.
            self._out.append(f"{text[:-1]}&lt;" if text.endswith("<") else text)
            position = self._markup(found.start())
        self._out.append(self._html[position:])
        return "".join(self._out)

    def _markup(self, start: int) -> int:
        """Copy the tag or comment at `start`; where to go on."""
        tag = _TAG.match(self._html, start)
        if tag is None:
            return self._copy(start, self._end_of_other_markup(start))
        is_end, name = bool(tag[1]), tag[2].lower()
        if is_end:
            self._end_tag(name)
            return tag.end()
        if name in VOID_TAGS:
            return self._copy(start, tag.end())
        self._start_tag(name, tag[0] if tag[3].count("=") <= MAX_ATTRIBUTE_COUNT else _with_fewer_attributes(tag))
        if name in _RAW_TEXT_TAGS:
            end = re.compile(rf"</{re.escape(name)}(?=[\s/>])", re.IGNORECASE).search(self._html, tag.end())
            return self._copy(tag.end(), end.start() if end else len(self._html))
        return tag.end()

    def _copy(self, start: int, end: int) -> int:
        self._out.append(self._html[start:end])
        return end

    def _end_of_other_markup(self, start: int) -> int:
        """Of a comment, a declaration, or a tag that never ends (which swallows the rest, as in the Standard)."""
        if self._html.startswith("<!--", start):
            end = self._html.find("-->", start)
            return len(self._html) if end < 0 else end + 3
        if self._html[start + 1] in "!?/":
            end = self._html.find(">", start)
            return len(self._html) if end < 0 else end + 1
        return len(self._html)

    def _start_tag(self, name: str, text: str) -> None:
        if len(self._open) >= MAX_DEPTH:
            self._close_sibling()
            self._sibling = name
        self._open.append(name)
        self._open_count[name] += 1
        self._out.append(text)

    def _end_tag(self, name: str) -> None:
        if not self._open_count[name]:
            return
        while True:
            top = self._open.pop()
            self._open_count[top] -= 1
            if len(self._open) >= MAX_DEPTH:
                self._close_sibling()
            elif top == name:
                self._out.append(f"</{name}>")
            if top == name:
                return

    def _close_sibling(self) -> None:
        if self._sibling is not None:
            self._out.append(f"</{self._sibling}>")
            self._sibling = None


def _with_fewer_attributes(tag: re.Match[str]) -> str:
    attributes = _ATTRIBUTE.findall(tag[3])[:MAX_ATTRIBUTE_COUNT]
    return f"<{tag[2]} {' '.join(attributes)}>"
