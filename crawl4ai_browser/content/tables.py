"""Data tables as headers and rows, spans resolved; and which tables are data."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from crawl4ai_browser.content.grid import Grid, read_grid
from crawl4ai_browser.page_content import Table
from crawl4ai_browser.visible_text import visible_text

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

    from crawl4ai_browser.content.grid import Cell
    from crawl4ai_browser.document import Document

_DATA_ATTRIBUTES = frozenset({"scope", "headers", "abbr"})
_LAYOUT_SIGNS = "h1, h2, h3, h4, h5, h6, pre, form, fieldset, iframe, nav, section, article"
_TEXT_ALIGN = re.compile(r"text-align\s*:\s*(left|center|right|start|end)", re.IGNORECASE)


def is_data_table(table: LexborNode, grid: Grid) -> bool:
    """Whether a `<table>` holds data rather than lays out a page.

    The rules, in this order:

    1. `role` presentation or none: no. `role` table, grid or treegrid: yes.
    2. No row: no.
    3. A caption, `<thead>`, `<th>`, or cells with `scope`, `headers` or `abbr`: yes (the marks of data that
       accessibility engines go by).
    4. One row or one column: no.
    5. A further table, heading, code block, form, frame or section within a cell: no.
    6. Else yes.
    """
    role = (table.attributes.get("role") or "").lower()
    if role in {"presentation", "none"} or not grid.rows:
        return False
    if role in {"table", "grid", "treegrid"} or grid.captions:
        return True
    if any(row.section == "thead" for row in grid.rows):
        return True
    if any(cell.is_header or not _DATA_ATTRIBUTES.isdisjoint(cell.attributes) for row in grid.rows for cell in row.own):
        return True
    if len(grid.rows) < 2 or grid.column_count < 2:
        return False
    return not has_inner_table(table) and table.css_first(_LAYOUT_SIGNS) is None


def has_inner_table(table: LexborNode) -> bool:
    """Whether another table stands in one of its cells."""
    return len(table.css("table")) > 1  # itself is one


def read_tables(document: Document) -> tuple[Table, ...]:
    """Every data table in document order; one within a cell of another comes as a table of its own too."""
    tables: list[Table] = []
    for node in document.tree.css("table"):
        grid = read_grid(node)
        if is_data_table(node, grid):
            tables.append(_read_table(grid))
    return tuple(tables)


def _read_table(grid: Grid) -> Table:
    texts: dict[int, str] = {}

    def text(cell: Cell | None) -> str:
        if cell is None:
            return ""
        key = cell.node.mem_id
        if key not in texts:
            texts[key] = visible_text(cell.node)
        return texts[key]

    lines = [tuple(text(cell) for cell in row.covering) for row in grid.rows]
    head = lines[: grid.head_count]
    return Table(
        caption=" ".join(visible_text(caption) for caption in grid.captions),
        headers=tuple(_stack(column) for column in zip(*head, strict=True)) or ("",) * grid.column_count,
        rows=tuple(lines[grid.head_count :]),
    )


def _stack(texts: tuple[str, ...]) -> str:
    """The header of a column from the cells above it; one that spans several rows counts once."""
    return " ".join(dict.fromkeys(text for text in texts if text))


def column_alignments(grid: Grid) -> list[str]:
    """`left`, `center`, `right` or empty for each column: of its header, else of most of its cells."""
    columns: list[str] = []
    for column in range(grid.column_count):
        own = [row.covering[column] for row in grid.rows if row.is_start[column]]
        values = [_alignment(cell) for cell in own if cell is not None]
        if not any(values):
            columns.append("")
        elif grid.head_count and values[0]:
            columns.append(values[0])
        else:
            columns.append(Counter(values).most_common(1)[0][0])
    return columns


def _alignment(cell: Cell) -> str:
    attributes = cell.attributes
    match = _TEXT_ALIGN.search(attributes.get("style") or "")
    value = (match[1] if match else attributes.get("align") or "").lower()
    value = {"start": "left", "end": "right"}.get(value, value)
    return value if value in {"left", "center", "right"} else ""
