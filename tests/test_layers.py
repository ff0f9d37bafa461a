"""Holds the layers of the package: who may import whom, and who alone may touch the outer world.

Read from the source by `ast`, so it also sees imports that only type checkers do. The rules are tried on small packages
made up here: each must fail where it is broken.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

PACKAGE = "crawl4ai_browser"
ROOT = Path(__file__).resolve().parent.parent / PACKAGE

# Arrows point down. Top-level modules are the vocabulary, 0; a package that is not listed here has no place.
LAYERS: Mapping[str, int] = {
    "browser": 1,
    "content": 1,
    "extract": 1,
    "politeness": 1,
    "storage": 1,
    "sinks": 1,
    "frontier": 2,
    "crawling": 3,
    "testing": 4,
    "distributed": 4,
    "cli": 5,  # above testing: it serves the bundled site
}
ENTRY_MODULES = ("__init__", "__main__")  # of the package itself: above everything, imported by nobody

# Who alone imports what. A folder of the package, or one module.
OWNERS: Mapping[str, tuple[str, ...]] = {
    "playwright": ("browser",),
    "sqlite3": ("storage", "sinks.sqlite_pages"),
    "python_socks": ("browser",),
    "h11": ("browser", "testing"),
    "click": ("cli",),
    "rich": ("cli",),
    "time": ("clock",),
}
FOLDERED = ("browser", "testing")  # have folders of their own: nouns that too many modules side by side would hide
CLOCKS = ("clock", "testing.fake_clock")  # may sleep and ask for the date
CONNECTORS = ("browser.proxies.upstream", "browser.proxies.network")  # may open a connection, for the browser
REQUESTERS = ("browser.plain_requests", "browser.launch")  # may have Playwright's request client
FORBIDDEN_CALLS: Mapping[str, str] = {
    "anyio.sleep": "sleeps: take a Clock",
    "asyncio.sleep": "sleeps: take a Clock",
    "datetime.now": "asks for the time: take a Clock",
    "datetime.utcnow": "asks for the time: take a Clock",
    "datetime.today": "asks for the time: take a Clock",
    "date.today": "asks for the time: take a Clock",
    "asyncio.create_task": "starts a task that nobody owns: use a task group",
    "asyncio.ensure_future": "starts a task that nobody owns: use a task group",
    "anyio.connect_tcp": "connects: only the way behind a forwarder does",
    "asyncio.open_connection": "connects: only the way behind a forwarder does",
    "socket.create_connection": "connects: only the way behind a forwarder does",
}
HTTP_CLIENTS = (  # only the browser fetches
    *("requests", "httpx", "httpcore", "aiohttp", "urllib3", "urllib.request", "http.client", "httplib2", "niquests"),
    *("pycurl", "curl_cffi", "tornado", "websockets", "ftplib", "smtplib", "telnetlib"),
)
VAGUE_NAMES = ("utils", "util", "helpers", "common", "core", "base", "manager", "misc")


@dataclass(frozen=True)
class Import:
    """One import statement's target: `module` as written, or the module of the package that holds the name."""

    line: int
    module: str
    is_nested: bool
    is_for_types: bool


@dataclass(frozen=True)
class Module:
    """One file of the package. `name` is dotted, without the package's own."""

    name: str
    tree: ast.Module
    imports: tuple[Import, ...]

    @property
    def folder(self) -> str:
        return self.name.partition(".")[0] if "." in self.name else ""

    @property
    def layer(self) -> int | None:
        return layer_of(self.name)

    def belongs_to(self, *owners: str) -> bool:
        return self.name in owners or self.folder in owners


def layer_of(name: str) -> int | None:
    folder, _, rest = name.partition(".")
    if not rest:
        return 9 if folder in ENTRY_MODULES else 0
    return LAYERS.get(folder)


def read_package(root: Path) -> list[Module]:
    names = {dotted(path.relative_to(root)): path for path in sorted(root.rglob("*.py"))}
    modules: list[Module] = []
    for name, path in names.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        modules.append(Module(name, tree, tuple(find_imports(tree, names.keys()))))
    return modules


def dotted(path: Path) -> str:
    return ".".join(path.with_suffix("").parts)


def find_imports(tree: ast.Module, names: Collection[str]) -> Iterator[Import]:
    for node, is_nested, is_for_types in statements(tree, is_nested=False, is_for_types=False):
        for target in targets(node):
            yield Import(node.lineno, resolved(target, names), is_nested, is_for_types)


