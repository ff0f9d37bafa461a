from __future__ import annotations

import gzip
import io
import json
import sys
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.sinks.json_array import JsonArraySink

RESULTS = TypeAdapter(list[CrawlResult])


async def test_the_file_is_a_valid_array_after_every_record(tmp_path: Path, results: list[CrawlResult]) -> None:
    path = tmp_path / "out.json"
    async with JsonArraySink(path) as sink:
        assert json.loads(path.read_bytes()) == []
        for number, result in enumerate(results, start=1):
            await sink.write(result)
            assert RESULTS.validate_json(path.read_bytes()) == results[:number]
    assert RESULTS.validate_json(path.read_bytes()) == results


async def test_the_array_is_whole_when_the_writer_fails(tmp_path: Path, results: list[CrawlResult]) -> None:
    path = tmp_path / "out.json.gz"

    async def write_and_fail() -> None:
        async with JsonArraySink(path) as sink:
            await sink.write(results[0])
            raise KeyError

    with pytest.raises(KeyError):
        await write_and_fail()
    assert RESULTS.validate_json(gzip.decompress(path.read_bytes())) == results[:1]


@pytest.mark.parametrize("count", [0, 1, 3])
async def test_standard_output_gets_a_whole_array(
    results: list[CrawlResult], monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    output = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(output))
    async with JsonArraySink(None) as sink:
        for result in results[:count]:
            await sink.write(result)
    assert RESULTS.validate_json(output.getvalue()) == results[:count]


@pytest.mark.parametrize("first", [0, 1])
async def test_append_continues_the_array(tmp_path: Path, results: list[CrawlResult], first: int) -> None:
    path = tmp_path / "out.json"
    for part in (results[:first], results[first:]):
        async with JsonArraySink(path, if_exists="append") as sink:
            for result in part:
                await sink.write(result)
    assert RESULTS.validate_json(path.read_bytes()) == results


@pytest.mark.parametrize("content", [b"[1, 2]", b"{}\n]\n", b"["])
async def test_append_refuses_what_it_did_not_write(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "out.json"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="not an array that this format wrote"):
        async with JsonArraySink(path, if_exists="append"):
            pass
    assert path.read_bytes() == content


async def test_append_refuses_a_compressed_array(tmp_path: Path) -> None:
    path = tmp_path / "out.json.gz"
    path.write_bytes(gzip.compress(b"[\n]\n"))
    with pytest.raises(ConfigError, match="closed for good"):
        async with JsonArraySink(path, if_exists="append"):
            pass
