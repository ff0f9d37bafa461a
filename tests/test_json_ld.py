"""JSON-LD as pages write it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from crawl4ai_browser.json_ld import MAX_DEPTH, parse_json_ld
from crawl4ai_browser.page_content import PageMetadata


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1}', [{"a": 1}]),
        ('\n<!-- {"a": 1} -->\n', [{"a": 1}]),
        ('<![CDATA[{"a": 1}]]>', [{"a": 1}]),
        ('//<![CDATA[\n{"a": 1}\n//]]>', [{"a": 1}]),
        ('/*<![CDATA[*/{"a": 1}/*]]>*/', [{"a": 1}]),
        ('{"a": 1};', [{"a": 1}]),
        ('{"a": 1}{"b": 2}, {"c": 3}', [{"a": 1}, {"b": 2}, {"c": 3}]),
        ('[{"a": 1}]', [[{"a": 1}]]),
        ('{"a": "line\nbreak\tand tab"}', [{"a": "line\nbreak\tand tab"}]),
        ('{"a": "\\ud800"}', [{"a": "\ufffd"}]),
        ('{"\\udfff": 1}', [{"\ufffd": 1}]),
        ('{"a": 12345678901234567890123}', [{"a": 1.2345678901234568e22}]),
        ('{"a": 1} rest', [{"a": 1}]),
        ("", []),
        ("null", []),
        ('"text"', []),
        ('{"a": NaN}', []),
        ('{"a": -Infinity}', []),
        ('{"a": 1e999}', []),
        ('{"a": ' + "9" * 5000 + "}", []),
        ("[" * 100_000, []),
        ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), []),
        ('{"a": 1', []),
    ],
)
def test_values(text: str, expected: list[JsonValue]) -> None:
    assert list(parse_json_ld(text)) == expected


def test_deepest_allowed_value_survives_a_round_trip() -> None:
    metadata = PageMetadata(json_ld=tuple(parse_json_ld("[" * MAX_DEPTH + "]" * MAX_DEPTH)))

    assert metadata.json_ld
    assert PageMetadata.model_validate_json(metadata.model_dump_json()) == metadata


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.one_of(_VALUES.map(json.dumps), st.text(st.sampled_from('{}[]":,1e-NaN\\u d8;<!->/*'), max_size=30)))
def test_any_script_gives_values_that_survive_a_round_trip(text: str) -> None:
    metadata = PageMetadata(json_ld=tuple(parse_json_ld(text)))

    assert PageMetadata.model_validate_json(metadata.model_dump_json()) == metadata
