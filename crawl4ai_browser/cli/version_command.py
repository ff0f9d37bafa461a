"""`version`: what to name in a report. Nothing heavy is imported for it."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

import click


def version_of(package: str) -> str:
    """The installed version of a package."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


@click.command()
def command() -> None:
    """Print the versions that matter in a report."""
    click.echo(f"crawl4ai-browser {version_of('crawl4ai-browser')}")
    click.echo(f"Playwright {version_of('playwright')}")
    click.echo(f"Python {platform.python_version()} on {platform.system()} {platform.machine()}")
