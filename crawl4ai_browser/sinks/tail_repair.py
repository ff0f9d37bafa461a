"""Tail repair: what a killed run left at the end of a file is made whole, so that appending to it is safe.

A record that was being written when the process died was never reported as stored, so its page will be visited again
and cutting it off loses nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from crawl4ai_browser.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from crawl4ai_browser.sinks.compression import Codec, MemberReader

IsWhole = Callable[[bytes], bool]
"""Whether a last line that lacks its newline is a whole record all the same."""

_BLOCK_BYTES = 64 * 1024
MAX_TORN_BYTES = 64 * 2**20
"""Uncompressed. Our own members end after `record_file.MEMBER_BYTES`, so a torn one is far smaller; a bigger one is a
stranger's file, which is left alone."""


def repair_lines(path: Path, is_whole: IsWhole) -> None:
    """End a file of lines with a newline: the last line gets its own where it is whole, else it is cut off."""
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        start = _last_line_start(file, size)
        if start == size:
            return
        file.seek(start)
        if is_whole(file.read()):
            file.write(b"\n")
        else:
            file.truncate(start)


def _last_line_start(file: BinaryIO, size: int) -> int:
    position = size
    while position > 0:
        block_start = max(0, position - _BLOCK_BYTES)
        file.seek(block_start)
        newline = file.read(position - block_start).rfind(b"\n")
        if newline >= 0:
            return block_start + newline + 1
        position = block_start
    return 0


def repair_members(path: Path, codec: Codec) -> None:
    """End a compressed file of lines with a complete member; the whole lines of a torn one are kept.

    Reads the file once, about 0.3 s for 100 MB of gzip.

    Raises:
        ConfigError: the file is not of this format, or damaged beyond its last member.
    """
    with path.open("r+b") as file:
        try:
            start, torn = _torn_member(file, codec)
        except codec.damage as error:
            raise ConfigError(
                f"can't append to {str(path)!r}: it is not a whole {path.suffix} file ({error})"
            ) from error
        if start is None:
            return
        if len(torn) > MAX_TORN_BYTES:
            raise ConfigError(f"can't append to {str(path)!r}: its end is missing; unpack what is there first")
        kept = torn[: torn.rfind(b"\n") + 1]
        file.truncate(start)
        if kept:
            file.seek(start)
            writer = codec.writer()
            file.write(writer.add(kept) + writer.end())


def _torn_member(file: BinaryIO, codec: Codec) -> tuple[int | None, bytes]:
    """Where an incomplete last member starts (None: there is none), and its content, a byte past the limit at most."""
    start = 0
    pending = file.read(_BLOCK_BYTES)
    while pending:
        reader = codec.reader()
        content, rest = _read_member(file, reader, pending)
        if not reader.eof:
            return start, content
        start = file.tell() - len(rest)
        pending = rest or file.read(_BLOCK_BYTES)
    return None, b""


def _read_member(file: BinaryIO, reader: MemberReader, pending: bytes) -> tuple[bytes, bytes]:
    """The content of one member (cut past the limit), and the bytes read beyond its end."""
    content = bytearray()
    while pending:
        part = reader.decompress(pending)
        if len(content) <= MAX_TORN_BYTES:
            content += part
        if reader.eof:
            return bytes(content), reader.unused_data
        pending = file.read(_BLOCK_BYTES)
    return bytes(content), b""
