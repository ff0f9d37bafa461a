"""Ends a test where there is no browser to crawl with, as the settings ask for: with a failure, or by skipping it."""

from __future__ import annotations

from typing import Literal

import pytest

from crawl4ai_browser.browser.provisioning.discovery import browser_at, find_browser
from crawl4ai_browser.config import BrowserConfig
from crawl4ai_browser.errors import LaunchFailed


def require_browser(config: BrowserConfig, missing: Literal["fail", "skip"]) -> None:
    """Make sure of a browser. A look-up that has been made before takes microseconds."""
    try:
        if config.executable is not None:
            browser_at(config.executable)
        else:
            find_browser(None if config.headless else "full")
    except LaunchFailed as error:
        if missing == "skip":
            pytest.skip(error.message)
        pytest.fail(f"{error.message}\nTo skip such tests: --crawl-missing-browser=skip", pytrace=False)
