"""Finds the browser to crawl with, without downloading, importing or starting anything but `--version`.

The order: what the environment names, what Playwright has downloaded for its installed version, what the system has.
Within a place the headless shell comes first: it starts faster, paints nothing by itself and turns an inline PDF into a
download. `provision` installs one when this finds none.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from crawl4ai_browser.browser.provisioning.browser_version import browser_version
from crawl4ai_browser.browser.provisioning.driver import driver_package
from crawl4ai_browser.browser.provisioning.user_cache import caches
from crawl4ai_browser.errors import LaunchFailed
from crawl4ai_browser.frozen import Frozen

ENVIRONMENT_VARIABLE = "CRAWL4AI_BROWSER_EXECUTABLE"

BrowserKind = Literal["headless_shell", "full"]
"""`headless_shell`: Chromium's small build without windows. `full`: Chromium or Chrome, new headless or in a window."""

BrowserSource = Literal["config", "environment", "playwright", "system"]
"""Who named it: the configuration, the environment variable, Playwright's own downloads, the system."""

_SHELL_NAMES = ("chromium-headless-shell", "chrome-headless-shell", "headless_shell")
_FULL_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")

# Where installers put a browser without a name on PATH.
_LINUX_PATHS = ("/opt/google/chrome/chrome",)
_MAC_APPS = ("Chromium", "Google Chrome", "Google Chrome for Testing")
_WINDOWS_PATHS = ("Google/Chrome/Application/chrome.exe", "Chromium/Application/chrome.exe")


class BrowserExecutable(Frozen):
    """A browser that runs: where it lies, what it is, who named it, and its four version numbers."""

    path: Path
    kind: BrowserKind
    source: BrowserSource
    version: str


class Candidate(Frozen):
    """A file that may be a browser."""

    path: Path
    source: BrowserSource

    @property
    def kind(self) -> BrowserKind:
        """Told by the file's name, as no browser says it of itself."""
        name = self.path.resolve().name + self.path.name
        return "headless_shell" if "headless" in name else "full"


class BrowserSearch(Frozen):
    """What a search came to. `rejected` has a line for each candidate that was there but unfit, with the reason."""

    found: BrowserExecutable | None
    rejected: tuple[str, ...]


def find_browser(kind: BrowserKind | None = None) -> BrowserExecutable:
    """The browser to crawl with; `kind` asks for one kind only (a window needs `full`). Under 5 ms once known.

    Raises:
        LaunchFailed: there is none; the message lists what was looked for, what was unfit and what to do.
    """
    search = search_browser(kind)
    if search.found is None:
        raise LaunchFailed(_none_found(kind, search.rejected))
    return search.found


def browser_at(path: Path) -> BrowserExecutable:
    """The browser at a path that the configuration names.

    Raises:
        LaunchFailed: there is none or it does not run; the message gives the reason.
    """
    return _inspect(Candidate(path=path.expanduser().absolute(), source="config"))


def search_browser(kind: BrowserKind | None = None) -> BrowserSearch:
    """The first browser that runs, in the order of this module, and every candidate before it that does not.

    A path that the environment names is the user's word: when it is unfit nothing else is taken in its place.
    """
    rejected: list[str] = []
    for candidate in _candidates(os.environ, sys.platform):
        if kind not in (None, candidate.kind) and candidate.source != "environment":
            continue
        try:
            found = _inspect(candidate)
        except LaunchFailed as error:
            rejected.append(error.message)
            if candidate.source == "environment":
                break
            continue
        return BrowserSearch(found=found, rejected=tuple(rejected))
    return BrowserSearch(found=None, rejected=tuple(rejected))


def _inspect(candidate: Candidate) -> BrowserExecutable:
    if candidate.source == "system" and _is_snap(candidate.path):
        raise LaunchFailed(
            f"{candidate.path}: a snap, whose private /tmp hides the profile and the downloads from us"
            f" (name it in {ENVIRONMENT_VARIABLE} to take it all the same)"
        )
    version = browser_version(candidate.path)
    return BrowserExecutable(path=candidate.path, kind=candidate.kind, source=candidate.source, version=version)


