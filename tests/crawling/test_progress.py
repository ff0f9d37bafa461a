import pytest

from crawl4ai_browser import events
from crawl4ai_browser.crawling.progress import HostProgress, Progress
from crawl4ai_browser.result import ErrorInfo
from crawl4ai_browser.testing.fake_clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def progress(clock: FakeClock) -> Progress:
    return Progress(clock)


def started(url: str, attempt: int = 1) -> events.PageStarted:
    return events.PageStarted(url=url, attempt=attempt)


def visited(url: str, attempt: int = 1) -> events.PageVisited:
    return events.PageVisited(url=url, attempt=attempt, status=200, seconds=0.5)


def finished(url: str, *, ok: bool = True) -> events.PageFinished:
    return events.PageFinished(url=url, status=200, ok=ok, error=None, seconds=0.5, html_length=10, new_links=0)


def test_nothing_happened_yet(progress: Progress) -> None:
    statistics = progress.statistics()
    assert (statistics.done, statistics.failed, statistics.pages_per_second, statistics.visits) == (0, 0, 0.0, ())


async def test_a_visit_is_current_from_its_start_to_its_end(progress: Progress, clock: FakeClock) -> None:
    progress(started("https://a.test/1"))
    await clock.advance(2.0)
    progress(started("https://a.test/2"))
    assert [(visit.url, visit.seconds) for visit in progress.statistics().visits] == [
        ("https://a.test/1", 2.0),
        ("https://a.test/2", 0.0),
    ]
    progress(visited("https://a.test/1"))
    assert [visit.url for visit in progress.statistics().visits] == ["https://a.test/2"]


def test_pages_are_counted_by_outcome_and_host(progress: Progress) -> None:
    for url, ok in (("https://a.test/1", True), ("https://b.test/1", True), ("https://b.test/2", False)):
        progress(started(url))
        progress(visited(url))
        progress(finished(url, ok=ok))
    progress(started("https://a.test/2"))
    statistics = progress.statistics()
    assert (statistics.done, statistics.failed, statistics.html_length) == (2, 1, 30)
    assert statistics.hosts == (
        HostProgress(host="https://b.test", visiting=0, done=1, failed=1),
        HostProgress(host="https://a.test", visiting=1, done=1, failed=0),
    )


async def test_speed_is_that_of_the_last_twenty_seconds(progress: Progress, clock: FakeClock) -> None:
    for number in range(10):
        progress(finished(f"https://a.test/{number}"))
    await clock.advance(5.0)
    assert progress.statistics().pages_per_second == 2.0
    await clock.advance(15.5)
    progress(finished("https://a.test/late"))
    assert progress.statistics().pages_per_second == 1 / 20


def test_hosts_not_heard_of_for_longest_are_forgotten(progress: Progress) -> None:
    for number in range(1500):
        progress(finished(f"https://h{number}.test/"))
    hosts = progress.statistics().hosts
    assert len(hosts) == 1000
    assert {host.host for host in hosts} == {f"https://h{number}.test" for number in range(500, 1500)}


def test_pages_skipped_on_purpose_have_not_failed(progress: Progress) -> None:
    error = ErrorInfo(kind="RobotsDenied", message="no", blame="site")
    progress(finished("https://a.test/", ok=False).model_copy(update={"error": error}))
    assert (progress.statistics().failed, progress.statistics().skipped) == (0, 1)


def test_retries_and_refusals_are_counted(progress: Progress) -> None:
    error = ErrorInfo(kind="ConnectionFailed", message="reset", blame="site")
    progress(events.PageRetried(url="https://a.test/", attempt=1, error=error, delay=1.0))
    progress(events.UrlRefused(url="https://b.test/", reason="another host"))
    assert (progress.statistics().retried, progress.statistics().refused) == (1, 1)
