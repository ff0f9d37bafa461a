"""SQLite and Parquet: typed columns, and what a kill, a repeat and a wrong file come to."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import anyio
import pytest

from crawl4ai_browser.errors import ConfigError, SinkError
from crawl4ai_browser.result import Attempt, CrawlResult
from crawl4ai_browser.sinks.columns import COLUMNS
from crawl4ai_browser.sinks.formats import sink_for
from crawl4ai_browser.sinks.output_options import Format, OutputOptions
from crawl4ai_browser.sinks.sink import IfExists, Sink

pq: Any = import_module("pyarrow.parquet")

MakeResult = Callable[..., CrawlResult]

NAMES = ("pages.sqlite", "pages.parquet")


def sink(path: Path, if_exists: IfExists = "refuse") -> Sink:
    return sink_for(OutputOptions(path=path, if_exists=if_exists))


async def write(path: Path, results: list[CrawlResult], if_exists: IfExists = "refuse") -> None:
    async with sink(path, if_exists) as opened:
        for result in results:
            await opened.write(result)


def rows(path: Path) -> list[dict[str, Any]]:
    """What the file holds, read by others' means."""
    if path.suffix == ".parquet":
        found: list[dict[str, Any]] = pq.read_table(path).to_pylist()
        return found
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute("SELECT * FROM pages ORDER BY rowid")]


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def urls_in(path: Path) -> list[str]:
    return [row["url"] for row in rows(path)]


@pytest.mark.parametrize("name", NAMES)
async def test_rows_have_all_columns_and_lone_files(tmp_path: Path, results: list[CrawlResult], name: str) -> None:
    await write(tmp_path / name, results)
    assert urls_in(tmp_path / name) == [result.url for result in results]
    assert all(list(row) == [column.name for column in COLUMNS] for row in rows(tmp_path / name))
    assert names_in(tmp_path) == [name], "nothing else is left"


async def test_parquet_has_types(tmp_path: Path, make_result: MakeResult, failed_result: CrawlResult) -> None:
    attempt = Attempt(number=1, started_at=datetime(2024, 5, 6, tzinfo=UTC), seconds=1.5, status=200)
    page = make_result(screenshot=b"\x89PNG", attempts=(attempt,), items=({"name": "tent"},))
    await write(tmp_path / "pages.parquet", [page, failed_result])
    first, second = rows(tmp_path / "pages.parquet")
    assert first["status"] == 200
    assert first["ok"] is True
    assert first["seconds"] == 0.1234
    assert first["fetched_at"] == datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert first["screenshot"] == b"\x89PNG"
    assert first["links"] == [{"url": "http://example.com/b", "text": "", "internal": True, "kind": "anchor"}]
    assert first["attempts"][0]["started_at"] == attempt.started_at
    assert json.loads(first["items"]) == [{"name": "tent"}]
    assert (second["ok"], second["status"], second["html"], second["error"]) == (False, None, None, "NavigationTimeout")


async def test_sqlite_can_be_queried(tmp_path: Path, make_result: MakeResult, failed_result: CrawlResult) -> None:
    await write(tmp_path / "pages.sqlite", [make_result(screenshot=b"\x89PNG"), failed_result])
    with closing(sqlite3.connect(tmp_path / "pages.sqlite")) as connection:
        linked = connection.execute("SELECT value ->> 'url' FROM pages, json_each(pages.links)").fetchall()
        failed = connection.execute("SELECT error, error_blame FROM pages WHERE NOT ok").fetchall()
        kinds = connection.execute("SELECT typeof(status), typeof(screenshot), typeof(seconds) FROM pages").fetchone()
        day = connection.execute("SELECT date(fetched_at), title FROM pages").fetchone()
    assert linked == [("http://example.com/b",)]
    assert failed == [("NavigationTimeout", "site")]
    assert kinds == ("integer", "blob", "real")
    assert day == ("2024-05-06", "Greeting")


