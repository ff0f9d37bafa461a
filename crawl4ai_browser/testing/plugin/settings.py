"""Settings: what the command line and the ini file say about tests that crawl, and the configuration to begin with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from crawl4ai_browser.config import (
    BrowserConfig,
    CapacityConfig,
    CrawlConfig,
    DownloadConfig,
    RetryConfig,
)
from crawl4ai_browser.egress_config import EgressConfig

_FIRST_RETRY = 0.05
"""Seconds before a page is tried again at first: there is nobody to be spared on loopback."""

_RESUME_ATTEMPTS = 1
"""How often a file that broke off is continued: before each a second or more is waited for."""

_MISSING_BROWSER: Mapping[str, Literal["fail", "skip"]] = {"fail": "fail", "skip": "skip"}

_OUTPUT = "test-results"
"""Where artifacts go without pytest-playwright, as with it."""


@dataclass(frozen=True)
class Settings:
    """What was asked for. The options of pytest-playwright count here too, where it is installed."""

    missing_browser: Literal["fail", "skip"]
    headless: bool
    screenshot: Literal["off", "on", "only-on-failure"]
    full_page: bool
    tracing: Literal["off", "on", "retain-on-failure"]
    output: Path

    @classmethod
    def of(cls, config: pytest.Config) -> Settings:
        """Those of a run."""
        given = config.getoption("crawl_missing_browser") or config.getini("crawl_missing_browser")
        if given not in _MISSING_BROWSER:
            raise pytest.UsageError(f"crawl_missing_browser is fail or skip, not {given!r}")
        return cls(
            missing_browser=_MISSING_BROWSER[given],
            headless=not _option(config, "--headed", default=False),
            screenshot=_option(config, "--screenshot", default="off"),
            full_page=bool(_option(config, "--full-page-screenshot", default=False)),
            tracing=_option(config, "--tracing", default="off"),
            output=Path(_option(config, "--output", default=_OUTPUT)).absolute(),
        )


def _option(config: pytest.Config, name: str, *, default: object) -> Any:
    """An option of pytest-playwright's, where that is installed."""
    return config.getoption(name, default=default)


def default_config(settings: Settings, folder: Path) -> CrawlConfig:
    """The configuration of tests: the package's own defaults, but for what tests should not wait for or leave behind.

    Content is made in this process, files go into `folder`, the console is captured, retries come at once, and pages
    reach loopback, where tests have their sites.
    """
    return CrawlConfig(
        browser=BrowserConfig(headless=settings.headless),
        capture=CrawlConfig().capture.model_copy(update={"console": True}),
        capacity=CapacityConfig(content_workers=0),
        download=DownloadConfig(folder=folder, resume_attempts=_RESUME_ATTEMPTS),
        retry=RetryConfig(first_delay=_FIRST_RETRY),
        egress=EgressConfig(private="allow"),
    )


def with_captures(config: CrawlConfig, settings: Settings) -> CrawlConfig:
    """The configuration with what a failed test is to leave behind."""
    if settings.screenshot == "off" or config.capture.screenshot != "none":
        return config
    shown = "full_page" if settings.full_page else "viewport"
    return config.model_copy(update={"capture": config.capture.model_copy(update={"screenshot": shown})})
