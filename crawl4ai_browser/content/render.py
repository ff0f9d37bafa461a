"""A document to its content: the parts that are asked for, each timed."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from crawl4ai_browser.clock import SYSTEM_CLOCK
from crawl4ai_browser.content.links import read_links
from crawl4ai_browser.content.main_content import boilerplate
from crawl4ai_browser.content.markdown import to_cited_markdown, to_markdown
from crawl4ai_browser.content.media import read_media
from crawl4ai_browser.content.metadata import read_metadata
from crawl4ai_browser.content.tables import read_tables
from crawl4ai_browser.content.text import to_text
from crawl4ai_browser.page_content import Content, PageMetadata
from crawl4ai_browser.visible_text import hidden_nodes

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawl4ai_browser.config import ContentConfig
    from crawl4ai_browser.document import Document

_Part = TypeVar("_Part")


def render(document: Document, config: ContentConfig) -> Content:
    """What the configuration asks for. Pure and CPU bound: about 10 ms for a page of 150 KB; never fails.

    `Content.timings` has the seconds of each part, and of parsing.
    """
    timer = _Timer()
    timer.time("parse", lambda: document.tree)
    hidden = hidden_nodes(document)
    return Content(
        markdown=timer.time("markdown", lambda: to_markdown(document, skipped=hidden)) if config.markdown else None,
        cited_markdown=(
            timer.time("cited_markdown", lambda: to_cited_markdown(document, skipped=hidden))
            if config.cited_markdown
            else None
        ),
        main_markdown=(
            timer.time("main_markdown", lambda: _main_markdown(document, hidden)) if config.main_markdown else None
        ),
        text=timer.time("text", lambda: to_text(document, skipped=hidden)) if config.text else None,
        links=timer.time("links", lambda: read_links(document)) if config.links else (),
        media=timer.time("media", lambda: read_media(document)) if config.media else (),
        tables=timer.time("tables", lambda: read_tables(document)) if config.tables else (),
        metadata=timer.time("metadata", lambda: read_metadata(document)) if config.metadata else PageMetadata(),
        timings=timer.seconds,
    )


def _main_markdown(document: Document, hidden: frozenset[int]) -> str:
    return to_markdown(document, skipped=hidden | boilerplate(document, skipped=hidden))


class _Timer:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def time(self, name: str, make: Callable[[], _Part]) -> _Part:
        start = SYSTEM_CLOCK.monotonic()
        part = make()
        self.seconds[name] = SYSTEM_CLOCK.monotonic() - start
        return part
