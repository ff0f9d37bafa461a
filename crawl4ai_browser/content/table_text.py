"""Rules for tables: GitHub's Markdown tables for data, blocks for tables that are only a means of layout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawl4ai_browser.content.code import is_gutter
from crawl4ai_browser.content.converters import table_row, table_rule
from crawl4ai_browser.content.grid import read_grid
from crawl4ai_browser.content.tables import column_alignments, has_inner_table, is_data_table
from crawl4ai_browser.content.walk import ON_ONE_LINE, Enter, Leave, OpenTable, Walk, skip

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selectolax.lexbor import LexborNode

    from crawl4ai_browser.content.grid import Grid, Row


def _enter_table(walk: Walk, node: LexborNode) -> Leave | None:
    grid = None
    if not (walk.within & ON_ONE_LINE or walk.is_deep):
        grid = read_grid(node)
        # A cell is one line of Markdown, so a table with another one in it can't be a table.
        if not is_data_table(node, grid) or has_inner_table(node):
            grid = None
    walk.open_tables.append(OpenTable(grid))
    walk.break_lines(2)
    return _leave_table


def _leave_table(walk: Walk, _node: LexborNode) -> None:
    table = walk.open_tables.pop()
    if table.grid is not None and table.texts:
        walk.write_block("\n".join(_lines(table.grid, table.texts)))
    walk.break_lines(2)


def _lines(grid: Grid, texts: dict[int, str]) -> list[str]:
    """The rows; a cell that spans several has its text in the first and leaves the others empty.

    Rows that the page does not show are left out: none of their cells has become text.
    """
    rows = [row for row in grid.rows if any(cell.node.mem_id in texts for cell in row.own)]
    lines = [table_row(list(_cell_texts(row, texts))) for row in rows]
    if not (grid.head_count and rows and rows[0] is grid.rows[0]):
        lines.insert(0, table_row([""] * grid.column_count))
    lines.insert(1, table_rule(column_alignments(grid)))
    return lines


def _cell_texts(row: Row, texts: dict[int, str]) -> Iterator[str]:
    for cell, is_start in zip(row.covering, row.is_start, strict=True):
        yield texts.get(cell.node.mem_id, "") if cell is not None and is_start else ""


def _enter_row(walk: Walk, node: LexborNode) -> Leave | None:
    if not walk.open_tables or walk.open_tables[-1].grid is None:
        walk.break_lines(2)
        return _leave_row
    return None


def _leave_row(walk: Walk, _node: LexborNode) -> None:
    walk.break_lines(2)


def _enter_cell(walk: Walk, node: LexborNode) -> Leave | None:
    if is_gutter(node):
        return skip
    if not walk.open_tables or walk.open_tables[-1].grid is None or walk.is_deep:
        walk.writer.write_space(" ")
        return _leave_layout_cell
    walk.open(ON_ONE_LINE)
    return _leave_cell


def _leave_cell(walk: Walk, node: LexborNode) -> None:
    text = " ".join(walk.close().text.split("\n")).strip()
    walk.open_tables[-1].texts[node.mem_id] = text.replace("|", "\\|")


def _leave_layout_cell(walk: Walk, _node: LexborNode) -> None:
    walk.writer.write_space(" ")


def _enter_columns(_walk: Walk, _node: LexborNode) -> Leave | None:
    return skip


def _enter_group(_walk: Walk, _node: LexborNode) -> Leave | None:
    return None


RULES: dict[str, Enter] = {
    "table": _enter_table,
    "thead": _enter_group,
    "tbody": _enter_group,
    "tfoot": _enter_group,
    "tr": _enter_row,
    "td": _enter_cell,
    "th": _enter_cell,
    "colgroup": _enter_columns,
    "col": _enter_columns,
}
"""What to do where an element begins, by tag."""
