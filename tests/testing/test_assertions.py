from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawl4ai_browser import urls
from crawl4ai_browser.action_outcome import ActionOutcome
from crawl4ai_browser.captured import CapturedResponse
from crawl4ai_browser.page_content import Link
from crawl4ai_browser.result import CrawlResult, ErrorInfo
from crawl4ai_browser.snapshot import ConsoleMessage
from crawl4ai_browser.testing.assertions import (
    assert_no_broken_links,
    assert_no_console_errors,
    assert_same_as,
    save_fields,
)

SITE = "http://site.test"
NOT_FOUND = ErrorInfo(kind="HttpStatusError", message="answered 404", blame="site", status=404)


def page(path: str, **fields: object) -> CrawlResult:
    url = SITE + path
    known = {
        "url": url,
        "final_url": url,
        "status": 200,
        "ok": "error" not in fields,
        "fingerprint": urls.fingerprint(url),
        "fetched_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return CrawlResult.model_validate({**known, **fields})


def link(path: str, text: str) -> Link:
    return Link(url=SITE + path, text=text, internal=True)


def message_of(failure: pytest.ExceptionInfo[AssertionError]) -> str:
    return str(failure.value)


def test_broken_link_is_told_with_the_pages_that_have_it() -> None:
    results = [page("/", links=(link("/gone#end", "the end"),)), page("/gone", error=NOT_FOUND, parent=SITE + "/")]

    with pytest.raises(AssertionError) as failure:
        assert_no_broken_links(results)

    assert message_of(failure).splitlines() == [
        "1 of 2 pages are broken:",
        "  http://site.test/gone: HttpStatusError: answered 404",
        "    linked from http://site.test/ as 'the end'",
    ]


def test_broken_seed_is_told_as_one() -> None:
    with pytest.raises(AssertionError, match="given as a seed"):
        assert_no_broken_links([page("/gone", error=NOT_FOUND)])


def test_what_robots_forbid_and_what_is_ignored_is_not_broken() -> None:
    forbidden = ErrorInfo(kind="RobotsDenied", message="no", blame="site")

    assert_no_broken_links([page("/"), page("/private", error=forbidden)])
    assert_no_broken_links([page("/"), page("/gone", error=NOT_FOUND)], ignore=["/go*"])
    with pytest.raises(AssertionError):
        assert_no_broken_links([page("/"), page("/gone", error=NOT_FOUND)], ignore=["/other*"])


def test_nothing_checked_is_a_failure() -> None:
    with pytest.raises(AssertionError, match="nothing was checked"):
        assert_no_broken_links([])
    with pytest.raises(AssertionError, match="nothing was checked"):
        assert_no_console_errors([])


def test_console_errors_are_told_with_their_place() -> None:
    console = (
        ConsoleMessage(level="log", text="fine"),
        ConsoleMessage(level="uncaught", text="ReferenceError: x", url=SITE + "/a.js", line=3),
        ConsoleMessage(level="error", text="known trouble"),
    )

    with pytest.raises(AssertionError) as failure:
        assert_no_console_errors(page("/", console=console), ignore=["known"])

    assert message_of(failure).splitlines() == [
        "the console shows errors:",
        "  http://site.test/",
        "    uncaught: ReferenceError: x (http://site.test/a.js:3)",
    ]
    assert_no_console_errors([page("/", console=console)], ignore=["known", "ReferenceError"])


def test_change_of_a_page_is_told_field_by_field() -> None:
    before = page("/", markdown="# One\n\nfirst\n", links=(link("/a", "A"), link("/b", "B")))
    after = page("/", markdown="# One\n\nsecond\n", links=(link("/a", "A"),))

    with pytest.raises(AssertionError) as failure:
        assert_same_as(after, before)

    text = message_of(failure)
    assert text.startswith("http://site.test/ is not what it was in markdown, links\n")
    assert "  -first\n  +second" in text
    assert '"url": "http://site.test/b"' in text
    assert '"url": "http://site.test/a"' not in [line for line in text.splitlines() if line.startswith("  -")]
    assert_same_as(after, before, ignore=("markdown", "links"))
    assert_same_as(after, before, fields=("status", "final_url"))


def test_what_is_about_the_visit_makes_no_difference(tmp_path: Path) -> None:
    before = page("/", timings={"goto": 1.0}, headers={"date": "today"})
    after = page("/", timings={"goto": 2.0}, headers={"date": "tomorrow"}, proxy="http://127.0.0.1:1")
    saved = tmp_path / "page.json"
    saved.write_text(before.model_dump_json())

    assert_same_as(after, before)
    assert_same_as(after, saved)
    with pytest.raises(AssertionError, match="there is no .*missing.json: write it with"):
        assert_same_as(after, tmp_path / "missing.json")


def test_result_is_saved_field_by_field_and_compared_with_that(tmp_path: Path) -> None:
    click = ActionOutcome(action="click", place="1", selector="#more", ok=True, seconds=1.0)
    before = page("/", html="<p>one</p>", markdown="one\n", links=(link("/a", "A"),), actions=(click,))
    save_fields(before, tmp_path / "page")

    files = sorted(path.name for path in (tmp_path / "page").iterdir())
    assert files == ["actions.json", "html.html", "links.json", "markdown.md", "metadata.json", "visit.json"]
    assert_same_as(
        before.model_copy(update={"actions": (click.model_copy(update={"seconds": 2.0}),)}), tmp_path / "page"
    )
    failed = page("/", html="<p>one</p>", markdown="one\n", text="one", error=NOT_FOUND)
    with pytest.raises(AssertionError, match="not what it was in ok, error, text, links, actions\n"):
        assert_same_as(failed, tmp_path / "page", ignore=("status",))
    assert_same_as(failed, tmp_path / "page", ignore=("status", "ok", "error", "text", "links", "actions"))

    save_fields(failed, tmp_path / "page")
    assert_same_as(failed, tmp_path / "page")
    assert not (tmp_path / "page" / "links.json").exists()


def test_body_of_an_answer_is_compared_as_text() -> None:
    def answered(text: str) -> CrawlResult:
        asked = CapturedResponse(url=SITE + "/api", method="GET", resource_type="fetch", status=200, body=text.encode())
        return page("/", responses=(asked,))

    with pytest.raises(AssertionError, match="what it was in responses\n") as failure:
        assert_same_as(answered("two"), answered("one"))
    assert '"body": "one"' in message_of(failure)
