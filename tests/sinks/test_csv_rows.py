from __future__ import annotations

import csv
import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.page_content import PageMetadata
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.sinks.csv_rows import CsvSink
from crawl4ai_browser.sinks.sink import IfExists

MakeResult = Callable[..., CrawlResult]


async def write(path: Path, results: list[CrawlResult], if_exists: IfExists = "refuse") -> None:
    async with CsvSink(path, if_exists=if_exists) as sink:
        for result in results:
            await sink.write(result)


def rows_of(path: Path) -> list[dict[str, str]]:
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return list(csv.DictReader(content.decode("utf-8").splitlines()))


async def test_a_row_holds_the_facts_of_the_page(tmp_path: Path, make_result: MakeResult) -> None:
    await write(tmp_path / "out.csv", [make_result("http://example.com/é,", parent="http://example.com/")])
    (row,) = rows_of(tmp_path / "out.csv")
    assert row | {"fingerprint": ""} == {
        "url": "http://example.com/é,",
        "final_url": "http://example.com/é,",
        "ok": "true",
        "status": "200",
        "error": "",
        "error_message": "",
        "title": "Greeting",
        "description": "",
        "language": "",
        "content_type": "",
        "depth": "0",
        "parent": "http://example.com/",
        "redirects": "0",
        "links": "1",
        "downloads": "0",
        "html_bytes": "14",
        "attempts": "0",
        "seconds": "0.123",
        "fetched_at": "2024-05-06T07:08:09+00:00",
        "fingerprint": "",
    }


async def test_a_failed_page_has_a_row_with_its_error(tmp_path: Path, failed_result: CrawlResult) -> None:
    await write(tmp_path / "out.csv", [failed_result])
    (row,) = rows_of(tmp_path / "out.csv")
    assert (row["ok"], row["status"], row["error"], row["html_bytes"]) == ("false", "", "NavigationTimeout", "")


async def test_a_row_is_one_line_whatever_the_title_holds(tmp_path: Path, make_result: MakeResult) -> None:
    title = 'a "quoted"\r\n\x0b title\u2028, with\x85breaks'
    await write(tmp_path / "out.csv", [make_result(metadata=PageMetadata(title=title))])
    assert rows_of(tmp_path / "out.csv")[0]["title"] == 'a "quoted" title , with breaks'


@pytest.mark.parametrize("title", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\t=1"])
async def test_a_title_never_becomes_a_formula(tmp_path: Path, make_result: MakeResult, title: str) -> None:
    await write(tmp_path / "out.csv", [make_result(metadata=PageMetadata(title=title))])
    assert rows_of(tmp_path / "out.csv")[0]["title"] == f"'{title.strip()}"


@pytest.mark.parametrize("name", ["out.csv", "out.csv.gz"])
async def test_append_repeats_no_header(tmp_path: Path, results: list[CrawlResult], name: str) -> None:
    for result in results:
        await write(tmp_path / name, [result], "append")
    assert [row["url"] for row in rows_of(tmp_path / name)] == [result.url for result in results]


@pytest.mark.parametrize("cut", [1, 2, 3, 40])
async def test_append_drops_a_torn_row_only(tmp_path: Path, results: list[CrawlResult], cut: int) -> None:
    path = tmp_path / "out.csv"
    await write(path, results[:2])
    path.write_bytes(path.read_bytes()[:-cut])
    await write(path, results[2:], "append")
    urls = [row["url"] for row in rows_of(path)]
    assert urls == [result.url for result in (results if cut <= 2 else [results[0], results[2]])]


async def test_append_begins_anew_where_only_a_torn_header_is(tmp_path: Path, results: list[CrawlResult]) -> None:
    path = tmp_path / "out.csv"
    path.write_bytes(b"url,final_")
    await write(path, results, "append")
    assert len(rows_of(path)) == len(results)


@pytest.mark.parametrize("name", ["out.csv", "out.csv.gz"])
async def test_append_refuses_other_columns(tmp_path: Path, results: list[CrawlResult], name: str) -> None:
    path = tmp_path / name
    content = b"name,age\r\n"
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    with pytest.raises(ConfigError, match="does not name the columns"):
        await write(path, results, "append")
