"""ProgressBar: the live display of a crawl at the bottom of a terminal."""

from __future__ import annotations

from collections.abc import Callable

from anyio import to_thread
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from crawl4ai_browser.cli.lines import arriving_line, duration, files_line, progress_line, size
from crawl4ai_browser.cli.memory import MemoryUse, memory_use
from crawl4ai_browser.cli.streams import visible
from crawl4ai_browser.clock import Clock
from crawl4ai_browser.crawling.file_progress import FileStatistics
from crawl4ai_browser.crawling.progress import CrawlStatistics

_REFRESH_SECONDS = 0.25
"""Often enough to look alive; drawing takes about 2 ms."""

_MEMORY_SECONDS = 2.0
"""Reading the sizes of a browser's processes takes about 20 ms of a core."""

_SHOWN_VISITS = 6
_SHOWN_HOSTS = 4
_SHOWN_FILES = 4


class ProgressBar:
    """Shows how the crawl stands, until cancelled. What is written to standard error meanwhile appears above it."""

    def __init__(
        self, statistics: Callable[[], CrawlStatistics], files: Callable[[], FileStatistics], clock: Clock
    ) -> None:
        self._statistics = statistics
        self._files = files
        self._clock = clock
        self.note = ""
        """Shown below the counts: what the user should know now."""

    async def run(self) -> None:
        """Draw again and again. Nothing of it is left when it ends."""
        console = Console(stderr=True, highlight=False)
        memory, memory_until = await to_thread.run_sync(memory_use), 0.0
        with Live(console=console, auto_refresh=False, transient=True, redirect_stdout=False) as live:
            while True:
                if self._clock.monotonic() >= memory_until:
                    memory = await to_thread.run_sync(memory_use)
                    memory_until = self._clock.monotonic() + _MEMORY_SECONDS
                lines = display_lines(self._statistics(), memory, self.note) + file_lines(self._files())
                live.update(Group(*(_one_line(line) for line in lines)), refresh=True)
                await self._clock.sleep(_REFRESH_SECONDS)


def display_lines(statistics: CrawlStatistics, memory: MemoryUse, note: str) -> list[str]:
    """The display: counts, then hosts where there are several, then the pages being visited."""
    lines = [f"{progress_line(statistics)}   {size(memory.size_bytes)} in {memory.process_count} processes"]
    if note:
        lines.append(note)
    if len(statistics.hosts) > 1:
        for host in statistics.hosts[:_SHOWN_HOSTS]:
            counts = f"{host.done:6,} done  {host.failed:4,} failed  {host.visiting:3} now"
            lines.append(f"  {counts}  {host.host}")
        lines += _more(len(statistics.hosts) - _SHOWN_HOSTS, "hosts")
    for visit in statistics.visits[:_SHOWN_VISITS]:
        attempt = f"  (attempt {visit.attempt})" if visit.attempt > 1 else ""
        lines.append(f"  {duration(visit.seconds):>8}  {visit.url}{attempt}")
    lines += _more(len(statistics.visits) - _SHOWN_VISITS, "visits")
    return lines


def file_lines(files: FileStatistics) -> list[str]:
    """What the display says of files: nothing before the first."""
    if not (files.kept or files.failed or files.arriving):
        return []
    arriving = [f"  {arriving_line(file)}" for file in files.arriving[:_SHOWN_FILES]]
    return [files_line(files), *arriving, *_more(len(files.arriving) - _SHOWN_FILES, "files")]


def _more(count: int, noun: str) -> list[str]:
    return [f"            and {count:,} more {noun}"] if count > 0 else []


def _one_line(text: str) -> Text:
    return Text(visible(text), no_wrap=True, overflow="ellipsis")
