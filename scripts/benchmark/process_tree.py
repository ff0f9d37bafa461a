"""The CPU and memory of a contender: of its process, of all that it started, and of those that have ended since.

CPU in all is exact at any moment: what living processes have used, and what the kernel has added to them for children
that they waited for. Children whose parent died before them come to this process, which is made the reaper of orphans
(Linux, prctl 36), and their times with them. The share of each kind of process is what the last look at it showed.
"""

from __future__ import annotations

import ctypes
import os
import resource
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
KINDS = ("python", "content", "node", "browser", "renderer", "gpu", "network", "short-lived")

_SWITCH_KINDS = {
    "--type=renderer": "renderer",
    "--type=gpu-process": "gpu",
    "--utility-sub-type=network.mojom.NetworkService": "network",
    "--type=": "browser",
    "--remote-debugging-pipe": "browser",
    "--remote-debugging-port": "browser",
}


def adopt_orphans() -> None:
    """Have the kernel give this process the children of those that die before them.

    Raises:
        OSError: not Linux.
    """
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def kind_of(command: list[str]) -> str:
    """Which of `KINDS` a command line is of."""
    line = " ".join(command)
    for switch, kind in _SWITCH_KINDS.items():
        if f" {switch}" in line:
            return kind
    if "content_worker" in line or "resource_tracker" in line:
        return "content"
    name = os.path.basename(command[0]) if command else ""
    return "node" if name.startswith("node") else "python" if name.startswith("python") else "browser"


@dataclass(frozen=True)
class Usage:
    """Seconds of CPU since the start, in all and by kind."""

    total: float
    by_kind: dict[str, float]

    def since(self, earlier: Usage) -> Usage:
        """What was used between two moments."""
        kinds = {kind: self.by_kind.get(kind, 0.0) - earlier.by_kind.get(kind, 0.0) for kind in KINDS}
        kinds["short-lived"] = 0.0
        total = self.total - earlier.total
        kinds["short-lived"] = max(0.0, total - sum(kinds.values()))
        return Usage(total, kinds)


@dataclass
class ProcessTree:
    """All below this process. There is one contender at a time in it."""

    _seen: dict[psutil.Process, tuple[str, float]] = field(default_factory=dict[psutil.Process, tuple[str, float]])

    def usage(self) -> Usage:
        """CPU until now. A look costs about 1 ms of this process's own time, which is not counted."""
        waited = resource.getrusage(resource.RUSAGE_CHILDREN)
        total = waited.ru_utime + waited.ru_stime
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                times = process.cpu_times()
                total += sum(times[:4])
                self._note(process, times.user + times.system)
        kinds: dict[str, float] = defaultdict(float)
        for kind, seconds in self._seen.values():
            kinds[kind] += seconds
        return Usage(total, dict(kinds))

    def _note(self, process: psutil.Process, seconds: float) -> None:
        # A child is its parent's copy until it has its own command line: the kind is looked up again while it is young.
        known = self._seen.get(process)
        kind = known[0] if known is not None and seconds > 0.1 else kind_of(process.cmdline())
        self._seen[process] = (kind, seconds)

    def memory_bytes(self) -> int:
        """PSS of all: shared pages are counted once, divided among those that share them."""
        total = 0
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                total += process.memory_full_info().pss
        return total

    def end(self) -> None:
        """Kill what still lives."""
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                process.kill()
