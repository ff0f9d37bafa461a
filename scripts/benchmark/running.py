"""Runs rounds: the site in a process of its own, then one contender after the other, over and over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from scripts.benchmark.bench_site import addresses
from scripts.benchmark.contenders_list import ROOT, Contender, Environments
from scripts.benchmark.measured_round import Measured, RoundPlan
from scripts.benchmark.protocol import Job

WARM_UP = 20
"""Pages before measuring begins: browsers, workers and caches are there by then, for everyone."""


@dataclass(frozen=True)
class Workload:
    """What is visited."""

    name: str
    pages: int
    path: str = "/page"
    hosts: int = 1
    warm_up: int = WARM_UP
    memory_from: int = 0

    def urls(self, port: int, *, first: int) -> tuple[str, ...]:
        """The URLs of a round: each host in turn, no page twice."""
        hosts = addresses()[: self.hosts]
        numbers = range(first, first + self.pages + self.warm_up)
        return tuple(f"http://{hosts[number % len(hosts)]}:{port}{self.path}/{number}" for number in numbers)


@dataclass(frozen=True)
class Bench:
    """What holds for every round."""

    environments: Environments
    executable: Path
    port: int
    concurrency: int = 4

    def round(self, contender: Contender, workload: Workload, *, number: int = 0) -> Measured:
        """Run one contender once, in a process of its own that measures it."""
        urls = workload.urls(self.port, first=number * 100_000 + 1)
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            job_file = Path(folder) / "job.json"
            Job(urls, self.concurrency, str(self.executable), contender.options).save(job_file)
            plan = RoundPlan(
                contender=contender.name,
                command=(
                    str(self.environments.python(contender)),
                    "-m",
                    f"scripts.benchmark.contenders.{contender.module}",
                ),
                job_file=str(job_file),
                log_file=str(Path(folder) / "log.txt"),
                page_count=len(urls),
                warm_up=workload.warm_up,
                memory_from=workload.memory_from,
            )
            caches = self.environments.folder / "caches" / contender.name
            return self._measure(plan, Path(folder), caches)

    @staticmethod
    def _measure(plan: RoundPlan, folder: Path, caches: Path) -> Measured:
        # A home of its own, as peers keep databases there; caches last, as a user's do. The contender inherits it all.
        own = {
            "PYTHONPATH": str(ROOT),
            "HOME": str(folder),
            "XDG_CACHE_HOME": str(caches),
            "TMPDIR": str(folder),
            "CRAWL4_AI_BASE_DIRECTORY": str(folder),
            "CRAWLEE_STORAGE_DIR": str(folder / "crawlee"),
        }
        command = [sys.executable, "-m", "scripts.benchmark.measured_round", json.dumps(asdict(plan))]
        done = subprocess.run(command, env={**os.environ, **own}, stdout=subprocess.PIPE, check=True)
        return Measured(**json.loads(done.stdout))

    def interleaved(
        self, contenders: Sequence[Contender], workload: Workload, *, rounds: int
    ) -> Iterator[tuple[int, Measured]]:
        """Every contender once, then every one again: what else the machine does meets all alike."""
        for number in range(rounds):
            turn = number % len(contenders)
            for contender in (*contenders[turn:], *contenders[:turn]):
                yield number, self.round(contender, workload, number=number)


@contextmanager
def served_site() -> Generator[int]:
    """The site's port, while it is served by another process."""
    site = subprocess.Popen(
        [sys.executable, "-m", "scripts.benchmark.bench_site"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
    )
    assert site.stdin is not None
    assert site.stdout is not None
    try:
        yield int(site.stdout.readline())
    finally:
        site.stdin.close()
        site.wait()
