"""What every test gets: asyncio under anyio, a temp folder of the session's own, and a check that nothing is left."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from crawl4ai_browser.browser.provisioning.discovery import BrowserExecutable, find_browser

SCRATCH = ("crawl4ai-browser-", "playwright", "org.chromium.", ".org.chromium.")
"""How the folders begin that we, Playwright and Chromium make in the temp folder."""

# Python's own, which it keeps for the life of the process.
LASTING_PROCESSES = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")

END_GRACE = 3.0
"""Seconds a process may take to end after the test that started it. A browser killed under load takes 1."""


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Playwright runs on asyncio alone."""
    return "asyncio"


@pytest.fixture(scope="session")
def browser_executable() -> BrowserExecutable:
    """The browser that a crawl on this machine would take."""
    return find_browser()


@pytest.fixture(scope="session", autouse=True)
def session_temp_folder() -> Iterator[Path]:
    """The temp folder of this process and its children, so that what others do in /tmp is not taken for ours.

    Directly in the system's: Chromium makes sockets in it, whose paths may have 107 bytes.
    """
    with (
        tempfile.TemporaryDirectory(prefix="c4b-tests-", ignore_cleanup_errors=True) as folder,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("TMPDIR", folder)
        patch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


@pytest.fixture(autouse=True)
def nothing_left_behind(session_temp_folder: Path) -> Iterator[None]:
    """Fails a test that leaves a process or a scratch folder. What fixtures of a wider scope hold was there before."""
    processes = child_processes()
    folders = scratch_folders(session_temp_folder)
    yield
    new = [process for process in child_processes() - processes if is_new_tree(process, processes)]
    _, alive = psutil.wait_procs(new, timeout=END_GRACE)
    left = [f"process {process.pid}: {command_line(process)[:120]}" for process in alive]
    left += [f"folder {folder}" for folder in scratch_folders(session_temp_folder) - folders]
    assert not left, "left behind: " + "; ".join(left)


def child_processes() -> set[psutil.Process]:
    return set(psutil.Process().children(recursive=True))


def scratch_folders(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir() if entry.name.startswith(SCRATCH)}


def is_new_tree(process: psutil.Process, before: set[psutil.Process]) -> bool:
    """Whether nothing that was there before started it: a browser of a wider scope starts renderers at any time."""
    if is_lasting(process):
        return False
    try:
        return not before.intersection(process.parents())
    except psutil.Error:
        return False


def is_lasting(process: psutil.Process) -> bool:
    return any(name in command_line(process) for name in LASTING_PROCESSES)


def command_line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return "(ended meanwhile)"
