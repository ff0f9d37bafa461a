"""Code blocks: the text of a `<pre>` as it was typed, and its language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crawl4ai_browser.visible_text import BLOCK_TAGS, SKIPPED_TAGS

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_GUTTER_CLASSES = frozenset(
    {"linenos", "lineno", "linenumber", "line-number", "line-numbers-rows", "gutter", "rouge-gutter", "hljs-ln-numbers"}
    | {"lnt", "ln", "blob-num", "react-line-number", "code-line-number", "linenodiv", "copy-button", "copybtn"}
)
"""Line numbers and copy buttons of Pygments, Rouge, Chroma, highlight.js, Prism, react-syntax-highlighter, Sphinx."""

_LANGUAGE_CLASS = re.compile(r"(?:language|lang|highlight-source|highlight|brush:?|sourceCode|code)[-_:]\s*([\w+#.-]+)")
_LANGUAGE_ATTRIBUTES = ("data-lang", "data-language", "data-code-language", "lang-name", "syntax")
_NO_LANGUAGE = frozenset({"", "none", "plain", "plaintext", "text", "nohighlight", "default", "notranslate", "block"})
_HLJS_EXTRA = frozenset({"hljs", "highlight", "sourcecode", "code", "copyable", "nohighlight", "notranslate"})
_LEADING_BLANK_LINES = re.compile(r"\A(?:[ \t]*+\n)+")
_WRAPPERS = 3
"""Elements around a `<pre>` that highlighters wrap it with (`div.highlight-python > div.highlight > pre`)."""


def is_gutter(node: LexborNode) -> bool:
    """Whether the element shows line numbers or a button, not code."""
    if node.tag == "button":
        return True
    classes = node.attributes.get("class") or ""
    return not _GUTTER_CLASSES.isdisjoint(classes.split())


def code_text(pre: LexborNode) -> str:
    """The text of a `<pre>`, line by line, without line numbers and outer blank lines."""
    parts: list[str] = []
    path: list[tuple[LexborNode, bool]] = []
    current = pre.first_child
    while True:
        if current is None:
            if not path:
                break
            current, is_line = path.pop()
            if is_line:
                _break_line(parts)
            current = current.next
            continue
        tag = current.tag or ""
        if tag == "-text":
            parts.append(current.text_content or "")
        elif tag == "br":
            parts.append("\n")
        elif tag not in SKIPPED_TAGS and not is_gutter(current):
            is_line = tag in BLOCK_TAGS and tag not in {"td", "th"}
            if is_line:
                _break_line(parts)
            child = current.first_child
            if child is not None:
                path.append((current, is_line))
                current = child
                continue
        current = current.next
    text = "".join(parts).replace("\r\n", "\n").replace("\r", "\n")
    return _LEADING_BLANK_LINES.sub("", text).rstrip()


def _break_line(parts: list[str]) -> None:
    while parts and not parts[-1]:
        parts.pop()
    if parts and not parts[-1].endswith("\n"):
        parts.append("\n")


def code_language(pre: LexborNode) -> str:
    """The language that classes or data attributes of the `<pre>`, its `<code>` or its wrappers name; else empty."""
    code = pre.first_child
    while code is not None and code.tag != "code":
        code = code.next
    candidates = [pre] if code is None else [code, pre]
    wrapper = pre.parent
    for _ in range(_WRAPPERS):
        if wrapper is None or wrapper.tag in {"body", "html"}:
            break
        candidates.append(wrapper)
        wrapper = wrapper.parent
    for node in candidates:
        language = _language_of(node, is_code=node.tag in {"pre", "code"})
        if language:
            return language
    return ""


def _language_of(node: LexborNode, *, is_code: bool) -> str:
    attributes = node.attributes
    for name in _LANGUAGE_ATTRIBUTES:
        value = (attributes.get(name) or "").strip().lower()
        if value and re.fullmatch(r"[\w+#.-]+", value):
            return "" if value in _NO_LANGUAGE else value
    classes = attributes.get("class") or ""
    match = _LANGUAGE_CLASS.search(classes)
    if match and match[1].lower() not in _NO_LANGUAGE:
        return match[1].lower()
    words = classes.split()
    if is_code and ("hljs" in words or "sourceCode" in words):  # both put the bare name beside their own class
        rest = [word.lower() for word in words if word.lower() not in _HLJS_EXTRA and not word.startswith("hljs")]
        if rest and rest[0] not in _NO_LANGUAGE:
            return rest[0]
    return ""
