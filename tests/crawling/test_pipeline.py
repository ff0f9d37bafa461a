from __future__ import annotations

import pytest

from crawl4ai_browser import errors
from crawl4ai_browser.config import ContentConfig
from crawl4ai_browser.crawling.content_messages import ContentJob
from crawl4ai_browser.crawling.pipeline import Origin, Pipeline, status_error
from crawl4ai_browser.crawling.way_out import LimitedFetcher
from crawl4ai_browser.errors import ExtractError
from crawl4ai_browser.page_content import Content
from crawl4ai_browser.request import Request
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.snapshot import ReadyReport, Snapshot
from crawl4ai_browser.testing.fake_clock import FakeClock
from crawl4ai_browser.testing.scripted_fetcher import Answer, ScriptedFetcher, page

URL = "https://a.test/"


class EchoRenderer:
    """Takes the html for its Markdown, and remembers what it was asked."""

    def __init__(self, clock: FakeClock, failure: ExtractError | None = None) -> None:
        self.jobs: list[ContentJob] = []
        self._clock = clock
        self._failure = failure

    def warm(self) -> None:
        pass

    async def render(self, job: ContentJob) -> Content:
        self.jobs.append(job)
        await self._clock.sleep(0.25)
        if self._failure is not None:
            raise self._failure
        return Content(markdown=f"content of {job.html}")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def pipeline(
    answer: Answer,
    clock: FakeClock,
    *,
    content: ContentConfig | None = None,
    renderer: EchoRenderer | None = None,
) -> Pipeline:
    fetcher = LimitedFetcher(ScriptedFetcher({URL: answer}, clock=clock, delay=1.0), 1)
    return Pipeline(fetcher, renderer or EchoRenderer(clock), content=content or ContentConfig(), clock=clock)


async def result_of(pipe: Pipeline, clock: FakeClock, request: Request | None = None) -> CrawlResult:
    request = request or Request(url=URL)
    async with clock.jumping():
        visit = await pipe.visit(request)
        return await pipe.finish(request, visit)


async def test_a_page_becomes_a_result_with_its_content(clock: FakeClock) -> None:
    result = await result_of(pipeline(page(URL, "<p>hi</p>"), clock), clock)
    assert (result.ok, result.status, result.html, result.markdown) == (True, 200, "<p>hi</p>", "content of <p>hi</p>")
    assert result.error is None


async def test_html_is_not_copied(clock: FakeClock) -> None:
    snapshot = page(URL, "<p>hi</p>")
    result = await result_of(pipeline(snapshot, clock), clock)
    assert result.html is snapshot.html


@pytest.mark.parametrize("status", [400, 404, 410, 500, 503])
async def test_a_page_with_an_error_status_keeps_its_content_and_is_not_ok(clock: FakeClock, status: int) -> None:
    result = await result_of(pipeline(page(URL, "gone", status=status), clock), clock)
    assert (result.ok, result.status, result.markdown) == (False, status, "content of gone")
    assert result.error is not None
    assert (result.error.kind, result.error.status) == ("HttpStatusError", status)
    assert result.attempts[0].error == result.error


@pytest.mark.parametrize("status", [None, 200, 204, 304, 399])
def test_other_statuses_are_no_error(status: int | None) -> None:
    assert status_error(page(URL).model_copy(update={"status": status}), Request(url=URL)) is None


def test_the_message_of_a_status_does_not_tell_the_password() -> None:
    error = status_error(page("https://user:secret@a.test/", status=404), Request(url=URL))
    assert error is not None
    assert error.message == "https://a.test/ answered 404"


async def test_a_failure_after_the_page_was_read_keeps_what_was_read(clock: FakeClock) -> None:
    half = page(URL, "half").model_copy(update={"ready": ReadyReport(kind="selector", met=False, seconds=15.0)})
    result = await result_of(pipeline(errors.ReadyTimeout("no #price", phase="ready", snapshot=half), clock), clock)
    assert (result.ok, result.status, result.html, result.markdown) == (False, 200, "half", "content of half")
    assert result.ready == half.ready
    assert str(result.error) == "ReadyTimeout (ready): no #price"


