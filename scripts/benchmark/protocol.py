"""How a contender is told what to do and says what it has done. Standard library only: peers' environments import it.

A contender is started as `python -m scripts.benchmark.contenders.NAME JOB`, JOB a file with the JSON of `Job`. It
visits every URL, gives each page's html to `Report.page`, and ends. One line goes to the harness for each page, on the
descriptor of the job, as a contender's standard output is full of its own words.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

READY_SELECTOR = "#done"
"""What every contender waits for: the last element that the page's script makes."""


@dataclass(frozen=True)
class Job:
    """What one contender is to do in one round."""

    urls: tuple[str, ...]
    concurrency: int
    executable: str
    options: tuple[str, ...] = ()
    """Words of the contender's own, such as `html` for html only."""
    report_fd: int = 1
    pauses: tuple[int, ...] = ()
    """Counts of pages at which to stop until a line comes on the standard input: memory is looked at meanwhile."""

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def of_command_line(cls) -> Job:
        """The job that this process was started for."""
        fields = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
        lists = {name: tuple(fields[name]) for name in ("urls", "options", "pauses")}
        return cls(**{**fields, **lists})


def marker_of(url: str) -> str:
    """The text that only the script of this URL's page writes."""
    return f"written by the script of page {url.rsplit('/', 1)[1]} out of its data"


class Report:
    """Tells the harness of each page as it is done."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._count = 0

    def page(self, url: str, html: str | None, *, is_complete: bool = True) -> None:
        """A page is done. It counts as right when its html has what only its script wrote and `is_complete`."""
        is_right = html is not None and marker_of(url) in html and is_complete
        self._line({"page": url, "right": is_right})
        self._count += 1
        if self._count in self._job.pauses:
            os.read(sys.stdin.fileno(), 1)

    def figure(self, name: str, value: float) -> None:
        """A number that the contender measured of itself."""
        self._line({"figure": name, "value": value})

    def _line(self, fields: dict[str, object]) -> None:
        # Whole: a pipe takes up to 4096 bytes at once (POSIX, PIPE_BUF).
        os.write(self._job.report_fd, (json.dumps({**fields, "at": time.monotonic()}) + "\n").encode())
