from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawl4ai_browser.errors import ConfigError, SinkError
from crawl4ai_browser.page_content import PageMetadata
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.sinks.front_matter import page_text
from crawl4ai_browser.sinks.markdown_pages import MarkdownFolderSink, MarkdownStreamSink, page_path

MakeResult = Callable[..., CrawlResult]


def front_matter(text: str) -> dict[str, object]:
    head = text.split("---\n")[1]
    return {name: json.loads(value) for name, _, value in (line.partition(": ") for line in head.split("\n") if line)}


async def test_each_page_has_a_file_with_front_matter(tmp_path: Path, make_result: MakeResult) -> None:
    result = make_result("http://example.com/docs/Über%20uns.html?x=1", markdown="# Über uns\n\ntext\n")
    async with MarkdownFolderSink(tmp_path / "pages") as sink:
        await sink.write(result)
    (path,) = (tmp_path / "pages").rglob("*.md")
    assert path.relative_to(tmp_path / "pages") == Path(
        "example.com", f"docs-über-uns.html-{result.fingerprint[:12]}.md"
    )
    assert path.read_text(encoding="utf-8") == (
        "---\n"
        'url: "http://example.com/docs/Über%20uns.html?x=1"\n'
        "status: 200\n"
        "ok: true\n"
        'title: "Greeting"\n'
        'keywords: ["a", "b: c"]\n'
        "depth: 0\n"
        'fetched_at: "2024-05-06T07:08:09+00:00"\n'
        f'fingerprint: "{result.fingerprint}"\n'
        "---\n"
        "\n"
        "# Über uns\n"
        "\n"
        "text\n"
    )


async def test_a_page_that_comes_again_replaces_its_file(tmp_path: Path, make_result: MakeResult) -> None:
    for if_exists, text in (("refuse", "old"), ("append", "new")):
        async with MarkdownFolderSink(tmp_path / "pages", if_exists=if_exists) as sink:  # type: ignore[arg-type]  # literals
            await sink.write(make_result(markdown=text))
    (path,) = (path for path in (tmp_path / "pages").rglob("*") if path.is_file())
    assert path.read_text(encoding="utf-8").endswith("\nnew\n")


async def test_a_failed_page_has_a_file_that_says_why(tmp_path: Path, failed_result: CrawlResult) -> None:
    async with MarkdownFolderSink(tmp_path / "pages") as sink:
        await sink.write(failed_result)
    (path,) = (tmp_path / "pages").rglob("*.md")
    text = path.read_text(encoding="utf-8")
    assert front_matter(text)["error"] == "NavigationTimeout (goto): no document after 30 s"
    assert text.endswith("\n---\n")


async def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    with pytest.raises(ConfigError, match="is already there"):
        async with MarkdownFolderSink(tmp_path):
            pass


@pytest.mark.parametrize(
    ("name", "reason"), [("file/x", "is a file|does not exist"), ("file", "is a file"), ("a/b", "does not exist")]
)
async def test_an_impossible_folder_is_named(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=reason):
        async with MarkdownFolderSink(tmp_path / name):
            pass


async def test_a_page_that_cannot_be_written_is_an_error(tmp_path: Path, make_result: MakeResult) -> None:
    async with MarkdownFolderSink(tmp_path / "pages") as sink:
        (tmp_path / "pages" / "example.com").touch()
        with pytest.raises(SinkError, match=r"can't write '.*example\.com"):
            await sink.write(make_result())


async def test_pages_stream_one_after_the_other(results: list[CrawlResult], monkeypatch: pytest.MonkeyPatch) -> None:
    output = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(output))
    async with MarkdownStreamSink() as sink:
        for result in results:
            await sink.write(result)
    assert output.getvalue().decode() == "".join(page_text(result, "markdown") + "\n" for result in results)


@pytest.mark.parametrize(
    ("url", "folder", "slug"),
    [
        ("http://example.com/", "example.com", "index"),
        ("http://example.com", "example.com", "index"),
        ("http://example.com:8080/a/b/", "example.com-8080", "a-b"),
        ("http://[::1]:80/../../etc/passwd", "1", "etc-passwd"),
        ("http://example.com/%2e%2e%2f%2e%2e%2fetc", "example.com", "etc"),
        ("http://example.com/a%00b%5Cc%3A*%3F", "example.com", "a-b-c"),
        ("http://con/nul", "_con", "nul"),
        ("http://aux.example.com/", "_aux.example.com", "index"),
        ("http://example.com/%FF%FE", "example.com", "index"),
        ("file:///etc/hosts", "local", "etc-hosts"),
        ("data:text/html,x", "local", "index"),
    ],
)
def test_paths_are_readable_and_stay_in_the_folder(make_result: MakeResult, url: str, folder: str, slug: str) -> None:
    result = make_result(url)
    assert page_path(result) == Path(folder, f"{slug}-{result.fingerprint[:12]}.md")


def test_a_long_path_fits_a_file_name(make_result: MakeResult) -> None:
    name = page_path(make_result("http://example.com/" + "日本語/" * 500)).name
    assert len(name.encode()) < 200
    assert name.startswith("日本語-日本語-")


@given(st.text())
def test_every_text_survives_the_front_matter(text: str) -> None:
    result = CrawlResult.model_validate(
        {
            "url": "http://example.com/",
            "final_url": "http://example.com/",
            "ok": True,
            "metadata": PageMetadata(title=text),
            "fingerprint": "0" * 32,
            "fetched_at": "2024-01-01T00:00:00Z",
        }
    )
    rendered = page_text(result, "markdown")
    assert front_matter(rendered).get("title", "") == text
    assert not set("\x7f\x85\u2028\u2029\ufeff").intersection(rendered), "YAML wants these escaped"


def test_text_that_is_no_unicode_does_not_stop_the_page(make_result: MakeResult) -> None:
    page_text(make_result(markdown="a\ud800b"), "markdown").encode("utf-8")
