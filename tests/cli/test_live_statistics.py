from __future__ import annotations

import os
import signal
import sys

import anyio
import pytest

from crawl4ai_browser.cli.live_statistics import statistics_lines, told_on_request
from crawl4ai_browser.crawling.progress import CrawlStatistics, CurrentVisit, HostProgress

STATISTICS = CrawlStatistics(
    seconds=90.0,
    done=1200,
    failed=3,
    skipped=4,
    retried=2,
    html_length=10,
    pages_per_second=13.3,
    visits=(
        CurrentVisit(url="https://a.test/new", attempt=1, seconds=0.2),
        CurrentVisit(url="https://a.test/old", attempt=2, seconds=7.0),
    ),
    hosts=(
        HostProgress(host="https://a.test", visiting=2, done=1190, failed=3),
        HostProgress(host="https://b.test", visiting=0, done=10, failed=0),
    ),
    discovered=5000,
    queued=3793,
    refused=17,
    from_cache=40,
)


def test_lines_tell_counts_visits_and_hosts() -> None:
    assert list(statistics_lines(STATISTICS)) == [
        "done 1,200   queued 3,793   failed 3   retried 2   13.3 pages/s   1:30",
        "URLs found 5,000   refused 17   skipped 4   from the cache 40",
        "visiting    7.0 s  https://a.test/old  attempt 2",
        "visiting    0.2 s  https://a.test/new",
        "host https://a.test: 1,190 done, 3 failed, 2 under way",
        "host https://b.test: 10 done, 0 under way",
    ]


def test_of_many_visits_and_hosts_ten_are_named() -> None:
    visits = tuple(CurrentVisit(url=f"https://a.test/{n}", attempt=1, seconds=n) for n in range(50))
    hosts = tuple(HostProgress(host=f"https://{n}.test", visiting=0, done=1, failed=0) for n in range(50))
    lines = list(statistics_lines(STATISTICS.model_copy(update={"visits": visits, "hosts": hosts})))
    assert sum(line.startswith("visiting") for line in lines) == 10
    assert sum(line.startswith("host") for line in lines) == 10
    assert "https://a.test/49" in lines[2], "the longest first"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGUSR1")
async def test_every_signal_is_answered_while_the_block_runs() -> None:
    told: list[str] = []
    news = anyio.Event()

    def tell(line: str) -> None:
        told.append(line)
        if line.startswith("host https://b.test"):
            news.set()

    before = signal.getsignal(signal.SIGUSR1)
    async with told_on_request(lambda: STATISTICS, tell):
        for _ in range(2):
            news = anyio.Event()
            os.kill(os.getpid(), signal.SIGUSR1)
            await news.wait()
    assert len(told) == 12
    assert signal.getsignal(signal.SIGUSR1) == before


async def test_an_error_of_the_block_comes_out_as_it_is() -> None:
    with pytest.raises(KeyError, match="mine"):
        async with told_on_request(lambda: STATISTICS, print):
            raise KeyError("mine")
