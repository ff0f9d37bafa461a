"""Live statistics: on SIGUSR1 a crawl tells how it stands, and goes on."""

from __future__ import annotations

import signal
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager

import anyio
from anyio.abc import TaskStatus

from crawl4ai_browser.cli.lines import duration, progress_line
from crawl4ai_browser.crawling.progress import CrawlStatistics
from crawl4ai_browser.crawling.run_host import sole_error

_SIGNAL = getattr(signal, "SIGUSR1", None)
"""None: Windows has none."""

_LISTED = 10
"""Visits and hosts that are named, the longest and the largest."""


def statistics_lines(statistics: CrawlStatistics) -> Iterator[str]:
    """How a crawl stands, a line each: its counts, what is visited for longest, the hosts with most pages."""
    yield progress_line(statistics)
    counts = f"URLs found {statistics.discovered:,}   refused {statistics.refused:,}   skipped {statistics.skipped:,}"
    yield f"{counts}   from the cache {statistics.from_cache:,}"
    for visit in sorted(statistics.visits, key=lambda visit: visit.seconds, reverse=True)[:_LISTED]:
        attempt = f"  attempt {visit.attempt}" if visit.attempt > 1 else ""
        yield f"visiting {duration(visit.seconds):>8}  {visit.url}{attempt}"
    for host in statistics.hosts[:_LISTED]:
        failed = f", {host.failed:,} failed" if host.failed else ""
        yield f"host {host.host}: {host.done:,} done{failed}, {host.visiting} under way"


@asynccontextmanager
async def told_on_request(
    statistics: Callable[[], CrawlStatistics], tell: Callable[[str], None]
) -> AsyncGenerator[None]:
    """While the block runs, each SIGUSR1 has the lines of `statistics_lines` told. Nothing where there is no signal."""
    try:
        async with anyio.create_task_group() as tasks:
            await tasks.start(_receive, statistics, tell)
            yield
            tasks.cancel_scope.cancel()
    except ExceptionGroup as group:  # made of the block's own exception by the task group
        error = sole_error(group)
        raise error from error.__cause__


async def _receive(
    statistics: Callable[[], CrawlStatistics],
    tell: Callable[[str], None],
    *,
    task_status: TaskStatus[None],
) -> None:
    if _SIGNAL is None:
        task_status.started()
        return
    with anyio.open_signal_receiver(_SIGNAL) as signals:
        task_status.started()
        async for _ in signals:
            for line in statistics_lines(statistics()):
                tell(line)
