"""What must hold before anything is started: arguments that are URLs, and a browser."""

from __future__ import annotations

from pathlib import Path

from crawl4ai_browser.browser.provisioning.discovery import browser_at, find_browser
from crawl4ai_browser.config import BrowserConfig, CrawlConfig
from crawl4ai_browser.crawling.seeds import checked
from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.request import Request


def checked_argument(url: str, config: CrawlConfig) -> Request:
    """The request of a URL on the command line.

    Raises:
        ConfigError: not a URL that is visited; for a file of this machine it says how to write it.
    """
    try:
        return checked(url, allow_files=config.allow_files)
    except ConfigError as error:
        path = Path(url)
        if path.exists():
            raise ConfigError(f"{url!r} is a file: write {path.absolute().as_uri()} --allow-files") from error
        if url.startswith("file:"):
            raise ConfigError(f"{url!r} is visited with --allow-files only") from error
        raise


def require_browser_for(config: CrawlConfig) -> None:
    """Make sure of a browser before an output is touched, unless nothing will be visited.

    Raises:
        LaunchFailed: there is none; the message says what to do.
    """
    if config.cache.mode != "offline":
        require_browser(config.browser)


def require_browser(config: BrowserConfig) -> None:
    """Make sure of a browser before an output is touched.

    Raises:
        LaunchFailed: there is none; the message says what to do.
    """
    if config.executable is not None:
        browser_at(config.executable)
    else:
        find_browser(None if config.headless else "full")
