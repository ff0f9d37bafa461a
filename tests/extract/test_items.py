from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated

import pytest
from pydantic import BaseModel, Field, JsonValue

from crawl4ai_browser.document import Document
from crawl4ai_browser.errors import ConfigError, ExtractError, ItemInvalid, SelectorError
from crawl4ai_browser.extract.items import extract, extract_all, harvest
from crawl4ai_browser.schema import Css, Schema, XPath
from crawl4ai_browser.transforms import Date, DateTime, Json, Match, Number, Replace, Split, Strip, Transform, Url

URL = "https://shop.test/list"
PAGE = """
<base href="https://cdn.test/x/">
<h1>Kit  <b>room</b><script>var x = 1</script></h1>
<ul>
<li class=card data-id=7><h2><a href="one">One</a></h2><p class=price>£1,299.50</p>
  <div class=review><b>5</b><i>good</i></div><div class=review><b>4</b></div></li>
<li class=card data-id=8><h2><a href="two">Two</a></h2><p class=price>call us</p><p class=note></p></li>
</ul>
"""
DOCUMENT = Document(PAGE, url=URL)


def one(field: Css | XPath, html: str = PAGE) -> JsonValue:
    """The value of one field of a page."""
    found = harvest(Document(html, url=URL), Schema(fields={"it": field, "page": XPath("string(1)")}))
    if found.errors:
        raise found.errors[0]
    return found.items[0]["it"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (Css("h1"), "Kit room"),
        (Css("h1", take="raw"), "Kit  roomvar x = 1"),
        (Css("h2", take="html"), '<a href="one">One</a>'),
        (Css("h2 a", take="outer_html"), '<a href="one">One</a>'),
        (Css("h2 a", take="@href"), "one"),
        (Css("h2 a", take="@HREF", then=Url()), "https://cdn.test/x/one"),
        (Css("h2 a", take="@title"), None),
        (Css(".note"), None),
        (Css(".none", default="?"), "?"),
        (Css("h2", many=True), ["One", "Two"]),
        (Css(".none", many=True), []),
        (XPath("//h2/a/@href"), "one"),
        (XPath("//li[2]/@data-id", then=Number()), 8),
        (XPath("count(//li)"), "2"),
        (XPath("boolean(//li)"), "true"),
        (XPath("//li/h2", many=True), ["One", "Two"]),
        (Css(".review", fields={"stars": Css("b", then=Number()), "text": XPath("i")}), {"stars": 5, "text": "good"}),
        (
            XPath("//li[1]", fields={"id": Css(":scope", take="@data-id"), "n": XPath("count(.//b)")}),
            {"id": "7", "n": "2"},
        ),
    ],
)
def test_a_field_is_what_its_selector_finds(field: Css | XPath, value: JsonValue) -> None:
    assert one(field) == value


def test_an_item_is_not_part_of_itself() -> None:
    html = "<div class=a>out<div>in</div></div>"
    assert one(Css(".a", fields={"inner": Css("div")}), html) == {"inner": "in"}


def test_a_field_takes_the_first_element_that_has_a_value() -> None:
    html = "<ul><li>Colour: red<li>Weight: 1.5 kg</ul>"
    assert one(Css("li", then=(Match(r"Weight: (.*)"), Number())), html) == 1.5


def test_words_of_neighbouring_blocks_stay_apart_and_those_within_a_line_together() -> None:
    assert one(Css("div"), "<div><p>one</p><p>two<br>three</p>9<sup>99</sup></div>") == "one two three 999"