async def test_a_failure_before_anything_was_read_has_the_request_and_the_time(clock: FakeClock) -> None:
    request = Request(url=URL, session="alice", metadata={"id": 7})
    result = await result_of(pipeline(errors.ConnectionFailed("reset"), clock), clock, request)
    assert (result.url, result.final_url, result.status, result.html, result.markdown) == (URL, URL, None, None, None)
    assert (result.session, result.request_metadata, result.fingerprint) == ("alice", {"id": 7}, request.fingerprint)
    assert result.fetched_at == result.attempts[0].started_at
    assert result.timings == {"total": 1.0}


async def test_a_skipped_page_is_an_outcome(clock: FakeClock) -> None:
    result = await result_of(pipeline(errors.RobotsDenied("not here", phase="robots"), clock), clock)
    assert (result.ok, str(result.error)) == (False, "RobotsDenied (robots): not here")


async def test_content_that_fails_leaves_the_html_and_says_why(clock: FakeClock) -> None:
    renderer = EchoRenderer(clock, ExtractError("too deep", phase="content"))
    result = await result_of(pipeline(page(URL, "deep"), clock, renderer=renderer), clock)
    assert (result.ok, result.html, result.markdown) == (False, "deep", None)
    assert str(result.error) == "ExtractError (content): too deep"
    assert result.attempts[0].error is None


async def test_the_visits_own_error_goes_before_that_of_the_content(clock: FakeClock) -> None:
    renderer = EchoRenderer(clock, ExtractError("too deep", phase="content"))
    result = await result_of(pipeline(page(URL, "deep", status=404), clock, renderer=renderer), clock)
    assert result.error is not None
    assert result.error.kind == "HttpStatusError"


async def test_no_browser_is_not_the_pages_failure(clock: FakeClock) -> None:
    pipe = pipeline(errors.LaunchFailed("no Chromium"), clock)
    async with clock.jumping():
        with pytest.raises(errors.LaunchFailed):
            await pipe.visit(Request(url=URL))


async def test_the_content_stage_gets_the_documents_own_address(clock: FakeClock) -> None:
    renderer = EchoRenderer(clock)
    moved = page(URL, "moved").model_copy(update={"final_url": "https://b.test/x", "base_url": "https://b.test/base/"})
    await result_of(pipeline(moved, clock, renderer=renderer), clock)
    expected = ContentJob(html="moved", url="https://b.test/x", base_url="https://b.test/base/", config=ContentConfig())
    assert renderer.jobs == [expected]


@pytest.mark.parametrize(
    ("snapshot", "config"),
    [
        (page(URL).model_copy(update={"html": None}), ContentConfig()),
        (page(URL), ContentConfig(markdown=False, links=False, media=False, tables=False, metadata=False)),
    ],
)
async def test_where_there_is_nothing_to_render_nothing_is(
    clock: FakeClock, snapshot: Snapshot, config: ContentConfig
) -> None:
    renderer = EchoRenderer(clock)
    result = await result_of(pipeline(snapshot, clock, content=config, renderer=renderer), clock)
    assert (result.ok, renderer.jobs) == (True, [])
    assert "content" not in result.timings


async def test_a_crawl_that_follows_links_asks_for_them(clock: FakeClock) -> None:
    renderer = EchoRenderer(clock)
    pipe = pipeline(page(URL), clock, content=ContentConfig(links=False), renderer=renderer).with_links()
    await result_of(pipe, clock)
    assert renderer.jobs[0].config.links


async def test_timings_tell_the_visits_phases_the_content_and_the_total(clock: FakeClock) -> None:
    snapshot = page(URL).model_copy(update={"timings": {"goto": 0.75, "ready": 0.25}})
    result = await result_of(pipeline(snapshot, clock), clock)
    assert result.timings == {"goto": 0.75, "ready": 0.25, "content": 0.25, "total": 1.25}


async def test_earlier_attempts_come_first(clock: FakeClock) -> None:
    request = Request(url=URL)
    pipe = pipeline(page(URL), clock)
    async with clock.jumping():
        first = (await pipe.visit(request)).attempt(1, charged=False)
        result = await pipe.finish(
            request, await pipe.visit(request), earlier=(first,), origin=Origin(2, "https://a.test/up")
        )
    assert [(attempt.number, attempt.charged, attempt.seconds) for attempt in result.attempts] == [
        (1, False, 1.0),
        (2, True, 1.0),
    ]
    assert (result.depth, result.parent) == (2, "https://a.test/up")
