"""A schema from a file: TOML, JSON or YAML."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.schema import Schema


def read_schema(path: str | Path) -> Schema:
    """The schema in a `.toml`, `.json`, `.yaml` or `.yml` file (YAML needs the extra `yaml`).

        each = ".card"
        [fields]
        name = "h2"
        price = { css = ".price", then = ["number"], required = true }

    Raises:
        ConfigError: the file can't be read, is not in its format, or holds a wrong value; the message names its place.
    """
    path = Path(path)
    read = _READERS.get(path.suffix.lower())
    if read is None:
        raise ConfigError(f"{path}: a schema is a .toml, .json, .yaml or .yml file")
    try:
        values = read(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"can't read {str(path)!r}: {error.strerror}") from error
    except ValueError as error:  # of a format, or of UTF-8
        raise ConfigError(f"{path}: {error}") from error
    try:
        return Schema.model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"{path}: {_reason(error, values)}") from error


def _read_yaml(text: str) -> object:
    try:
        yaml: Any = import_module("yaml")  # by name, as it is an extra
    except ImportError as error:
        raise ConfigError("a YAML file needs PyYAML: pip install 'crawl4ai-browser[yaml]'") from error
    try:
        values: object = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from error
    return values


_READERS: dict[str, Callable[[str], object]] = {
    ".toml": tomllib.loads,
    ".json": json.loads,
    ".yaml": _read_yaml,
    ".yml": _read_yaml,
}


def _reason(error: ValidationError, values: object) -> str:
    first, *others = error.errors(include_url=False)
    place = ".".join(map(str, _path(first["loc"], values))) or "the whole"
    reason = first["msg"].removeprefix("Value error, ")
    more = f" (and {len(others)} more)" if others else ""
    return f"{place}: {reason[:1].lower()}{reason[1:]}{more}"


def _path(location: tuple[str | int, ...], values: object) -> list[str | int]:
    """The keys and indexes of the file among the parts of a location, which names alternatives of types too."""
    path: list[str | int] = []
    for number, part in enumerate(location):
        if isinstance(values, Mapping) and part in values:
            values = cast("Mapping[object, object]", values)[part]
            path.append(part)
        elif isinstance(values, Sequence) and not isinstance(values, str) and isinstance(part, int):
            values = cast("Sequence[object]", values)[part]
            path.append(part)
        elif number == len(location) - 1 and isinstance(values, Mapping):
            path.append(part)  # what is missing
    return path
