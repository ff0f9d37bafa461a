"""Reports: tell a person how a crawl goes, line by line or with a live display under the lines."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Literal

import anyio

from crawl4ai_browser.cli.lines import event_line
from crawl4ai_browser.cli.progress_bar import ProgressBar
from crawl4ai_browser.cli.streams import Verbosity, say
from crawl4ai_browser.clock import SYSTEM_CLOCK
from crawl4ai_browser.crawling.file_progress import FileProgress
from crawl4ai_browser.crawling.run import CrawlRun
from crawl4ai_browser.events import DownloadFinished, Event, PageFinished, Warned

Display = Literal["lines", "bar", "failures"]
"""`lines`: one for each page. `bar`: a live display, and lines for pages that failed. `failures`: only those lines."""


class Report:
    """An observer that says what happens."""

    def __init__(self, verbosity: Verbosity, display: Display) -> None:
        self._verbosity: Verbosity = verbosity
        self._display: Display = display
        self._bar: ProgressBar | None = None
        self._files = FileProgress()

    def __call__(self, event: Event) -> None:
        """Say what there is to say about an event."""
        self._files(event)
        if self._display != "lines" and self._verbosity == "normal" and _is_well(event):
            return
        line = event_line(event, self._verbosity)
        if line is not None:
            say(line)

    def note(self, text: str) -> None:
        """Say what the user should know now; it stays on the live display."""
        if self._bar is not None:
            self._bar.note = text
        elif self._verbosity != "quiet":
            say(text)

    def warn(self, text: str) -> None:
        """Say what the user should know that stops nothing."""
        self(Warned(text=text))

    @asynccontextmanager
    async def shown(self, run: CrawlRun) -> AsyncGenerator[None]:
        """Keep the live display of a crawl while the block runs, where there is one."""
        if self._display != "bar":
            yield
            return
        async with anyio.create_task_group() as tasks:
            self._bar = ProgressBar(lambda: run.statistics, self._files.statistics, SYSTEM_CLOCK)
            tasks.start_soon(self._bar.run)
            try:
                yield
            finally:
                self._bar = None
                tasks.cancel_scope.cancel()

    def __repr__(self) -> str:
        """How it reports."""
        return f"<Report {self._verbosity}, {self._display}>"


def _is_well(event: Event) -> bool:
    """Whether it tells of a page or a file that came as it should."""
    match event:
        case PageFinished():
            return event.ok
        case DownloadFinished():
            return event.download.state == "complete"
        case _:
            return False


def display_for(verbosity: Verbosity, *, results_to_terminal: bool) -> Display:
    """A live display where it makes sense: on a terminal that can move its cursor and does not get the results."""
    is_terminal = sys.stderr.isatty() and os.environ.get("TERM", "") not in ("dumb", "unknown")
    return "bar" if is_terminal and not results_to_terminal and verbosity != "quiet" else "lines"
