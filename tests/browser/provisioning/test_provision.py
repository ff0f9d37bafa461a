"""How a browser comes to a machine without one, on machines made up of shell scripts."""

from __future__ import annotations

import http.server
import io
import stat
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawl4ai_browser.browser.provisioning.provision import provide_browser, root_prefix
from crawl4ai_browser.errors import LaunchFailed
from tests.browser.fake_machine import FakeMachine

NO_DOWNLOAD = 'echo "Error: getaddrinfo ENOTFOUND"; exit 1'


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeMachine:
    return FakeMachine(tmp_path, monkeypatch)


def told_by(reports: list[str]) -> str:
    return "\n".join(reports)


def test_working_browser_is_taken_and_nothing_is_run(machine: FakeMachine) -> None:
    machine.add_browser("chromium")
    machine.add_apt("chromium-headless-shell")
    machine.replace_python("exit 1")
    reports: list[str] = []

    assert provide_browser(reports.append).path == machine.bin / "chromium"
    assert reports == []
    assert machine.calls == ["chromium --version"]


def test_broken_browser_is_reported_and_another_taken(machine: FakeMachine) -> None:
    machine.add_broken_browser("chromium-headless-shell")
    machine.add_browser("google-chrome")
    reports: list[str] = []

    assert provide_browser(reports.append).path == machine.bin / "google-chrome"
    assert [report.startswith("unfit browser: ") and "libnss3.so" in report for report in reports] == [True]


def test_named_browser_that_does_not_run_is_not_replaced(machine: FakeMachine, tmp_path: Path) -> None:
    machine.name_browser(tmp_path / "gone")
    machine.add_apt("chromium-headless-shell")
    machine.replace_python("exit 1")

    with pytest.raises(LaunchFailed, match="CRAWL4AI_BROWSER_EXECUTABLE names no browser that runs"):
        provide_browser(lambda _: None)

    assert machine.calls == []


