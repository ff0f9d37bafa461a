"""ValueFile: what a JSON or YAML file holds, and the line on which each part of it stands."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from crawl4ai_browser.errors import ConfigError

Place = Sequence[str | int]
"""The keys and indexes that lead to a part."""

_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True)
class ValueFile:
    """A file that was read."""

    path: Path
    values: object
    line_of: Callable[[Place], int]
    """The line, from 1, of the part at a place; of what it lies in, where it is not there."""

    @classmethod
    def read(cls, path: Path) -> ValueFile:
        """Read a `.json`, `.yaml` or `.yml` file (YAML needs the extra `yaml`).

        Raises:
            ConfigError: it can't be read, or is not in its format; the message names the line.
        """
        try:
            text = path.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise ConfigError(f"can't read {str(path)!r}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise ConfigError(f"{path}: not UTF-8") from error
        return _read_json(path, text) if path.suffix.lower() == ".json" else _read_yaml(path, text)

    def place_of(self, location: Place) -> Place:
        """The place in the file that a location of pydantic's means, which also names alternatives of types."""
        place: list[str | int] = []
        values = self.values
        for part in location:
            if isinstance(values, Mapping) and part in values:
                values = cast("Mapping[object, object]", values)[part]
            elif isinstance(values, list) and isinstance(part, int):
                values = cast("list[object]", values)[part]
            else:
                continue
            place.append(part)
        return place

    def error(self, error: ValidationError, reason: Callable[[Mapping[str, Any]], str]) -> ConfigError:
        """The error of a value that does not fit: `reason` words the first of pydantic's."""
        first = error.errors(include_url=False)[0]
        line = self.line_of(self.place_of(first["loc"]))
        return ConfigError(f"{self.path}, line {line}: {reason(first)}")


def _read_json(path: Path, text: str) -> ValueFile:
    try:
        values: object = json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path}, line {error.lineno}: {error.msg[:1].lower()}{error.msg[1:]}") from error
    except RecursionError as error:
        raise ConfigError(f"{path}: nested too deep") from error

    def line_of(place: Place) -> int:
        at = _after_space(text, 0)
        for part in place:
            at = _part_at(text, at, part)
        return text.count("\n", 0, at) + 1

    return ValueFile(path, values, line_of)


def _part_at(text: str, start: int, wanted: str | int) -> int:
    """Where a member of the object, or an element of the list, begins that begins at `start`."""
    is_object = text[start] == "{"
    at, index = _after_space(text, start + 1), 0
    while text[at] not in "}]":
        name: object = index
        if is_object:
            name, at = _DECODER.raw_decode(text, at)
            at = _after_space(text, _after_space(text, at) + 1)
        if name == wanted:
            return at
        _, at = _DECODER.raw_decode(text, at)
        at = _after_space(text, at)
        at = _after_space(text, at + 1) if text[at] == "," else at
        index += 1
    return start


def _after_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    assert match is not None, "it matches nothing, too"
    return match.end()


def _read_yaml(path: Path, text: str) -> ValueFile:
    try:
        yaml: Any = import_module("yaml")  # by name, as it is an extra
    except ImportError as error:
        raise ConfigError("a YAML file needs PyYAML: pip install 'crawl4ai-browser[yaml]'") from error
    try:
        root, values = yaml.compose(text, Loader=yaml.SafeLoader), yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        reason = getattr(error, "problem", None) or " ".join(str(error).split())
        raise ConfigError(f"{path}{where}: {reason}") from error

    def line_of(place: Place) -> int:
        node: Any = root
        for part in place:
            node = dict(_parts_of(node)).get(part, node)
        return int(node.start_mark.line) + 1 if node is not None else 1

    return ValueFile(path, values, line_of)


def _parts_of(node: Any) -> Iterator[tuple[str | int, Any]]:
    """The members of a mapping's node of PyYAML by name, the elements of a sequence's by number."""
    for number, part in enumerate(node.value):
        if isinstance(part, tuple):
            key, each = cast("tuple[Any, Any]", part)
            yield key.value, each
        else:
            yield number, part
