"""JSON Lines: one result a line, `CrawlResult.model_validate_json(line)` gives it back (https://jsonlines.org)."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from crawl4ai_browser.sinks.record_file import RecordFile
from crawl4ai_browser.sinks.result_json import check_leave_out, result_json
from crawl4ai_browser.sinks.tail_repair import repair_lines, repair_members

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType
    from typing import Self

    from crawl4ai_browser.result import CrawlResult
    from crawl4ai_browser.sinks.compression import Codec
    from crawl4ai_browser.sinks.sink import IfExists


class JsonlSink:
    """Results as JSON lines, in a file or on standard output (`path` None).

    `.gz` and `.zst` compress; every line can be read as soon as its page is done. A file that a killed run left is safe
    to append to: a torn last line is cut off, as its page was not marked as done.
    """

    def __init__(
        self, path: Path | str | None, *, leave_out: Iterable[str] = (), if_exists: IfExists = "refuse"
    ) -> None:
        """`leave_out` names fields of `CrawlResult` that have a default, such as `html`.

        Raises:
            ConfigError: no such field, or one that can't be left out; or the compression is not installed.
        """
        self._leave_out = check_leave_out(leave_out)
        self._file = RecordFile(Path(path) if path is not None else None, if_exists=if_exists, prepare=_prepare)

    async def __aenter__(self) -> Self:
        """Open the file.

        Raises:
            ConfigError: it can't be opened, or exists and may not be touched.
        """
        await self._file.open()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        """Complete and close the file.

        Raises:
            SinkError: it could not be completed.
        """
        await self._file.close()

    async def write(self, result: CrawlResult) -> None:
        """Add a line.

        Raises:
            SinkError: it could not be stored.
        """
        await self._file.write(partial(_line, result, self._leave_out))

    def __repr__(self) -> str:
        """Where it writes."""
        return f"<JsonlSink {self._file!r}>"


def _line(result: CrawlResult, leave_out: frozenset[str]) -> bytes:
    return result_json(result, leave_out) + b"\n"


def _prepare(path: Path, codec: Codec | None) -> None:
    if codec is not None:
        repair_members(path, codec)
    else:
        repair_lines(path, _is_json)


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True