class DownloadHandler(http.server.BaseHTTPRequestHandler):
    """Playwright's download host, with a headless shell that is a script."""

    def do_GET(self) -> None:
        name = "ffmpeg-linux" if "ffmpeg" in self.path else "chrome-headless-shell-linux64/chrome-headless-shell"
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (stat.S_IFREG | 0o755) << 16
            archive.writestr(entry, "#!/bin/sh\necho 'Google Chrome for Testing 159.0.8154.6'\n")
        self.send_response(200)
        self.send_header("Content-Length", str(len(content.getvalue())))
        self.end_headers()
        self.wfile.write(content.getvalue())

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def download_host() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), DownloadHandler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_playwright_downloads_its_shell(
    machine: FakeMachine, download_host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYWRIGHT_DOWNLOAD_HOST", download_host)
    monkeypatch.setenv("PLAYWRIGHT_HOST_PLATFORM_OVERRIDE", "debian12-x64")
    machine.add_apt("chromium-headless-shell")
    reports: list[str] = []

    browser = provide_browser(reports.append)

    assert (browser.source, browser.kind, browser.version) == ("playwright", "headless_shell", "159.0.8154.6")
    assert browser.path.is_relative_to(machine.downloads)
    assert reports == ["downloading Playwright's headless shell ..."]
    assert machine.calls == []


def test_apt_installs_the_shell_when_nothing_can_be_downloaded(machine: FakeMachine) -> None:
    machine.replace_python(NO_DOWNLOAD)
    machine.add_apt("chromium-headless-shell", "chromium")
    reports: list[str] = []

    assert provide_browser(reports.append).path == machine.bin / "chromium-headless-shell"
    assert machine.calls == [
        "python -m playwright install --only-shell chromium",
        "apt-get update",
        "apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 chromium-headless-shell",
    ]
    assert reports == [
        "downloading Playwright's headless shell ...",
        "downloading Playwright's headless shell: failed",
        "installing chromium-headless-shell with apt-get ...",
    ]


def test_apt_installs_chromium_where_there_is_no_shell(machine: FakeMachine) -> None:
    machine.replace_python(NO_DOWNLOAD)
    machine.add_apt("chromium")
    machine.add_program("apt-cache", "echo 'Package: chromium'")

    assert provide_browser(lambda _: None).path == machine.bin / "chromium"


def test_snap_is_not_installed(machine: FakeMachine) -> None:
    machine.replace_python(NO_DOWNLOAD)
    machine.add_apt("chromium")
    machine.add_program("apt-cache", "echo 'Pre-Depends: debconf, snapd'")

    with pytest.raises(LaunchFailed, match="installing chromium with apt-get: here it is a snap"):
        provide_browser(lambda _: None)

    assert not (machine.bin / "chromium").exists()


def test_libraries_are_installed_for_a_shell_that_misses_them(machine: FakeMachine) -> None:
    shell = machine.add_download("chromium-headless-shell", works=False)
    mended = "\n".join(f"printf '%s\\n' '{line}' >>'{shell}'" for line in ("#!/bin/sh", "echo Chromium 159.0.0.1"))
    machine.replace_python(f"[ \"$3\" = install-deps ] && : >'{shell}' && {{\n{mended}\n}}")
    machine.add_apt("chromium-headless-shell")

    browser = provide_browser(lambda _: None)

    assert (browser.path, browser.version) == (shell, "159.0.0.1")
    assert [call for call in machine.calls if not call.startswith("chrome-headless-shell")] == [
        "python -m playwright install --only-shell chromium",
        "python -m playwright install-deps chromium-headless-shell",
    ]


def test_nothing_worked_tells_each_way_with_its_reason(machine: FakeMachine) -> None:
    machine.replace_python(NO_DOWNLOAD)
    machine.add_apt()

    with pytest.raises(LaunchFailed) as failure:
        provide_browser(lambda _: None)

    assert failure.value.message.splitlines() == [
        "no browser, and none could be installed:",
        "- downloading Playwright's headless shell: Error: getaddrinfo ENOTFOUND",
        "- installing chromium-headless-shell with apt-get: E: Unable to locate package chromium-headless-shell",
        "- installing chromium with apt-get: E: Unable to locate package chromium",
        "Install Chromium or Chrome yourself (Debian, as root: apt-get install chromium-headless-shell),"
        " or name one in CRAWL4AI_BROWSER_EXECUTABLE.",
    ]


def test_system_without_apt_is_told(machine: FakeMachine) -> None:
    machine.replace_python(NO_DOWNLOAD)

    with pytest.raises(LaunchFailed, match="installing with apt-get: this system has none"):
        provide_browser(lambda _: None)


@pytest.mark.parametrize("has_sudo", [False, True])
def test_user_without_rights_is_told(machine: FakeMachine, has_sudo: bool) -> None:
    machine.replace_python(NO_DOWNLOAD)
    machine.set_root(is_root=False)
    machine.add_apt("chromium-headless-shell")
    if has_sudo:
        machine.add_program("sudo", "echo 'sudo: a password is required' >&2; exit 1")

    with pytest.raises(LaunchFailed, match="neither root nor sudo without a password"):
        provide_browser(lambda _: None)


def test_user_with_sudo_installs_by_it(machine: FakeMachine) -> None:
    machine.replace_python(NO_DOWNLOAD)
    machine.set_root(is_root=False)
    machine.add_apt("chromium-headless-shell")
    machine.add_program("sudo", f'shift; PATH="{machine.bin}:$PATH" exec "$@"')

    assert provide_browser(lambda _: None).path == machine.bin / "chromium-headless-shell"
    assert "apt-get update" in machine.calls
    assert root_prefix() == ("sudo", "-n", "timeout", "900", "env", "DEBIAN_FRONTEND=noninteractive")


def test_library_that_the_driver_misses_is_installed(machine: FakeMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    library = machine.cache / "libatomic.so.1"
    node = machine.add_program("node", f"[ -e '{library}' ] || {{ echo libatomic.so.1: not found >&2; exit 127; }}")
    monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", str(node))
    machine.add_program("apt-get", f"[ \"$1\" = update ] || touch '{library}'")
    machine.add_browser("chromium")
    reports: list[str] = []

    assert provide_browser(reports.append).path == machine.bin / "chromium"
    assert reports == ["installing what Playwright's driver misses with apt-get ..."]
    assert "apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 libatomic1" in machine.calls


def test_driver_that_does_not_run_is_told(machine: FakeMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    node = machine.add_program("node", "echo libatomic.so.1: not found >&2; exit 127")
    monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", str(node))
    machine.add_browser("chromium")

    with pytest.raises(LaunchFailed, match=r"driver does not run: libatomic\.so\.1(.|\n)*apt-get install libatomic1"):
        provide_browser(lambda _: None)
