"""Playwright's driver: where it lies, and whether it runs. Found without importing or starting Playwright."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

from crawl4ai_browser.browser.provisioning.command import run_command
from crawl4ai_browser.errors import LaunchFailed

DRIVER_LIBRARIES = ("libatomic1",)
"""Debian's packages with what the driver's Node needs beside the base system. A fresh Debian 12 has no libatomic1."""

_ANSWER_TIMEOUT = 30.0
"""Seconds for Node's `--version`: 0.05 warm; the file has 120 MB."""


def driver_package() -> Path:
    """The folder of the driver's code, with `browsers.json` and `lib`.

    Raises:
        LaunchFailed: Playwright is not installed.
    """
    spec = find_spec("playwright")
    if spec is None or spec.origin is None:
        raise LaunchFailed("the package playwright is not installed; install crawl4ai-browser with its dependencies")
    return Path(spec.origin).parent / "driver" / "package"


def driver_node() -> Path:
    """The Node that Playwright starts: its own, or the one that `PLAYWRIGHT_NODEJS_PATH` names.

    Raises:
        LaunchFailed: Playwright is not installed.
    """
    named = os.environ.get("PLAYWRIGHT_NODEJS_PATH")
    return Path(named) if named else driver_package().parent / ("node.exe" if sys.platform == "win32" else "node")


def driver_problem() -> str | None:
    """Why the driver does not run on this machine, in its own words, or None. Starts Node, 50 ms.

    Playwright itself only says that the connection was closed.

    Raises:
        LaunchFailed: Playwright is not installed.
    """
    outcome = run_command((str(driver_node()), "--version"), timeout=_ANSWER_TIMEOUT)
    return None if outcome.succeeded else outcome.last_lines
