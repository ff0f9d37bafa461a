"""Data tables with their spans resolved, and which tables are data."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawl4ai_browser.content.grid import read_grid
from crawl4ai_browser.content.markdown import to_markdown
from crawl4ai_browser.content.tables import read_tables
from crawl4ai_browser.document import Document
from crawl4ai_browser.page_content import Table


def tables(html: str) -> tuple[Table, ...]:
    return read_tables(Document(html, url="https://example.com/"))


def table(rows: str) -> Table:
    [found] = tables(f"<table>{rows}</table>")
    return found


def test_headers_rows_and_caption() -> None:
    found = table(
        "<caption>The <b>caption</b></caption><thead><tr><th>A</th><th>B<br>b</th></tr></thead>"
        "<tbody><tr><td>1</td><td> 2 <script>x</script></td></tr></tbody>"
    )

    assert found == Table(caption="The caption", headers=("A", "B b"), rows=(("1", "2"),))


def test_sections_come_in_reading_order() -> None:
    found = table("<tfoot><tr><td>sum<td>3</tr></tfoot><tbody><tr><td>a<td>1</tbody><thead><tr><th>n<th>v</thead>")

    assert found.headers == ("n", "v")
    assert found.rows == (("a", "1"), ("sum", "3"))


def test_spans_repeat_their_text() -> None:
    found = table(
        "<tr><th rowspan=2>Name<th colspan=2>Size</tr><tr><th>w<th>h</tr>"
        "<tr><td rowspan=2>a<td>1<td>2</tr><tr><td colspan=2>same</tr><tr><td>b<td>3</tr>"
    )

    assert found.headers == ("Name", "Size w", "Size h")
    assert found.rows == (("a", "1", "2"), ("a", "same", "same"), ("b", "3", ""))


def test_row_headers_are_no_column_headers() -> None:
    found = table("<tr><th>Year<td>2024</tr><tr><th>City<td>Bern</tr>")

    assert found.headers == ("", "")
    assert found.rows == (("Year", "2024"), ("City", "Bern"))


def test_rowspan_ends_with_its_row_group() -> None:
    found = table("<tbody><tr><td rowspan=0>a<td>1<tr><td>2</tbody><tbody><tr><td>b<td>3</tbody>")

    assert found.rows == (("a", "1"), ("a", "2"), ("b", "3"))


def test_cells_that_overlap_keep_the_first() -> None:
    found = table("<tr><td>a<td rowspan=2>b<td>c</tr><tr><td colspan=2>d<td>e</tr>")

    assert found.rows[0] == ("a", "b", "c")
    assert found.rows[1][:2] == ("d", "d")
    assert "e" in found.rows[1]


@pytest.mark.parametrize("span", ["", "x", "-1", "1.5", "0", "999999999999", "²"])
def test_colspan_that_is_no_number_counts_as_one_or_is_capped(span: str) -> None:
    found = table(f'<tr><td colspan="{span}">a<td>b</tr><tr><td>c<td>d</tr>')

    assert found.rows == (("a", "b"), ("c", "d"))


@pytest.mark.parametrize(
    "rows",
    [
        "<tr><td colspan=1000 rowspan=65534>a<td>b" * 2000,
        "<tr>" + "<td rowspan=65534>a" * 100 + "<tr><td>b" * 10,
        "<tr>" + "<td colspan=1000>a" * 10 + "<tr><td>b" * 100,
        "<tr><td rowspan=10>a<td colspan=1000>b" * 10,
        ("<tr>" + "<td rowspan=65534>a" * 40) * 100 + "<tr><td>b",
    ],
)
def test_claimed_spans_do_not_explode(rows: str) -> None:
    found = table(rows)

    assert sum(len(row) for row in found.rows) <= max(10_000, 20 * rows.count("<td"))
    assert {"a", "b"} <= {text for row in found.rows for text in row}


def test_long_row_among_many_short_ones_is_no_grid_but_text() -> None:
    html = "<table>" + "<tr>" + "<td>a" * 1000 + "<tr><td>b" * 1000 + "</table>"
    document = Document(html, url="https://example.com/")

    assert read_tables(document) == ()
    assert to_markdown(document).split() == ["a"] * 1000 + ["b"] * 1000


def test_inner_table_comes_as_a_table_of_its_own() -> None:
    outer, inner = tables(
        "<table><tr><th>A<th>B</tr><tr><td>1<td><table><tr><th>C</tr><tr><td>2</tr></table></tr></table>"
    )

    assert outer == Table(headers=("A", "B"), rows=(("1", "C 2"),))
    assert inner == Table(headers=("C",), rows=(("2",),))


@pytest.mark.parametrize(
    "html",
    [
        "<table role=presentation><tr><th>a<th>b<tr><td>c<td>d</table>",
        "<table></table>",
        "<table><tr></tr></table>",
        "<table><tr><td>one cell</table>",
        "<table><tr><td>one<td>row</table>",
        "<table><tr><td>one<tr><td>column</table>",
        "<table><tr><td><h2>Heading</h2><td>b<tr><td>c<td>d</table>",
        "<table><tr><td><form><input></form><td>b<tr><td>c<td>d</table>",
    ],
)
def test_layout_is_no_data(html: str) -> None:
    assert tables(html) == ()


@pytest.mark.parametrize(
    "html",
    [
        "<table role=grid><tr><td>one cell</table>",
        "<table><caption>c</caption><tr><td>one<td>row</table>",
        "<table><tr><th>only</table>",
        "<table><tr><td scope=row>a<td>b</table>",
        "<table><tr><td>a<td>b<tr><td>c<td>d</table>",
    ],
)
def test_data_is_data(html: str) -> None:
    assert len(tables(html)) == 1


CellText = tuple[str, int, int, str]
_CELLS = st.lists(
    st.tuples(st.sampled_from(["td", "th"]), st.integers(0, 5), st.integers(0, 5), st.sampled_from("abc")), max_size=5
)
_ROWS = st.lists(st.tuples(st.sampled_from(["", "<thead>", "<tbody>", "<tfoot>"]), _CELLS), max_size=6)


@given(_ROWS)
def test_any_table_is_a_rectangle_with_each_cell_in_it_once(
    rows: Sequence[tuple[str, Sequence[CellText]]],
) -> None:
    html = "".join(
        section + "<tr>" + "".join(f"<{tag} colspan={c} rowspan={r}>{text}</{tag}>" for tag, c, r, text in cells)
        for section, cells in rows
    )
    node = Document(f"<table>{html}</table>", url="https://example.com/").tree.css_first("table")
    assert node is not None

    grid = read_grid(node)

    assert all(len(row.covering) == len(row.is_start) == grid.column_count for row in grid.rows)
    starts = [
        cell.node.mem_id
        for row in grid.rows
        for cell, is_start in zip(row.covering, row.is_start, strict=True)
        if is_start and cell is not None
    ]
    own = [cell.node.mem_id for row in grid.rows for cell in row.own]
    assert len(starts) == len(set(starts))
    assert set(starts) <= set(own)
    covered = {cell.node.mem_id for row in grid.rows for cell in row.covering if cell is not None}
    assert covered <= set(own)
