"""OutputOptions: where results go and in which format, as a value."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from crawl4ai_browser.frozen import Frozen
from crawl4ai_browser.sinks.front_matter import MarkdownForm
from crawl4ai_browser.sinks.sink import IfExists

Format = Literal["jsonl", "json", "csv", "markdown", "sqlite", "parquet"]


class OutputOptions(Frozen):
    """How results are written."""

    path: Path | None = None
    """None: standard output."""
    format: Format | None = None
    """None: by the path's suffix; JSON Lines on standard output."""
    if_exists: IfExists = "refuse"
    leave_out: tuple[str, ...] = ()
    """Fields of the result that JSON goes without."""
    form: MarkdownForm = "markdown"
    """The field of the result that is a page's Markdown."""
