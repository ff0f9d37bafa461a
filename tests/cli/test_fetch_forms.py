from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawl4ai_browser.capture_config import CaptureConfig, Element
from crawl4ai_browser.captured import CaptureFile
from crawl4ai_browser.cli.fetch_forms import FORMS
from crawl4ai_browser.config import CrawlConfig
from crawl4ai_browser.page_content import Link
from crawl4ai_browser.result import CrawlResult

RESULT = CrawlResult(
    url="http://a.example/",
    final_url="http://a.example/",
    ok=True,
    html="<p>Grüezi</p>",
    markdown="whole\n\n",
    main_markdown="main",
    cited_markdown="cited",
    text="text",
    links=(Link(url="http://a.example/1", internal=True), Link(url="http://b.example/2", internal=False)),
    screenshot=b"\x89PNG",
    pdf=b"%PDF",
    mhtml="MIME\r\n",
    har='{"log": {}}',
    fingerprint="0" * 32,
    fetched_at=datetime(2024, 1, 1, tzinfo=UTC),
)


@pytest.mark.parametrize(
    ("form", "data"),
    [
        ("markdown", b"whole\n"),
        ("main", b"main\n"),
        ("cited", b"cited\n"),
        ("text", b"text\n"),
        ("html", "<p>Grüezi</p>\n".encode()),
        ("links", b"http://a.example/1\nhttp://b.example/2\n"),
        ("screenshot", b"\x89PNG"),
        ("pdf", b"%PDF"),
        ("mhtml", b"MIME\r\n"),
        ("har", b'{"log": {}}'),
    ],
)
def test_each_form_gives_its_part(form: str, data: bytes) -> None:
    assert FORMS[form].give(RESULT) == data


def test_json_gives_the_whole_result() -> None:
    data = FORMS["json"].give(RESULT)
    assert data is not None
    assert CrawlResult.model_validate_json(data) == RESULT


@pytest.mark.parametrize("form", sorted(set(FORMS) - {"json", "links"}))
def test_a_page_without_the_part_gives_nothing(form: str) -> None:
    bare = CrawlResult(
        url="http://a.example/",
        final_url="http://a.example/",
        ok=True,
        fingerprint="0" * 32,
        fetched_at=datetime(2024, 1, 1, tzinfo=UTC),
    )
    assert FORMS[form].give(bare) is None


def test_text_that_is_no_unicode_does_not_stop_it() -> None:
    assert FORMS["html"].give(RESULT.model_copy(update={"html": "a\ud800b"})) == b"a?b\n"


def test_only_what_is_shown_is_made() -> None:
    content = FORMS["main"].configured(CrawlConfig()).content
    assert [name for name, is_made in content if is_made] == ["main_markdown"]
    assert FORMS["json"].configured(CrawlConfig()) == CrawlConfig()


def test_pictures_are_captured_when_asked_for() -> None:
    assert FORMS["screenshot"].configured(CrawlConfig()).capture.screenshot == "full_page"
    assert FORMS["pdf"].configured(CrawlConfig()).capture.pdf
    assert not FORMS["html"].configured(CrawlConfig()).capture.pdf


def test_a_picture_of_an_element_stays_one() -> None:
    capture = CaptureConfig(screenshot=Element(css="#map"))
    assert FORMS["screenshot"].configured(CrawlConfig(capture=capture)).capture == capture


def test_a_capture_that_went_to_a_file_is_given_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "page.png"
    path.write_bytes(b"picture")
    file = CaptureFile(kind="screenshot", path=path, size_bytes=7, sha256="0" * 64, mime_type="image/png")
    result = RESULT.model_copy(update={"screenshot": None, "capture_files": (file,)})
    assert FORMS["screenshot"].give(result) == b"picture"
