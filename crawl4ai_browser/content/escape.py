"""Escape text so that Markdown shows it as it is (CommonMark 0.31, 2.4), and nothing that needs no escape.

markdownify escapes `*` and `_` alone, or with `escape_misc` a good part of all punctuation. Here a character is escaped
where CommonMark or GitHub's tables and strikethrough would take it for markup: `<` before a letter, `&` of an entity,
`_` at the edge of a word, `#`, `-`, `+`, `1.` and `>` at the start of a line.
"""

from __future__ import annotations

import re

_SPECIAL = re.compile(r"[\\`*_<&~\]\[]")
_INLINE = re.compile(
    r"\\(?=[!-/:-@\[-`{-~\s]|\Z)"  # an escape or a hard line break, also of what comes when white space is trimmed
    r"|[*`]"
    r"|(?<![^\W_])_|_(?![^\W_])"  # within a word it is no emphasis: snake_case stays readable
    r"|<(?=[A-Za-z/!?]|\Z)"  # a tag, also one whose name is in the next text node
    r"|&(?=#?\w*(?:;|\Z))"  # an entity, likewise
    r"|~(?=~|\Z)|(?<=~)~|\A~"  # strikethrough, or a fence; at the edges, as the next text may begin with one
    r"|\](?=\()"  # a link
)
_LINE_START = re.compile(
    r"^(?:"
    r"(?=#{1,6}(?:[ \t]|$))"  # a heading
    r"|(?=[-+](?:[ \t]|$))"  # a list
    r"|(?=>)"  # a quotation
    r"|(?==++[ \t]*+$)"  # the line under a heading
    r"|(?=[|: -]*+$)(?=[|:-])"  # a rule, the line under a heading or under a table's head
    r"|(?=\[[^\]\n]++\]:)"  # a link definition
    r"|(?P<number>[0-9]{1,9})(?=[.)](?:[ \t]|$))"  # an ordered list
    r")",
    re.MULTILINE,
)
_BRACKETS = re.compile(r"\\.|[\[\]]", re.DOTALL)
_ENTITY = re.compile(r"&(?=#?\w+;)")
_REFERENCE = re.compile(r"\[(?=[0-9]+\])")


def escape_inline(text: str) -> str:
    """Text for the middle of a line."""
    return _INLINE.sub(r"\\\g<0>", text) if _SPECIAL.search(text) else text


def escape_line_start(text: str) -> str:
    """Text that begins a line, already escaped as inline text."""
    return _LINE_START.sub(_escape_start, text)


def escape_further_lines(text: str) -> str:
    """Text that begins within a line but has further ones."""
    first, _, rest = text.partition("\n")
    return f"{first}\n{escape_line_start(rest)}"


def _escape_start(match: re.Match[str]) -> str:
    return f"{match['number'] or ''}\\"


def escape_references(text: str) -> str:
    """Text where `[1]` is not to be taken for one of our own references."""
    return _REFERENCE.sub(r"\\[", text)


def balance_brackets(text: str) -> str:
    """The text of a link, with brackets that would end it early escaped."""
    if "[" not in text and "]" not in text:
        return text
    depth = 0
    for bracket in _BRACKETS.findall(text):
        depth += (bracket == "[") - (bracket == "]")
        if depth < 0:
            break
    return text if depth == 0 else _BRACKETS.sub(_escape_bracket, text)


def _escape_bracket(match: re.Match[str]) -> str:
    return match[0] if len(match[0]) > 1 else f"\\{match[0]}"


def link_destination(url: str) -> str:
    """A URL as the target of a link: in angle brackets or escaped where parentheses or spaces would end it."""
    if "(" in url or ")" in url:
        depth = 0
        for character in url:
            depth += (character == "(") - (character == ")")
            if depth < 0:
                break
        if depth:
            url = url.replace("(", "%28").replace(")", "%29")
    if "\\" in url or "&" in url:
        url = url.replace("\\", "%5C")
        url = _ENTITY.sub(r"\\&", url)
    if " " in url or "\n" in url or "<" in url or ">" in url:
        return url.replace(" ", "%20").replace("\n", "%0A").replace("<", "%3C").replace(">", "%3E")
    return url


def link_title(title: str) -> str:
    """The title part of a link, with its leading space; empty where there is none."""
    title = " ".join(title.split())
    if not title:
        return ""
    title = _ENTITY.sub(r"\\&", title.replace("\\", "\\\\").replace('"', '\\"'))
    return f' "{title}"'
