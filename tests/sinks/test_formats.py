from __future__ import annotations

import sys
from pathlib import Path

import pytest

from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.sinks.compression import codec_for
from crawl4ai_browser.sinks.formats import format_of, sink_for
from crawl4ai_browser.sinks.output_options import OutputOptions


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.jsonl", "jsonl"),
        ("a.NDJSON", "jsonl"),
        ("a.b.jsonl.gz", "jsonl"),
        ("a.jsonl.zst", "jsonl"),
        ("a.json", "json"),
        ("a.json.gz", "json"),
        ("a.csv", "csv"),
        ("a.sqlite", "sqlite"),
        ("a.parquet", "parquet"),
        ("pages", "markdown"),
    ],
)
def test_the_suffix_names_the_format(name: str, expected: str) -> None:
    assert format_of(Path(name)) == expected


def test_an_existing_folder_is_for_markdown(tmp_path: Path) -> None:
    folder = tmp_path / "docs.v2"
    folder.mkdir()
    assert format_of(folder) == "markdown"


@pytest.mark.parametrize("name", ["a.txt", "a.xml.gz"])
def test_an_unknown_suffix_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(ConfigError, match=rf"can't tell the format of '{name}'.*\.jsonl"):
        format_of(Path(name))


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        (OutputOptions(), "<JsonlSink <RecordFile standard output closed>>"),
        (OutputOptions(format="json"), "<JsonArraySink <RecordFile standard output closed>>"),
        (OutputOptions(format="markdown"), "<MarkdownStreamSink <RecordFile standard output closed>>"),
        (OutputOptions(path=Path("x.txt"), format="csv"), "<CsvSink <RecordFile x.txt closed>>"),
        (OutputOptions(path=Path("pages")), "<MarkdownFolderSink pages>"),
    ],
)
def test_the_sink_fits_the_options(options: OutputOptions, shown: str) -> None:
    assert repr(sink_for(options)) == shown


def test_fields_are_left_out_of_json_only() -> None:
    with pytest.raises(ConfigError, match="not of csv"):
        sink_for(OutputOptions(format="csv", leave_out=("html",)))


def test_a_compression_that_is_not_installed_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "backports", None)
    monkeypatch.setitem(sys.modules, "compression", None)
    monkeypatch.delitem(sys.modules, "crawl4ai_browser.sinks.zstandard", raising=False)
    with pytest.raises(ConfigError, match=r"pip install 'crawl4ai-browser\[zstd\]'"):
        codec_for(Path("out.jsonl.zst"))
