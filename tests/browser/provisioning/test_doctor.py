"""What the doctor finds, on this machine and on worse ones."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from crawl4ai_browser.browser.launch_options import LaunchOptions
from crawl4ai_browser.browser.provisioning import doctor
from crawl4ai_browser.browser.provisioning.discovery import BrowserExecutable
from crawl4ai_browser.browser.provisioning.doctor import Diagnosis, Finding, diagnose
from crawl4ai_browser.config import BrowserConfig
from tests.browser.fake_machine import FakeMachine


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeMachine:
    return FakeMachine(tmp_path, monkeypatch)


def finding(diagnosis: Diagnosis, name: str) -> Finding:
    return next(entry for entry in diagnosis.findings if entry.name == name)


async def test_this_machine_can_crawl(browser_executable: BrowserExecutable) -> None:
    diagnosis = await diagnose()

    assert diagnosis.ok, diagnosis
    assert [entry.name for entry in diagnosis.findings] == [
        "Python",
        "Playwright",
        "Browser",
        "Temp space",
        "Shared memory",
        "Open files",
        "Sandbox",
        "Launch",
    ]
    assert browser_executable.version in finding(diagnosis, "Browser").text
    assert str(browser_executable.path) in finding(diagnosis, "Browser").text
    assert finding(diagnosis, "Launch").text.startswith("launched, rendered a page and closed in ")


async def test_machine_without_browser_is_told_what_to_do(machine: FakeMachine) -> None:
    diagnosis = await diagnose()

    assert not diagnosis.ok
    assert "no browser that runs was found" in finding(diagnosis, "Browser").text
    assert "crawl4ai-browser install" in finding(diagnosis, "Browser").remedy
    assert "Launch" not in [entry.name for entry in diagnosis.findings]


async def test_configured_browser_that_is_gone_is_told(machine: FakeMachine, tmp_path: Path) -> None:
    diagnosis = await diagnose(BrowserConfig(executable=tmp_path / "gone"))

    assert finding(diagnosis, "Browser").text == f"{tmp_path}/gone: No such file or directory"


async def test_window_without_full_browser_is_told(machine: FakeMachine) -> None:
    machine.add_browser("chromium-headless-shell")

    diagnosis = await diagnose(BrowserConfig(headless=False))

    assert "no full Chromium or Chrome that runs was found" in finding(diagnosis, "Browser").text


async def test_unfit_browsers_are_told_beside_the_one_taken(machine: FakeMachine) -> None:
    machine.add_broken_browser("chromium-headless-shell")
    machine.add_browser("chromium", otherwise="echo 'error while loading libgbm.so.1' >&2; exit 127")

    diagnosis = await diagnose(BrowserConfig(sandbox=False))

    assert "unfit: " in finding(diagnosis, "Browser").text
    assert finding(diagnosis, "Browser").ok
    launch = finding(diagnosis, "Launch")
    assert not launch.ok
    assert "error while loading libgbm.so.1" in launch.text
    assert "--disable-features" not in launch.text
    assert "Install what the text above misses" in launch.remedy


async def test_driver_that_does_not_run_is_told(machine: FakeMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.add_browser("chromium")
    node = machine.add_program("node", "echo libatomic.so.1: not found >&2; exit 127")
    monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", str(node))

    diagnosis = await diagnose()

    assert "whose driver does not run: libatomic.so.1: not found" in finding(diagnosis, "Playwright").text
    assert "apt-get install libatomic1" in finding(diagnosis, "Playwright").remedy
    assert "Launch" not in [entry.name for entry in diagnosis.findings]


async def test_browser_that_runs_no_script_is_told(browser_executable: BrowserExecutable) -> None:
    config = BrowserConfig(executable=browser_executable.path, args=("--blink-settings=scriptEnabled=false",))

    launch = finding(await diagnose(config), "Launch")

    assert (launch.ok, launch.text) == (False, "the page's script did not run: the page shows ''")


async def test_browser_that_hangs_is_told_and_ended(machine: FakeMachine) -> None:
    machine.add_browser("chromium", otherwise="exec sleep 63")

    launch = finding(await diagnose(BrowserConfig(launch_timeout=1)), "Launch")

    assert not launch.ok
    assert "Timeout 1000ms exceeded" in launch.text


@pytest.mark.parametrize("seconds", [0.05, 0.4, 0.8])
async def test_cancelled_diagnosis_leaves_nothing(browser_executable: BrowserExecutable, seconds: float) -> None:
    with anyio.move_on_after(seconds) as scope:
        await diagnose(BrowserConfig(executable=browser_executable.path))
        await anyio.sleep_forever()  # a fast machine is done before: then there is nothing to leave either

    assert scope.cancelled_caught


async def test_low_limits_are_told_with_their_remedy(machine: FakeMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LOW_TEMP_BYTES", 2**60)
    monkeypatch.setattr(doctor, "LOW_OPEN_FILES", 10**9)

    diagnosis = await diagnose()

    assert not finding(diagnosis, "Temp space").ok
    assert "set TMPDIR" in finding(diagnosis, "Temp space").remedy
    assert not finding(diagnosis, "Open files").ok
    assert "ulimit -n" in finding(diagnosis, "Open files").remedy


@pytest.mark.parametrize(
    ("sandbox", "setting", "value", "expected"),
    [
        (True, "kernel/apparmor_restrict_unprivileged_userns", "1", "kernel.apparmor_restrict_unprivileged_userns=0"),
        (True, "user/max_user_namespaces", "0", "sysctl -w user.max_user_namespaces=10000"),
        (True, "user/max_user_namespaces", "15000", "In a container the sandbox may be refused"),
        (False, "user/max_user_namespaces", "0", "Install what the text above misses"),
    ],
)
def test_remedy_of_a_failed_launch_follows_the_kernel(
    tmp_path: Path, *, sandbox: bool, setting: str, value: str, expected: str
) -> None:
    (tmp_path / setting).parent.mkdir()
    (tmp_path / setting).write_text(f"{value}\n")
    executable = BrowserExecutable(path=Path("/x"), kind="full", source="system", version="1.2.3.4")
    options = LaunchOptions(executable=executable, headless=True, args=(), sandbox=sandbox, temp_folder=None)

    assert expected in doctor._launch_remedy(options, tmp_path)
