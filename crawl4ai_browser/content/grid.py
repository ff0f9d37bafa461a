"""The grid of a table: its rows and columns with every span resolved (HTML Standard, 4.9.12, forming a table)."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crawl4ai_browser.html_tree import children

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selectolax.lexbor import LexborNode

_MAX_COLUMN_SPAN = 1000
"""The HTML Standard's cap (4.9.11)."""

_MAX_REPEATS = 20
_SMALL_GRID = 10_000
"""A grid of more cells than the second, and of more than the first for each cell there is, is a trick: then spans are
ignored. If that is not enough, since one row is very long, there is no grid."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One `<td>` or `<th>`."""

    node: LexborNode
    attributes: dict[str, str | None]
    is_header: bool
    column_span: int
    row_span: int
    """0: to the end of its row group."""


@dataclass(slots=True)
class Row:
    """One `<tr>` with what covers each column: the cell, whether it begins there, or None where nothing is."""

    section: str
    group: int
    """Which row group it belongs to; spans end with it."""
    own: list[Cell]
    covering: list[Cell | None] = field(default_factory=list["Cell | None"])
    is_start: list[bool] = field(default_factory=list[bool])

    @property
    def is_all_header(self) -> bool:
        """Whether every cell that begins in this row is a `<th>`."""
        return bool(self.own) and all(cell.is_header for cell in self.own)


@dataclass(frozen=True, slots=True)
class Grid:
    """The rows of a table, all of one width, head first and foot last."""

    rows: list[Row]
    captions: list[LexborNode]

    @property
    def column_count(self) -> int:
        """How many columns."""
        return len(self.rows[0].covering) if self.rows else 0

    @property
    def head_count(self) -> int:
        """How many rows at the top are column headers: those of `<thead>`, else those of `<th>` alone."""
        head = [row.section == "thead" for row in self.rows]
        if not any(head):
            head = [row.is_all_header for row in self.rows]
        if all(head):  # of a table of headers alone, only the first can name columns
            return min(len(head), 1)
        return next((index for index, is_head in enumerate(head) if not is_head), len(head))


def read_grid(table: LexborNode) -> Grid:
    """The grid of a `<table>`, tables within its cells left alone. Linear in its size, whatever spans it claims."""
    parts = children(table)
    rows = [row for row in _rows(parts) if row.own]
    rows.sort(key=lambda row: _SECTIONS[row.section])
    captions = [part for part in parts if part.tag == "caption"]
    return Grid(rows if _resolve_spans(rows) else [], captions)


_SECTIONS = {"thead": 0, "tbody": 1, "tfoot": 2}


def _rows(parts: list[LexborNode]) -> Iterator[Row]:
    # A parser puts rows without a section into a <tbody>; scripts need not.
    for group, part in enumerate(parts):
        tag = part.tag or ""
        if tag in _SECTIONS:
            yield from (Row(tag, group, _cells(row)) for row in children(part) if row.tag == "tr")
        elif tag == "tr":
            yield Row("tbody", -1, _cells(part))


def _cells(row: LexborNode) -> list[Cell]:
    return [_cell(node) for node in children(row) if node.tag in {"td", "th"}]


def _cell(node: LexborNode) -> Cell:
    attributes = node.attributes
    columns = _span(attributes.get("colspan"), default=1)
    return Cell(
        node=node,
        attributes=attributes,
        is_header=node.tag == "th",
        column_span=max(1, min(columns, _MAX_COLUMN_SPAN)),
        row_span=_span(attributes.get("rowspan"), default=1),
    )


def _span(value: str | None, *, default: int) -> int:
    value = (value or "").strip()
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 9 else default


@dataclass(frozen=True, slots=True)
class _Placed:
    """A cell in its columns `[left, right)` and rows `[top, bottom)`."""

    cell: Cell
    left: int
    right: int
    top: int
    bottom: int


def _resolve_spans(rows: list[Row]) -> bool:
    """Fill the rows in; False where that would take far more cells than there are."""
    limit = max(_SMALL_GRID, _MAX_REPEATS * sum(len(row.own) for row in rows))
    lines = _place(rows, limit=limit)
    columns = sorted({part.left for line in lines or [] for part in line})
    if lines is None or len(columns) * len(rows) > limit:
        lines = [_in_a_line(row, number) for number, row in enumerate(rows)]
        columns = list(range(max((len(row.own) for row in rows), default=0)))
        if len(columns) * len(rows) > limit:
            return False
    for number, (row, line) in enumerate(zip(rows, lines, strict=True)):
        _fill(row, number, line, columns)
    return True


def _in_a_line(row: Row, number: int) -> list[_Placed]:
    return [_Placed(cell, column, column + 1, number, number + 1) for column, cell in enumerate(row.own)]


def _place(rows: list[Row], *, limit: int) -> list[list[_Placed]] | None:
    """What covers each row, from the left; None where that takes more than `limit` entries."""
    lines: list[list[_Placed]] = []
    from_above: list[_Placed] = []
    group_ends = _group_ends(rows)
    for number, row in enumerate(rows):
        line = _place_row(row, number, from_above, group_end=group_ends[number])
        lines.append(line)
        limit -= len(line)
        if limit < 0:
            return None
        from_above = [part for part in line if part.bottom > number + 1]
    return lines


def _place_row(row: Row, number: int, from_above: list[_Placed], *, group_end: int) -> list[_Placed]:
    line: list[_Placed] = []
    column = 0
    above = deque(from_above)
    for cell in row.own:
        while above and above[0].left <= column:
            column = max(column, above[0].right)
            line.append(above.popleft())
        bottom = min(number + cell.row_span, group_end) if cell.row_span else group_end
        line.append(_Placed(cell, column, column + cell.column_span, number, bottom))
        column += cell.column_span
    return [*line, *above]


def _group_ends(rows: list[Row]) -> list[int]:
    """For each row, the number of the first one that is no longer in its group: no cell reaches further."""
    ends = [len(rows)] * len(rows)
    for number in range(len(rows) - 2, -1, -1):
        is_last = rows[number].group != rows[number + 1].group
        ends[number] = number + 1 if is_last else ends[number + 1]
    return ends


def _fill(row: Row, number: int, line: list[_Placed], columns: list[int]) -> None:
    """Write the row. Columns in which no cell of the table begins are left out: spans alone made them."""
    row.covering = [None] * len(columns)
    row.is_start = [False] * len(columns)
    for part in line:
        first = bisect_left(columns, part.left)
        for column in range(first, bisect_left(columns, part.right)):
            if row.covering[column] is None:  # cells may overlap; the first stays
                row.covering[column] = part.cell
                row.is_start[column] = column == first and part.top == number
