"""A page as Markdown text with YAML front matter that says where it came from."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pydantic import JsonValue

    from crawl4ai_browser.result import CrawlResult

MarkdownForm = Literal["markdown", "main_markdown", "cited_markdown"]
"""The field of the result that becomes the text."""

# JSON's strings are YAML's double-quoted ones (YAML 1.2, 1.3), except for the characters that YAML wants escaped and
# JSON does not (5.1: DEL, C1, the byte order mark, non-characters; 5.4: Unicode's line breaks), and lone surrogates.
_NOT_PLAIN_IN_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


def page_text(result: CrawlResult, form: MarkdownForm) -> str:
    """The page: front matter between lines of `---`, an empty line, the Markdown. A page without Markdown has no body.

    Every value of the front matter is JSON, which YAML 1.2 reads as it is.
    """
    lines = [f"{name}: {_yaml(value)}" for name, value in _facts(result).items() if value not in (None, "", [])]
    front = "\n".join(["---", *lines, "---", ""])
    body: str | None = getattr(result, form)
    return f"{front}\n{_text(body).strip()}\n" if body and body.strip() else front


def _facts(result: CrawlResult) -> dict[str, JsonValue]:
    metadata = result.metadata
    published = metadata.published_at
    return {
        "url": result.url,
        "final_url": result.final_url if result.final_url != result.url else None,
        "status": result.status,
        "ok": result.ok,
        "error": str(result.error) if result.error else None,
        "title": metadata.title,
        "description": metadata.description,
        "language": metadata.language,
        "author": metadata.author,
        "published_at": published.isoformat() if published else None,
        "keywords": list(metadata.keywords),
        "canonical": metadata.canonical if metadata.canonical != result.url else None,
        "depth": result.depth,
        "parent": result.parent,
        "fetched_at": result.fetched_at.isoformat(),
        "fingerprint": result.fingerprint,
    }


def _yaml(value: JsonValue) -> str:
    return _NOT_PLAIN_IN_YAML.sub(lambda match: f"\\u{ord(match.group()):04x}", json.dumps(value, ensure_ascii=False))


def _text(body: str) -> str:
    """The body as UTF-8 can hold it."""
    return body.encode("utf-8", "replace").decode("utf-8")
