"""Columns: a result as one row with typed cells, for formats that have types."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from crawl4ai_browser.result import CrawlResult

Kind = Literal["text", "boolean", "integer", "number", "moment", "bytes", "records", "json"]
"""`moment`: a time in UTC. `records`: a list of rows of their own. `json`: what has no columns, as text."""


@dataclass(frozen=True)
class Column:
    """One column of a row."""

    name: str
    kind: Kind
    get: Callable[[CrawlResult], object]
    """The cell; for `records` the models of which `parts` are taken, for `json` whatever becomes text."""
    parts: Mapping[str, Kind] = field(default_factory=dict[str, Kind])
    """The columns of `records`: names of fields, and what they are."""

    def cell(self, result: CrawlResult) -> object:
        """What stands in the row. Records are a list of dicts, of JSON types but for moments."""
        value = self.get(result)
        if self.kind == "records":
            models: Iterable[BaseModel] = value  # type: ignore[assignment]  # said by the kind
            return [{name: _shown(getattr(model, name)) for name in self.parts} for model in models]
        return value


def _shown(value: object) -> object:
    """A field of a record: errors and paths as text."""
    return value if value is None or isinstance(value, str | bool | int | float | datetime) else str(value)


def _of(name: str, kind: Kind, parts: Mapping[str, Kind] | None = None) -> Column:
    return Column(name, kind, lambda result: getattr(result, name), parts or {})


COLUMNS: tuple[Column, ...] = (
    _of("url", "text"),
    _of("final_url", "text"),
    _of("ok", "boolean"),
    _of("status", "integer"),
    Column("error", "text", lambda result: result.error.kind if result.error else None),
    Column("error_message", "text", lambda result: result.error.message if result.error else None),
    Column("error_phase", "text", lambda result: result.error.phase if result.error else None),
    Column("error_blame", "text", lambda result: result.error.blame if result.error else None),
    Column("title", "text", lambda result: result.metadata.title),
    Column("description", "text", lambda result: result.metadata.description),
    Column("language", "text", lambda result: result.metadata.language),
    _of("content_type", "text"),
    _of("charset", "text"),
    _of("html", "text"),
    _of("markdown", "text"),
    _of("cited_markdown", "text"),
    _of("main_markdown", "text"),
    _of("text", "text"),
    _of("links", "records", {"url": "text", "text": "text", "internal": "boolean", "kind": "text"}),
    _of("media", "records", {"url": "text", "kind": "text"}),
    _of("tables", "json"),
    _of("metadata", "json"),
    _of("items", "json"),
    _of(
        "downloads",
        "records",
        {
            "url": "text",
            "path": "text",
            "state": "text",
            "size_bytes": "integer",
            "sha256": "text",
            "mime_type": "text",
        },
    ),
    _of("redirects", "records", {"url": "text", "status": "integer", "kind": "text"}),
    _of("headers", "json"),
    _of("screenshot", "bytes"),
    _of("pdf", "bytes"),
    _of(
        "attempts",
        "records",
        {"number": "integer", "started_at": "moment", "seconds": "number", "status": "integer", "proxy": "text"},
    ),
    Column("seconds", "number", lambda result: result.timings.get("total")),
    _of("timings", "json"),
    _of("session", "text"),
    _of("proxy", "text"),
    _of("depth", "integer"),
    _of("parent", "text"),
    _of("fetched_at", "moment"),
    _of("from_cache", "boolean"),
    _of("request_metadata", "json"),
    _of("fingerprint", "text"),
)
"""Of what a page is, all; what else is captured on request (console, requests, popups) stands in JSON lines alone."""
