"""CSV: a row a page, for spreadsheets. The page's content is not in it; RFC 4180 with a header line, in UTF-8."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.sinks.record_file import Frame, RecordFile
from crawl4ai_browser.sinks.tail_repair import repair_lines, repair_members

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from crawl4ai_browser.sinks.compression import Codec
    from crawl4ai_browser.sinks.sink import IfExists

_COLUMNS: dict[str, Callable[[CrawlResult], object]] = {
    "url": lambda result: result.url,
    "final_url": lambda result: result.final_url,
    "ok": lambda result: "true" if result.ok else "false",
    "status": lambda result: result.status,
    "error": lambda result: result.error.kind if result.error else None,
    "error_message": lambda result: result.error.message if result.error else None,
    "title": lambda result: result.metadata.title,
    "description": lambda result: result.metadata.description,
    "language": lambda result: result.metadata.language,
    "content_type": lambda result: result.content_type,
    "depth": lambda result: result.depth,
    "parent": lambda result: result.parent,
    "redirects": lambda result: len(result.redirects),
    "links": lambda result: len(result.links),
    "downloads": lambda result: len(result.downloads),
    "html_bytes": lambda result: len(result.html.encode("utf-8", "surrogatepass")) if result.html is not None else None,
    "attempts": lambda result: len(result.attempts),
    "seconds": lambda result: f"{result.timings['total']:.3f}" if "total" in result.timings else None,
    "fetched_at": lambda result: result.fetched_at.isoformat(),
    "fingerprint": lambda result: result.fingerprint,
}

_FORMULA_STARTS = ("=", "+", "-", "@")
"""Spreadsheets run a cell that begins so as a formula, and titles come from strangers. The apostrophe put before it is
what they hide (OWASP, "CSV Injection")."""


class CsvSink:
    """One flat row a page, in a file or on standard output (`path` None). `.gz` and `.zst` compress.

    White space in texts becomes single spaces, so that a row is a line.
    """

    def __init__(self, path: Path | str | None, *, if_exists: IfExists = "refuse") -> None:
        """Raises ConfigError: the compression is not installed."""
        self._file = RecordFile(
            Path(path) if path is not None else None,
            if_exists=if_exists,
            prepare=_prepare,
            frame=Frame(opening=_HEADER),
        )

    async def __aenter__(self) -> Self:
        """Open the file and write the header line, unless it is there.

        Raises:
            ConfigError: it can't be opened, exists and may not be touched, or has other columns.
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
        """Add a row.

        Raises:
            SinkError: it could not be stored.
        """
        await self._file.write(partial(_row, result))

    def __repr__(self) -> str:
        """Where it writes."""
        return f"<CsvSink {self._file!r}>"


def _line(cells: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().encode("utf-8", "replace")


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = " ".join(str(value).split())
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA_STARTS) else text


def _row(result: CrawlResult) -> bytes:
    return _line([_cell(column(result)) for column in _COLUMNS.values()])


_HEADER = _line(list(_COLUMNS))


def _prepare(path: Path, codec: Codec | None) -> None:
    if codec is not None:
        repair_members(path, codec)
    else:
        repair_lines(path, _is_row)
    with path.open("rb") as file:
        start = file.read(64 * 1024)  # far more than the header, compressed or not
    if codec is not None:
        start = codec.reader().decompress(start)
    if start and not start.startswith(_HEADER):
        raise ConfigError(f"can't append to {str(path)!r}: its first line does not name the columns of this format")


def _is_row(line: bytes) -> bool:
    """Whether a line without its end has all columns. The last is the fingerprint, 32 hex digits."""
    try:
        cells = next(csv.reader([line.decode("utf-8", "replace")]))
    except (csv.Error, StopIteration):
        return False
    return len(cells) == len(_COLUMNS) and len(cells[-1]) == 32
