from __future__ import annotations

import pytest

from crawl4ai_browser.cli.flag_values import parse_bytes, parse_header, parse_ready, parse_viewport
from crawl4ai_browser.config import Viewport
from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.ready import Delay, DomContentLoaded, Load, Predicate, Quiet, Ready, Selector


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("quiet", Quiet()),
        ("load", Load()),
        ("domcontentloaded", DomContentLoaded()),
        ("2", Delay(seconds=2)),
        ("0.25", Delay(seconds=0.25)),
        ("css:a:not(.b)", Selector(css="a:not(.b)")),
        ("js:window.x === 1", Predicate(script="window.x === 1")),
    ],
)
def test_a_condition_is_read(text: str, expected: Ready) -> None:
    assert parse_ready(text) == expected


@pytest.mark.parametrize("text", ["", "css:", "js: ", "-1", "1e3", "nan", "Quiet", "xpath://a"])
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="write quiet"):
        parse_ready(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("A: b", ("A", "b")), ("X-A:b:c", ("X-A", "b:c")), ("a:", ("a", "")), ("a:  b ", ("a", "b"))],
)
def test_a_header_is_read(text: str, expected: tuple[str, str]) -> None:
    assert parse_header(text) == expected


@pytest.mark.parametrize("text", ["", "a", ": b", "a b: c", "a: b\nc: d", "a: \0", "ä: b"])
def test_what_is_no_header_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="Name: value"):
        parse_header(text)


def test_a_size_is_read() -> None:
    assert parse_viewport("360x640") == Viewport(width=360, height=640)


@pytest.mark.parametrize("text", ["360", "x640", "360x", "3.5x4", "-1x1"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="WIDTHxHEIGHT"):
        parse_viewport(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("500000", 500_000), ("20MB", 20_000_000), ("1.5GiB", 1_610_612_736), ("3 kB", 3000), ("2K", 2000), ("7B", 7)],
)
def test_bytes_are_read(text: str, expected: int) -> None:
    assert parse_bytes(text) == expected


@pytest.mark.parametrize("text", ["", "MB", "-1", "1e6", "5 apples", "1.MB", "iB"])
def test_what_is_no_number_of_bytes_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="number of bytes"):
        parse_bytes(text)
