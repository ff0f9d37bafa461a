"""Lists that never show all of their items at once, in both frame modes: all of them, once each, in their order.

The whole results of scrolled and clicked lists are compared in `test_saved_results`.
"""

from __future__ import annotations

import json
from typing import cast

import pytest

from crawl4ai_browser.actions import Click, Collect, Repeat, RunScript, Scroll
from crawl4ai_browser.document import Document
from crawl4ai_browser.errors import ActionFailed, ActionTimeout
from crawl4ai_browser.extract.items import harvest
from crawl4ai_browser.ready import Predicate
from crawl4ai_browser.schema import Css, Schema
from crawl4ai_browser.snapshot import Snapshot
from crawl4ai_browser.testing.site import Response, SiteServer
from crawl4ai_browser.testing.site_register import RING_COUNT, rings, specimens
from crawl4ai_browser.testing.site_requests import Hit
from crawl4ai_browser.transforms import Match, Number
from tests.browser.acting.conftest import Act
from tests.browser.conftest import FIXTURE_SITE
from tests.browser.visiting import ADD, html_of, page

SIGHTINGS = json.loads((FIXTURE_SITE / "data" / "sightings.json").read_text(encoding="utf-8"))
SHOWN = [{"text": f"{sighting['hour']}: {sighting['note']}"} for sighting in SIGHTINGS]
"""What a page of sightings says, from the data that the site has them from."""


def items_of(snapshot: Snapshot, each: str, **fields: Css) -> list[object]:
    """What a schema makes of the page as it was read."""
    document = Document(html_of(snapshot), url=snapshot.final_url)
    found = harvest(document, Schema(each=Css(each), fields={**fields}))
    assert found.errors == ()
    return list(found.items)


def sightings_of(snapshot: Snapshot) -> list[object]:
    return items_of(snapshot, "#rows > li", text=Css("p"))


@pytest.mark.timeout(60)  # some sixty views, one after the other
async def test_all_of_a_thousand_rows_that_use_twenty_nodes_in_turn(act: Act) -> None:
    snapshot = await act(
        "/station/register.html", Collect("#register li"), RunScript("document.querySelectorAll('#register li').length")
    )
    rows = items_of(
        snapshot,
        "#register li",
        ring=Css("b", required=True),
        species=Css(".species", required=True),
        grams=Css(".grams", required=True, then=(Match(r"(\d+) g"), Number())),
    )
    assert rows == list(rings())
    collected, nodes = (outcome.value for outcome in snapshot.actions)
    assert collected == RING_COUNT
    assert isinstance(nodes, int)
    assert nodes < 30  # the page itself was not changed


async def test_a_list_that_grows_while_it_is_scrolled(act: Act) -> None:
    snapshot = await act("/station/infinite-scroll.html", Collect("#rows > li"))
    assert sightings_of(snapshot) == SHOWN
    assert "js:infinite-scroll-end:b41e" in html_of(snapshot)


async def test_a_list_that_a_button_makes_longer(act: Act) -> None:
    snapshot = await act("/station/load-more.html", Collect("#rows > li", next="#more"))
    assert sightings_of(snapshot) == SHOWN
    assert "js:load-more-end:e693" in html_of(snapshot)
    assert snapshot.actions[0].value == len(SHOWN)


async def test_pages_of_a_list_that_are_documents_of_their_own(act: Act) -> None:
    snapshot = await act("/journal/", Collect("main article, main li", next='a[rel=next], a:has-text("Older")'))
    assert snapshot.final_url.endswith("/journal/?page=3")
    assert snapshot.actions[0].value == 15


async def test_more_documents_than_a_chain_of_redirects_may_have(act: Act, site: SiteServer) -> None:
    def numbered(hit: Hit) -> Response:
        number = int(hit.parameter("page", "1"))
        link = f"<a id=next href='/numbered?page={number + 1}'>next</a>" if number < 5 else ""
        return Response.html(f"<!doctype html><ul><li>item {number}</ul>{link}")

    site.route("/numbered", numbered)
    snapshot = await act("/numbered", Collect("li", next="#next"), max_navigations=2)
    assert snapshot.actions[0].value == 5
    assert (snapshot.final_url, snapshot.redirects) == (site.url("/numbered?page=5"), ())
    assert [f"<li>item {number}</li>" in html_of(snapshot) for number in range(1, 6)] == [True] * 5


async def test_a_catalogue_that_is_nothing_but_its_api(act: Act) -> None:
    snapshot = await act("/station/catalogue.html", Collect("#cards > li", key="@data-id", next="#next"))
    cards = items_of(
        snapshot,
        "#cards > li",
        number=Css(":scope", take="@data-id", then=Number()),
        name=Css("h2"),
        drawer=Css(".drawer"),
        grams=Css(".price", then=(Match(r"(\d+) g"), Number())),
    )
    expected = [dict(cast("dict[str, object]", specimen)) for specimen in specimens()]
    for specimen in expected:
        del specimen["kind"]  # which the page does not show
    assert cards == expected


# --- how items are told apart


