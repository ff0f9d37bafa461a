"""Scratch: a browser's temp folder, which is deleted with it, or by the next crawl where this process was killed.

Who uses a folder holds a lock on a file in it. The kernel lets go of it when the process ends, however that ends, so a
folder whose lock is free belongs to nobody (flock(2)). Where there are no such locks, on Windows, leftovers stay.
"""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO

from crawl4ai_browser.browser.launched_processes import remove_folder

if sys.platform != "win32":
    import fcntl

PREFIX = "crawl4ai-browser-"
"""Of every temp folder this package makes."""

_LOCK_FILE = "in-use"


class Scratch:
    """A temp folder that nobody else uses. Made by `open`. All of it blocks."""

    def __init__(self, folder: Path, lock: IO[bytes]) -> None:
        """Use `Scratch.open`."""
        self.folder = folder
        self._lock = lock

    @classmethod
    def open(cls) -> Scratch:
        """A new folder below the system's for temporary files, for its owner alone.

        Raises:
            OSError: there is no room for it.
        """
        with ExitStack() as undo:
            folder = Path(tempfile.mkdtemp(prefix=PREFIX))
            undo.callback(remove_folder, folder)
            # Under another name until it is locked: whoever cleans up at this moment must not take it for a leftover.
            new = folder / f"{_LOCK_FILE}.new"
            lock = undo.enter_context(new.open("wb"))
            _try_to_lock(lock)
            new.rename(folder / _LOCK_FILE)
            undo.pop_all()
            return cls(folder, lock)

    def remove(self) -> None:
        """Delete it. Never raises."""
        remove_folder(self.folder)
        with suppress(OSError):
            self._lock.close()


def remove_leftovers() -> int:
    """Delete this user's folders whose processes were killed; gives how many. Never raises."""
    return sum(_remove_if_left(folder) for folder in _own_folders())


def _own_folders() -> list[Path]:
    if sys.platform == "win32":
        return []
    try:
        return [Path(entry.path) for entry in os.scandir(tempfile.gettempdir()) if _is_own(entry)]
    except OSError:
        return []


def _is_own(entry: os.DirEntry[str]) -> bool:
    if sys.platform == "win32" or not entry.name.startswith(PREFIX):
        return False
    try:
        return entry.is_dir(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_uid == os.getuid()
    except OSError:
        return False  # it has gone


def _remove_if_left(folder: Path) -> bool:
    try:
        # For reading and writing, as locks over a network want it.
        with (folder / _LOCK_FILE).open("r+b") as lock:
            if not _try_to_lock(lock):
                return False
            remove_folder(folder)
    except OSError:
        return False  # it has no lock yet, or somebody else was faster
    return True


def _try_to_lock(file: IO[bytes]) -> bool:
    """Lock it for as long as it is open. False: somebody has, or files can't be locked there."""
    if sys.platform == "win32":
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
