"""RecordFile: an output of records, each stored whole before `write` returns. What the sinks of one file share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import anyio
from anyio import to_thread

from crawl4ai_browser.errors import ConfigError, SinkError
from crawl4ai_browser.frozen import Frozen
from crawl4ai_browser.sinks.compression import Codec, MemberWriter, codec_for
from crawl4ai_browser.sinks.output import FileOutput, Output, StandardOutput, check_can_open
from crawl4ai_browser.sinks.sink import IfExists

MEMBER_BYTES = 8 * 2**20
"""Uncompressed bytes after which a compressed file begins a new member. A torn last member is rewritten when the file
is appended to, so members are kept small; at this size beginning anew costs less than 0.1 % of compression."""

Encode = Callable[[], bytes]
"""Gives a record's bytes. Called in the writing thread, so that encoding does not hold up the event loop, and never for
two records at once."""

Prepare = Callable[[Path, Codec | None], None]
"""Checks and repairs an existing file before it is appended to; raises `ConfigError` where it can't be."""


class Frame(Frozen):
    """What stands around the records of a file."""

    opening: bytes = b""
    closing: bytes = b""


class RecordFile:
    """Records in a file, compressed by its suffix, or on standard output (`path` None).

    Blocking work runs in a thread, one record at a time, and is not abandoned by a cancel: a record is written whole or
    not at all. After a failure nothing more is written. In a plain file the frame's closing stands behind every record,
    to be written over by the next, so that the file is whole at any moment; elsewhere it is written at the end.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        if_exists: IfExists = "refuse",
        prepare: Prepare | None = None,
        frame: Frame | None = None,
    ) -> None:
        self.path = path
        self._if_exists: IfExists = if_exists
        self._prepare = prepare
        self._frame = frame or Frame()
        self._codec = codec_for(path) if path is not None else None
        self._output: Output | None = None
        self._member: MemberWriter | None = None
        self._member_bytes = 0
        self._failed = False
        self._turn = anyio.Lock()

    async def open(self) -> bool:
        """Open the output; an existing file that is appended to is prepared first. Returns whether it holds records.

        Raises:
            ConfigError: it can't be opened or may not be touched.
            SinkError: the opening could not be written.
        """
        return await to_thread.run_sync(self._open)

    async def write(self, encode: Encode) -> None:
        """Store what `encode` gives.

        Raises:
            SinkError: it could not be stored.
        """
        async with self._turn:
            await to_thread.run_sync(self._write, encode)

    async def close(self) -> None:
        """Complete and close the output, even when the task is cancelled.

        Raises:
            SinkError: it could not be completed.
        """
        with anyio.CancelScope(shield=True):
            async with self._turn:
                await to_thread.run_sync(self._close)

    def _open(self) -> bool:
        output = self._output = self._open_output()
        if output.size_bytes == 0:
            try:
                output.write(self._compressed(self._frame.opening + self._trailer()))
            except SinkError:
                output.close()
                raise
            return False
        return output.size_bytes > len(self._frame.opening + self._frame.closing)

    def _open_output(self) -> Output:
        if self.path is None:
            return StandardOutput()
        check_can_open(self.path, self._if_exists)
        try:
            is_continued = self._if_exists == "append" and self.path.is_file() and self.path.stat().st_size > 0
            if is_continued and self._prepare is not None:
                self._prepare(self.path, self._codec)
        except OSError as error:
            raise ConfigError(f"can't append to {str(self.path)!r}: {error.strerror}") from error
        return FileOutput(self.path, self._if_exists)

    def _trailer(self) -> bytes:
        """What stands behind the last record while there may be more."""
        is_rewritable = self._codec is None and self._opened().is_rewritable
        return self._frame.closing if is_rewritable else b""

    def _write(self, encode: Encode) -> None:
        output = self._opened()
        if self._failed:
            raise SinkError(f"{output} failed before", phase="store")
        self._failed = True  # until all has gone well: what was given to the compressor can't be taken back
        trailer = self._trailer()
        output.write(self._compressed(encode() + trailer), over=trailer)
        self._failed = False

    def _compressed(self, data: bytes) -> bytes:
        if self._codec is None or not data:
            return data
        self._member = self._member or self._codec.writer()
        self._member_bytes += len(data)
        compressed = self._member.add(data)
        if self._member_bytes >= MEMBER_BYTES:
            compressed += self._member.end()
            self._member, self._member_bytes = None, 0
        return compressed

    def _close(self) -> None:
        output = self._opened()
        try:
            if not self._failed:
                output.write(self._ending())
        finally:
            self._output = None
            output.close()

    def _ending(self) -> bytes:
        closing = b"" if self._trailer() else self._frame.closing
        compressed = self._compressed(closing)
        return compressed + self._member.end() if self._member else compressed

    def _opened(self) -> Output:
        if self._output is None:
            raise SinkError(f"{self!r} is used outside its `async with`", phase="store", blame="user")
        return self._output

    def __repr__(self) -> str:
        """Where it writes, and whether it does now."""
        state = "closed" if self._output is None else "open"
        return f"<RecordFile {str(self.path) if self.path else 'standard output'} {state}>"
