"""Markdown of a document, in full or of its main content, with links in place or as numbered references."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawl4ai_browser.content import blocks, inline, table_text
from crawl4ai_browser.content.escape import link_destination
from crawl4ai_browser.content.walk import Enter, Walk

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from selectolax.lexbor import LexborNode

    from crawl4ai_browser.document import Document

_RULES: dict[str, Enter] = {**blocks.RULES, **inline.RULES, **table_text.RULES}


def to_markdown(
    document: Document,
    *,
    skipped: Collection[int] = (),
    roots: Iterable[LexborNode] | None = None,
) -> str:
    """The Markdown of the body, or of `roots`, without the elements whose `mem_id` is in `skipped`."""
    return _write(Walk(document, _RULES, skipped=skipped), roots)


def to_cited_markdown(document: Document, *, skipped: Collection[int] = ()) -> str:
    """The same with links as `[text][1]` and the list of their targets, each URL once, at the end."""
    references: dict[str, int] = {}
    text = _write(Walk(document, _RULES, skipped=skipped, references=references), None)
    if not references:
        return text
    listed = "\n".join(f"[{number}]: {link_destination(url)}" for url, number in references.items())
    return f"{text}\n\n{listed}"


def _write(walk: Walk, roots: Iterable[LexborNode] | None) -> str:
    if roots is None:
        body = walk.document.body
        roots = [] if body is None else [body]
    for root in roots:
        walk.walk(root)
    return walk.writer.text()
