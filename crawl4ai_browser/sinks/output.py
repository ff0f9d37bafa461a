"""Outputs: a file or standard output that takes bytes at its end. Blocking; called from one thread at a time."""

from __future__ import annotations

import os
import select
import stat
import sys
from typing import TYPE_CHECKING, Protocol

from crawl4ai_browser.errors import ConfigError, SinkError

if TYPE_CHECKING:
    from pathlib import Path

    from crawl4ai_browser.sinks.sink import IfExists


class Output(Protocol):
    """Takes bytes at its end. `str(output)` names it for people."""

    @property
    def is_rewritable(self) -> bool:
        """Whether written bytes can be taken back: a regular file, not a pipe or a terminal."""
        ...

    @property
    def size_bytes(self) -> int:
        """What it holds; 0 where that can't be known."""
        ...

    def write(self, data: bytes, *, over: bytes = b"") -> None:
        """Hand all of `data` to the operating system, in place of the last bytes, which are `over`.

        Raises:
            SinkError: not all could be written. What was there before still is.
        """
        ...

    def close(self) -> None:
        """Make it last.

        Raises:
            SinkError: it could not be.
        """
        ...


class FileOutput:
    """A file opened at its end."""

    def __init__(self, path: Path, if_exists: IfExists) -> None:
        """Open or make the file.

        Raises:
            ConfigError: the folder is missing, the path is a folder, the file holds something and may not be touched,
                or the operating system refuses it.
        """
        self.path = path
        check_can_open(path, if_exists)
        try:
            # Not O_APPEND: on Linux it would make rewriting the tail impossible.
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
        except OSError as error:
            raise ConfigError(f"can't write {str(path)!r}: {error.strerror}") from error
        self._is_regular = stat.S_ISREG(os.fstat(self._descriptor).st_mode)
        if self._is_regular and if_exists == "overwrite":
            os.truncate(self._descriptor, 0)
        self._size = os.lseek(self._descriptor, 0, os.SEEK_END) if self._is_regular else 0

    @property
    def is_rewritable(self) -> bool:
        """Whether this is a regular file."""
        return self._is_regular

    @property
    def size_bytes(self) -> int:
        """Bytes the file holds; 0 for devices and pipes."""
        return self._size

    def write(self, data: bytes, *, over: bytes = b"") -> None:
        """Write at the end; on failure the file is cut back to what it was, so it never ends in half a record.

        Raises:
            SinkError: not all could be written.
        """
        start = self._size - len(over)
        try:
            if over:
                os.lseek(self._descriptor, start, os.SEEK_SET)
            _write_all(self._descriptor, data)
        except OSError as error:
            self._take_back(start, over)
            raise SinkError(f"can't write {self}: {error.strerror}", phase="store") from error
        if self._is_regular:
            self._size = start + len(data)

    def _take_back(self, start: int, over: bytes) -> None:
        if not self._is_regular:
            return
        try:
            os.truncate(self._descriptor, start)
            os.lseek(self._descriptor, start, os.SEEK_SET)
            _write_all(self._descriptor, over)
        except OSError:
            return  # the error that is being raised says what is wrong with the file

    def close(self) -> None:
        """Flush to the disk and close.

        Raises:
            SinkError: the disk reports an error only now.
        """
        try:
            if self._is_regular:
                os.fsync(self._descriptor)
        except OSError as error:
            raise SinkError(f"can't complete {self}: {error.strerror}", phase="store") from error
        finally:
            os.close(self._descriptor)

    def __str__(self) -> str:
        """The path, quoted."""
        return repr(str(self.path))


class StandardOutput:
    """The process's standard output, unbuffered, so that a reader sees every record at once."""

    is_rewritable = False
    size_bytes = 0

    def write(self, data: bytes, *, over: bytes = b"") -> None:
        """Write all. `over` is always empty, as this is not rewritable.

        Raises:
            SinkError: the reader is gone (caused by a `BrokenPipeError`), or the device failed.
        """
        stream = sys.stdout.buffer
        # Past the buffer: what a broken pipe refuses would stay in it and be tried again when Python exits.
        raw = getattr(stream, "raw", stream)
        try:
            remaining = memoryview(data)
            while remaining:
                written = raw.write(remaining)
                if written is None:  # Another process made the shared pipe non-blocking, as Node.js does with its own.
                    select.select([], [raw], [])
                    continue
                remaining = remaining[written:]
        except OSError as error:
            raise SinkError(f"can't write {self}: {error.strerror}", phase="store") from error

    def close(self) -> None:
        """Nothing: it isn't ours."""

    def __str__(self) -> str:
        """As in a sentence."""
        return "standard output"


def check_can_open(path: Path, if_exists: IfExists) -> None:
    """Whether a file may be written, without touching it.

    Raises:
        ConfigError: the folder is missing, the path is a folder, or the file holds something and may not be touched.
    """
    try:
        if not path.parent.is_dir():
            raise ConfigError(f"the folder of {str(path)!r} does not exist")
        if path.is_dir():
            raise ConfigError(f"{str(path)!r} is a folder, not a file")
        holds_something = path.is_file() and path.stat().st_size > 0
    except OSError as error:
        raise ConfigError(f"can't write {str(path)!r}: {error.strerror}") from error
    if holds_something and if_exists == "refuse":
        raise already_there(path)


def already_there(path: Path) -> ConfigError:
    """The error for an output that is not empty."""
    return ConfigError(f"{str(path)!r} is already there; choose another, or say append or overwrite")


def _write_all(descriptor: int, data: bytes) -> None:
    remaining = memoryview(data)
    while remaining:
        remaining = remaining[os.write(descriptor, remaining) :]
