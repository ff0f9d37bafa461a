"""Standard streams: UTF-8 whatever the system says, and one way to say something to a human."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import Literal

PROGRAM = "crawl4ai-browser"

Verbosity = Literal["quiet", "normal", "verbose"]
"""How much is said. `quiet`: nothing but what ends the command. `normal`: pages and warnings. `verbose`: also retries,
refused URLs and what becomes of the browsers."""


def use_utf8() -> None:
    """Make the standard streams take any text, on consoles with a code page and under LANG=C too.

    What is not Unicode is shown escaped.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def say(text: str) -> None:
    """Write lines for a human to standard error. Never fails: a terminal that has gone is no reason to stop a crawl."""
    with suppress(OSError):
        sys.stderr.write(f"{visible(text)}\n")
        sys.stderr.flush()


def visible(text: str) -> str:
    """The text with whatever could move the cursor, change colours or turn the writing direction shown escaped.

    Messages quote pages, and pages are written by strangers.
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character == "\n" else _escaped(character) for character in text
    )


def _escaped(character: str) -> str:
    return " " if character.isspace() else character.encode("unicode_escape").decode("ascii")


def abandon_output() -> None:
    """Send standard output nowhere, as its reader has gone: else Python's own flush at exit would complain."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
