"""Which version an executable says it is: the proof that it runs at all.

A half-removed package, a missing shared library or a stub that only names another package answers nothing. Answers are
remembered in the user's cache folder, as a start of Chromium for its version costs 30 to 150 ms and every crawl begins
with one. The file's size and time of change are the key: an upgrade asks again.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from crawl4ai_browser.browser.provisioning.user_cache import cache_folder
from crawl4ai_browser.errors import LaunchFailed

VERSION_TIMEOUT = 30.0
"""Seconds for `--version`: 0.03 warm; a cold 250 MB executable on a slow network disk has been seen to take 10."""

_VERSION = re.compile(r"\b\d+(?:\.\d+){3}\b")  # Chromium's four numbers: major.minor.build.patch


def browser_version(path: Path) -> str:
    """The four numbers of the browser at `path`, such as `156.0.8078.79`.

    Raises:
        LaunchFailed: it is not there, may not be run, or does not answer as a Chromium; the message gives the reason.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise LaunchFailed(f"{path}: {error.strerror or error}") from error
    if path.is_dir() or not os.access(path, os.X_OK):
        raise LaunchFailed(f"{path}: not an executable file")
    key = f"{path}|{status.st_size}|{status.st_mtime_ns}"
    memory = cache_folder(os.environ) / "versions.json"
    known = _recall(memory)
    if key not in known:
        known[key] = _ask(path)
        _remember(memory, known)
    return known[key]


def _ask(path: Path) -> str:
    if sys.platform == "win32":
        return _version_beside(path)
    try:
        answer = subprocess.run(  # the version switch alone: no page, no profile, no network
            [path, "--version"], capture_output=True, text=True, errors="replace", timeout=VERSION_TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise LaunchFailed(f"{path}: no answer to --version in {VERSION_TIMEOUT:.0f} s") from error
    except OSError as error:
        raise LaunchFailed(f"{path}: {error.strerror or error}") from error
    version = _VERSION.search(answer.stdout)
    if answer.returncode != 0 or version is None:
        said = (answer.stderr.strip() or answer.stdout.strip() or "nothing").splitlines()[0]
        raise LaunchFailed(f"{path}: --version exits with {answer.returncode} and says: {said}")
    return version.group()


def _version_beside(path: Path) -> str:
    """The version that a folder or manifest beside it is named for: on Windows `--version` opens a window instead."""
    for entry in sorted(path.parent.iterdir(), reverse=True):
        version = _VERSION.match(entry.name)
        if version is not None:
            return version.group()
    return "unknown"


def _recall(memory: Path) -> dict[str, str]:
    try:
        content: object = json.loads(memory.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # not written yet, or cut short by a full disk: it is only a memory
    if not isinstance(content, dict):
        return {}
    return {str(key): str(value) for key, value in content.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - any JSON


def _remember(memory: Path, known: dict[str, str]) -> None:
    """Replaced whole, so that two starts at once never leave half a file. A read-only home only costs the time."""
    with contextlib.suppress(OSError):
        memory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=memory.parent, suffix=".new", delete=False, encoding="utf-8") as new:
            json.dump({key: known[key] for key in known if Path(key.split("|")[0]).exists()}, new, indent=1)
        os.replace(new.name, memory)
