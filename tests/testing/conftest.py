"""The plugin's crawlers, closed with each module: the browsers of these tests are not to run beside those of others."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from crawl4ai_browser.testing.fixtures import Crawlers
from crawl4ai_browser.testing.plugin.bridge import Bridge


@pytest.fixture(scope="module")
def crawlers() -> Generator[Crawlers]:
    with Crawlers(Bridge()) as opened:
        yield opened
