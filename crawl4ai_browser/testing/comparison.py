"""Compares two results of one page, field by field, and says how they differ. Pure."""

from __future__ import annotations

import base64
import difflib
import json
from collections.abc import Collection, Mapping
from typing import cast

from pydantic import JsonValue

from crawl4ai_browser.result import CrawlResult

FACTS = ("final_url", "redirects", "status", "ok", "error", "content_type", "charset", "base_url")
"""What came of the visit itself, in few words."""

COMPARED = (
    *FACTS,
    *("html", "markdown", "cited_markdown", "main_markdown", "text"),
    *("links", "media", "tables", "metadata", "items", "downloads", "console", "popups", "dialogs"),
    *("actions", "responses"),
)
"""The fields in which two visits of a page agree while the page stays as it is. The others are about the visit: times,
attempts, the proxy; `headers` have the date, and pictures differ with the machine's fonts."""

_PARTS: Mapping[str, tuple[str, ...]] = {
    "error": ("kind", "status"),
    "downloads": ("url", "suggested_name", "state", "size_bytes", "sha256", "reason"),
    "console": ("level", "text"),
    "actions": ("place", "action", "selector", "ok", "value", "inner"),
    "inner": ("place", "action", "selector", "ok", "value", "inner"),
    "responses": ("method", "url", "status", "mime_type", "body"),
}
"""What is compared of a field whose other parts are about the visit. Messages of errors and of actions name ports and
times."""

_SHOWN_LINES = 40
"""Lines of a difference that are shown; more are counted."""

Fields = dict[str, JsonValue]


def fields_of(result: CrawlResult, fields: Collection[str] = COMPARED) -> Fields:
    """What is compared of a result, as JSON has it. Addresses on the page's own host stand as they are."""
    dumped = cast("Fields", result.model_dump(mode="json", include=set(fields)))
    return {name: _kept(name, dumped[name]) for name in fields if name in dumped}


def differences(expected: Mapping[str, JsonValue], actual: Mapping[str, JsonValue]) -> dict[str, str]:
    """The fields that differ, in their order, each with how: lines of the expected with -, of the actual with +."""
    return {name: difference(value, actual.get(name)) for name, value in expected.items() if value != actual.get(name)}


def difference(expected: JsonValue, actual: JsonValue) -> str:
    """How two values differ, as the lines of both that do; short values side by side."""
    lines = [
        line
        for line in difflib.unified_diff(_lines(expected), _lines(actual), "expected", "actual", lineterm="", n=1)
        if not line.startswith(("--- ", "+++ "))
    ]
    if len(lines) > _SHOWN_LINES:
        lines = [*lines[:_SHOWN_LINES], f"... and {len(lines) - _SHOWN_LINES} lines more"]
    return "\n".join(lines)


def _kept(name: str, value: JsonValue) -> JsonValue:
    if name == "body" and isinstance(value, str):
        return _text_of(value)
    parts = _PARTS.get(name)
    if parts is None:
        return value
    if isinstance(value, list):
        return [_kept(name, each) for each in value]
    return {part: _kept(part, value.get(part)) for part in parts} if isinstance(value, dict) else value


def _text_of(body: str) -> str:
    """A body in base64 as the text that it is, so that a difference can be read; one that is no text stays."""
    try:
        return base64.b64decode(body).decode("utf-8")
    except UnicodeDecodeError:
        return body


def _lines(value: JsonValue) -> list[str]:
    """The lines in which a value is compared: a text's own, else those of its JSON, an object of a list in one line."""
    if isinstance(value, str):
        return value.splitlines()
    if isinstance(value, list):
        return [json.dumps(each, ensure_ascii=False, sort_keys=True) for each in value]
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).splitlines()
