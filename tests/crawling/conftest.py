from __future__ import annotations

from collections.abc import Callable

import pytest

from crawl4ai_browser.config import CapacityConfig, CrawlConfig
from crawl4ai_browser.events import Event


@pytest.fixture
def config() -> CrawlConfig:
    """Everything as by default, but that content is rendered in threads: starting a process takes half a second."""
    return CrawlConfig(capacity=CapacityConfig(content_workers=0))


@pytest.fixture
def tree() -> Callable[[str], str]:
    """An endless site: page n links to pages 2n+1 and 2n+2."""

    def html(url: str) -> str:
        number = int(url.rpartition("/")[2])
        return f'<p>page {number}</p><a href="/{2 * number + 1}">left</a> <a href="/{2 * number + 2}">right</a>'

    return html


@pytest.fixture
def events() -> list[Event]:
    """Pass `observers=[events.append]` and look here."""
    return []
