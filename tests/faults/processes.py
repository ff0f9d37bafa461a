"""The processes of this one's browsers, to be killed; and what they leave."""

from __future__ import annotations

import gc
from asyncio import AbstractEventLoop, get_running_loop
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

SWITCHES = {"browser": "--remote-debugging-pipe", "driver": "run-driver", "renderer": "--type=renderer"}
"""What only the command line of each has."""


def processes(kind: str) -> list[psutil.Process]:
    """Those of that kind which this process has started."""
    found: list[psutil.Process] = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if SWITCHES[kind] in process.cmdline():
                found.append(process)
    return found


def kill(kind: str) -> int:
    """Kill them all; how many there were."""
    found = processes(kind)
    for process in found:
        with suppress(psutil.Error):
            process.kill()
    return len(found)


def processes_of(folder: Path) -> list[str]:
    """Command lines of all processes that have this folder, or one below it, for scratch, whoever started them."""
    found: list[str] = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            line = " ".join(process.cmdline())
            if str(folder) in line or process.environ().get("TMPDIR", "").startswith(str(folder)):
                found.append(line)
    return found


@contextmanager
def expecting_a_dead_driver() -> Generator[None]:
    """Around a test that kills the driver.

    Playwright keeps the end of its pipe as the exception of a future that nobody asks, which the event loop reports
    when the future is collected: to the runner of the tests, in whatever test that happens.
    """

    def report(loop: AbstractEventLoop, context: dict[str, Any]) -> None:
        if "while reading from the driver" not in str(context.get("exception")):
            loop.default_exception_handler(context)

    loop = get_running_loop()
    before = loop.get_exception_handler()
    try:
        yield
    finally:
        loop.set_exception_handler(report)
        gc.collect()
        loop.set_exception_handler(before)
