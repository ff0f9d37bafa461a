from __future__ import annotations

from pathlib import Path

import pytest

from crawl4ai_browser.cli.config_file import read_config
from crawl4ai_browser.config import CrawlConfig
from crawl4ai_browser.errors import ConfigError


def test_every_configuration_survives_its_json_file(tmp_path: Path) -> None:
    config = CrawlConfig.model_validate({"visit": {"timeout": 3}, "retry": {"statuses": [500]}, "state_dir": "x"})
    path = tmp_path / "c.json"
    path.write_text(config.model_dump_json())
    assert read_config(path) == config


def test_toml_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_bytes("\ufefffresh_contexts = true\n".encode())
    assert read_config(path) == CrawlConfig(fresh_contexts=True)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("c.toml", b"[visit]\ntimeout = 0\n", "visit.timeout: input should be greater than 0"),
        ("c.toml", b"[visit]\ntimout = 1\n", "visit.timout: extra inputs are not permitted"),
        ("c.toml", b"[visit]\ntimeout = 0\n[retry]\nmax_attempts = 0\n", r"\(and 1 more\)"),
        ("c.toml", b"[visit\n", "Expected '\\]'"),
        ("c.toml", b"\xff", "utf-8"),
        ("c.json", b"{", "line 1 column 2"),
        ("c.json", b"[]", "the whole: input should be"),
        ("c.yaml", b"", r"is a \.toml or a \.json file"),
    ],
)
def test_a_wrong_file_is_named_with_what_is_wrong(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=message) as caught:
        read_config(path)
    assert str(path) in caught.value.message
    assert "\n" not in caught.value.message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"can't read '.*none\.toml': No such file"):
        read_config(tmp_path / "none.toml")
