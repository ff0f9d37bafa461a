"""Runs another program to its end: output kept, deadline held, nothing left running."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence

from crawl4ai_browser.frozen import Frozen

_LAST_LINES = 15
"""Of a failed program's output: what holds the reason in those of apt-get and Playwright."""

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class CommandOutcome(Frozen):
    """How a program ended. `exit_code` None: it could not be started or had to be killed; `output` says why."""

    exit_code: int | None
    output: str

    @property
    def succeeded(self) -> bool:
        """Whether it ended by itself with 0."""
        return self.exit_code == 0

    @property
    def last_lines(self) -> str:
        """The end of its output, for a report of its failure. Repeated lines and stack traces are left out."""
        lines = [line.rstrip() for line in _COLOUR.sub("", self.output).splitlines()]
        told = dict.fromkeys(line for line in lines if line and not line.startswith("    at "))
        return "\n".join(list(told)[-_LAST_LINES:]) or "it printed nothing"


def run_command(
    command: Sequence[str], *, timeout: float, environment: Mapping[str, str] | None = None
) -> CommandOutcome:
    """How `command` ended, with both its streams as one text. After `timeout` seconds it is killed with its children.

    `environment` is added to this process's own. It reads nothing: a program that asks a question ends.
    """
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            text=True,
            errors="replace",
            process_group=0,  # so that its children can be killed with it, and a Ctrl-C comes to us alone
        )
    except OSError as error:
        return CommandOutcome(exit_code=None, output=f"{command[0]}: {error.strerror or error}")
    with process:
        try:
            output, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            _kill_group(process)
            output, _ = process.communicate()
            return CommandOutcome(exit_code=None, output=f"{output}\nnot done after {timeout:.0f} s, so it was stopped")
        except BaseException:  # Ctrl-C: as above, then on with it
            _kill_group(process)
            raise
    return CommandOutcome(exit_code=process.returncode, output=output)


def _kill_group(process: subprocess.Popen[str]) -> None:
    if sys.platform == "win32":
        process.kill()
        return
    with contextlib.suppress(PermissionError):  # under sudo it is root's: then it is let end, as dpkg should be
        os.killpg(process.pid, signal.SIGKILL)  # it has not been waited for, so its id is still its own