@pytest.mark.parametrize(
    ("text", "then", "value"),
    [
        ("**a**", (Strip("*"),), "a"),
        ("ISBN 978-3", (Match(r"\d+"),), "978"),
        ("no digits", (Match(r"\d+"),), None),
        ("a1b2", (Replace(r"[a-z](\d)", r"\1,"),), "1,2,"),
        ("a, b,, c", (Split(),), ["a", "b", "c"]),
        ("1; 2,5", (Split(";"), Number()), [1, 2.5]),
        ("9.90", (Number(exact=True),), "9.90"),
        ("9.00", (Number(),), 9),
        ("2024-03-01T23:30:00-05:00", (Date(),), "2024-03-01"),
        ("2024-03-01T23:30:00-05:00", (DateTime(),), "2024-03-02T04:30:00+00:00"),
        ("1 March 2024", (Date(),), "2024-03-01"),
        ("03/04/2024", (Date("%d/%m/%Y"),), "2024-04-03"),
        ('{"a": [{"b": 5}]}', (Json(("a", 0, "b")),), 5),
        ('{"a": 1}', (Json(("b",)),), None),
        ("../up?x=1", (Url(),), "https://shop.test/up?x=1"),
    ],
)
def test_transforms_make_values_of_text(text: str, then: tuple[Transform, ...], value: JsonValue) -> None:
    html = f"<p>{text}</p>"
    found = harvest(Document(html, url=URL + "/"), Schema(fields={"it": Css("p", then=then), "p": Css("p")}))
    assert (found.items[0]["it"], found.errors) == (value, ())


@pytest.mark.parametrize(
    ("text", "then", "reason"),
    [
        ("call us", Number(), "there is no number in it"),
        ("soon", Date(), "it is no date"),
        ("soon", DateTime("%Y"), "does not match format"),
        ("{", Json(), "it is no JSON"),
        ("http://[", Url(), "it is no URL"),
        ("1", (Number(), Strip()), "strip takes text, not Decimal"),
    ],
)
def test_text_that_a_transform_cannot_take_is_named(text: str, then: tuple[Transform, ...], reason: str) -> None:
    with pytest.raises(ItemInvalid) as caught:
        one(Css("p", then=then), f"<p>{text}</p>")
    assert caught.value.message.startswith(f"{URL}: it (p) found {text!r}: ")
    assert reason in caught.value.message


CARDS = Schema(
    each=Css(".card"), fields={"name": Css("h2", required=True), "price": Css(".price", then=Number()), "x": Css(".x")}
)


def test_one_bad_item_does_not_keep_the_others() -> None:
    found = harvest(DOCUMENT, CARDS)
    assert found.items == ({"name": "One", "price": 1299.5, "x": None},)
    assert [str(error) for error in found.errors] == [
        f"{URL}: 1.price (.price) found 'call us': there is no number in it"
    ]
    assert found.errors[0].phase == "extract"


def test_a_page_without_anything_is_no_item() -> None:
    assert harvest(DOCUMENT, Schema(fields={"a": Css(".none", default=1)})).items == ()
    assert harvest(DOCUMENT, Schema(each=Css(".none"), fields={"a": Css("b")})).items == ()


def test_what_is_required_and_missing_is_a_selector_error() -> None:
    found = harvest(DOCUMENT, Schema(fields={"a": Css(".none", take="@id", required=True)}))
    assert [str(error) for error in found.errors] == [f"{URL}: a (.none @id): nothing found"]
    assert isinstance(found.errors[0], SelectorError)
    no_items = harvest(DOCUMENT, Schema(each=Css(".none", required=True), fields={"a": Css("b")}))
    assert [str(error) for error in no_items.errors] == [f"{URL}: the item (.none): nothing found"]


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        (Schema(fields={"a": XPath("unknown(.)")}), "can't be evaluated"),
        (Schema(each=XPath("//a/@href"), fields={"a": Css("a")}), "text ('one') can't be an item"),
        (Schema(fields={"a": XPath("//a/text()", fields={"b": Css("b")})}), "text ('One') can't be an item"),
    ],
)
def test_an_expression_that_gives_no_elements_is_named(schema: Schema, reason: str) -> None:
    (error,) = harvest(DOCUMENT, schema).errors
    assert reason in error.message