def statements(node: ast.AST, *, is_nested: bool, is_for_types: bool) -> Iterator[tuple[ast.stmt, bool, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, is_nested, is_for_types
            continue
        nested = is_nested or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        for_types = is_for_types or (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test))
        yield from statements(child, is_nested=nested, is_for_types=for_types)


def targets(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        module = "." * node.level + (node.module or "")
        yield from (f"{module}.{alias.name}" for alias in node.names)


def resolved(target: str, names: Collection[str]) -> str:
    """`crawl4ai_browser.errors.CrawlError` is the module `crawl4ai_browser.errors`; others stay as they are."""
    inner = target.removeprefix(f"{PACKAGE}.")
    if inner == target:
        return target
    for candidate in (inner, f"{inner}.__init__", inner.rpartition(".")[0], f"{inner.rpartition('.')[0]}.__init__"):
        if candidate in names:
            return f"{PACKAGE}.{candidate}"
    return target if "." in inner else f"{PACKAGE}.__init__"  # a module not there yet, or a public name


def violations(root: Path) -> list[str]:
    """Every breach of the rules in the package at `root`, as `module:line: what`."""
    modules = read_package(root)
    found: list[str] = []
    for module in modules:
        found += [f"{module.name}: {text}" for text in place_faults(module)]
        found += [
            f"{module.name}:{item.line}: {text}" for item in module.imports for text in import_faults(module, item)
        ]
        found += [f"{module.name}:{line}: {text}" for line, text in call_faults(module)]
        found += [f"{module.name}:{line}: {text}" for line, text in client_faults(module)]
    return found + circles(modules)


def place_faults(module: Module) -> Iterator[str]:
    if module.layer is None:
        yield f"the folder {module.folder} is in no layer"
    if module.name.count(".") > (2 if module.folder in FOLDERED else 1):
        yield "lies too deep"
    for part in module.name.split("."):
        if part in VAGUE_NAMES:
            yield f"the name {part} says nothing"


def import_faults(module: Module, item: Import) -> Iterator[str]:
    if item.is_nested:
        yield f"imports {item.module} inside a function or class"
    if item.module.startswith("."):
        yield f"imports {item.module} relatively"
    for library, owners in OWNERS.items():
        if is_within(item.module, library) and not module.belongs_to(*owners):
            yield f"imports {library}, which only {' and '.join(owners)} may"
    for library in HTTP_CLIENTS:
        if is_within(item.module, library) and not module.belongs_to("testing"):
            yield f"imports {library}: only the browser fetches"
    if is_within(item.module, PACKAGE):
        yield from arrow_faults(module, item.module.removeprefix(f"{PACKAGE}."))


def arrow_faults(module: Module, target: str) -> Iterator[str]:
    own, other = module.layer, layer_of(target)
    if own is None or other is None:
        return
    target_folder = target.partition(".")[0] if "." in target else ""
    if other > own:
        yield f"layer {own} imports {target} of layer {other}"
    elif other == own and other > 0 and target_folder != module.folder:
        yield f"{module.folder} imports {target}: neighbours in layer {own}"


def call_faults(module: Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        if called == "print" and not module.belongs_to("cli"):
            yield node.lineno, "prints: only cli does"
        reason = next((why for name, why in FORBIDDEN_CALLS.items() if is_tail(called, name)), None)
        allowed = CONNECTORS if reason is not None and reason.startswith("connects") else CLOCKS
        if reason is not None and module.name not in allowed:
            yield node.lineno, f"{called} {reason}"


def client_faults(module: Module) -> Iterator[tuple[int, str]]:
    """Uses of Playwright's request client that do not come from where it gets the context's way out."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and node.attr == "request" and module.name not in REQUESTERS:
            owner = ast.unparse(node.value)
            if owner in ("context", "playwright") or owner.endswith((".context", ".playwright", "_playwright")):
                yield node.lineno, f"takes {owner}.request, which may go out beside the session's proxy"


def circles(modules: list[Module]) -> list[str]:
    """Modules that need one another to be imported at all: those left when the free ones are taken away."""
    needs = {
        module.name: {
            item.module.removeprefix(f"{PACKAGE}.")
            for item in module.imports
            if is_within(item.module, PACKAGE) and not item.is_for_types
        }
        for module in modules
    }
    while free := [name for name, needed in needs.items() if not needed & needs.keys() - {name}]:
        for name in free:
            del needs[name]
    return [f"{', '.join(sorted(needs))}: in or above a circle of imports"] if needs else []


def is_within(module: str, library: str) -> bool:
    return module == library or module.startswith(f"{library}.")


def is_tail(called: str, name: str) -> bool:
    return called == name or called.endswith(f".{name}")


def test_package_keeps_its_layers() -> None:
    assert violations(ROOT) == []


def test_package_is_found() -> None:
    assert {"errors", "browser.provisioning.discovery"} <= {module.name for module in read_package(ROOT)}


def write_package(root: Path, files: Mapping[str, str]) -> Path:
    for name, source in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
    return root


SOUND = {
    "__init__.py": "from crawl4ai_browser.crawling.crawler import Crawler\n",
    "errors.py": "import typing\nif typing.TYPE_CHECKING:\n    from crawl4ai_browser.request import Request\n",
    "request.py": "from crawl4ai_browser import errors\nfrom crawl4ai_browser.errors import CrawlError\n",
    "clock.py": "import time\nimport anyio\nasync def wait():\n    await anyio.sleep(1)\n",
    "browser/__init__.py": "",
    "browser/visit.py": "from playwright.async_api import Page\nfrom crawl4ai_browser.request import Request\n",
    "browser/pool.py": "from crawl4ai_browser.browser import visit\n",
    "storage/database.py": "import sqlite3\n",
    "crawling/crawler.py": "from crawl4ai_browser.browser.pool import Pool\nfrom crawl4ai_browser.clock import wait\n",
    "testing/site.py": "import http.client\n",
    "cli/main.py": "import click\nfrom crawl4ai_browser.testing.site import Site\nprint('ready')\n",
}


def test_sound_package_has_no_violation(tmp_path: Path) -> None:
    assert violations(write_package(tmp_path, SOUND)) == []


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"request.py": "from crawl4ai_browser.browser.pool import Pool"}, "request:1: layer 0 imports browser.pool"),
        ({"request.py": "import crawl4ai_browser.browser.pool"}, "request:1: layer 0 imports browser.pool of layer 1"),
        ({"request.py": "from crawl4ai_browser.browser import pool"}, "request:1: layer 0 imports browser.pool"),
        ({"request.py": "from crawl4ai_browser import Crawler"}, "request:1: layer 0 imports __init__ of layer 9"),
        (
            {"errors.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import crawl4ai_browser.cli.main"},
            "errors:3: layer 0 imports cli.main of layer 5",
        ),
        (
            {"storage/database.py": "from crawl4ai_browser.browser.pool import Pool"},
            "storage.database:1: storage imports browser.pool: neighbours in layer 1",
        ),
        ({"crawling/crawler.py": "import crawl4ai_browser.cli.main"}, "crawling.crawler:1: layer 3 imports cli.main"),
        ({"crawling/crawler.py": "def run():\n    import json"}, "crawling.crawler:2: imports json inside a function"),
        ({"browser/pool.py": "from .visit import visit"}, "browser.pool:1: imports .visit.visit relatively"),
        ({"crawling/crawler.py": "import playwright.async_api"}, "imports playwright, which only browser may"),
        (
            {"crawling/crawler.py": "from sqlite3 import connect"},
            "imports sqlite3, which only storage and sinks.sqlite_pages may",
        ),
        ({"crawling/crawler.py": "from rich.table import Table"}, "imports rich, which only cli may"),
        ({"crawling/crawler.py": "from time import monotonic"}, "imports time, which only clock may"),
        ({"crawling/crawler.py": "import anyio\nanyio.sleep(1)"}, "crawling.crawler:2: anyio.sleep sleeps"),
        ({"request.py": "import datetime as d\nd.datetime.now()"}, "request:2: d.datetime.now asks for the time"),
        ({"browser/pool.py": "import asyncio\nasyncio.create_task(x)"}, "browser.pool:2: asyncio.create_task starts"),
        ({"browser/pool.py": "import anyio\nanyio.connect_tcp('x', 1)"}, "browser.pool:2: anyio.connect_tcp connects"),
        ({"storage/database.py": "import python_socks"}, "imports python_socks, which only browser may"),
        (
            {"browser/pool.py": "async def f(page):\n    await page.context.request.get('x')"},
            "takes page.context.request",
        ),
        ({"browser/pool.py": "import httpx"}, "browser.pool:1: imports httpx: only the browser fetches"),
        ({"browser/pool.py": "from urllib.request import urlopen"}, "imports urllib.request: only the browser"),
        ({"browser/pool.py": "from http import client"}, "browser.pool:1: imports http.client: only the browser"),
        ({"browser/pool.py": "print('here')"}, "browser.pool:1: prints: only cli does"),
        ({"plugins/cache.py": ""}, "plugins.cache: the folder plugins is in no layer"),
        ({"storage/rows/seen.py": ""}, "storage.rows.seen: lies too deep"),
        ({"browser/visits/ready/quiet.py": ""}, "browser.visits.ready.quiet: lies too deep"),
        ({"browser/utils.py": ""}, "browser.utils: the name utils says nothing"),
        (
            {"errors.py": "import crawl4ai_browser.request"},
            "errors, request: in or above a circle of imports",
        ),
    ],
)
def test_violation_is_told(tmp_path: Path, files: dict[str, str], expected: str) -> None:
    found = violations(write_package(tmp_path, {**SOUND, **files}))

    assert [text for text in found if expected in text], found
