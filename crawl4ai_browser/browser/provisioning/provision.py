"""Provides a browser where none is, and what Playwright's driver needs to run.

Nothing is downloaded where a browser works already. The steps, each only when the one before left no browser that runs:

1. what `discovery` finds
2. `playwright install --only-shell chromium`
3. with root or sudo and apt-get: the libraries that a downloaded shell misses (`playwright install-deps`)
4. with root or sudo and apt-get: Debian's `chromium-headless-shell`, or its `chromium`
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator

from crawl4ai_browser.browser.launch_options import is_root
from crawl4ai_browser.browser.provisioning.command import run_command
from crawl4ai_browser.browser.provisioning.discovery import (
    ENVIRONMENT_VARIABLE,
    BrowserExecutable,
    find_browser,
    playwright_downloads,
    search_browser,
)
from crawl4ai_browser.browser.provisioning.driver import DRIVER_LIBRARIES, driver_problem
from crawl4ai_browser.errors import LaunchFailed
from crawl4ai_browser.frozen import Frozen

DOWNLOAD_TIMEOUT = 900.0
"""Seconds for Playwright's 110 MB shell: enough at 1 Mbit/s. Where its hosts are out of reach it fails in about 3."""

APT_TIMEOUT = 900.0
"""Seconds for one apt-get: 250 MB with all libraries, on a slow mirror, behind another apt-get."""

_APT_ENVIRONMENT = {"DEBIAN_FRONTEND": "noninteractive"}
_APT_OPTIONS = ("-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300")  # wait for another apt-get

Report = Callable[[str], None]
"""Takes one line for a human."""


class ProvisionStep(Frozen):
    """One way to get a browser: what is said of it, and the commands, of which the last decides.

    `obstacle` is why it cannot be gone on this machine, or None.
    """

    title: str
    commands: tuple[tuple[str, ...], ...] = ()
    timeout: float = APT_TIMEOUT
    obstacle: str | None = None


def provide_browser(report: Report) -> BrowserExecutable:
    """The browser to crawl with, installed if there is none. Takes 50 ms where one works, minutes where it must come.

    `report` is told each step. Interrupted, it leaves no process, and can be called again.

    Raises:
        LaunchFailed: no way led to a browser, or the driver does not run; the message has the reasons, and what to do.
    """
    _provide_driver(report)
    search = search_browser()
    for reason in search.rejected:
        report(f"unfit browser: {reason}")
    if search.found is not None:
        return search.found
    if os.environ.get(ENVIRONMENT_VARIABLE):
        return find_browser()  # raises: the user's own choice is not replaced by a download
    failures: list[str] = []
    for step in _steps():
        reason = step.obstacle or _take(step, report)
        found = search_browser().found
        if found is not None:
            return found
        failures.append(f"{step.title}: {reason}")
    raise LaunchFailed(_nothing_worked(failures))


def _provide_driver(report: Report) -> None:
    """Installs the libraries that the driver misses, which downloads browsers and drives them."""
    problem = driver_problem()
    if problem is None:
        return
    prefix = root_prefix()
    if shutil.which("apt-get") is not None and prefix is not None:
        _take(_apt_step("what Playwright's driver misses", DRIVER_LIBRARIES, prefix), report)
        problem = driver_problem()
    if problem is not None:
        raise LaunchFailed(
            f"Playwright's driver does not run: {problem}\n"
            f"Install what it misses (Debian, as root: apt-get install {' '.join(DRIVER_LIBRARIES)})."
        )


def _take(step: ProvisionStep, report: Report) -> str:
    """Runs the step; the reason to give should there be no browser after it."""
    report(f"{step.title} ...")
    outcomes = [run_command(command, timeout=step.timeout, environment=_APT_ENVIRONMENT) for command in step.commands]
    if outcomes[-1].succeeded:
        return "it ended well, but left no browser that runs"
    report(f"{step.title}: failed")
    return outcomes[-1].last_lines


def _steps() -> Iterator[ProvisionStep]:
    """The ways, best first; each is asked for when the one before has left no browser."""
    playwright = (sys.executable, "-m", "playwright")
    yield ProvisionStep(
        title="downloading Playwright's headless shell",
        commands=((*playwright, "install", "--only-shell", "chromium"),),
        timeout=DOWNLOAD_TIMEOUT,
    )
    prefix = root_prefix()
    if shutil.which("apt-get") is None or prefix is None:
        obstacle = "neither root nor sudo without a password" if prefix is None else "this system has none"
        yield ProvisionStep(title="installing with apt-get", obstacle=obstacle)
        return
    if playwright_downloads(os.environ):
        yield ProvisionStep(
            title="installing the libraries that the downloaded shell misses",
            commands=((*prefix, *playwright, "install-deps", "chromium-headless-shell"),),
        )
    yield _apt_step("chromium-headless-shell", ("chromium-headless-shell",), prefix)
    if _is_snap_package("chromium"):
        yield ProvisionStep(title="installing chromium with apt-get", obstacle="here it is a snap, unfit to be driven")
        return
    yield _apt_step("chromium", ("chromium",), prefix)


def _apt_step(what: str, packages: tuple[str, ...], prefix: tuple[str, ...]) -> ProvisionStep:
    """The lists may be empty (a new container) or old; that a mirror cannot be reached may not matter."""
    update = (*prefix, "apt-get", "update")
    install = (*prefix, "apt-get", "install", *_APT_OPTIONS, *packages)
    return ProvisionStep(title=f"installing {what} with apt-get", commands=(update, install))


def root_prefix() -> tuple[str, ...] | None:
    """What makes a command run as root: nothing for root, sudo where it asks for no password, None without either."""
    if is_root():
        return ()
    if shutil.which("sudo") is None or not run_command(("sudo", "-n", "true"), timeout=10.0).succeeded:
        return None
    # Under sudo the deadline must be held by a process of root's: ours may not signal it.
    return ("sudo", "-n", "timeout", f"{APT_TIMEOUT:.0f}", "env", *(f"{k}={v}" for k, v in _APT_ENVIRONMENT.items()))


def _is_snap_package(package: str) -> bool:
    """Whether apt's package only brings in a snap, as Ubuntu's Chromium does."""
    return "snapd" in run_command(("apt-cache", "show", package), timeout=60.0).output


def _nothing_worked(failures: list[str]) -> str:
    tried = "\n".join(f"- {failure}" for failure in failures)
    return (
        f"no browser, and none could be installed:\n{tried}\n"
        "Install Chromium or Chrome yourself (Debian, as root: apt-get install chromium-headless-shell),"
        f" or name one in {ENVIRONMENT_VARIABLE}."
    )
