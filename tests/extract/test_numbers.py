from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawl4ai_browser.extract.numbers import parse_number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("£51.77", "51.77"),
        ("1,299.00", "1299.00"),
        ("1.299,00 €", "1299.00"),
        ("1 299,50 Kč", "1299.50"),
        ("1\u202f299\u00a0€", "1299"),
        ("Fr. 1'299.–", "1299"),
        ("1,299", "1299"),
        ("1.299", "1.299"),
        ("0,999", "0.999"),
        ("12,5 %", "12.5"),
        ("1.299.000", "1299000"),
        ("12 345 678 km", "12345678"),
        ("9 a night, 1480 g", "9"),
        ("2 for 10", "2"),
        (".5", "0.5"),
        ("-£5.20", "-5.20"),
        ("−3,5 °C", "-3.5"),
        ("10-20", "10"),
        ("A-4", "4"),
        ("２０", "20"),
    ],
)
def test_numbers_are_read_as_people_mean_them(text: str, number: str) -> None:
    value = parse_number(text)
    assert (value, value.as_tuple().exponent) == (Decimal(number), Decimal(number).as_tuple().exponent)


@pytest.mark.parametrize(("mark", "number"), [(",", "1299"), (".", "1.299")])
def test_the_decimal_mark_can_be_said(mark: str, number: str) -> None:
    assert parse_number("1.299", decimal=mark) == Decimal(number)


@pytest.mark.parametrize(("text", "mark"), [("1.29", ","), ("1,2,3", "auto"), ("call us", "auto"), ("9" * 301, "auto")])
def test_what_is_no_number_is_refused_and_not_guessed(text: str, mark: str) -> None:
    with pytest.raises(ValueError, match="number"):
        parse_number(text, decimal=mark)


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2))
def test_a_number_written_in_either_way_is_read_back(value: Decimal) -> None:
    english = f"{value:,.2f}"
    german = english.translate(str.maketrans(",.", ".,"))
    assert parse_number(english) == parse_number(german, decimal=",") == value
