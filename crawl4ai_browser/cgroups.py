"""What Linux's control groups leave this process: cores and memory. Containers are limited by these alone.

Versions 1 and 2 of them, as mounted by convention. Elsewhere there are none, and nothing is limited.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

_MOUNT = Path("sys/fs/cgroup")

_NO_LIMIT = 2**60
"""Version 1 has no word for "no limit", and says a number near 2**63 in its place."""


class MemoryGroup(NamedTuple):
    """A group's memory, in bytes."""

    limit: int
    available: int
    """Until the limit. What the kernel can take back at once, caches of files, counts as available."""


@cache
def usable_cores() -> int:
    """Cores that this process may use: those it may run on, or fewer where its groups get less time than that."""
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(affinity, math.ceil(cpu_limit(Path("/")) or affinity)))


def cpu_limit(root: Path) -> float | None:
    """Cores' worth of time, as the tightest of the process's groups has it; None: as much as there is."""
    limits = [limit for version, folder in _groups("cpu", root) if (limit := _cores(version, folder)) is not None]
    return min(limits, default=None)


def memory_groups(root: Path) -> list[MemoryGroup]:
    """The groups of the process that have a limit."""
    found = (_memory(version, folder) for version, folder in _groups("memory", root))
    return [group for group in found if group is not None]


def _cores(version: int, folder: Path) -> float | None:
    if version == 2:
        quota, _, period = _text(folder / "cpu.max").partition(" ")
    else:
        quota, period = _text(folder / "cpu.cfs_quota_us"), _text(folder / "cpu.cfs_period_us")
    if not quota.isdecimal() or not period.isdecimal() or int(period) == 0:
        return None  # "max" and -1: no limit
    return int(quota) / int(period)


def _memory(version: int, folder: Path) -> MemoryGroup | None:
    names = ("memory.max", "memory.current") if version == 2 else ("memory.limit_in_bytes", "memory.usage_in_bytes")
    limit, used = (_text(folder / name) for name in names)
    if not limit.isdecimal() or not used.isdecimal() or int(limit) >= _NO_LIMIT:
        return None
    reclaimable = _field(folder / "memory.stat", "inactive_file" if version == 2 else "total_inactive_file")
    return MemoryGroup(int(limit), max(0, int(limit) - int(used) + reclaimable))


def _groups(controller: str, root: Path) -> Iterator[tuple[int, Path]]:
    """The folders of the process's groups of a controller and of all above them, with the version of each.

    In a container the path may be the host's, of which there is nothing here but its end: the mount's own root.
    """
    for line in _text(root / "proc/self/cgroup").splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            version, mount = 2, root / _MOUNT
        elif controller in controllers.split(","):
            version, mount = 1, root / _MOUNT / controller
        else:
            continue
        folder = mount / path.lstrip("/")
        yield from ((version, each) for each in (folder, *folder.parents) if each == mount or mount in each.parents)


def _text(file: Path) -> str:
    with suppress(OSError, UnicodeDecodeError):
        return file.read_text().strip()
    return ""


def _field(file: Path, name: str) -> int:
    for line in _text(file).splitlines():
        key, _, value = line.partition(" ")
        if key == name and value.isdecimal():
            return int(value)
    return 0
