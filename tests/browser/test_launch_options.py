"""With which switches, sandbox and temp folder a browser is started; against a real one where only it can tell."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest
from playwright.async_api import async_playwright

from crawl4ai_browser.browser import launch_options as launch_options_module
from crawl4ai_browser.browser.launch_options import (
    ROOT_WARNING,
    LaunchKeywords,
    launch_options,
    merged_args,
    playwright_lists,
)
from crawl4ai_browser.browser.provisioning.discovery import BrowserExecutable
from crawl4ai_browser.errors import ConfigError

SHELL = BrowserExecutable(path=Path("/opt/shell"), kind="headless_shell", source="system", version="150.0.0.0")
FULL = SHELL.model_copy(update={"path": Path("/opt/chromium"), "kind": "full"})


@pytest.fixture
def as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch_options_module, "is_root", lambda: True)


@pytest.fixture
def as_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch_options_module, "is_root", lambda: False)


@pytest.mark.usefixtures("as_root")
def test_root_gets_no_sandbox_and_a_warning() -> None:
    options = launch_options(SHELL)

    assert (options.sandbox, options.warnings) == (False, (ROOT_WARNING,))


@pytest.mark.usefixtures("as_root")
def test_root_who_asks_for_no_sandbox_needs_no_warning() -> None:
    assert launch_options(SHELL, sandbox=False).warnings == ()


@pytest.mark.usefixtures("as_root")
def test_root_cannot_have_the_sandbox() -> None:
    with pytest.raises(ConfigError, match="cannot be had as root"):
        launch_options(SHELL, sandbox=True)


@pytest.mark.usefixtures("as_user")
@pytest.mark.parametrize(("asked", "had"), [(None, True), (True, True), (False, False)])
def test_user_gets_the_sandbox_unless_it_is_refused(asked: bool | None, had: bool) -> None:
    options = launch_options(SHELL, sandbox=asked)

    assert (options.sandbox, options.warnings) == (had, ())


def test_window_needs_a_full_browser() -> None:
    with pytest.raises(ConfigError, match="/opt/shell is a headless shell"):
        launch_options(SHELL, headless=False)

    assert launch_options(FULL, headless=False).headless is False


def test_argument_that_is_no_switch_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"'https://example\.com' is not a switch"):
        launch_options(SHELL, extra_args=("--mute-audio", "https://example.com"))


def test_keywords_leave_the_signals_to_us_and_the_scratch_in_its_folder(tmp_path: Path) -> None:
    keywords = launch_options(SHELL, temp_folder=tmp_path).keywords()

    assert [keywords.get(f"handle_{name}") for name in ("sigint", "sigterm", "sighup")] == [False, False, False]
    assert keywords.get("env", {})["TMPDIR"] == str(tmp_path)
    assert "PATH" in keywords.get("env", {})


def test_keywords_without_a_folder_leave_the_environment() -> None:
    assert "env" not in launch_options(SHELL).keywords()


def test_merged_args_hold_each_list_once_and_each_value_once() -> None:
    merged = merged_args(
        ("--disable-features=RenderDocument", "--lang=de", "--disable-features=Translate,Theirs", "--lang=de"),
        {"--disable-features": ("Theirs", "Others")},
    )

    assert merged == ("--lang=de", "--disable-features=Theirs,Others,RenderDocument,Translate")


def test_merged_args_keep_playwrights_blink_settings() -> None:
    merged = merged_args(("--blink-settings=imagesEnabled=false",), {"--blink-settings": ("primaryPointerType=4",)})

    assert merged == ("--blink-settings=primaryPointerType=4,imagesEnabled=false",)


def test_lists_are_known_when_the_driver_reads_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = playwright_lists()
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "coreBundle.js").write_text("var minified=1")
    monkeypatch.setattr(launch_options_module, "driver_package", lambda: tmp_path)

    known = playwright_lists.__wrapped__()

    missing = set(read["--disable-features"]) - set(known["--disable-features"])
    assert {name for name in missing if not name.startswith("ms")} == set()  # ms...: Edge's own, not Chromium's
    assert known["--enable-features"] == read["--enable-features"]
    assert known["--blink-settings"] == read["--blink-settings"]


@asynccontextmanager
async def launched(keywords: LaunchKeywords) -> AsyncGenerator[list[psutil.Process]]:
    """The processes of a browser with a page, the driver's own left out."""
    before = set(psutil.Process().children(recursive=True))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**keywords)
        page = await browser.new_page()
        await page.set_content("<p>here</p>")
        yield [
            process
            for process in set(psutil.Process().children(recursive=True)) - before
            if "run-driver" not in process.cmdline()
        ]
        await browser.close()


def lists_of(command_line: list[str]) -> dict[str, list[tuple[str, ...]]]:
    found: dict[str, list[tuple[str, ...]]] = {}
    for switch in command_line:
        name, _, values = switch.partition("=")
        found.setdefault(name, []).append(tuple(values.split(",")))
    return found


async def test_lists_are_those_that_playwright_passes(browser_executable: BrowserExecutable) -> None:
    async with launched({"executable_path": browser_executable.path, "headless": True}) as processes:
        browsers = [lists_of(p.cmdline()) for p in processes if not any("--type=" in part for part in p.cmdline())]

    assert browsers
    for switches in browsers:
        for name, values in playwright_lists().items():
            assert switches[name] == [values]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere processes are handed their features another way")
async def test_processes_of_the_browser_have_our_features_and_playwrights(
    browser_executable: BrowserExecutable, tmp_path: Path
) -> None:
    options = launch_options(browser_executable, temp_folder=tmp_path)
    async with launched(options.keywords()) as processes:
        lines = [p.cmdline() for p in processes]
        # The browser process, which alone keeps its environment.
        folders = {p.environ()["TMPDIR"] for p in processes if "--type=" not in " ".join(p.cmdline())}

    # All processes are handed the same. The others' command lines may be cut short: they are forked from the zygote,
    # and theirs is written over that one's.
    (network_service,) = [line for line in lines if "--utility-sub-type=network.mojom.NetworkService" in line]
    (disabled,) = lists_of(network_service)["--disable-features"]
    assert set(disabled) >= {"RenderDocument", *playwright_lists()["--disable-features"]}
    assert folders == {str(tmp_path)}
