"""FieldFiles: fields of a result in a folder, a file for each: texts as they are, the rest as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from crawl4ai_browser.errors import StorageError
from crawl4ai_browser.testing.comparison import Fields

_TEXTS: Mapping[str, str] = {
    "html": ".html",
    "markdown": ".md",
    "cited_markdown": ".md",
    "main_markdown": ".md",
    "text": ".txt",
}
"""Fields that are texts, with the suffix of their files. The others are JSON."""


def filled(fields: Fields) -> Fields:
    """Those of them that hold something: the others have no file."""
    return {name: value for name, value in fields.items() if value not in (None, [], "")}


@dataclass(frozen=True)
class FieldFiles:
    """The files of some fields in a folder, which may not be there yet."""

    folder: Path
    known: Sequence[str]
    """The names of fields that are looked for, in their order."""

    def names(self) -> list[str]:
        """The fields there are files of."""
        present = {path.stem for path in self.folder.glob("*.*")}
        return [name for name in self.known if name in present]

    def read(self, name: str) -> JsonValue:
        """What a field's file says.

        Raises:
            StorageError: it can't be read.
        """
        path = self._path(name)
        try:
            text = path.read_text(encoding="utf-8")
            return text.removesuffix("\n") if name in _TEXTS else json.loads(text)
        except (OSError, ValueError) as error:
            raise StorageError(f"{path} can't be read: {error}") from error

    def read_all(self) -> Fields:
        """What all of them say.

        Raises:
            StorageError: one can't be read.
        """
        return {name: self.read(name) for name in self.names()}

    def write(self, fields: Fields) -> None:
        """Have files of these fields from now on, and of no other.

        Raises:
            StorageError: they can't be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for name in set(self.names()) - set(fields):
                self._path(name).unlink()
            for name, value in fields.items():
                self._path(name).write_text(_written(name, value), encoding="utf-8", newline="\n")
        except OSError as error:
            raise StorageError(f"{self.folder} can't be written: {error}") from error

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}{_TEXTS.get(name, '.json')}"


def _written(name: str, value: JsonValue) -> str:
    if name in _TEXTS:
        return f"{value}\n"
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
