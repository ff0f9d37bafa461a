from __future__ import annotations

import sys
from decimal import Decimal
from typing import Annotated

import pytest
from pydantic import BaseModel, Field

from crawl4ai_browser.errors import ConfigError, ItemInvalid
from crawl4ai_browser.page_content import Table
from crawl4ai_browser.schema import Column
from crawl4ai_browser.transforms import Number

TABLE = Table(
    headers=("Hut", "Height (m)", "Open from", "", "Hut"),
    rows=(("Bield", "1,200", "", "x", "h1"), ("Howff", "610", "May", "", "h2")),
)


class Hut(BaseModel):
    hut: str
    metres: Annotated[Decimal, Column("Height (m)", then=Number())]
    open_from: str | None
    code: str = Field(default="none", alias="beds")


def test_rows_are_objects_of_a_model() -> None:
    first, second = TABLE.records(Hut)
    assert first.model_dump() == {"hut": "Bield", "metres": Decimal(1200), "open_from": None, "code": "none"}
    assert second.open_from == "May"


def test_a_cell_that_does_not_fit_is_named() -> None:
    class Low(BaseModel):
        metres: Annotated[int, Column("Height (m)", then=Number()), Field(lt=1000)]

    with pytest.raises(ItemInvalid) as caught:
        TABLE.records(Low)
    assert str(caught.value) == "row 0: metres (column 'Height (m)') found '1,200': input should be less than 1000"


def test_an_empty_cell_of_a_required_field_is_named() -> None:
    class Opening(BaseModel):
        open_from: str

    with pytest.raises(ItemInvalid, match="row 0: open_from"):
        TABLE.records(Opening)


def test_a_field_without_a_column_is_a_config_error() -> None:
    class Beds(BaseModel):
        beds: int

    with pytest.raises(ConfigError, match=r"Beds.beds has no column; there are 'Hut', 'Height \(m\)'"):
        TABLE.records(Beds)


def test_columns_have_names_of_their_own() -> None:
    assert TABLE.columns() == {
        "Hut": ("Bield", "Howff"),
        "Height (m)": ("1,200", "610"),
        "Open from": ("", "May"),
        "column 4": ("x", ""),
        "Hut (5)": ("h1", "h2"),
    }


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_table_is_a_frame_where_the_library_is_installed(library: str) -> None:
    pytest.importorskip(library)
    frame = getattr(TABLE, f"to_{library}")()
    assert list(frame.columns) == list(TABLE.columns())
    assert frame.shape == (2, 5)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_frame_without_its_library_says_what_to_install(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ConfigError, match=f"{library} is not installed"):
        getattr(TABLE, f"to_{library}")()
