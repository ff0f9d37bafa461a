"""How much memory the crawl takes, browsers and workers included."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class MemoryUse:
    """This process and all below it."""

    size_bytes: int
    process_count: int


def memory_use() -> MemoryUse:
    """What this process and its descendants take now. Blocks for some milliseconds.

    On Linux shared memory is counted once, in shares: a browser's processes have most of their pages in common, so that
    the sum of their resident sets is two to three times what they really take.
    """
    this = psutil.Process()
    sizes = [_size_of(process) for process in [this, *this.children(recursive=True)]]
    return MemoryUse(size_bytes=sum(sizes), process_count=sum(1 for size in sizes if size))


def _size_of(process: psutil.Process) -> int:
    """Bytes; 0 for a process that ended meanwhile."""
    try:
        if sys.platform == "linux":
            try:
                return int(process.memory_full_info().pss)
            except psutil.AccessDenied:  # a sandboxed renderer lets nobody look into its address space
                pass
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0
