"""One contender, one round: starts it, watches its process tree, and prints what it cost as JSON.

A process of its own for each round, so that children's times and orphans of one round are not those of another.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from scripts.benchmark.process_tree import ProcessTree, Usage, adopt_orphans

LOOK_INTERVAL = 0.25
"""Seconds between two looks at the processes: what a process uses after the last one is counted, but as no kind's."""

MEMORY_INTERVAL = 1.0
"""Seconds between two looks at the memory, where it is followed."""

ROUND_DEADLINE = 900.0


@dataclass
class Measured:
    """What one round has shown. Rates and CPU are of the pages after the first `warm_up` ones."""

    contender: str
    pages: int = 0
    wrong: int = 0
    pages_per_second: float = 0.0
    cpu_ms: float = 0.0
    kinds_ms: dict[str, float] = field(default_factory=dict[str, float])
    pss_mb: float = 0.0
    """At the end; where memory is followed, the median over the last `memory_from` pages."""
    pss_early_mb: float = 0.0
    """Where memory is followed, the median over `memory_from` pages after as many."""
    first_result_seconds: float = 0.0
    whole_cpu_seconds: float = 0.0
    """Start and end of everything included."""
    figures: dict[str, float] = field(default_factory=dict[str, float])
    failure: str = ""


@dataclass(frozen=True)
class RoundPlan:
    """Where measuring begins, and what is run."""

    contender: str
    command: tuple[str, ...]
    job_file: str
    log_file: str
    page_count: int
    warm_up: int
    memory_from: int = 0
    """Pages after which the memory is followed, and of how many each median is. 0: it is looked at in the end alone.

    One look would not do: pages and browsers are replaced after some hundred visits, and the memory of the whole tree
    goes up and down by a fifth with each.
    """


@dataclass(frozen=True)
class Moment:
    """A page was done, and this had been used by then."""

    at: float
    usage: Usage


class Round:
    """A contender's run."""

    def __init__(self, plan: RoundPlan) -> None:
        self._plan = plan
        self._tree = ProcessTree()
        self._lock = threading.Lock()
        self._measured = Measured(plan.contender)
        self._urls: set[str] = set()
        self._is_over = threading.Event()
        self._memory: list[tuple[int, float]] = []
        """Pages that were done, and MB."""
        self._go_on: IO[bytes] | None = None
        """The contender's standard input, which it waits for at its pauses."""

    def run(self) -> Measured:
        """Start the contender and stay with it until it ends."""
        started = time.monotonic()
        reading, writing = os.pipe()
        job = json.loads(Path(self._plan.job_file).read_text(encoding="utf-8"))
        Path(self._plan.job_file).write_text(
            json.dumps({**job, "report_fd": writing, "pauses": self._pauses()}), encoding="utf-8"
        )
        with Path(self._plan.log_file).open("wb") as log:
            contender = subprocess.Popen(
                [*self._plan.command, self._plan.job_file], pass_fds=(writing,), stdin=subprocess.PIPE,
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        self._go_on = contender.stdin
        os.close(writing)
        threading.Thread(target=self._keep_looking, daemon=True).start()
        deadline = threading.Timer(ROUND_DEADLINE, self._tree.end)
        deadline.start()
        self._listen(reading, started)
        status = contender.wait()
        deadline.cancel()
        self._is_over.set()
        self._judge(status)
        self._tree.end()
        return self._measured

    def _keep_looking(self) -> None:
        looked_at_memory = 0.0
        while not self._is_over.wait(LOOK_INTERVAL):
            with self._lock:
                self._tree.usage()
            if self._plan.memory_from and time.monotonic() - looked_at_memory >= MEMORY_INTERVAL:
                looked_at_memory = time.monotonic()
                self._memory.append((self._measured.pages, self._tree.memory_bytes() / 1e6))

    def _listen(self, descriptor: int, started: float) -> None:
        begin: Moment | None = None
        measured, plan = self._measured, self._plan
        with os.fdopen(descriptor, encoding="utf-8") as lines:
            for line in lines:
                told = json.loads(line)
                if "figure" in told:
                    measured.figures[told["figure"]] = told["value"]
                    continue
                self._count(told)
                if measured.pages == 1:
                    measured.first_result_seconds = told["at"] - started
                if measured.pages == plan.warm_up:
                    begin = self._moment(told["at"])
                if measured.pages == plan.page_count and begin is not None:
                    self._conclude(begin, self._moment(told["at"]))
                    measured.pss_mb = self._memory_mb()
                    if plan.memory_from:
                        measured.pss_early_mb = self._median_memory(plan.memory_from)
                        measured.pss_mb = self._median_memory(plan.page_count - plan.memory_from)

    def _count(self, told: dict[str, object]) -> None:
        self._measured.pages += 1
        self._urls.add(str(told["page"]))
        self._measured.wrong += told["right"] is not True

    def _moment(self, at: float) -> Moment:
        with self._lock:
            return Moment(at, self._tree.usage())

    def _conclude(self, begin: Moment, end: Moment) -> None:
        measured = self._measured
        count = self._plan.page_count - self._plan.warm_up
        used = end.usage.since(begin.usage)
        measured.pages_per_second = count / (end.at - begin.at)
        measured.cpu_ms = used.total / count * 1000
        measured.kinds_ms = {kind: seconds / count * 1000 for kind, seconds in used.by_kind.items()}

    def _median_memory(self, first: int) -> float:
        """Over so many pages as memory is followed from, beginning with this one."""
        return statistics.median(mb for pages, mb in self._memory if first <= pages < first + self._plan.memory_from)

    def _pauses(self) -> list[int]:
        """When the contender waits until its memory has been looked at: it would close its browser before that."""
        return [self._plan.page_count]

    def _memory_mb(self) -> float:
        try:
            return self._tree.memory_bytes() / 1e6
        finally:
            assert self._go_on is not None
            with suppress(BrokenPipeError):  # it has died, which its status tells
                self._go_on.write(b"\n")
                self._go_on.flush()

    def _judge(self, status: int) -> None:
        measured, plan = self._measured, self._plan
        measured.whole_cpu_seconds = self._tree.usage().total
        if status:
            measured.failure = f"ended with {status}"
        elif measured.wrong or len(self._urls) != plan.page_count:
            measured.failure = f"{measured.wrong} pages wrong, {plan.page_count - len(self._urls)} missing"
        if measured.failure:
            words = Path(plan.log_file).read_text(encoding="utf-8", errors="replace").strip()
            measured.failure += f": {words[-2000:]}"


def main() -> None:
    """Run the plan that the only argument holds as JSON."""
    fields = json.loads(sys.argv[1])
    adopt_orphans()
    measured = Round(RoundPlan(command=tuple(fields.pop("command")), **fields)).run()
    print(json.dumps(asdict(measured)))


if __name__ == "__main__":
    main()
