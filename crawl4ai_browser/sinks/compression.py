"""Compression of growing files: every record can be read as soon as it is written, and appending starts a new member.

Concatenated gzip members are one valid file (RFC 1952, 2.2), and so are concatenated Zstandard frames (RFC 8878, 3.1).
"""

from __future__ import annotations

import zlib
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from crawl4ai_browser.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


class MemberWriter(Protocol):
    """Compresses one member."""

    def add(self, data: bytes) -> bytes:
        """What to write so that everything up to here can be read."""
        ...

    def end(self) -> bytes:
        """What to write to complete the member. Nothing may be added after it."""
        ...


class MemberReader(Protocol):
    """Reads one member, as `zlib.decompressobj` does."""

    @property
    def eof(self) -> bool:
        """Whether the member's end was reached."""
        ...

    @property
    def unused_data(self) -> bytes:
        """What came after the end."""
        ...

    def decompress(self, data: bytes, /) -> bytes:
        """The next part of the content."""
        ...


class Codec(Protocol):
    """A compression format."""

    damage: type[Exception]
    """What a reader raises on bytes that are not of this format."""

    def writer(self) -> MemberWriter:
        """Begin a member."""
        ...

    def reader(self) -> MemberReader:
        """Begin to read a member."""
        ...


class _GzipWriter:
    def __init__(self) -> None:
        # wbits 31: 15 for the largest window, plus 16 for the gzip wrapper (zlib manual, deflateInit2).
        self._deflate = zlib.compressobj(wbits=31)

    def add(self, data: bytes) -> bytes:
        return self._deflate.compress(data) + self._deflate.flush(zlib.Z_SYNC_FLUSH)

    def end(self) -> bytes:
        return self._deflate.flush(zlib.Z_FINISH)


class Gzip:
    """RFC 1952."""

    damage: type[Exception] = zlib.error

    def writer(self) -> MemberWriter:
        """Begin a member."""
        return _GzipWriter()

    def reader(self) -> MemberReader:
        """Begin to read a member."""
        return zlib.decompressobj(wbits=31)


def codec_for(path: Path) -> Codec | None:
    """The compression that a file's last suffix asks for (`.gz`, `.zst`), None for no compression.

    Raises:
        ConfigError: the suffix asks for one that is not installed.
    """
    match path.suffix.lower():
        case ".gz":
            return Gzip()
        case ".zst":
            return _zstandard(path)
        case _:
            return None


def _zstandard(path: Path) -> Codec:
    try:
        module = import_module("crawl4ai_browser.sinks.zstandard")
    except ModuleNotFoundError as error:
        raise ConfigError(f"{path}: Zstandard needs an extra: pip install 'crawl4ai-browser[zstd]'") from error
    codec: Codec = module.Zstandard()
    return codec
