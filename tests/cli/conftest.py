"""A small site, and the command as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Protocol

import anyio
import pytest

from crawl4ai_browser.testing.site import Response, SiteServer
from crawl4ai_browser.testing.site_requests import Hit

ROOT = Path(__file__).parents[2]

PAGE = """<!doctype html><html lang="de"><head><meta charset="utf-8"><title>Seite {name}</title></head>
<body><h1>Grüezi</h1><p id="written"></p>{links}
<script>document.getElementById("written").textContent = "written by script " + 6 * 7</script></body></html>"""

START = "".join(f'<a href="/{name}">{name}</a> ' for name in ("one", "two", "three"))


def page(name: str, links: str = "") -> Response:
    return Response.html(PAGE.format(name=name, links=links))


@pytest.fixture(scope="module")
def site() -> Generator[SiteServer]:
    """`/` links to `/one`, `/two`, `/three`; `/flawed` to `/one` and a page that is missing; `/endless/` never ends."""

    async def endless(hit: Hit) -> Response:
        await anyio.sleep(0.2)  # so that a signal finds visits under way
        return page(hit.path, "".join(f'<a href="{hit.path}{number}/">{number}</a> ' for number in range(9)))

    with SiteServer() as server:
        server.route("/", page("start", START))
        server.route("/flawed", page("flawed", '<a href="/one">one</a> <a href="/missing">missing</a>'))
        for name in ("one", "two", "three"):
            server.route(f"/{name}", page(name))
        server.route("/endless/*", endless)
        yield server


class Starter(Protocol):
    def __call__(
        self, *arguments: str, env: Mapping[str, str] | None = None, stderr: int = subprocess.PIPE
    ) -> subprocess.Popen[str]: ...


@pytest.fixture
def start(tmp_path: Path) -> Generator[Starter]:
    """Starts `crawl4ai-browser` in the test's own folder; whatever is left of it is killed."""
    started: list[subprocess.Popen[str]] = []

    def start_command(
        *arguments: str, env: Mapping[str, str] | None = None, stderr: int = subprocess.PIPE
    ) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "crawl4ai_browser", *arguments],
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]), **(env or {})},
        )
        started.append(process)
        return process

    yield start_command
    for process in started:
        process.kill()
        process.communicate()
