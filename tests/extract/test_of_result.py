from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

import pytest
from pydantic import BaseModel

from crawl4ai_browser.config import NO_CONTENT
from crawl4ai_browser.crawling.content_messages import ContentJob
from crawl4ai_browser.crawling.content_worker import content_of
from crawl4ai_browser.crawling.pipeline import item_error
from crawl4ai_browser.errors import ExtractError, ItemInvalid
from crawl4ai_browser.page_content import Content
from crawl4ai_browser.request import Request
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.schema import Css, Schema
from crawl4ai_browser.transforms import Number, Url

HTML = (
    "<li><a href=one>One</a><i>£9.50</i></li><li><a href=two>Two</a><i>free</i></li>"
    '<script type="application/ld+json">{"@type": "Product", "name": "One", "url": "one"}</script>'
)
RESULT = CrawlResult(
    url="https://a.test/",
    final_url="https://b.test/list/",
    base_url="https://cdn.test/x/",
    ok=True,
    html=HTML,
    fingerprint="0" * 32,
    fetched_at=datetime(2026, 1, 1, tzinfo=UTC),
)
SCHEMA = Schema(each=Css("li"), fields={"name": Css("a"), "price": Css("i", then=Number())})


class Item(BaseModel):
    name: Annotated[str, Css("a")]
    url: Annotated[str, Css("a", take="@href", then=Url())]


class Priced(BaseModel):
    price: Annotated[Decimal, Css("i", then=Number())]


def test_a_stored_result_gives_objects_of_a_model() -> None:
    stored = CrawlResult.model_validate_json(RESULT.model_dump_json())
    assert stored.extract(Item) == Item(name="One", url="https://cdn.test/x/one")
    assert [item.name for item in stored.extract(Item, each="li")] == ["One", "Two"]
    assert stored.extract(Priced).price == Decimal("9.50")


def test_a_schema_gives_plain_items_or_its_first_error() -> None:
    names = Schema(each=Css("li"), fields={"name": Css("a")})
    assert RESULT.extract(names) == ({"name": "One"}, {"name": "Two"})
    with pytest.raises(ItemInvalid, match=r"https://b.test/list/: 1.price \(i\) found 'free'"):
        RESULT.extract(SCHEMA)


def test_a_result_gives_what_the_page_says_as_data() -> None:
    assert [thing.data["name"] for thing in RESULT.things("Product")] == ["One"]
    assert (RESULT.things("Article"), RESULT.articles()) == ((), ())
    assert RESULT.products()[0].url == "https://cdn.test/x/one"


def test_a_result_without_html_has_nothing_to_extract() -> None:
    with pytest.raises(ExtractError, match=r"https://a.test/ has no html"):
        RESULT.model_copy(update={"html": None}).extract(Item)


def content(schema: Schema) -> Content:
    config = NO_CONTENT.model_copy(update={"items": schema})
    return content_of(ContentJob(html=HTML, url=RESULT.final_url, base_url=None, config=config))


def test_a_content_worker_extracts_what_the_configuration_names() -> None:
    made = content(SCHEMA)
    assert made.items == ({"name": "One", "price": 9.5},)
    assert made.markdown is None
    assert "items" in made.timings


def test_items_that_are_left_out_are_the_error_of_the_page() -> None:
    fault = content(SCHEMA).item_fault
    assert fault is not None
    error = item_error(fault.model_copy(update={"count": 3}), Request(url=RESULT.url))
    assert isinstance(error, ItemInvalid)
    assert error.message.endswith("there is no number in it (and 2 more)")
    assert error.phase == "extract"
