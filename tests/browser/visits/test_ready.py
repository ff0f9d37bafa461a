"""When a page is taken for ready, in both frame modes."""

from __future__ import annotations

import pytest

from crawl4ai_browser.errors import FetchError, ReadyTimeout
from crawl4ai_browser.ready import Delay, DomContentLoaded, Predicate, Quiet, Selector
from crawl4ai_browser.testing.site import Response, SiteServer, delayed
from tests.browser.visiting import ADD, Fetch, html_of, page


async def test_quiet_waits_for_data_that_is_fetched_late(fetch: Fetch, site: SiteServer) -> None:
    site.route("/late.json", delayed(Response.json({"word": "late"}), 0.6))
    site.route("/late", page(ADD + "fetch('/late.json').then(r => r.json()).then(d => add('js:' + d.word))"))
    snapshot = await fetch("/late")
    assert "js:late" in html_of(snapshot)
    assert snapshot.ready is not None
    assert snapshot.ready.met


@pytest.mark.parametrize(
    "script",
    [
        "let r = new XMLHttpRequest(); r.open('GET', '/part.json'); r.onload = () => add('js:' + r.response); r.send()",
        "let get = (u) => fetch(u).then(r => r.text()); get('/part.json').then(() => get('/part.json?2'))"
        ".then(t => add('js:' + t))",
        "let s = document.createElement('script'); s.src = '/late.js'; onload = () => document.body.append(s)",
        "requestAnimationFrame(() => requestAnimationFrame(() => add('js:part')))",
        "new IntersectionObserver((seen) => { if (seen[0].isIntersecting) add('js:part') }).observe(document.body)",
        "new ResizeObserver((_, self) => { self.disconnect(); add('js:part') }).observe(document.body)",
        "document.body.animate([{opacity: 0}, {opacity: 1}], 300).finished.then(() => add('js:part'))",
        "setTimeout(() => add('js:part'), 50)",
    ],
    ids=["XHR", "fetch chain", "inserted script", "animation frames", "intersection", "resize", "animation", "timer"],
)
async def test_quiet_waits_for_what_the_page_still_does(fetch: Fetch, site: SiteServer, script: str) -> None:
    site.route("/part.json", delayed(Response.text("part"), 0.3))
    site.route(
        "/late.js", delayed(Response.text("add('js:part')", headers=(("Content-Type", "text/javascript"),)), 0.3)
    )
    site.route("/doing", page(ADD + script))
    assert "js:part" in html_of(await fetch("/doing"))


async def test_quiet_waits_longer_for_a_page_that_shows_nothing_yet(fetch: Fetch, site: SiteServer) -> None:
    site.route("/shell", page(ADD + "setTimeout(() => add('js:shown'), 350)", body="<div></div>"))
    assert "js:shown" in html_of(await fetch("/shell"))


async def test_pages_of_one_list_fetched_in_turn_are_not_taken_for_polling(fetch: Fetch, site: SiteServer) -> None:
    site.route("/list.json", lambda hit: delayed(Response.text(hit.query), 0.2))
    script = (
        "(async () => { for (let i = 0; i < 6; i++) add('js:' + await (await fetch('/list.json?n=' + i)).text()) })()"
    )
    site.route("/list", page(ADD + script))
    assert "js:n=5" in html_of(await fetch("/list"))


async def test_polling_does_not_hold_quiet_off(fetch: Fetch) -> None:
    snapshot = await fetch("/never-idle")
    assert snapshot.ready is not None
    assert snapshot.ready.met


async def test_a_page_that_never_rests_is_read_at_the_cap_without_an_error(fetch: Fetch, site: SiteServer) -> None:
    site.route("/restless", page(ADD + "let n = 0; setInterval(() => add('row ' + n++), 20)"))
    snapshot = await fetch("/restless", ready=Quiet(cap=1))
    assert snapshot.ready is not None
    assert not snapshot.ready.met
    assert snapshot.ready.detail == "the document kept changing"
    assert "row 3" in html_of(snapshot)


async def test_selector_that_comes_late_is_met(fetch: Fetch, site: SiteServer) -> None:
    site.route("/selector", page(ADD + "setTimeout(() => { add('x'); document.body.lastChild.id = 'late' }, 400)"))
    snapshot = await fetch("/selector", ready=Selector(css="#late"))
    assert 'id="late"' in html_of(snapshot)


