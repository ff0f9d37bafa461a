"""Alerts, confirms, prompts and questions whether to leave, in both frame modes."""

from __future__ import annotations

import pytest

from crawl4ai_browser.actions import Action, AnswerDialogs, Click, RunScript
from crawl4ai_browser.testing.site import Response, SiteServer
from tests.browser.acting.conftest import Act
from tests.browser.visiting import html_of, page

ASKING = page(
    "document.querySelector('b').onclick = () => {"
    " alert('mind'); document.querySelector('p').textContent = `${confirm('sure?')} ${prompt('who?', 'nobody')}` }",
    body="<b>ask</b><p></p>",
)
ASK: tuple[Action, ...] = (Click("b"), RunScript("document.querySelector('p').textContent"))


@pytest.fixture(autouse=True)
def asking(site: SiteServer) -> None:
    site.route("/asking", ASKING)


async def test_dialogs_are_answered_as_said_until_another_one_is(act: Act) -> None:
    told = (AnswerDialogs(text="Ada"), AnswerDialogs(), AnswerDialogs(accept=False))
    snapshot = await act("/asking", *(action for answer in told for action in (answer, *ASK)))
    values = [outcome.value for outcome in snapshot.actions if outcome.action == "run_script"]
    assert values == ["true Ada", "true nobody", "false null"]
    assert snapshot.dialogs == ("mind", "sure?", "who?") * 3  # what is more than these ends the visit
    assert "Ada" not in repr(told)


async def test_dialogs_are_dismissed_where_this_visit_has_not_said_otherwise(act: Act) -> None:
    await act("/asking", AnswerDialogs())
    snapshot = await act("/asking", *ASK)
    assert snapshot.actions[1].value == "false null"
    assert snapshot.dialogs == ("mind", "sure?", "who?")


async def test_dialogs_of_a_page_that_loads_are_accepted_where_the_visit_says_so(act: Act, site: SiteServer) -> None:
    site.route("/gate", page("document.body.append(confirm('Are you 18?') ? 'let in' : 'kept out')"))
    assert "kept out</body>" in html_of(await act("/gate"))
    assert "let in</body>" in html_of(await act("/gate", dialogs="accept"))


async def test_page_that_asks_whether_it_may_be_left_stays_where_that_is_not_accepted(
    act: Act, site: SiteServer
) -> None:
    holding = "addEventListener('beforeunload', (event) => event.preventDefault())"
    site.route("/holding", page(holding, body="<b>here</b><a href=/beyond>go</a>"))
    site.route("/beyond", Response.html("<!doctype html><p>beyond</p>"))
    for answers, last in (
        ((), "/beyond"),
        ((AnswerDialogs(),), "/beyond"),
        ((AnswerDialogs(accept=False),), "/holding"),
    ):
        # Without a click the browser does not ask (HTML, "sticky activation").
        snapshot = await act("/holding", Click("b"), *answers, Click("a"))
        assert snapshot.final_url == site.url(last)
    assert (await act("/asking")).final_url == site.url("/asking")  # the next visit leaves what stayed
