"""Zstandard (RFC 8878), in the standard library from Python 3.14 on and else from its backport, the extra `zstd`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from crawl4ai_browser.sinks.compression import MemberReader, MemberWriter


class _ZstandardWriter:
    def __init__(self) -> None:
        self._compressor = zstd.ZstdCompressor()

    def add(self, data: bytes) -> bytes:
        return self._compressor.compress(data, mode=zstd.ZstdCompressor.FLUSH_BLOCK)

    def end(self) -> bytes:
        return self._compressor.flush(mode=zstd.ZstdCompressor.FLUSH_FRAME)


class Zstandard:
    """RFC 8878, one frame a member."""

    damage: type[Exception] = zstd.ZstdError

    def writer(self) -> MemberWriter:
        """Begin a frame."""
        return _ZstandardWriter()

    def reader(self) -> MemberReader:
        """Begin to read a frame."""
        return zstd.ZstdDecompressor()
