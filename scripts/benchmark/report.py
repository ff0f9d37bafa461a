"""What the rounds say together: medians, ratios to others within the same round, targets, as tables and JSON."""

from __future__ import annotations

import os
import platform
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.benchmark.measured_round import Measured
from scripts.benchmark.process_tree import KINDS

Rounds = Mapping[str, Mapping[int, Measured]]
"""By contender, then by the number of the round."""

Figure = Callable[[Measured], float]


@dataclass(frozen=True)
class Target:
    """What is aimed at: a ratio between two contenders of one workload, or a figure of one."""

    says: str
    workload: str
    figure: Figure
    of: str
    to: str | None
    limit: float
    at_most: bool


@dataclass(frozen=True)
class Verdict:
    """A target and what was measured."""

    target: Target
    value: float

    @property
    def is_met(self) -> bool:
        """Whether it is reached."""
        return self.value <= self.target.limit if self.target.at_most else self.value >= self.target.limit

    def line(self) -> str:
        """For people."""
        sign = "<=" if self.target.at_most else ">="
        word = "met   " if self.is_met else "MISSED"
        return f"{word} {self.value:7.2f} {sign} {self.target.limit:g}  {self.target.says}"


def cpu(measured: Measured) -> float:
    """CPU of the whole tree, ms a page."""
    return measured.cpu_ms


def speed(measured: Measured) -> float:
    """Pages a second."""
    return measured.pages_per_second


def own_python(measured: Measured) -> float:
    """CPU of the crawling Python process, content workers apart, ms a page."""
    return measured.kinds_ms.get("python", 0.0)


def gathered(rounds: Iterable[tuple[int, Measured]]) -> dict[str, dict[int, Measured]]:
    """By contender and number. Rounds that failed are left out: a contender that loses pages has no figures."""
    by_name: dict[str, dict[int, Measured]] = defaultdict(dict)
    for number, measured in rounds:
        if not measured.failure:
            by_name[measured.contender][number] = measured
    return dict(by_name)


def median(rounds: Mapping[int, Measured], figure: Figure) -> float:
    """The middle of a figure over all rounds."""
    return statistics.median(figure(measured) for measured in rounds.values())


def ratio(rounds: Rounds, figure: Figure, *, of: str, to: str) -> float | None:
    """The median of the ratios within each round, as the machine's load differs between rounds. None: no round."""
    mine, theirs = rounds.get(of, {}), rounds.get(to, {})
    ratios = [figure(mine[number]) / figure(theirs[number]) for number in sorted(mine.keys() & theirs.keys())]
    return statistics.median(ratios) if ratios else None


def verdicts(targets: Sequence[Target], workloads: Mapping[str, Rounds]) -> list[Verdict]:
    """Those targets for which there are figures."""
    found: list[Verdict] = []
    for target in targets:
        rounds = workloads.get(target.workload, {})
        if target.to is not None:
            value = ratio(rounds, target.figure, of=target.of, to=target.to)
        else:
            value = median(rounds[target.of], target.figure) if target.of in rounds else None
        if value is not None:
            found.append(Verdict(target, value))
    return found


def table(rounds: Rounds, *, base: str) -> str:
    """A Markdown table of medians. `base` is what ratios of CPU are to."""
    shown = [kind for kind in KINDS if any(kind_ms(each, kind) >= 0.5 for each in rounds.values())]
    header = ["", "pages/s", "CPU ms/page", f"x {base.partition(' ')[0]}", *shown, "PSS MB", "first result s"]
    lines = [_row(header), _row(["---", *["---:"] * (len(header) - 1)])]
    for name, each in rounds.items():
        to_base = ratio(rounds, cpu, of=name, to=base)
        cells = [name, f"{median(each, speed):.1f}", f"{median(each, cpu):.0f}"]
        cells.append("" if to_base is None else f"{to_base:.2f}")
        cells += [f"{kind_ms(each, kind):.1f}" for kind in shown]
        cells += [f"{median(each, lambda one: one.pss_mb):.0f}"]
        cells += [f"{median(each, lambda one: one.first_result_seconds):.1f}"]
        lines.append(_row(cells))
    return "\n".join(lines)


def kind_ms(rounds: Mapping[int, Measured], kind: str) -> float:
    """The median CPU of one kind of process."""
    return median(rounds, lambda measured: measured.kinds_ms.get(kind, 0.0))


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def machine() -> str:
    """What this ran on, and what else ran on it."""
    model = next(
        (line.partition(":")[2].strip() for line in _cpu_info() if line.startswith("model name")), platform.machine()
    )
    cores, load = len(os.sched_getaffinity(0)), os.getloadavg()[0]
    return f"{cores} cores ({model}), Linux {platform.release()}, Python {platform.python_version()}, load {load:.1f}"


def _cpu_info() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []
