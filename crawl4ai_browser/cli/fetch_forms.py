"""The forms in which `fetch` gives out a page: what each asks of the visit, and what it takes of the result."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crawl4ai_browser.config import NO_CONTENT, CrawlConfig

if TYPE_CHECKING:
    from crawl4ai_browser.captured import CaptureKind
    from crawl4ai_browser.result import CrawlResult


@dataclass(frozen=True)
class Form:
    """One way to show a page."""

    description: str
    give: Callable[[CrawlResult], bytes | None]
    """The bytes to write; None: the page has none of it."""
    content: tuple[str, ...] | None = ()
    """The parts of the content that are made for it. None: all that the configuration asks for."""
    capture: Mapping[str, object] = field(default_factory=dict[str, object])
    """What is captured for it, beside what the configuration asks for."""
    is_binary: bool = False

    def configured(self, config: CrawlConfig) -> CrawlConfig:
        """The configuration with what this form needs, and without content that it doesn't show."""
        content = config.content
        if self.content is not None:
            # Parts are switched on; items are what a schema names, so it stays.
            parts = {name: content.items if name == "items" else True for name in self.content}
            content = NO_CONTENT.model_copy(update=parts)
        wanted = {
            name: value for name, value in self.capture.items() if getattr(config.capture, name) in (False, "none")
        }
        capture = config.capture.model_copy(update=wanted)
        return config.model_copy(update={"content": content, "capture": capture})


def _text(text: str | None) -> bytes | None:
    return None if text is None else text.rstrip("\n").encode("utf-8", "replace") + b"\n"


def _capture(result: CrawlResult, kind: CaptureKind) -> bytes | None:
    """The capture, from the result or from the file that it went to."""
    held: bytes | str | None = getattr(result, kind)
    if held is None:
        path = next((file.path for file in result.capture_files if file.kind == kind), None)
        return path.read_bytes() if path is not None else None
    return held if isinstance(held, bytes) else held.encode("utf-8", "replace")


def _links(result: CrawlResult) -> bytes:
    return b"".join(link.url.encode("utf-8", "replace") + b"\n" for link in result.links)


def _items(result: CrawlResult) -> bytes | None:
    lines = [json.dumps(item, ensure_ascii=False) + "\n" for item in result.items]
    return "".join(lines).encode("utf-8", "replace") if lines else None


FORMS = {
    "markdown": Form("the whole page", lambda result: _text(result.markdown), ("markdown",)),
    "main": Form("its main content as Markdown", lambda result: _text(result.main_markdown), ("main_markdown",)),
    "cited": Form(
        "Markdown with its links as numbered references",
        lambda result: _text(result.cited_markdown),
        ("cited_markdown",),
    ),
    "text": Form("the visible text", lambda result: _text(result.text), ("text",)),
    "html": Form("the rendered DOM", lambda result: _text(result.html)),
    "links": Form("the addresses it links to, one a line", _links, ("links",)),
    "items": Form("the items that --schema names, as JSON, one a line", _items, ("items",)),
    "json": Form("the whole result", lambda result: _text(result.model_dump_json(indent=2)), None),
    "screenshot": Form(
        "a picture of the full page, or of what --screenshot says",
        lambda result: _capture(result, "screenshot"),
        capture={"screenshot": "full_page"},
        is_binary=True,
    ),
    "pdf": Form("a PDF of it", lambda result: _capture(result, "pdf"), capture={"pdf": True}, is_binary=True),
    "mhtml": Form("the page with all that it shows", lambda result: _capture(result, "mhtml"), capture={"mhtml": True}),
    "har": Form("its requests as an HTTP Archive", lambda result: _capture(result, "har"), capture={"har": True}),
}
"""By the name that `--as` takes."""

DEFAULT_FORM = "markdown"