def _candidates(environ: Mapping[str, str], platform: str) -> Iterator[Candidate]:
    named = environ.get(ENVIRONMENT_VARIABLE)
    if named:
        yield Candidate(path=Path(named).expanduser().absolute(), source="environment")
    for path in playwright_downloads(environ, platform):
        yield Candidate(path=path, source="playwright")
    seen: set[Path] = set()
    for path in _system_paths(environ, platform):
        real = path.resolve()
        if real not in seen:
            seen.add(real)
            yield Candidate(path=path, source="system")


def playwright_downloads(environ: Mapping[str, str], platform: str = sys.platform) -> list[Path]:
    """The Chromiums that Playwright has downloaded for its installed version: headless shell first.

    Found as Playwright's registry does (`server/registry/index.ts`): folder `NAME-REVISION` with a marker file that is
    written when the download is complete. Asking its own driver would start Node, 300 ms.
    """
    folder = _registry_folder(environ, platform)
    found: list[Path] = []
    for name, executables in (
        ("chromium-headless-shell", ("chrome-headless-shell", "chrome-headless-shell.exe", "headless_shell")),
        ("chromium", ("chrome", "chrome.exe", "*.app/Contents/MacOS/*")),
    ):
        build = folder / f"{name.replace('-', '_')}-{_playwright_revisions().get(name, 'none')}"
        if (build / "INSTALLATION_COMPLETE").exists():
            found += [path for pattern in executables for path in sorted(build.glob(f"*/{pattern}"))][:1]
    return found


def _registry_folder(environ: Mapping[str, str], platform: str) -> Path:
    named = environ.get("PLAYWRIGHT_BROWSERS_PATH")
    if named == "0":
        return driver_package() / ".local-browsers"
    if named:
        return Path(named).absolute()
    return caches(environ, platform) / "ms-playwright"


@cache
def _playwright_revisions() -> dict[str, str]:
    """The build of each browser that the installed Playwright wants, by name, from its own table."""
    table = json.loads((driver_package() / "browsers.json").read_text(encoding="utf-8"))
    return {entry["name"]: entry["revision"] for entry in table["browsers"]}


def _system_paths(environ: Mapping[str, str], platform: str) -> Iterator[Path]:
    for name in _SHELL_NAMES + _FULL_NAMES:
        on_path = shutil.which(name, path=environ.get("PATH"))
        if on_path is not None:
            yield Path(on_path).absolute()
    if platform == "darwin":
        installed = [
            base / f"{app}.app" / "Contents" / "MacOS" / app
            for base in (Path("/Applications"), Path.home() / "Applications")
            for app in _MAC_APPS
        ]
    elif platform == "win32":
        bases = [environ.get(name) for name in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")]
        installed = [Path(base, path) for base in bases if base for path in _WINDOWS_PATHS]
    else:
        installed = [Path(path) for path in _LINUX_PATHS]
    yield from (path for path in installed if path.exists())


def _is_snap(path: Path) -> bool:
    """Whether it is a snap's entry, or the script that Ubuntu's transitional package puts in place of a browser."""
    if path.resolve() == Path("/usr/bin/snap") or path.is_relative_to("/snap"):
        return True
    try:
        with path.open("rb") as file:
            start = file.read(4096)
    except OSError:
        return False
    return start.startswith(b"#!") and b"/snap/bin/" in start


def _none_found(kind: BrowserKind | None, rejected: tuple[str, ...]) -> str:
    if rejected and os.environ.get(ENVIRONMENT_VARIABLE):
        return (
            f"{ENVIRONMENT_VARIABLE} names no browser that runs: {rejected[0]}."
            " Name a Chromium or Chrome that does, or unset it to have one found."
        )
    wanted = {"headless_shell": "headless shell", "full": "full Chromium or Chrome", None: "browser"}[kind]
    lines = [f"no {wanted} that runs was found. Looked for:"]
    lines.append(f"  {ENVIRONMENT_VARIABLE} (not set)")
    lines.append(f"  Playwright's downloads in {_registry_folder(os.environ, sys.platform)}")
    lines.append(f"  on PATH: {', '.join(_SHELL_NAMES + _FULL_NAMES)}")
    lines += [f"Unfit: {reason}" for reason in rejected]
    package = "chromium" if kind == "full" else "chromium-headless-shell"
    lines.append(
        "Run `crawl4ai-browser install`, or install a browser yourself"
        f" (Debian: apt-get install {package}), or name one in {ENVIRONMENT_VARIABLE}."
    )
    return "\n".join(lines)
