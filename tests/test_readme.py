"""Every example of the README runs, against the bundled site in the place of example.com."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.testing.site import SiteServer, install_members, serve_fixture_site
from tests import proxy_servers

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILES = {"toml", "text", "yaml"}  # such a block begins with the name of its file
KINDS = {"python", "bash", "console", *FILES}
PROXY = "proxy.example:3128"
USERS = {"user": "password", "user2": "password2", "user3": "password3"}
TIMEOUT = 60.0


def blocks(kind: str) -> list[str]:
    return [text for found, text in BLOCK.findall(README) if found == kind]


def file_name(text: str) -> str:
    """Of a block that begins with the name of its file."""
    return text.splitlines()[0].removeprefix("# ")


SUITE = [text for text in blocks("python") if file_name(text).endswith(".py")]
"""What is run by pytest."""

SCRIPTS = [text for text in blocks("python") if text not in SUITE]

COMMANDS = [line for block in blocks("bash") for line in block.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def proxy() -> Iterator[str]:
    """What stands for the proxy of the examples."""
    with proxy_servers.relaying(USERS) as server:
        yield f"127.0.0.1:{server.port}"


@pytest.fixture(autouse=True)
def readme_files(tmp_path: Path, proxy: str) -> None:
    for text in (text for kind in FILES for text in blocks(kind)):
        (tmp_path / file_name(text)).write_text(text.replace(PROXY, proxy), encoding="utf-8")


@pytest.fixture(scope="module")
def site() -> Iterator[SiteServer]:
    with serve_fixture_site(ROOT / "fixtures" / "site") as server:
        install_members(server, ROOT / "fixtures" / "site")
        yield server


def run(command: list[str], folder: Path, *, timeout: float = TIMEOUT) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=timeout, check=False
    )


def test_every_block_is_of_a_kind_that_is_checked() -> None:
    assert {kind for kind, _ in BLOCK.findall(README)} <= KINDS
    assert blocks("python")
    assert COMMANDS


@pytest.mark.timeout(300)  # a suite with browsers of its own, on a machine that is busy
def test_suite_passes_as_it_stands_twice(site: SiteServer, tmp_path: Path) -> None:
    for text in SUITE:
        (tmp_path / file_name(text)).write_text(text.replace("https://example.com/", site.url("/")), encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:playwright",
        "-p",
        "no:asyncio",
    ]
    done = run(command, tmp_path, timeout=200)
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "cassettes" / "test_site").is_dir()
    replayed = run([*command, "-k", "without_network", "--crawl-cassettes=none"], tmp_path, timeout=90)
    assert replayed.returncode == 0, replayed.stdout


@pytest.mark.parametrize("source", SCRIPTS, ids=lambda text: str(text).count("\n"))
def test_python_example_runs_as_it_stands(source: str, site: SiteServer, proxy: str, tmp_path: Path) -> None:
    script = tmp_path / "example.py"
    script.write_text(source.replace("https://example.com/", site.url("/")).replace(PROXY, proxy), encoding="utf-8")
    done = run([sys.executable, str(script)], tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@pytest.mark.parametrize("command", COMMANDS)
def test_command_runs_as_it_stands(command: str, site: SiteServer, tmp_path: Path) -> None:
    words = shlex.split(command.replace("https://example.com/", site.url("/")))
    assert words[0] == "crawl4ai-browser"
    done = run([sys.executable, "-m", "crawl4ai_browser", *words[1:]], tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() or any(path.suffix not in {".toml", ".txt", ".yaml"} for path in tmp_path.iterdir())


def test_every_part_of_a_result_is_in_the_table() -> None:
    table = README[README.index("## What a result holds") : README.index("## Wait until a page is ready")]
    named = set(re.findall(r"`(\w+)`", table))
    assert set(CrawlResult.model_fields) - named == {"request_metadata"}