def test_css_and_xpath_find_the_same_elements_of_unfolded_and_odd_pages() -> None:
    html = (
        "<!-- c --><table><tr><td>1<p>2</table><my-tag a'b=1>3</my-tag><svg><a>4</a></svg>"
        "<template><i>no</i></template>"
        "<div><template shadowrootmode=open><p>5<slot></slot></p></template><b>6</b></div>"
        "<iframe srcdoc='&lt;p id=f&gt;7&lt;/p&gt;'></iframe>"
    )
    every: dict[str, Css | XPath] = {
        "css": Css("*", many=True, take="outer_html"),
        "xpath": XPath("//*", many=True, take="outer_html"),
    }
    (item,) = harvest(Document(html, url=URL), Schema(fields=every)).items
    assert isinstance(item["css"], list)
    assert item["css"] == item["xpath"]
    assert len(item["css"]) > 12


class Review(BaseModel):
    stars: Annotated[int, Css("b"), Field(le=4)]
    text: Annotated[str | None, Css("i")]


class Card(BaseModel):
    name: Annotated[str, Css("h2")]
    price: Annotated[Decimal, Css(".price", then=Number())]
    url: Annotated[str, Css("h2 a", take="@href", then=Url())] = Field(alias="link")


class Shop(BaseModel):
    title: Annotated[str, Css("h1")]
    names: Annotated[frozenset[str], Css("h2")]
    notes: Annotated[list[str], Css(".none")]
    colours: Annotated[list[str], Css(".none")] = ["grey"]
    brand: Annotated[str | None, Css(".none")]
    last_review: Annotated[Review, XPath("(//*[@class='review'])[last()]")]
    opened: Annotated[date | None, Css(".none", then=Date())] = None


def test_a_page_is_one_object_of_a_model() -> None:
    assert extract(DOCUMENT, Shop).model_dump() == {
        "title": "Kit room",
        "names": {"One", "Two"},
        "notes": [],
        "colours": ["grey"],
        "brand": None,
        "last_review": {"stars": 4, "text": None},
        "opened": None,
    }


def test_each_element_is_an_object_of_a_model() -> None:
    (card,) = extract_all(DOCUMENT, Card, XPath("//li[1]"))
    assert (card.name, card.price, card.url) == ("One", Decimal("1299.50"), "https://cdn.test/x/one")
    assert extract_all(DOCUMENT, Card, ".none") == ()


class Strict(BaseModel):
    reviews: Annotated[list[Review], Css(".review")]


def test_a_value_that_does_not_fit_is_named_with_all_that_led_to_it() -> None:
    with pytest.raises(ItemInvalid) as caught:
        extract_all(DOCUMENT, Strict, ".card")
    assert str(caught.value) == f"{URL}: 0.reviews.0.stars (b) found '5': input should be less than or equal to 4"
    place = caught.value.place
    assert place is not None
    assert (place.url, place.field, place.selector, place.found) == (URL, "0.reviews.0.stars", "b", "5")


def test_a_long_text_is_cut_in_messages() -> None:
    with pytest.raises(ItemInvalid) as caught:
        one(Css("p", then=Number()), f"<p>{'x' * 1000}</p>")
    assert len(caught.value.message) < 200


def test_times_of_a_model_are_moments() -> None:
    class Dated(BaseModel):
        at: Annotated[datetime, Css("time", take="@datetime", then=DateTime())]

    page = Document("<time datetime='2024-03-01T12:00+01:00'>", url=URL)
    assert extract(page, Dated).at == datetime(2024, 3, 1, 11, tzinfo=UTC)


def test_a_model_without_selectors_is_refused() -> None:
    with pytest.raises(ConfigError):
        extract(DOCUMENT, BaseModel)


def test_every_error_of_extraction_is_one_class_to_catch() -> None:
    assert issubclass(SelectorError, ExtractError)
    assert issubclass(ItemInvalid, ExtractError)
