"""Files with a session's state: read with a clear error; written whole or not at all, and for their owner alone."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from crawl4ai_browser.errors import ConfigError, StorageError
from crawl4ai_browser.storage_state import StorageState

OWNER_ONLY = 0o600
"""Who holds a state file is signed in as its owner."""

MAX_STATE_BYTES = 256 * 2**20
"""Of a file that is read. IndexedDB of an application that works offline can have tens of megabytes."""


def read_state(path: Path) -> StorageState:
    """The state in a file.

    Raises:
        ConfigError: there is none, or it can't be read, is not JSON or of another shape. Names the file and the place.
    """
    source = f"the state file {str(path)!r}"
    try:
        if path.stat().st_size > MAX_STATE_BYTES:
            raise ConfigError(f"{source} has more than {MAX_STATE_BYTES // 2**20} MiB")
        text = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{source} can't be read: {error.strerror}") from error
    return StorageState.parse(text, source=source)


def write_state(path: Path, state: StorageState) -> None:
    """Put the state into a file, in place of what was there: atomically, and readable by its owner alone.

    Raises:
        StorageError: it could not be written; what was there is as it was.
    """
    data = state.to_json().encode()
    try:
        _replace(path, data)
    except OSError as error:
        raise StorageError(f"the state file {str(path)!r} can't be written: {error.strerror}") from error


def _replace(path: Path, data: bytes) -> None:
    # mkstemp opens with O_EXCL and 0600, whatever the umask allows more.
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            if sys.platform != "win32":
                os.fchmod(file.fileno(), OWNER_ONLY)  # also where the umask would take rights away
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the new name last over a power loss. Windows has no such thing."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
