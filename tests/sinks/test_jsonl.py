from __future__ import annotations

import gzip
import io
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest

from crawl4ai_browser.errors import ConfigError, SinkError
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.sinks.jsonl import JsonlSink
from crawl4ai_browser.sinks.sink import IfExists
from crawl4ai_browser.sinks.zstandard import Zstandard

MakeResult = Callable[..., CrawlResult]


def content_of(path: Path) -> bytes:
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes())
    if path.suffix == ".zst":
        return _unpacked_zstandard(path.read_bytes())
    return path.read_bytes()


def _unpacked_zstandard(data: bytes) -> bytes:
    content = b""
    while data:
        reader = Zstandard().reader()
        content += reader.decompress(data)
        data = reader.unused_data
    return content


def read_back(path: Path) -> list[CrawlResult]:
    return [CrawlResult.model_validate_json(line) for line in content_of(path).splitlines()]


async def write(path: Path, results: list[CrawlResult], if_exists: IfExists = "refuse") -> None:
    async with JsonlSink(path, if_exists=if_exists) as sink:
        for result in results:
            await sink.write(result)


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz", "out.jsonl.zst"])
async def test_lines_give_the_results_back(tmp_path: Path, results: list[CrawlResult], name: str) -> None:
    await write(tmp_path / name, results)
    assert read_back(tmp_path / name) == results


async def test_each_line_can_be_read_while_the_sink_is_open(tmp_path: Path, results: list[CrawlResult]) -> None:
    path = tmp_path / "out.jsonl"
    async with JsonlSink(path) as sink:
        for number, result in enumerate(results, start=1):
            await sink.write(result)
            assert read_back(path) == results[:number]


@pytest.mark.parametrize("suffix", ["gz", "zst"])
async def test_each_compressed_line_can_be_read_while_the_sink_is_open(
    tmp_path: Path, results: list[CrawlResult], suffix: str
) -> None:
    path = tmp_path / f"out.jsonl.{suffix}"
    async with JsonlSink(path) as sink:
        await sink.write(results[0])
        if suffix == "gz":
            with gzip.open(path) as file:
                line = file.readline()
        else:
            line = Zstandard().reader().decompress(path.read_bytes())
    assert CrawlResult.model_validate_json(line) == results[0]


async def test_writes_of_many_tasks_do_not_mix(tmp_path: Path, make_result: MakeResult) -> None:
    written = [make_result(f"http://example.com/{number}", html="x" * 100_000) for number in range(20)]
    async with JsonlSink(tmp_path / "out.jsonl") as sink, anyio.create_task_group() as tasks:
        for result in written:
            tasks.start_soon(sink.write, result)
    assert sorted(read_back(tmp_path / "out.jsonl"), key=lambda result: result.url) == sorted(
        written, key=lambda result: result.url
    )


async def test_a_cancelled_write_is_whole(tmp_path: Path, results: list[CrawlResult]) -> None:
    async with JsonlSink(tmp_path / "out.jsonl") as sink:
        for result in results:
            with anyio.move_on_after(0.0005):
                await sink.write(result)
    assert all(result in results for result in read_back(tmp_path / "out.jsonl"))


async def test_an_existing_file_is_refused_and_left_alone(tmp_path: Path, results: list[CrawlResult]) -> None:
    path = tmp_path / "out.jsonl"
    path.write_bytes(b"precious\n")
    with pytest.raises(
        ConfigError, match=r"'.*out\.jsonl' is already there; choose another, or say append or overwrite"
    ):
        await write(path, results)
    assert path.read_bytes() == b"precious\n"


async def test_an_empty_file_is_written_to(tmp_path: Path, results: list[CrawlResult]) -> None:
    path = tmp_path / "out.jsonl"
    path.touch()
    await write(path, results)
    assert read_back(path) == results


async def test_overwrite_replaces_a_longer_file(tmp_path: Path, results: list[CrawlResult]) -> None:
    path = tmp_path / "out.jsonl"
    path.write_bytes(b"old\n" * 10_000)
    await write(path, results, "overwrite")
    assert read_back(path) == results


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz", "out.jsonl.zst"])
async def test_append_adds_to_what_is_there(tmp_path: Path, results: list[CrawlResult], name: str) -> None:
    for result in results:
        await write(tmp_path / name, [result], "append")
    assert read_back(tmp_path / name) == results


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz", "out.jsonl.zst"])
@pytest.mark.parametrize("cut", [1, 2, 100, 300])
async def test_append_drops_a_torn_last_line_only(
    tmp_path: Path, results: list[CrawlResult], name: str, cut: int
) -> None:
    path = tmp_path / name
    await write(path, results[:2])
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    await write(path, results[2:], "append")
    kept = read_back(path)
    assert kept[-1] == results[2]
    assert kept[:-1] in ([], results[:1], results[:2])
    assert kept[:-1] == results[:2] or cut > 1 or path.suffix != ".jsonl", "a whole line without its newline is kept"


async def test_append_keeps_all_lines_of_a_large_torn_member(tmp_path: Path, make_result: MakeResult) -> None:
    path = tmp_path / "out.jsonl.gz"
    written = [make_result(f"http://example.com/{number}", html="x" * 700_000) for number in range(40)]
    await write(path, written)  # several members
    torn = path.read_bytes()[:-200]
    path.write_bytes(torn)
    await write(path, written[:1], "append")
    kept = read_back(path)
    assert kept[-1] == written[0]
    assert 35 <= len(kept) - 1 < 40
    assert kept[:-1] == written[: len(kept) - 1]