async def test_selector_states(fetch: Fetch, site: SiteServer) -> None:
    script = (
        "setTimeout(() => { document.querySelector('#a').hidden = false; document.querySelector('#b').remove() }, 200)"
    )
    site.route("/states", page(script, body="<p id=a hidden>a</p><p id=b>b</p>"))
    assert '<p id="a">' in html_of(await fetch("/states", ready=Selector(css="#a", state="visible")))
    assert '<p id="b">' not in html_of(await fetch("/states", ready=Selector(css="#b", state="absent")))


async def test_selector_that_never_comes_is_a_timeout_that_keeps_the_html(fetch: Fetch) -> None:
    with pytest.raises(ReadyTimeout, match="'#never' was not attached within 0.3 s") as caught:
        await fetch("/status/200", ready=Selector(css="#never", timeout=0.3))
    assert "status 200" in html_of(caught.value.snapshot)
    assert caught.value.phase == "ready"


async def test_selector_that_is_none_says_so(fetch: Fetch) -> None:
    with pytest.raises(FetchError, match="not a valid selector"):
        await fetch("/status/200", ready=Selector(css="p[["))


async def test_predicate_is_an_expression_or_a_function_even_where_eval_is_forbidden(
    fetch: Fetch, site: SiteServer
) -> None:
    policy = (("Content-Security-Policy", "script-src 'unsafe-inline'"),)
    script = "setTimeout(() => { window.done = 'yes' }, 200)"
    site.route("/predicate", Response.html(f"<p>p</p><script>{script}</script>", headers=policy))
    for predicate in ("window.done === 'yes'", "() => window.done", "async () => window.done"):
        snapshot = await fetch("/predicate", ready=Predicate(script=predicate))
        assert snapshot.ready is not None
        assert snapshot.ready.met


async def test_predicate_that_raises_says_so(fetch: Fetch) -> None:
    with pytest.raises(ReadyTimeout, match="nonsense is not defined"):
        await fetch("/status/200", ready=Predicate(script="nonsense.at.all", timeout=0.5))


async def test_domcontentloaded_does_not_wait_and_delay_does(fetch: Fetch, site: SiteServer) -> None:
    site.route("/timer", page(ADD + "setTimeout(() => add('js:' + 'timer'), 300)"))
    assert "js:timer" not in html_of(await fetch("/timer", ready=DomContentLoaded()))
    assert "<p>js:timer" in html_of(await fetch("/timer", ready=Delay(seconds=0.5)))


async def test_deferred_scripts_have_run_however_late_they_come(fetch: Fetch, site: SiteServer) -> None:
    script = Response.text("document.body.append('js:' + 'deferred')", headers=(("Content-Type", "text/javascript"),))
    site.route("/deferred.js", delayed(script, 0.5))
    for kind in ("defer", "type=module"):
        site.route("/deferred", Response.html(f"<!doctype html><script {kind} src=/deferred.js></script><p>text</p>"))
        assert "js:deferred" in html_of(await fetch("/deferred"))
        assert "js:deferred" in html_of(await fetch("/deferred", ready=DomContentLoaded()))


async def test_frames_that_are_asked_for_are_waited_for(fetch: Fetch, site: SiteServer) -> None:
    site.route("/frame.json", delayed(Response.text("framed"), 0.4))
    inner = page(ADD + "fetch('/frame.json').then(r => r.text()).then(t => add('js:' + t))")
    site.route("/frame", delayed(inner, 0.3))
    site.route("/framing", page("", body="<p>outer</p><iframe src=/frame></iframe>"))
    assert "js:framed" in html_of(await fetch("/framing", frames=True))


async def test_a_page_that_waits_for_its_own_frame_is_waited_for(fetch: Fetch, site: SiteServer) -> None:
    site.route("/calling", delayed(page("parent.postMessage('called', '*')"), 0.4))
    script = ADD + "addEventListener('message', (event) => add('js:' + event.data))"
    site.route("/hearing", page(script, body="<p>outer</p><iframe src=/calling></iframe>"))
    assert "js:called" in html_of(await fetch("/hearing"))
