"""Which browser is taken, from machines made up of shell scripts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from crawl4ai_browser.browser.provisioning.discovery import (
    BrowserExecutable,
    browser_at,
    find_browser,
    playwright_downloads,
    search_browser,
)
from crawl4ai_browser.errors import LaunchFailed
from tests.browser.fake_machine import VERSION, FakeMachine, touch_later


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeMachine:
    return FakeMachine(tmp_path, monkeypatch)


def test_environment_comes_before_everything(machine: FakeMachine, tmp_path: Path) -> None:
    machine.add_browser("chromium-headless-shell")
    machine.add_download("chromium-headless-shell")
    named = machine.add_program("my-chrome", machine.browser_script("151.0.1.2"), folder=tmp_path / "my browsers")
    machine.name_browser(named)

    assert find_browser() == BrowserExecutable(path=named, kind="full", source="environment", version="151.0.1.2")


def test_environment_that_names_nothing_fails_and_takes_nothing_else(machine: FakeMachine, tmp_path: Path) -> None:
    machine.add_browser("chromium")
    machine.name_browser(tmp_path / "gone")

    with pytest.raises(LaunchFailed, match=r"CRAWL4AI_BROWSER_EXECUTABLE names no browser.*gone: No such file"):
        find_browser()


def test_download_of_playwright_comes_before_the_system(machine: FakeMachine) -> None:
    machine.add_browser("chromium-headless-shell")
    shell = machine.add_download("chromium-headless-shell", "159.0.1.2")
    machine.add_download("chromium")

    assert find_browser() == BrowserExecutable(
        path=shell, kind="headless_shell", source="playwright", version="159.0.1.2"
    )


def test_unfinished_download_is_passed_over(machine: FakeMachine) -> None:
    machine.add_download("chromium-headless-shell", is_complete=False)
    chromium = machine.add_download("chromium")

    assert find_browser().path == chromium


def test_download_of_another_playwright_is_passed_over(machine: FakeMachine) -> None:
    shell = machine.add_download("chromium-headless-shell")
    build = shell.parent.parent
    build.rename(build.with_name("chromium_headless_shell-1"))

    assert search_browser().found is None


@pytest.mark.parametrize(
    ("installed", "taken", "kind"),
    [
        (("google-chrome", "chromium", "chromium-headless-shell"), "chromium-headless-shell", "headless_shell"),
        (("google-chrome", "chromium"), "chromium", "full"),
        (("google-chrome", "google-chrome-stable"), "google-chrome-stable", "full"),
    ],
)
def test_system_is_asked_in_order(machine: FakeMachine, installed: tuple[str, ...], taken: str, kind: str) -> None:
    for name in installed:
        machine.add_browser(name)

    found = find_browser()

    assert (found.path, found.kind, found.source) == (machine.bin / taken, kind, "system")


def test_full_browser_is_found_behind_a_shell(machine: FakeMachine) -> None:
    machine.add_browser("chromium-headless-shell")
    machine.add_browser("chromium")

    assert find_browser("full").path == machine.bin / "chromium"


def test_broken_browser_is_skipped_and_told(machine: FakeMachine) -> None:
    machine.add_broken_browser("chromium-headless-shell")
    machine.add_browser("chromium")

    search = search_browser()

    assert search.found is not None
    assert search.found.path == machine.bin / "chromium"
    assert search.rejected == (
        f"{machine.bin}/chromium-headless-shell: --version exits with 127"
        " and says: libnss3.so: cannot open shared object file",
    )


def test_browser_that_may_not_be_run_is_told(machine: FakeMachine, tmp_path: Path) -> None:
    machine.add_program("chrome", folder=tmp_path).chmod(0o644)
    machine.name_browser(tmp_path / "chrome")

    assert search_browser().rejected == (f"{tmp_path}/chrome: not an executable file",)


def test_snap_is_skipped_and_told(machine: FakeMachine) -> None:
    machine.add_program("chromium-browser", 'exec /snap/bin/chromium "$@"')

    search = search_browser()

    assert search.found is None
    assert search.rejected[0].startswith(f"{machine.bin}/chromium-browser: a snap")
    assert machine.calls == []


def test_nothing_found_lists_the_places_and_the_remedy(machine: FakeMachine) -> None:
    machine.add_broken_browser("google-chrome")

    with pytest.raises(LaunchFailed) as failure:
        find_browser()

    message = failure.value.message
    assert f"Playwright's downloads in {machine.downloads}" in message
    assert "chromium-headless-shell, chrome-headless-shell" in message
    assert f"Unfit: {machine.bin}/google-chrome: --version exits with 127" in message
    assert "Run `crawl4ai-browser install`" in message


def test_version_is_asked_once(machine: FakeMachine) -> None:
    machine.add_browser("chromium")

    assert [find_browser().version for _ in range(3)] == [VERSION] * 3
    assert machine.calls == ["chromium --version"]


def test_version_is_asked_again_after_an_upgrade(machine: FakeMachine) -> None:
    touch_later(machine.add_browser("chromium"))
    find_browser()
    touch_later(machine.add_browser("chromium", "151.1.1.1"))

    assert find_browser().version == "151.1.1.1"


def test_broken_browser_is_found_once_it_is_mended(machine: FakeMachine) -> None:
    machine.add_broken_browser("chromium")
    assert search_browser().found is None
    machine.add_browser("chromium")

    assert find_browser().path == machine.bin / "chromium"


@pytest.mark.parametrize("content", ["", '{"cut short', "[1]"])
def test_damaged_memory_is_written_anew(machine: FakeMachine, content: str) -> None:
    machine.add_browser("chromium")
    memory = machine.cache / "crawl4ai-browser" / "versions.json"
    memory.parent.mkdir()
    memory.write_text(content)

    assert find_browser().version == VERSION
    assert VERSION in memory.read_text()


def test_cache_that_cannot_be_written_costs_only_time(machine: FakeMachine) -> None:
    machine.add_browser("chromium")
    (machine.cache / "crawl4ai-browser").write_text("a file where the folder should be")

    assert [find_browser().version for _ in range(2)] == [VERSION] * 2
    assert machine.calls == ["chromium --version"] * 2


def test_browser_at_takes_the_path_of_the_configuration(machine: FakeMachine, tmp_path: Path) -> None:
    path = machine.add_program("headless_shell", machine.browser_script(), folder=tmp_path)

    assert browser_at(path) == BrowserExecutable(path=path, kind="headless_shell", source="config", version=VERSION)


def test_browser_at_tells_why_not(machine: FakeMachine, tmp_path: Path) -> None:
    with pytest.raises(LaunchFailed, match=f"{tmp_path}: not an executable file"):
        browser_at(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="the folder's name differs by system")
def test_downloads_are_looked_for_where_playwright_puts_them(machine: FakeMachine) -> None:
    shell = machine.add_download("chromium-headless-shell")

    plan = subprocess.run(
        [sys.executable, "-m", "playwright", "install", "--dry-run", "--only-shell", "chromium"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert f"Install location:    {shell.parent.parent}\n" in plan.stdout


@pytest.mark.parametrize(
    ("platform", "variables", "folder"),
    [
        ("linux", {"XDG_CACHE_HOME": "{tmp}/xdg"}, "xdg/ms-playwright"),
        ("linux", {}, "home/.cache/ms-playwright"),
        ("darwin", {}, "home/Library/Caches/ms-playwright"),
        ("win32", {"LOCALAPPDATA": "{tmp}/local"}, "local/ms-playwright"),
        ("linux", {"PLAYWRIGHT_BROWSERS_PATH": "{tmp}/named"}, "named"),
    ],
)
def test_each_system_has_its_folder_of_downloads(
    machine: FakeMachine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    platform: str,
    variables: dict[str, str],
    folder: str,
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    machine.add_download("chromium-headless-shell")
    (tmp_path / folder).parent.mkdir(parents=True, exist_ok=True)
    machine.downloads.rename(tmp_path / folder)

    found = playwright_downloads({name: value.format(tmp=tmp_path) for name, value in variables.items()}, platform)

    assert [path.is_relative_to(tmp_path / folder) for path in found] == [True]
