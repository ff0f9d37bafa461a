"""`install`: a browser to crawl with, found or provided."""

from __future__ import annotations

import click

from crawl4ai_browser.browser.provisioning.provision import provide_browser
from crawl4ai_browser.cli.streams import say


@click.command()
def command() -> None:
    """Find a browser to crawl with, or provide one.

    Takes what the environment variable CRAWL4AI_BROWSER_EXECUTABLE names, what Playwright has downloaded, or what the
    system has. Only when none of them runs is one downloaded by Playwright, or installed by the system's packages (as
    root or with sudo). The path is printed to standard output.
    """
    browser = provide_browser(report=say)
    say(f"Chromium {browser.version} (from {browser.source})")
    click.echo(browser.path)
