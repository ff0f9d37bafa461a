"""The benchmark of the frontier still runs, and tells all it promises."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
FIGURES = [
    "add a seed",
    "lease and complete, 10 links: 1 new, 9 known",
    "lease and complete, 10 links: 1 new, 9 of navigation",
    "lease and complete, 10 links: all new",
    "lease and complete, no links",
    "memory above the start, at the most",
]


@pytest.mark.parametrize(
    ("arguments", "more"),
    [([], ["on disk, for each URL of 64 characters", "open again"]), (["--memory", "--hosts", "7"], [])],
)
def test_the_benchmark_gives_its_figures(arguments: list[str], more: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts/bench_frontier"), "300", "--pages", "10", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    names = [re.split(r"  +", line)[0] for line in done.stdout.splitlines()]
    assert names == [*FIGURES, *more]
