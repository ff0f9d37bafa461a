"""What the end of a command means to a shell."""

from __future__ import annotations

import signal
from enum import IntEnum

_SIGNAL_BASE = 128
"""Shells say 128 plus the number for a program that a signal ended (POSIX Shell Command Language, 2.8.2)."""


class ExitCode(IntEnum):
    """How a command ended. Also possible: 128 plus the number of the signal that interrupted it (130 for Ctrl-C)."""

    OK = 0
    """Every page is ok."""
    FAILED = 1
    """A page failed, or a result could not be stored."""
    USAGE = 2
    """A flag, a value, a file or a setting is wrong. Nothing was started."""
    NO_BROWSER = 3
    """There is no browser that can be launched."""
    LIMITED = 4
    """A limit on time, bytes or failures ended the crawl before all was visited."""
    INTERRUPTED = 130
    """Ctrl-C."""
    BROKEN_PIPE = 141
    """Whoever read the results has gone; 128 + SIGPIPE, as for programs that the signal ends."""


def of_signal(number: int) -> int:
    """The exit code of a command that a signal ended."""
    return ExitCode.INTERRUPTED if number == signal.SIGINT else _SIGNAL_BASE + number
