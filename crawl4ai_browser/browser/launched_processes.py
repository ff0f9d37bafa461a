"""The processes of drivers and browsers: which are ours, whether they live, how they and their scratch are ended."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path
from threading import Event

import psutil


def child_processes() -> set[psutil.Process]:
    """All living descendants of this process."""
    return set(psutil.Process().children(recursive=True))


def is_running(process: psutil.Process) -> bool:
    """Whether it lives; one that has ended and was not waited for does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def memory_of(process: psutil.Process) -> int:
    """The bytes of its share of memory: the PSS where the system knows it, else what is resident."""
    with suppress(psutil.Error):
        found = process.memory_full_info()
        return int(getattr(found, "pss", 0) or found.rss)
    return 0


def end_processes(processes: tuple[psutil.Process, ...]) -> None:
    """Kill those that still run.

    A process id that now belongs to another process is left alone: psutil compares start times.
    """
    for process in processes:
        with suppress(psutil.Error):
            if process.is_running():
                process.kill()
    psutil.wait_procs(processes, timeout=2)


def remove_folder(folder: Path) -> None:
    """Delete it, again and again for a moment: the last of a browser's processes may still be writing into it."""
    for _ in range(20):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        Event().wait(0.05)


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def started_since(before: set[psutil.Process], argument: str) -> tuple[psutil.Process, ...]:
    """Descendants that came since and were started with `argument`; other children may be starting at the same time."""
    return tuple(process for process in child_processes() - before if argument in _command(process))


def browser_processes(before: set[psutil.Process]) -> tuple[tuple[psutil.Process, ...], tuple[Path, ...]]:
    """The browser's main process, and the profile folder that Playwright made for it."""
    started = started_since(before, "--remote-debugging-pipe")
    arguments = [argument for process in started for argument in _command(process)]
    folders = [argument.partition("=")[2] for argument in arguments if argument.startswith("--user-data-dir=")]
    return started, tuple(Path(folder) for folder in folders)
