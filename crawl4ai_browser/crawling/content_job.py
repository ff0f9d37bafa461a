"""ContentJob: what the content stage is asked to do, as it travels to a worker process."""

from __future__ import annotations

from dataclasses import dataclass

from crawl4ai_browser.config import ContentConfig


@dataclass(frozen=True, slots=True)
class ContentJob:
    """One document to render."""

    html: str
    url: str
    """The document's final address."""
    base_url: str | None
    """What the browser gave as the base for relative URLs; None: the document decides."""
    config: ContentConfig
