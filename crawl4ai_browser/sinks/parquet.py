"""Parquet: a row a page with typed columns, for pandas, Polars, DuckDB, Spark. Needs the extra `parquet`.

A Parquet file can be read only when its end has been written. So results go into JSON lines beside it, which a kill
leaves whole, and these become the file when the sink is closed; what a killed run left is taken along by the next.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
from anyio import to_thread
from pydantic_core import to_json

from crawl4ai_browser.errors import ConfigError, SinkError
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.sinks.columns import COLUMNS, Column, Kind
from crawl4ai_browser.sinks.jsonl import JsonlSink
from crawl4ai_browser.sinks.output import already_there, check_can_open

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from crawl4ai_browser.sinks.sink import IfExists

# By name, as it has no types.
pa: Any = import_module("pyarrow")
pq: Any = import_module("pyarrow.parquet")

ROWS_OF_A_GROUP = 500
"""Rows that are in memory when the file is made: with pages of 100 KB some 200 MB."""

_TYPES: dict[Kind, Any] = {
    "text": pa.string(),
    "boolean": pa.bool_(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "moment": pa.timestamp("us", tz="UTC"),
    "bytes": pa.binary(),
    "json": pa.string(),
}


def _type(column: Column) -> Any:
    if column.kind == "records":
        return pa.list_(pa.struct([(name, _TYPES[kind]) for name, kind in column.parts.items()]))
    return _TYPES[column.kind]


SCHEMA = pa.schema([(column.name, _type(column)) for column in COLUMNS])


class ParquetSink:
    """Results as rows, in one file that is there when the sink has been closed."""

    def __init__(self, path: Path | str, *, if_exists: IfExists = "refuse") -> None:
        self._path = Path(path)
        self._if_exists: IfExists = if_exists
        self._lines = self._path.with_name(f"{self._path.name}.jsonl")
        self._sink = JsonlSink(self._lines, if_exists="overwrite" if if_exists == "overwrite" else "append")

    async def __aenter__(self) -> Self:
        """Open the lines beside the file.

        Raises:
            ConfigError: they can't be opened, the file exists and may not be touched, or it has other columns.
        """
        await to_thread.run_sync(self._check)
        await self._sink.__aenter__()
        return self

    def _check(self) -> None:
        check_can_open(self._path, self._if_exists)
        if self._if_exists == "refuse" and self._lines.exists():
            raise already_there(self._lines)
        if self._if_exists == "append" and self._has_rows():
            try:
                schema = pq.read_schema(self._path)
            except (OSError, pa.ArrowException) as error:
                raise ConfigError(f"can't append to {str(self._path)!r}: {error}") from error
            if not schema.equals(SCHEMA):
                raise ConfigError(f"can't append to {str(self._path)!r}: it has other columns")

    def _has_rows(self) -> bool:
        return self._path.is_file() and self._path.stat().st_size > 0

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        """Make the file of the lines, also after an error or a cancel.

        Raises:
            SinkError: it could not be made; the lines are kept.
        """
        with anyio.CancelScope(shield=True):
            await self._sink.__aexit__(exc_type, exc, traceback)
            await to_thread.run_sync(self._complete)

    async def write(self, result: CrawlResult) -> None:
        """Add a line.

        Raises:
            SinkError: it could not be stored.
        """
        await self._sink.write(result)

    def _complete(self) -> None:
        unfinished = self._path.with_name(f"{self._path.name}.part")
        try:
            self._write_rows(unfinished)
            os.replace(unfinished, self._path)
            self._lines.unlink()
        except (OSError, ValueError, pa.ArrowException) as error:
            unfinished.unlink(missing_ok=True)
            raise SinkError(f"can't complete {str(self._path)!r}: {error}; see {self._lines}", phase="store") from error

    def _write_rows(self, path: Path) -> None:
        with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
            if self._if_exists == "append" and self._has_rows():
                older = pq.ParquetFile(self._path)
                for number in range(older.num_row_groups):
                    writer.write_table(older.read_row_group(number))
            for results in self._stored():
                writer.write_table(table_of(results))

    def _stored(self) -> Iterator[list[CrawlResult]]:
        batch: list[CrawlResult] = []
        with self._lines.open("rb") as lines:
            for line in lines:
                batch.append(CrawlResult.model_validate_json(line))
                if len(batch) == ROWS_OF_A_GROUP:
                    yield batch
                    batch = []
        if batch:
            yield batch

    def __repr__(self) -> str:
        """Where it writes."""
        return f"<ParquetSink {self._path}>"


def table_of(results: list[CrawlResult]) -> Any:
    """The results as a table of Arrow."""
    columns = [
        pa.array([_value(column, result) for result in results], type=SCHEMA.field(column.name).type)
        for column in COLUMNS
    ]
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def _value(column: Column, result: CrawlResult) -> object:
    cell = column.cell(result)
    return to_json(cell).decode() if column.kind == "json" else cell