async def test_a_page_that_comes_again_replaces_its_row_in_sqlite(tmp_path: Path, make_result: MakeResult) -> None:
    path = tmp_path / "pages.sqlite"
    await write(path, [make_result(html="<p>old</p>")])
    await write(path, [make_result(html="<p>new</p>"), make_result("http://example.com/b")], "append")
    assert [(row["url"], row["html"]) for row in rows(path)] == [
        ("http://example.com/a", "<p>new</p>"),
        ("http://example.com/b", "<p>Grüezi</p>"),
    ]


@pytest.mark.parametrize("name", NAMES)
async def test_appending_adds_and_overwriting_begins_anew(
    tmp_path: Path, results: list[CrawlResult], name: str
) -> None:
    path = tmp_path / name
    await write(path, results[:1])
    with pytest.raises(ConfigError, match="already there"):
        await write(path, results[1:])
    assert urls_in(path) == [results[0].url]
    await write(path, results[1:], "append")
    assert urls_in(path) == [result.url for result in results]
    await write(path, results[2:], "overwrite")
    assert urls_in(path) == [results[2].url]


_KILLED = """
import os, sys
from pathlib import Path
import anyio
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.sinks.formats import sink_for
from crawl4ai_browser.sinks.output_options import OutputOptions

async def main():
    async with sink_for(OutputOptions(path=Path(sys.argv[1]))) as sink:
        for line in sys.stdin:
            await sink.write(CrawlResult.model_validate_json(line))
        os.kill(os.getpid(), 9)

anyio.run(main)
"""


@pytest.mark.parametrize("name", NAMES)
async def test_what_was_written_before_a_kill_is_in_the_file_of_the_next_run(
    tmp_path: Path, results: list[CrawlResult], name: str
) -> None:
    lines = "\n".join(result.model_dump_json() for result in results[:2])
    path = tmp_path / name
    await anyio.run_process([sys.executable, "-c", _KILLED, str(path)], input=lines.encode(), check=False)
    await write(path, results[2:], "append")
    assert urls_in(path) == [result.url for result in results]
    assert names_in(tmp_path) == [name]


@pytest.mark.parametrize("name", NAMES)
async def test_another_programs_file_is_refused_untouched(
    tmp_path: Path, results: list[CrawlResult], name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(b"my diary " * 100)
    with pytest.raises(ConfigError, match="can't (append to|write)"):
        await write(path, results, "append")
    assert path.read_bytes() == b"my diary " * 100


async def test_a_database_of_something_else_is_refused(tmp_path: Path, results: list[CrawlResult]) -> None:
    path = tmp_path / "theirs.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (a)")
    with pytest.raises(ConfigError, match="something else than pages"):
        await write(path, results, "append")


async def test_a_table_of_another_release_is_refused(tmp_path: Path, results: list[CrawlResult]) -> None:
    path = tmp_path / "old.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE pages (url, title)")
    with pytest.raises(ConfigError, match="other columns"):
        await write(path, results, "append")


@pytest.mark.parametrize("name", NAMES)
def test_they_need_a_file_and_are_not_compressed(name: str) -> None:
    kind: Format = "sqlite" if name.endswith("sqlite") else "parquet"
    for options in (OutputOptions(format=kind), OutputOptions(path=Path(f"{name}.gz"), format=kind)):
        with pytest.raises(ConfigError, match=f"{kind} is written into a file of its own"):
            sink_for(options)


def test_parquet_without_its_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "crawl4ai_browser.sinks.parquet", raising=False)
    with pytest.raises(ConfigError, match=r"pip install 'crawl4ai-browser\[parquet\]'"):
        sink_for(OutputOptions(path=Path("pages.parquet")))


async def test_lines_that_can_not_become_a_file_are_kept(
    tmp_path: Path, results: list[CrawlResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "pages.parquet"

    def full(source: Path, target: Path) -> None:
        raise OSError(28, f"No space left on device: {source} {target}")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(SinkError, match="No space left"):
        await write(path, results)
    monkeypatch.undo()
    assert names_in(tmp_path) == ["pages.parquet.jsonl"]
    await write(path, [], "append")
    assert urls_in(path) == [result.url for result in results]
