from __future__ import annotations

from datetime import UTC, datetime

import anyio
import pytest
from pydantic import BaseModel

from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.extract.extractor import Extractor, Extractors
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.testing.fake_clock import FakeClock

RESULT = CrawlResult(
    url="https://a.test/",
    final_url="https://a.test/",
    ok=True,
    html="<h1>Hello</h1>",
    items=("first",),
    fingerprint="0" * 32,
    fetched_at=datetime(2026, 1, 1, tzinfo=UTC),
)


class Summary(BaseModel):
    words: int


async def summarize(result: CrawlResult) -> Summary:
    return Summary(words=len(result.html or ""))


async def refuse(result: CrawlResult) -> None:
    raise RuntimeError(f"no quota for {result.url}")


async def several(result: CrawlResult) -> list[object]:
    return [Summary(words=1), {"kind": "plain"}, "text"]


async def nothing(result: CrawlResult) -> None:
    return None


async def unfit(result: CrawlResult) -> object:
    return object()


async def hang(result: CrawlResult) -> None:
    await anyio.sleep_forever()


async def test_what_functions_find_is_added_to_the_items() -> None:
    extractors = Extractors([Extractor(summarize), Extractor(several), Extractor(nothing)], clock=FakeClock())
    result = await extractors.added_to(RESULT)
    assert result.items == ("first", {"words": 14}, {"words": 1}, {"kind": "plain"}, "text")
    assert result.ok
    assert result.timings == {"extract": 0.0}
    assert RESULT.items == ("first",)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (refuse, "the extractor refuse failed: RuntimeError: no quota for https://a.test/"),
        (unfit, "the extractor unfit failed: ValidationError"),
        (hang, "the extractor hang failed: TimeoutError"),
    ],
)
async def test_a_failure_is_a_record_and_keeps_the_rest(function: object, message: str) -> None:
    extractor = Extractor(function, timeout=0.01)  # type: ignore[arg-type]  # parameters are objects
    result = await Extractors([extractor, Extractor(summarize)]).added_to(RESULT)
    assert not result.ok
    assert result.error is not None
    assert (result.error.kind, result.error.phase, result.error.blame) == ("ExtractError", "extract", "user")
    assert result.error.message.startswith(message)
    assert (result.html, result.items) == (RESULT.html, RESULT.items)


async def test_failed_pages_are_not_given_to_it() -> None:
    failed = RESULT.model_copy(update={"ok": False})
    assert await Extractors([Extractor(refuse)]).added_to(failed) == failed


async def test_no_more_calls_at_once_than_its_limit() -> None:
    running: list[int] = [0]
    seen: list[int] = []
    gate = anyio.Event()

    async def count(result: CrawlResult) -> None:
        running[0] += 1
        seen.append(running[0])
        await gate.wait()
        running[0] -= 1

    extractors = Extractors([Extractor(count, max_at_once=2)])
    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(extractors.added_to, RESULT)
        await anyio.wait_all_tasks_blocked()
        assert seen == [1, 2]
        assert "count 2/2" in repr(extractors)
        gate.set()
    assert len(seen) == 5
    assert max(seen) == 2


def test_a_limit_that_lets_nothing_through_is_refused() -> None:
    with pytest.raises(ConfigError):
        Extractor(nothing, max_at_once=0)
