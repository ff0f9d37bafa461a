"""The configuration file: a `CrawlConfig` as TOML or JSON."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from crawl4ai_browser.config import CrawlConfig
from crawl4ai_browser.errors import ConfigError

_READERS: dict[str, Callable[[str], object]] = {".toml": tomllib.loads, ".json": json.loads}


def read_config(path: Path) -> CrawlConfig:
    """The configuration in a file; what it does not mention keeps its default.

    Raises:
        ConfigError: the file can't be read, is neither TOML nor JSON, or holds a wrong value; the message names it.
    """
    read = _READERS.get(path.suffix.lower())
    if read is None:
        raise ConfigError(f"{path}: a configuration file is a .toml or a .json file")
    try:
        values = read(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"can't read {str(path)!r}: {error.strerror}") from error
    except ValueError as error:  # of either format, or of UTF-8
        raise ConfigError(f"{path}: {error}") from error
    try:
        return CrawlConfig.model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"{path}: {_first_of(error)}") from error


def _first_of(error: ValidationError) -> str:
    first, *others = error.errors(include_url=False)
    place = ".".join(map(str, first["loc"])) or "the whole"
    more = f" (and {len(others)} more)" if others else ""
    return f"{place}: {first['msg'][:1].lower()}{first['msg'][1:]}{more}"
