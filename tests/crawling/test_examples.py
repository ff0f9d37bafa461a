"""The examples in the docstrings of what users start with are run as they stand, but for the browser."""

from __future__ import annotations

import inspect
import re
import textwrap
from functools import partial

import pytest

from crawl4ai_browser import CrawlConfig, Crawler, Scope, crawl
from crawl4ai_browser.testing.scripted_fetcher import ScriptedFetcher

EXAMPLE = re.compile(r"(?:^(?: {4}.*)?\n)+", re.MULTILINE)


def example_of(thing: object) -> str:
    """The first indented block of a docstring."""
    doc = inspect.getdoc(thing) or ""
    blocks = [textwrap.dedent(match.group()).strip() for match in EXAMPLE.finditer(doc)]
    return next(block for block in blocks if block)


@pytest.fixture
def fetcher() -> ScriptedFetcher:
    return ScriptedFetcher(
        {"https://example.com/": '<p>home</p><a href="/a">a</a>', "https://example.com/a": "<p>a</p>"}
    )


async def test_the_example_of_crawler_runs(
    config: CrawlConfig, fetcher: ScriptedFetcher, capsys: pytest.CaptureFixture[str]
) -> None:
    names: dict[str, object] = {
        "Crawler": partial(Crawler, fetcher=fetcher),
        "CrawlConfig": lambda: config,
        "Scope": Scope,
    }
    code = "async def example():\n" + textwrap.indent(example_of(Crawler), "    ")
    exec(code, names)
    example = names["example"]
    assert inspect.iscoroutinefunction(example)
    await example()
    assert (
        capsys.readouterr().out == "https://example.com/ home\n\n[a](https://example.com/a)\nhttps://example.com/a a\n"
    )
    assert [visit.url for visit in fetcher.visits] == [
        "https://example.com/",
        "https://example.com/",
        "https://example.com/a",
    ]


def test_the_example_of_crawl_runs(
    config: CrawlConfig, fetcher: ScriptedFetcher, capsys: pytest.CaptureFixture[str]
) -> None:
    exec(example_of(crawl), {"crawl": partial(crawl, config=config, fetcher=fetcher), "Scope": Scope})
    assert (
        capsys.readouterr().out == "https://example.com/ home\n\n[a](https://example.com/a)\nhttps://example.com/a a\n"
    )
