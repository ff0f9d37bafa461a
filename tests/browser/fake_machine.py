"""A machine made up in a folder: its programs and browsers are shell scripts that note how they were called."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from crawl4ai_browser.browser import launch_options
from crawl4ai_browser.browser.provisioning import discovery, provision
from crawl4ai_browser.browser.provisioning.driver import driver_package

VERSION = "150.0.7871.3"


class FakeMachine:
    """Nothing but what is put on it. `calls` is a line for each program that was run, with its arguments."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch
        self._log = folder / "calls"
        self.bin = folder / "bin"
        self.downloads = folder / "ms-playwright"
        self.cache = folder / "cache"
        for path in (self.bin, self.downloads, self.cache):
            path.mkdir()
        patch.setenv("PATH", str(self.bin))
        patch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(self.downloads))
        patch.setenv("XDG_CACHE_HOME", str(self.cache))
        patch.delenv(discovery.ENVIRONMENT_VARIABLE, raising=False)
        patch.delenv("PLAYWRIGHT_NODEJS_PATH", raising=False)
        patch.setattr(discovery, "_LINUX_PATHS", ())
        self.set_root(is_root=True)

    @property
    def calls(self) -> list[str]:
        return self._log.read_text().splitlines() if self._log.exists() else []

    def set_root(self, *, is_root: bool) -> None:
        for module in (provision, launch_options):
            self._patch.setattr(module, "is_root", lambda: is_root)

    def add_program(self, name: str, script: str = "", *, folder: Path | None = None) -> Path:
        """A program that notes its call, then runs `script`; on PATH, or in `folder`."""
        path = (folder or self.bin) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'#!/bin/sh\nPATH=/usr/bin:/bin\necho "{name} $*" >>"{self._log}"\n{script}\n')
        path.chmod(0o755)
        return path

    def add_browser(self, name: str, version: str = VERSION, *, otherwise: str = "exit 1") -> Path:
        """A browser on PATH that can say its version; `otherwise` is what it does when it is launched."""
        return self.add_program(name, self.browser_script(version, otherwise))

    def add_broken_browser(self, name: str) -> Path:
        return self.add_program(name, 'echo "libnss3.so: cannot open shared object file" >&2; exit 127')

    def add_download(self, name: str, version: str = VERSION, *, is_complete: bool = True, works: bool = True) -> Path:
        """A browser where Playwright puts the one of its own version; `name` as in its `browsers.json`."""
        table = json.loads((driver_package() / "browsers.json").read_text())
        revision = next(entry["revision"] for entry in table["browsers"] if entry["name"] == name)
        build = self.downloads / f"{name.replace('-', '_')}-{revision}"
        executable = "chrome" if name == "chromium" else "chrome-headless-shell"
        script = self.browser_script(version) if works else "exit 127"
        path = self.add_program(executable, script, folder=build / f"{executable}-linux64")
        if is_complete:
            (build / "INSTALLATION_COMPLETE").touch()
        return path

    def add_apt(self, *packages: str) -> None:
        """An apt-get that has `packages`, each a browser named like its package."""
        cases = "".join(f"{name}) {self._installing(name)} ;;\n" for name in packages)
        self.add_program(
            "apt-get",
            f'[ "$1" = install ] || exit 0\nfor package; do :; done\n'
            f'case "$package" in\n{cases}*) echo "E: Unable to locate package $package"; exit 100 ;;\nesac',
        )

    def replace_python(self, script: str) -> None:
        """What `python -m playwright ...` does when it is called."""
        self._patch.setattr(sys, "executable", str(self.add_program("python", script)))

    def name_browser(self, path: Path) -> None:
        self._patch.setenv(discovery.ENVIRONMENT_VARIABLE, str(path))

    @staticmethod
    def browser_script(version: str = VERSION, otherwise: str = "exit 1") -> str:
        return f'if [ "$1" = --version ]; then echo "Chromium {version} built on Debian"; exit 0; fi\n{otherwise}'

    def _installing(self, name: str) -> str:
        path = self.bin / name
        return f"printf '#!/bin/sh\\necho Chromium {VERSION}\\n' >'{path}'; chmod 755 '{path}'"


def touch_later(path: Path) -> None:
    """As an upgrade does: the same size, another time of change."""
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1_000_000_000))
