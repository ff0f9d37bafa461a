from __future__ import annotations

import sys
from pathlib import Path

import pytest

from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.extract.schema_file import read_schema
from crawl4ai_browser.schema import Css, Schema
from crawl4ai_browser.transforms import Match, Number

EXPECTED = Schema(
    each=Css(".card"),
    fields={"name": Css("h2"), "price": Css(".price", then=(Match(r"\d+"), Number()), required=True)},
)

TOML = r"""
each = ".card"
[fields]
name = "h2"
price = { css = ".price", then = [{ kind = "match", pattern = '\d+' }, "number"], required = true }
"""
YAML = r"""
each: .card
fields:
  name: h2
  price: {css: .price, then: [{kind: match, pattern: '\d+'}, number], required: true}
"""


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_toml_and_json_say_the_same(tmp_path: Path) -> None:
    assert read_schema(written(tmp_path, "s.toml", TOML)) == EXPECTED
    assert read_schema(written(tmp_path, "s.json", EXPECTED.model_dump_json())) == EXPECTED


def test_yaml_says_the_same(tmp_path: Path) -> None:
    pytest.importorskip("yaml", reason="the extra yaml is not installed")
    assert read_schema(written(tmp_path, "s.yaml", YAML)) == EXPECTED
    with pytest.raises(ConfigError, match=r"line 1, column 4"):
        read_schema(written(tmp_path, "broken.yml", "a: [b"))


def test_yaml_without_its_library_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(ConfigError, match=r"pip install 'crawl4ai-browser\[yaml\]'"):
        read_schema(written(tmp_path, "s.yaml", YAML))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"fields": {"a": {"css": "a["}}}', "fields.a.css: not a CSS selector: 'a['"),
        ('{"fields": {"a": {"cs": "a"}}}', "fields.a: a field has a `css` or an `xpath` selector"),
        ('{"fields": {"a": {"css": "a", "frob": 2}}}', "fields.a.frob: unexpected keyword argument"),
        ('{"fields": {"a": {"css": "a", "then": ["date", "nummer"]}}}', "fields.a.then.1: input tag 'nummer'"),
        ('{"fields": {"a": {"css": "a", "fields": {"b": {"xpath": "//["}}}}}', "fields.a.fields.b.xpath: not an XPath"),
        ('{"fieldz": {}}', "fields: field required (and 1 more)"),
        ("[]", "the whole: input should be"),
        ("{", "line 1 column 2"),
    ],
)
def test_an_error_names_its_place_in_the_file(tmp_path: Path, text: str, message: str) -> None:
    path = written(tmp_path, "s.json", text)
    with pytest.raises(ConfigError) as caught:
        read_schema(path)
    assert caught.value.message.startswith(f"{path}: ")
    assert message in caught.value.message
    assert "\n" not in caught.value.message


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't read"):
        read_schema(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match=r"a schema is a \.toml, \.json, \.yaml or \.yml file"):
        read_schema(tmp_path / "schema.txt")
