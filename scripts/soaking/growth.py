"""What a soak takes of the machine, looked at again and again, and whether it grows."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from statistics import median

import psutil

from scripts.benchmark.process_tree import kind_of

MEGABYTE = 2**20

WARM_UP = 0.15
"""Share of the looks that count for nothing: everything is still being loaded."""

FEWEST_LOOKS = 20
"""Fewer say nothing about growth."""

ALLOWED = {
    "memory": (1.3, 120.0),
    "own memory": (1.3, 40.0),
    "driver": (1.3, 40.0),
    "processes": (1.3, 4),
    "files": (1.3, 16),
}
"""How much larger the median of the last third may be than that of the first: times this, plus this (MB, or a number).
Pages differ in size and renderers come and go, so that medians of equal thirds differ by a fifth."""


@dataclass(frozen=True)
class Look:
    """One moment: PSS in MB, in which shared memory is counted once, and numbers."""

    pages: int
    values: dict[str, float]


def look(pages: int) -> Look:
    """How things stand now. Takes some milliseconds for each process."""
    own = psutil.Process()
    memory: Counter[str] = Counter()
    count = 0
    for process in [own, *own.children(recursive=True)]:
        with suppress(psutil.Error):
            kind = "own" if process == own else kind_of(process.cmdline())
            memory[kind] += process.memory_full_info().pss
            count += 1
    values = {
        "memory": sum(memory.values()) / MEGABYTE,
        "own memory": memory["own"] / MEGABYTE,
        "driver": memory["node"] / MEGABYTE,
        "processes": count,
        "files": own.num_fds(),
    }
    return Look(pages, values)


@dataclass
class Growth:
    """The looks of one soak."""

    looks: list[Look] = field(default_factory=list[Look])

    def thirds(self, name: str) -> tuple[float, float]:
        """The medians of the first and of the last third, after the warm-up."""
        settled = self.looks[int(len(self.looks) * WARM_UP) :]
        values = [each.values[name] for each in settled]
        size = max(1, len(values) // 3)
        return median(values[:size]), median(values[-size:])

    def faults(self) -> list[str]:
        """What has grown, a line each."""
        if len(self.looks) < FEWEST_LOOKS:
            return []
        grown: list[str] = []
        for name, (times, plus) in ALLOWED.items():
            first, last = self.thirds(name)
            if last > first * times + plus:
                grown.append(f"{name} grew from {first:.0f} to {last:.0f}")
        return grown

    def lines(self) -> list[str]:
        """A line for each quantity."""
        if not self.looks:
            return []
        thirds = {name: self.thirds(name) for name in ALLOWED}
        most = {name: max(each.values[name] for each in self.looks) for name in ALLOWED}
        return [
            f"{name:11} {first:6.0f} -> {last:6.0f}   most {most[name]:6.0f}" for name, (first, last) in thirds.items()
        ]
