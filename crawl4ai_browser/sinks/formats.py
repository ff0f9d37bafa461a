"""Formats: which sink writes what, by name or by the output's suffix."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.sinks.csv_rows import CsvSink
from crawl4ai_browser.sinks.json_array import JsonArraySink
from crawl4ai_browser.sinks.jsonl import JsonlSink
from crawl4ai_browser.sinks.markdown_pages import MarkdownFolderSink, MarkdownStreamSink
from crawl4ai_browser.sinks.output_options import Format, OutputOptions
from crawl4ai_browser.sinks.sqlite_pages import SqliteSink

if TYPE_CHECKING:
    from crawl4ai_browser.sinks.sink import Sink

_SUFFIXES: dict[str, Format] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".sqlite": "sqlite",
    ".db": "sqlite",
    ".parquet": "parquet",
}
_PACKED: frozenset[Format] = frozenset({"sqlite", "parquet"})
"""Formats that are no text: they are not compressed as a whole, and need a file."""
_COMPRESSIONS = frozenset({".gz", ".zst"})


def format_of(path: Path) -> Format:
    """The format that a path's suffixes name; a path without suffix, or an existing folder, is for Markdown pages.

    Raises:
        ConfigError: the suffix is none of a format.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in _COMPRESSIONS:
        suffixes.pop()
    if path.is_dir() or not suffixes:
        return "markdown"
    if suffixes[-1] not in _SUFFIXES:
        known = " ".join([*_SUFFIXES, "(those of text also with .gz or .zst), a folder for Markdown"])
        raise ConfigError(
            f"can't tell the format of {str(path)!r} by its suffix; say the format, or use one of {known}"
        )
    return _SUFFIXES[suffixes[-1]]


def sink_for(options: OutputOptions) -> Sink:
    """The sink for an output, not opened yet.

    Raises:
        ConfigError: no such format, field or compression.
    """
    path = options.path
    chosen = options.format or (format_of(path) if path is not None else "jsonl")
    if options.leave_out and chosen not in ("jsonl", "json"):
        raise ConfigError(f"fields can be left out of JSON only, not of {chosen}")
    if chosen in _PACKED:
        return _packed_sink(chosen, options)
    match chosen:
        case "jsonl":
            return JsonlSink(path, leave_out=options.leave_out, if_exists=options.if_exists)
        case "json":
            return JsonArraySink(path, leave_out=options.leave_out, if_exists=options.if_exists)
        case "csv":
            return CsvSink(path, if_exists=options.if_exists)
        case _:
            if path is None:
                return MarkdownStreamSink(form=options.form)
            return MarkdownFolderSink(path, form=options.form, if_exists=options.if_exists)


def _packed_sink(chosen: Format, options: OutputOptions) -> Sink:
    path = options.path
    if path is None or path.suffix.lower() in _COMPRESSIONS:
        raise ConfigError(f"{chosen} is written into a file of its own, not compressed: give --output FILE")
    if chosen == "sqlite":
        return SqliteSink(path, if_exists=options.if_exists)
    try:
        # By name, as it needs an extra.
        parquet_sink: Callable[..., Sink] = import_module("crawl4ai_browser.sinks.parquet").ParquetSink
    except ModuleNotFoundError as error:
        raise ConfigError(f"{path}: Parquet needs an extra: pip install 'crawl4ai-browser[parquet]'") from error
    return parquet_sink(path, if_exists=options.if_exists)
