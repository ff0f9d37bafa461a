"""The user's cache folder, and what Playwright's driver keeps there.

Node compiles the driver's two megabytes of JavaScript at each start, a quarter of a second of CPU. It can keep what it
has compiled (https://nodejs.org/api/module.html#module-compile-cache), from Node 22.1 on; older ones ignore the
variable. Measured: a start takes 0.25 s where it took 0.34. What is in the folder is run as code, so it is nobody
else's to write to.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Generator, Mapping, MutableMapping
from contextlib import contextmanager
from pathlib import Path

_VARIABLE = "NODE_COMPILE_CACHE"


def caches(environ: Mapping[str, str], platform: str) -> Path:
    """Where programs keep what they can do without, by each system's own rule."""
    if platform == "win32":
        return Path(environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def cache_folder(environ: Mapping[str, str], platform: str = sys.platform) -> Path:
    """Where this package does. May not exist."""
    return caches(environ, platform) / "crawl4ai-browser"


def node_folder(environ: Mapping[str, str]) -> Path | None:
    """Where Node may keep what it has compiled, made if need be; None: there is no place that is the user's alone."""
    try:
        folder = cache_folder(environ) / "node"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder if all(map(_is_own, (folder, folder.parent))) else None
    except (OSError, RuntimeError):  # a read-only home, or none
        return None


def _is_own(folder: Path) -> bool:
    if sys.platform == "win32":
        return True
    status = folder.stat()
    return status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


@contextmanager
def compiled_in(folder: Path | None, environ: MutableMapping[str, str] = os.environ) -> Generator[None]:
    """Let a Node process that is started meanwhile keep there what it compiles. What the user has set stands."""
    if folder is None or _VARIABLE in environ:
        yield
        return
    environ[_VARIABLE] = str(folder)
    try:
        yield
    finally:
        environ.pop(_VARIABLE, None)
