"""A JSON array of results, for programs that read a file whole."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.sinks.record_file import Frame, RecordFile
from crawl4ai_browser.sinks.result_json import check_leave_out, result_json

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType
    from typing import Self

    from crawl4ai_browser.result import CrawlResult
    from crawl4ai_browser.sinks.compression import Codec
    from crawl4ai_browser.sinks.sink import IfExists

_START = b"["
_END = b"\n]\n"


class JsonArraySink:
    """Results as one JSON array, in a file or on standard output (`path` None).

    A plain file is a valid array after every record: each is written over the closing bracket, together with a new
    one, so a killed run leaves a readable file too. A pipe or a compressed file is closed when the crawl ends, by a
    failure or a cancel too, but not by a kill.
    """

    def __init__(
        self, path: Path | str | None, *, leave_out: Iterable[str] = (), if_exists: IfExists = "refuse"
    ) -> None:
        """`leave_out` names fields of `CrawlResult` that have a default, such as `html`.

        Raises:
            ConfigError: no such field, or one that can't be left out; or the compression is not installed.
        """
        self._leave_out = check_leave_out(leave_out)
        self._file = RecordFile(
            Path(path) if path is not None else None,
            if_exists=if_exists,
            prepare=_prepare,
            frame=Frame(opening=_START, closing=_END),
        )
        self._has_elements = False

    async def __aenter__(self) -> Self:
        """Open the file and the array.

        Raises:
            ConfigError: it can't be opened, exists and may not be touched, or can't be appended to.
        """
        self._has_elements = await self._file.open()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        """Close the array and the file.

        Raises:
            SinkError: it could not be completed.
        """
        await self._file.close()

    async def write(self, result: CrawlResult) -> None:
        """Add an element.

        Raises:
            SinkError: it could not be stored.
        """
        await self._file.write(partial(self._element, result))

    def _element(self, result: CrawlResult) -> bytes:
        element = (b",\n" if self._has_elements else b"\n") + result_json(result, self._leave_out)
        self._has_elements = True
        return element

    def __repr__(self) -> str:
        """Where it writes."""
        return f"<JsonArraySink {self._file!r}>"


def _prepare(path: Path, codec: Codec | None) -> None:
    if codec is not None:
        raise ConfigError(f"can't append to {str(path)!r}: a compressed array is closed for good (use JSON Lines)")
    with path.open("rb") as file:
        start = file.read(len(_START))
        file.seek(-min(len(_END), path.stat().st_size), os.SEEK_END)
        if start != _START or file.read() != _END:
            raise ConfigError(f"can't append to {str(path)!r}: it is not an array that this format wrote")