def virtual_list(*, size: int, item: str, container: str = "height: 300px; overflow: auto", more: str = "") -> Response:
    """A part of a list of `size` items of 30 pixels, drawn anew at each scroll. `item` makes one of `i`."""
    script = (
        ADD
        + f"""
        const view = document.querySelector('#view'), list = view.firstElementChild;
        const scroller = getComputedStyle(view).overflowY === 'auto' ? view : document.scrollingElement;
        const draw = () => {{
          const first = Math.max(0, Math.floor((scroller.scrollTop - list.offsetTop) / 30) - 2);
          const item = {item};
          list.innerHTML = '';
          for (let i = first; i < Math.min({size}, first + 45); i++) {{
            const li = document.createElement('li');
            li.style = `position: absolute; top: ${{i * 30}}px; height: 30px`;
            item(i, li);
            list.append(li);
          }}
        }};
        list.style = 'position: relative; height: {size * 30}px';
        draw();
        (scroller === view ? view : document).addEventListener('scroll', draw);
        {more}
    """
    )
    return page(script, body=f'<div id=view style="{container}"><ul></ul></div>')


async def test_a_window_that_scrolls_and_items_that_say_the_same(act: Act, site: SiteServer) -> None:
    told = "(i, li) => { li.textContent = 'same'; li.setAttribute('aria-posinset', i + 1) }"
    site.route("/positions", virtual_list(size=200, item=told, container=""))
    snapshot = await act("/positions", Collect("#view li"))
    assert snapshot.actions[0].value == 200
    items = items_of(snapshot, "#view li", number=Css(":scope", take="@aria-posinset", then=Number()))
    assert [item["number"] for item in items if isinstance(item, dict)] == list(range(1, 201))


async def test_a_key_tells_items_apart_that_look_the_same(act: Act, site: SiteServer) -> None:
    told = "(i, li) => { li.innerHTML = `<a href='/item/${i}'>same</a><i>${scroller.scrollTop}</i>` }"
    site.route("/keys", virtual_list(size=120, item=told))
    snapshot = await act("/keys", Collect("#view li", key="a@href"))
    assert snapshot.actions[0].value == 120
    items = items_of(snapshot, "#view li", href=Css("a", take="@href"))
    assert items == [{"href": f"/item/{number}"} for number in range(120)]


async def test_a_list_that_jumps_on_is_gone_back_in(act: Act, site: SiteServer) -> None:
    told = "(i, li) => { li.textContent = `row ${i}` }"
    jump = "let n = 0; view.addEventListener('scroll', () => { if (n++ === 2) view.scrollTop += 1900 });"
    site.route("/jumping", virtual_list(size=300, item=told, more=jump))
    snapshot = await act("/jumping", Collect("#view li"))
    assert items_of(snapshot, "#view li", row=Css(":scope")) == [{"row": f"row {number}"} for number in range(300)]


# --- where they end


async def test_lists_without_an_end_are_bounded(act: Act, site: SiteServer) -> None:
    feed = (
        ADD
        + """
        const isShort = () => document.body.scrollHeight < scrollY + 2 * innerHeight;
        const fill = () => { while (isShort()) add('row ' + document.body.children.length) };
        fill(); addEventListener('scroll', fill);
    """
    )
    site.route("/feed", page(feed))
    snapshot = await act("/feed", Scroll(times=3), Collect("p", max_items=150))
    assert [outcome.value for outcome in snapshot.actions] == [3, 150]
    assert html_of(snapshot).count("<p>") == 150
    with pytest.raises(ActionTimeout, match=r"scroll \(action 1\): not done within 1 s") as caught:
        await act("/feed", Scroll(timeout=1))
    assert "<p>row" in html_of(caught.value.snapshot)


async def test_what_is_locked_says_so_instead_of_giving_less(act: Act, site: SiteServer) -> None:
    rows = "".join(f"<p style='height:5em'>row {number}</p>" for number in range(50))
    lock = "<style>html { overflow: hidden } body { height: 100vh; overflow: hidden }</style>"
    holds = "addEventListener('scroll', () => scrollTo(0, 0))"
    site.route("/locked", page(holds, body=f"{lock}{rows}"))
    with pytest.raises(ActionFailed, match="it does not scroll, though its end is not in sight"):
        await act("/locked", Scroll())


async def test_repeat_ends_with_its_condition_or_its_rounds(act: Act, site: SiteServer) -> None:
    site.route(
        "/counting", page("let n = 0; document.querySelector('b').onclick = () => { n += 1 }", body="<b>count</b>")
    )
    enough = Repeat((Click("b"),), until=Predicate(script="n >= 3"))
    snapshot = await act("/counting", enough, enough, Repeat((Click("b"),), max_rounds=2), RunScript("n"))
    assert [outcome.value for outcome in snapshot.actions] == [
        {"rounds": 3, "met": True},
        {"rounds": 0, "met": True},
        {"rounds": 2, "met": False},
        5,
    ]
    assert [inner.place for inner in snapshot.actions[0].inner] == ["1.1", "1.1", "1.1"]
    with pytest.raises(ActionTimeout, match=r"click '#never' \(action 1\.2\)") as caught:
        await act("/counting", Repeat((Click("b"), Click("#never", timeout=0.3))))
    assert caught.value.snapshot is not None
    (outcome,) = caught.value.snapshot.actions
    assert (outcome.ok, [inner.ok for inner in outcome.inner]) == (False, [True, False])
