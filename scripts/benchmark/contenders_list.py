"""Who is measured, where each lives, and how its environment is made."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Contender:
    """One way to get pages. `requirement` None: it runs in the environment of this package."""

    name: str
    module: str
    options: tuple[str, ...] = ()
    requirement: str | None = None

    @property
    def distribution(self) -> str:
        """The package's name in the registry, without extras."""
        return (self.requirement or "").partition("[")[0]


FLOOR = Contender("floor (raw DevTools)", "floor")
BY_HAND = Contender("Playwright by hand", "by_hand")
OURS_HTML = Contender("ours, html only", "ours", ("html",))
OURS = Contender("ours, full content", "ours")
OURS_QUIET = Contender("ours, full, default ready", "ours", ("quiet",))
OURS_SHARED = Contender("ours, shared renderers", "ours", ("--renderer-process-limit=4",))
"""For many sites: no new renderer for each, but then a page that hangs or crashes may take another one along."""
PEERS = (
    Contender("crawl4ai", "crawl4ai_peer", requirement="crawl4ai"),
    Contender("Crawlee", "crawlee_peer", requirement="crawlee[playwright]"),
    Contender("scrapy-playwright", "scrapy_peer", requirement="scrapy-playwright"),
)
OWN = (FLOOR, BY_HAND, OURS_HTML, OURS, OURS_QUIET, OURS_SHARED)


@dataclass(frozen=True)
class Environments:
    """The Pythons of the contenders. Peers' are made below `folder` when they are first needed."""

    folder: Path

    def python(self, contender: Contender) -> Path:
        """The interpreter that a contender is run with."""
        if contender.requirement is None:
            return Path(sys.executable)
        return self.folder / contender.distribution / "bin" / "python"

    def provide(self, contender: Contender) -> None:
        """Make the environment, if it is not there.

        Raises:
            CalledProcessError: the registry or the machine did not give it.
        """
        python = self.python(contender)
        if contender.requirement is None or self.version(contender):
            return
        installer = _installer()
        print(f"installing {contender.requirement} ...", file=sys.stderr)
        subprocess.run([installer, "venv", "--quiet", "--python", sys.executable, str(python.parents[1])], check=True)
        command = [installer, "pip", "install", "--quiet", "--python", str(python), contender.requirement]
        subprocess.run(command, check=True)

    def version(self, contender: Contender) -> str:
        """The version of the installed package; empty if there is none."""
        distribution = contender.distribution or "playwright"
        code = f"import importlib.metadata as m; print(m.version({distribution!r}))"
        python = self.python(contender)
        if not python.exists():
            return ""
        return subprocess.run([python, "-c", code], capture_output=True, text=True, check=False).stdout.strip()


def _installer() -> str:
    bundled = ROOT / ".venv" / "installer" / "bin" / "uv"
    found = str(bundled) if bundled.exists() else shutil.which("uv")
    if found is None:
        raise SystemExit("bench: no uv found; scripts/setup brings one")
    return found
