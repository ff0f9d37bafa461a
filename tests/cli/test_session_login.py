"""Signing in by the commands, and crawling as who is signed in."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
from playwright.async_api import Page

from crawl4ai_browser.browser.provisioning.discovery import find_browser
from crawl4ai_browser.browser.sessions.hand_over import hand_over
from crawl4ai_browser.cli.exit_codes import ExitCode
from crawl4ai_browser.cli.main import run
from crawl4ai_browser.cli.session_folder import FOLDER_VARIABLE
from crawl4ai_browser.errors import LaunchFailed
from crawl4ai_browser.testing.site import Members, SiteServer, install_members, serve_fixture_site

FIXTURE_SITE = Path(__file__).parents[2] / "fixtures" / "site"

LOG_IN = """
async def log_in(page):
    await page.get_by_label("Name").fill("alice")
    await page.get_by_label("Password").fill("{password}")
    await page.get_by_role("button").click()

async def is_signed_in(page):
    await page.goto(page.url.replace("/login", "/cookie/1"))
    return (await page.title()).startswith("Log entry 1")
"""


@pytest.fixture(scope="module")
def fixture_site() -> Iterator[SiteServer]:
    with serve_fixture_site(FIXTURE_SITE) as server:
        yield server


@pytest.fixture
def members(fixture_site: SiteServer) -> Members:
    return install_members(fixture_site, FIXTURE_SITE)


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "kept"
    monkeypatch.setenv(FOLDER_VARIABLE, str(folder))
    monkeypatch.chdir(tmp_path)
    return folder


def test_a_script_signs_in_and_crawls_go_out_as_it(
    fixture_site: SiteServer, members: Members, kept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("sign_in.py").write_text(LOG_IN.format(password="ecila"))
    assert run(["login", "alice", fixture_site.url("/members/login"), "--script", "sign_in.py"]) == 0
    assert "session 'alice' is kept in" in capsys.readouterr().err
    assert stat.S_IMODE((kept / "alice.json").stat().st_mode) == 0o600

    pages = [fixture_site.url(f"/members/cookie/{number}") for number in (1, 2, 3)]
    assert run(["crawl", *pages, "--max-depth", "0", "--session", "alice", "--output", "pages.jsonl"]) == 0
    results = [json.loads(line) for line in Path("pages.jsonl").read_bytes().splitlines()]
    assert sorted(result["url"] for result in results) == pages
    assert ["Signed in as alice." in result["markdown"] for result in results] == [True] * 3
    assert {result["session"] for result in results} == {"alice"}
    assert members.sign_in_count() == 1


def test_what_sites_change_in_a_session_is_kept(
    fixture_site: SiteServer, kept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("empty.json").write_text("{}")
    assert run(["session", "import", "alice", "empty.json"]) == 0
    assert run(["fetch", fixture_site.url("/members/login"), "--session", "alice", "--quiet"]) == 0
    assert [cookie["name"] for cookie in json.loads((kept / "alice.json").read_text())["cookies"]] == ["csrf"]
    capsys.readouterr()


def test_a_sign_in_that_does_not_work_keeps_nothing(
    fixture_site: SiteServer, members: Members, kept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("sign_in.py").write_text(LOG_IN.format(password="wrong"))
    assert run(["login", "alice", fixture_site.url("/members/login"), "--script", "sign_in.py"]) == ExitCode.FAILED
    assert "is_signed_in said no: nothing is kept" in capsys.readouterr().err
    assert members.sign_in_count() == 0
    assert not kept.exists()


def test_a_script_that_fails_says_so_without_what_it_typed(
    fixture_site: SiteServer, kept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("sign_in.py").write_text(
        'async def log_in(page):\n    await page.get_by_label("Nobody").fill("secret-canary", timeout=50)\n'
    )
    assert run(["login", "alice", fixture_site.url("/members/login"), "--script", "sign_in.py"]) == ExitCode.FAILED
    printed = capsys.readouterr().err
    assert "log_in failed: TimeoutError: Locator.fill: Timeout 50ms exceeded." in printed
    assert "secret-canary" not in printed
    assert not kept.exists()


def display() -> Iterator[str]:
    """A display of no screen; skips where Xvfb or a full Chromium is missing."""
    server = shutil.which("Xvfb")
    if server is None:
        pytest.skip("Xvfb is not installed")
    try:
        find_browser("full")
    except LaunchFailed:
        pytest.skip("no full Chromium is installed, and a headless shell has no windows")
    read, write = os.pipe()
    with subprocess.Popen([server, "-displayfd", str(write), "-nolisten", "tcp"], pass_fds=(write,)) as process:
        os.close(write)
        with os.fdopen(read) as answer:
            number = answer.readline().strip()
        yield f":{number}"
        process.terminate()


x_display = pytest.fixture(display)


def test_a_person_signs_in_at_a_window(
    fixture_site: SiteServer,
    members: Members,
    kept: Path,
    x_display: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The person is played by a function that gets the page once it is shown."""
    monkeypatch.setenv("DISPLAY", x_display)
    monkeypatch.setattr("crawl4ai_browser.cli.login_steps.hand_over", person("alice", "ecila"))
    assert run(["login", "alice", fixture_site.url("/members/login")]) == 0
    assert members.sign_in_count("alice") == 1
    assert (kept / "alice.json").is_file()
    assert "sign in in the window at" in capsys.readouterr().err


def person(name: str, password: str) -> object:
    """What stands in for the hands of somebody at the window."""

    async def hands(page: Page, url: str, done: anyio.Event) -> None:
        async def type_in() -> None:
            await page.wait_for_url("**/members/login")
            await page.get_by_label("Name").fill(name)
            await page.get_by_label("Password").fill(password)
            await page.get_by_role("button").click()
            await page.wait_for_url("**/members/cookie/1")
            await page.close()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(type_in)
            await hand_over(page, url, done=done)

    return hands
