from __future__ import annotations

import io
import os
import sys
from functools import partial
from pathlib import Path

import anyio
import pytest

from crawl4ai_browser.cli.seed_file import MAX_LINE_BYTES, SeedFile
from crawl4ai_browser.crawling.seeds import checked
from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.request import Request

check = partial(checked, allow_files=False)


async def read(path: Path) -> tuple[list[str | Request], list[str], SeedFile]:
    said: list[str] = []
    with SeedFile(str(path), check=check, report=said.append) as seeds:
        return [seed async for seed in seeds], said, seeds


async def test_lines_become_requests(tmp_path: Path) -> None:
    path = tmp_path / "seeds"
    path.write_bytes(
        "\ufeff# a list\r\nhttp://a.example/1\r\n\n  http://a.example/ü  \n"
        '{"url": "http://a.example/3", "priority": 2}\nhttp://a.example/4'.encode()
    )
    seeds, said, file = await read(path)
    assert seeds == [
        Request(url="http://a.example/1"),
        Request(url="http://a.example/%C3%BC"),
        Request(url="http://a.example/3", priority=2),
        Request(url="http://a.example/4"),
    ]
    assert said == []
    assert (file.good_count, file.bad_count) == (4, 0)


async def test_a_bad_line_is_reported_with_its_number_and_handed_on(tmp_path: Path) -> None:
    path = tmp_path / "seeds"
    path.write_bytes(
        b"http://a.example/\n\nexample.com\nmailto:x@y.z\nfile:///etc/passwd\nhttp://\xff/\n"
        b'{"url": 1}\n{"urls": "x"}\n{\nhttp://b.example/\n'
    )
    seeds, said, file = await read(path)
    assert [line.partition(": ")[0] for line in said] == [f"{path}, line {number}" for number in range(3, 10)]
    assert "not an absolute URL: 'example.com'" in said[0]
    assert "not UTF-8" in said[3]
    assert "not a request: url input should be a valid string" in said[4]
    assert (file.good_count, file.bad_count) == (2, 7)
    assert len(seeds) == 9
    assert seeds[1:8] == [
        "example.com", "mailto:x@y.z", "file:///etc/passwd", "http://\\xff/", '{"url": 1}', '{"urls": "x"}', "{",
    ]  # fmt: skip


async def test_an_endless_line_is_one_bad_line_and_never_held_whole(tmp_path: Path) -> None:
    path = tmp_path / "seeds"
    path.write_bytes(b"x" * (3 * MAX_LINE_BYTES) + b"\nhttp://a.example/\n" + b"y" * (2 * MAX_LINE_BYTES))
    seeds, said, _ = await read(path)
    assert [line.partition(":")[0][-6:] for line in said] == ["line 1", "line 3"]
    assert seeds[1] == Request(url="http://a.example/")
    assert all(len(seed) <= 200 for seed in seeds if isinstance(seed, str))


@pytest.mark.parametrize("size", [1, 7, 65536, 65537])
async def test_lines_are_the_same_wherever_blocks_end(tmp_path: Path, size: int) -> None:
    path = tmp_path / "seeds"
    urls = [f"http://a.example/{'x' * (size * number % 97)}{number}" for number in range(5000)]
    path.write_text("\n".join(urls))
    seeds, _, _ = await read(path)
    assert [seed.url for seed in seeds if isinstance(seed, Request)] == urls


async def test_seeds_come_while_the_pipe_is_still_open(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    with io.TextIOWrapper(io.FileIO(reader)) as standard_input, monkeypatch.context() as patch:
        patch.setattr(sys, "stdin", standard_input)
        seeds = aiter(SeedFile("-", check=check, report=print))
        os.write(writer, b"http://a.example/1\nhttp://a.exa")
        assert await anext(seeds) == Request(url="http://a.example/1")
        os.write(writer, b"mple/2\n")
        assert await anext(seeds) == Request(url="http://a.example/2")
        os.close(writer)
        with pytest.raises(StopAsyncIteration):
            await anext(seeds)


async def test_waiting_for_a_pipe_can_be_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    with io.TextIOWrapper(io.FileIO(reader)) as standard_input, monkeypatch.context() as patch:
        patch.setattr(sys, "stdin", standard_input)
        with anyio.move_on_after(0.05) as scope:
            await anext(aiter(SeedFile("-", check=check, report=print)))
        os.close(writer)
    assert scope.cancelled_caught


async def test_an_empty_file_has_no_seeds(tmp_path: Path) -> None:
    (tmp_path / "seeds").touch()
    seeds, _, file = await read(tmp_path / "seeds")
    assert seeds == []
    assert repr(file) == f"<SeedFile {tmp_path / 'seeds'}, 0 good, 0 bad>"


@pytest.mark.parametrize("name", ["missing", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="can't read the seeds in"):
        SeedFile(str(tmp_path / name), check=check, report=print)
