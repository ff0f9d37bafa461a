"""What is declared, what is imported and what is shipped agree."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "crawl4ai_browser"

IMPORTED_BY_OTHERS: set[str] = set()
PART_OF = {"pydantic-core": "pydantic"}  # versions are tied: to declare both would let them part
STANDARD_SINCE = {"compression": (3, 14)}


@cache
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def distribution(requirement: str) -> str:
    match = re.match(r"[\w.-]+", requirement)
    assert match is not None, requirement
    return match.group().lower().replace("_", "-").replace(".", "-")


def declared() -> set[str]:
    return {distribution(requirement) for requirement in project()["project"]["dependencies"]}


def optional() -> set[str]:
    extras: dict[str, list[str]] = project()["project"]["optional-dependencies"]
    return {distribution(requirement) for requirements in extras.values() for requirement in requirements}


def imported_modules(folder: Path) -> Iterator[str]:
    """Full names, as namespace packages are told apart by their second part."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def imported_distributions() -> frozenset[str]:
    providers = packages_distributions()
    found: set[str] = set()
    for module in imported_modules(PACKAGE):
        top = module.partition(".")[0]
        if top in sys.stdlib_module_names or top == PACKAGE.name or top in STANDARD_SINCE:
            continue
        names = [distribution(name) for name in providers.get(top, [f"unknown: {top}"])]
        # Of a namespace several distributions have a part: backports.zstd is of backports-zstd.
        own = [name for name in names if name.endswith(module.split(".")[1])] if top == "backports" else names
        found.update(PART_OF.get(name, name) for name in own)
    return frozenset(found)


def test_everything_imported_is_declared() -> None:
    assert imported_distributions() - declared() - optional() == set()


def test_everything_declared_is_imported() -> None:
    assert declared() - imported_distributions() - IMPORTED_BY_OTHERS == set()


def test_each_dependency_has_its_reason_beside_it() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = text.partition("\ndependencies = [\n")[2].partition("\n]")[0]

    assert [line for line in block.splitlines() if not re.search(r'",\s+# \w', line)] == []


def test_pins_are_exact_and_whole_and_name_no_index() -> None:
    lines = (ROOT / "scripts" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]

    assert [pin for pin in pins if not re.fullmatch(r"[a-z0-9.-]+==[\w.]+( ; [\w .'<>=!]+)?", pin)] == []
    developed = {distribution(requirement) for requirement in project()["dependency-groups"]["dev"]}
    assert declared() | optional() | developed <= {distribution(pin) for pin in pins}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    return zipfile.ZipFile(next(folder.glob("*.whl")))


def test_wheel_has_the_package_whole_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    files = {name for name in wheel.namelist() if ".dist-info/" not in name}
    sources = {
        str(path.relative_to(ROOT)) for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    }

    site = {name for name in files if name.startswith("crawl4ai_browser/bundled_site/")}
    assert "crawl4ai_browser/bundled_site/expected.json" in site
    assert files - site == sources
    assert "crawl4ai_browser/py.typed" in files
    assert [name for name in files if name.startswith("crawl4ai_browser/browser/visits/page_scripts/")]


def test_wheel_has_the_command_and_the_licence(wheel: zipfile.ZipFile) -> None:
    names = {name.partition(".dist-info/")[2]: name for name in wheel.namelist() if ".dist-info/" in name}

    assert wheel.read(names["entry_points.txt"]).decode().split() == [
        "[console_scripts]",
        "crawl4ai-browser",
        "=",
        "crawl4ai_browser.cli.main:main",
        "[pytest11]",
        "crawl4ai_browser",
        "=",
        "crawl4ai_browser.testing.plugin.hooks",
    ]
    assert "licenses/LICENSE" in names