async def test_append_refuses_a_file_that_is_not_gzip(tmp_path: Path, results: list[CrawlResult]) -> None:
    path = tmp_path / "out.jsonl.gz"
    path.write_bytes(b"not gzip at all")
    with pytest.raises(ConfigError, match="it is not a whole .gz file"):
        await write(path, results, "append")
    assert path.read_bytes() == b"not gzip at all"


@pytest.mark.parametrize(
    ("name", "reason"),
    [("missing/out.jsonl", "the folder of '.*' does not exist"), ("", "is a folder, not a file")],
)
async def test_an_impossible_path_is_named(tmp_path: Path, results: list[CrawlResult], name: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        await write(tmp_path / name, results)


async def test_fields_left_out_are_not_written_and_lines_stay_readable(
    tmp_path: Path, results: list[CrawlResult]
) -> None:
    path = tmp_path / "out.jsonl"
    async with JsonlSink(path, leave_out=["html", "links"]) as sink:
        await sink.write(results[0])
    assert {"html", "links"}.isdisjoint(json.loads(path.read_bytes()))
    assert read_back(path) == [results[0].model_copy(update={"html": None, "links": ()})]


@pytest.mark.parametrize(
    ("field", "reason"), [("htlm", "has no field 'htlm'; it has url, "), ("fingerprint", "can't be left out")]
)
def test_a_field_that_cannot_be_left_out_is_named(tmp_path: Path, field: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        JsonlSink(tmp_path / "out.jsonl", leave_out=[field])


async def test_a_full_disk_names_the_file_and_keeps_whole_lines(
    tmp_path: Path, results: list[CrawlResult], make_result: MakeResult
) -> None:
    path = tmp_path / "out.jsonl"
    async with JsonlSink(path) as sink:
        await sink.write(results[0])
        with file_size_limit(2_000_000), pytest.raises(SinkError, match=r"can't write '.*out\.jsonl': File too large"):
            await sink.write(make_result(html="x" * 4_000_000))
        with pytest.raises(SinkError, match="failed before"):
            await sink.write(results[1])
    assert read_back(path) == results[:1]


@contextmanager
def file_size_limit(size: int) -> Generator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_a_device_that_is_full_is_an_error(results: list[CrawlResult]) -> None:
    with pytest.raises(SinkError, match="'/dev/full': No space left on device"):
        await write(Path("/dev/full"), results)


async def test_standard_output_takes_lines(results: list[CrawlResult], monkeypatch: pytest.MonkeyPatch) -> None:
    output = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(output))
    async with JsonlSink(None) as sink:
        await sink.write(results[0])
        assert CrawlResult.model_validate_json(output.getvalue()) == results[0]


async def test_a_reader_that_has_gone_is_told_by_the_cause(
    results: list[CrawlResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with io.TextIOWrapper(io.FileIO(writer, "w")) as output:
        monkeypatch.setattr(sys, "stdout", output)
        async with JsonlSink(None) as sink:
            with pytest.raises(SinkError, match="can't write standard output") as caught:
                await sink.write(results[0])
    assert isinstance(caught.value.__cause__, BrokenPipeError)


async def test_use_outside_async_with_says_so(tmp_path: Path, results: list[CrawlResult]) -> None:
    sink = JsonlSink(tmp_path / "out.jsonl")
    with pytest.raises(SinkError, match="used outside its `async with`"):
        await sink.write(results[0])
    assert repr(sink) == f"<JsonlSink <RecordFile {tmp_path / 'out.jsonl'} closed>>"


WRITER = """
import sys
from pathlib import Path

import anyio

from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.sinks.jsonl import JsonlSink

async def main() -> None:
    result = CrawlResult.model_validate_json(sys.stdin.readline())
    async with JsonlSink(Path(sys.argv[1])) as sink:
        for number in range(1_000_000):
            await sink.write(result.model_copy(update={"depth": number}))
            print(number, flush=True)

anyio.run(main)
"""


def depths_stored_until_killed(path: Path, result: CrawlResult) -> list[int]:
    """What a writer had reported as stored when it was killed; it numbers its copies of `result` by depth."""
    command = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None
        writer.stdin.write(result.model_dump_json() + "\n")
        writer.stdin.flush()
        stored = [int(writer.stdout.readline()) for _ in range(7)]
        writer.kill()
        return stored + [int(line) for line in writer.stdout]


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz", "out.jsonl.zst"])
async def test_a_killed_writer_loses_no_result_that_it_had_stored(
    tmp_path: Path, make_result: MakeResult, name: str
) -> None:
    path = tmp_path / name
    big = make_result(html="<p>text</p>" * 20_000)
    stored = depths_stored_until_killed(path, big)
    await write(path, [big.model_copy(update={"depth": -1})], "append")
    depths = [result.depth for result in read_back(path)]
    assert depths[-1] == -1
    assert depths[: len(stored)] == stored
    assert len(depths) <= len(stored) + 2, "at most the one in flight came on top"
