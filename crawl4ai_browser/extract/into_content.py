"""The items of a document as a part of its content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawl4ai_browser.clock import SYSTEM_CLOCK
from crawl4ai_browser.errors import ItemInvalid
from crawl4ai_browser.extract.items import harvest
from crawl4ai_browser.page_content import Content, ItemFault

if TYPE_CHECKING:
    from crawl4ai_browser.document import Document
    from crawl4ai_browser.schema import Schema


def with_items(content: Content, document: Document, schema: Schema) -> Content:
    """The content with the items that the schema finds, and what is wrong with those that are left out."""
    start = SYSTEM_CLOCK.monotonic()
    found = harvest(document, schema)
    fault = None
    if found.errors:
        first = found.errors[0]
        fault = ItemFault(
            kind="ItemInvalid" if isinstance(first, ItemInvalid) else "SelectorError",
            message=first.message,
            count=len(found.errors),
        )
    timings = {**content.timings, "items": SYSTEM_CLOCK.monotonic() - start}
    return content.model_copy(update={"items": found.items, "item_fault": fault, "timings": timings})
