from __future__ import annotations

import pickle
from decimal import Decimal
from typing import Annotated

import pytest
from pydantic import BaseModel, ValidationError

from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.schema import Css, Schema, XPath
from crawl4ai_browser.transforms import Date, Match, Number, Split, Url

FULL = Schema(
    each=Css(".card"),
    fields={
        "name": Css("h2", required=True),
        "price": Css(".price", then=(Match(r"EUR (.*)"), Number(decimal=","))),
        "url": XPath(".//a/@href", then=Url()),
        "tags": Css(".tags", then=Split(";"), default=["none"]),
        "reviews": Css(".review", many=True, fields={"on": Css("time", take="@datetime", then=Date())}),
    },
)


def test_a_schema_survives_json_and_pickle() -> None:
    assert Schema.model_validate_json(FULL.model_dump_json()) == FULL
    assert pickle.loads(pickle.dumps(FULL)) == FULL


def test_short_forms_mean_the_long_ones() -> None:
    short = Schema.model_validate(
        {"each": ".card", "fields": {"name": "h2", "n": {"css": ".n", "then": "number"}, "m": {"xpath": "//m"}}}
    )
    assert short == Schema(
        each=Css(".card"), fields={"name": Css("h2"), "n": Css(".n", then=(Number(),)), "m": XPath("//m")}
    )


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ({"css": "a["}, "not a CSS selector: 'a['"),
        ({"xpath": "//["}, "not an XPath expression: '//['"),
        ({"css": "a", "then": {"kind": "match", "pattern": "(?=x)"}}, "not a regular expression"),
        ({"css": "a", "then": ["nummer"]}, "'nummer' found using 'kind' does not match"),
        ({"css": "a", "take": "href"}, "should match pattern"),
        ({"css": "a", "atribute": "href"}, "Unexpected keyword argument"),
        ({"css": "a", "required": True, "default": 1}, "a required field has no default"),
        ({"css": "a", "take": "@href", "fields": {"b": "b"}}, "has neither take nor then"),
        ({"css": "a", "fields": {}}, "fields is empty"),
        ({"selector": "a"}, "a field has a `css` or an `xpath` selector"),
        (5, "a field has a `css` or an `xpath` selector"),
    ],
)
def test_a_wrong_field_is_refused_where_it_is_written(field: object, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Schema.model_validate({"fields": {"one": field}})
    assert message in str(caught.value)


def test_what_is_taken_of_each_item_stands_in_its_fields() -> None:
    with pytest.raises(ValidationError, match="a selector alone"):
        Schema(each=Css(".card", take="@id"), fields={"a": Css("a")})


class Review(BaseModel):
    stars: Annotated[int, Css("b")]


class Shown(BaseModel):
    name: Annotated[str, Css("h1")]
    price: Annotated[Decimal, Css(".price")] | None = None
    brand: Annotated[str | None, Css(".brand")]
    tags: Annotated[tuple[str, ...], Css(".tag")]
    reviews: Annotated[list[Review], Css(".review")] = []
    first: Annotated[Review | None, Css(".review")] = None
    seen: bool = False


def test_the_types_of_a_model_say_what_its_selectors_do_not() -> None:
    stars = {"stars": Css("b", required=True)}
    assert Schema.of(Shown, each=".card") == Schema(
        each=Css(".card"),
        fields={
            "name": Css("h1", required=True),
            "price": Css(".price"),
            "brand": Css(".brand"),
            "tags": Css(".tag", many=True, default=[]),
            "reviews": Css(".review", many=True, fields=dict(stars)),
            "first": Css(".review", fields=dict(stars)),
        },
    )


class Tree(BaseModel):
    name: Annotated[str, Css("b")]
    twigs: Annotated[list[Tree], Css("li")]


class Half(BaseModel):
    name: Annotated[str, Css("b")]
    price: int


class Bare(BaseModel):
    price: int = 0


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Tree, "Tree contains itself"),
        (Half, "Half.price has neither a selector nor a default"),
        (Bare, "no field of Bare has a selector"),
    ],
)
def test_a_model_that_is_not_fit_is_a_config_error(model: type[BaseModel], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Schema.of(model)
