"""Real input, and what becomes of each action, in both frame modes."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawl4ai_browser.actions import (
    Check,
    Click,
    DoubleClick,
    Fill,
    Hover,
    Press,
    RunScript,
    Select,
    Type,
    Upload,
    WaitFor,
)
from crawl4ai_browser.errors import ActionFailed, ActionTimeout
from crawl4ai_browser.ready import Predicate
from crawl4ai_browser.snapshot import Snapshot
from crawl4ai_browser.testing.site import Response, SiteServer, attachment, delayed
from tests.browser.acting.conftest import Act
from tests.browser.visiting import ADD, html_of, page

REPORT = (
    ADD
    + """
const report = (event) => add(`${event.type} ${event.target.id || event.target.localName} ${event.isTrusted}`);
"""
)


async def test_a_click_is_real_and_what_it_brings_is_read(act: Act, site: SiteServer) -> None:
    site.route("/late.json", delayed(Response.text("brought"), 0.5))
    script = REPORT + (
        "document.querySelector('button').onclick = (event) => { report(event);"
        " fetch('/late.json').then(r => r.text()).then(t => add('js:' + t)) }"
    )
    site.route("/click", page(script, body="<button id=more>More</button>"))
    snapshot = await act("/click", Click("#more"))
    assert "<p>click more true</p>" in html_of(snapshot)
    assert "js:brought" in html_of(snapshot)
    (outcome,) = snapshot.actions
    assert (outcome.action, outcome.place, outcome.selector, outcome.ok) == ("click", "1", "#more", True)
    assert 0 < outcome.seconds < 20
    assert "perform" in snapshot.timings


async def test_every_kind_of_input_reaches_the_page(act: Act, site: SiteServer, tmp_path: Path) -> None:
    body = (
        "<input id=name value=old><input id=note><select id=kind><option value=1>One<option value=2>Two</select>"
        "<input id=box type=checkbox><input id=file type=file hidden><div id=two>twice</div>"
        "<nav id=menu>menu<p id=inside hidden>inside</p></nav>"
    )
    script = (
        REPORT
        + """
        const file = document.querySelector('#file');
        file.onchange = async () => add(`file ${file.files[0].name} ${await file.files[0].text()}`);
        document.querySelector('#two').ondblclick = report;
        document.querySelector('#menu').onmouseenter = () => { document.querySelector('#inside').hidden = false };
        document.querySelector('#note').onkeydown = (event) => add(`key ${event.key}`);
    """
    )
    site.route("/inputs", page(script, body=body))
    upload = tmp_path / "notes.txt"
    upload.write_text("hello")
    snapshot = await act(
        "/inputs",
        Fill("#name", "Ada"),
        Type("#note", "bc"),
        Press("Enter", "#note"),
        Select("#kind", "Two"),
        Check("#box"),
        Upload("#file", upload),
        DoubleClick("#two"),
        Hover("#menu"),
        Click("#inside"),
        RunScript("() => ['name', 'note', 'kind'].map(id => document.getElementById(id).value)"),
        RunScript("document.querySelector('#box').checked"),
    )
    assert all(outcome.ok for outcome in snapshot.actions)
    assert [outcome.value for outcome in snapshot.actions[-2:]] == [["Ada", "bc", "2"], True]
    html = html_of(snapshot)
    for text in ("key b", "key c", "key Enter", "file notes.txt hello", "dblclick two true"):
        assert f"<p>{text}</p>" in html
    assert [outcome.place for outcome in snapshot.actions] == [str(number) for number in range(1, 12)]


async def test_targets_of_every_engine_in_shadow_roots_and_frames(act: Act, site: SiteServer) -> None:
    inner = page(ADD + "document.querySelector('b').onclick = () => parent.parent.told('frame')", body="<b>deep</b>")
    site.route("/inner", inner)
    site.route("/outer", Response.html("<!doctype html><iframe id=inner src=/inner></iframe>"))
    body = (
        "<button>By text</button><a role=button aria-label='By role'>x</a><i class=hidden hidden>i</i><i>i</i>"
        "<div id=host></div><iframe id=outer src=/outer></iframe>"
    )
    script = (
        ADD
        + """
        window.told = (text) => add('told ' + text);
        document.querySelector('button').onclick = () => told('text');
        document.querySelector('[role=button]').onclick = () => told('role');
        for (const i of document.querySelectorAll('i')) i.onclick = () => told('xpath ' + i.className);
        const root = document.querySelector('#host').attachShadow({mode: 'open'});
        root.innerHTML = '<em>shadow</em>';
        root.querySelector('em').onclick = () => told('shadow');
    """
    )
    site.route("/engines", page(script, body=body))
    snapshot = await act(
        "/engines",
        Click("text=by text"),
        Click('role=button[name="By role"]'),
        Click("//i"),
        Click("#host em"),
        Click("b", frames=("#outer", "iframe")),
        RunScript("(a) => document.body.innerText + a", (1,), frames=("#outer", "iframe")),
        Click('button:has-text("text"):visible'),
    )
    told = [
        text for text in ("text", "role", "xpath ", "shadow", "frame") if f"<p>told {text}</p>" in html_of(snapshot)
    ]
    assert told == ["text", "role", "xpath ", "shadow", "frame"]
    assert snapshot.actions[5].value == "deep1"


async def test_a_click_that_leads_to_another_document_is_followed(act: Act, site: SiteServer) -> None:
    site.route("/there", delayed(page(ADD + "setTimeout(() => add('js:there'), 30)", body="<h1>There</h1>"), 0.5))
    site.route("/here", Response.html("<!doctype html><a href=/there>go</a>"))
    snapshot = await act("/here", Click("a"), WaitFor("h1"))
    assert snapshot.final_url == site.url("/there")
    assert snapshot.redirects == ()
    assert "js:there" in html_of(snapshot)
    assert snapshot.status == 200


async def test_a_form_is_sent_and_its_answer_read(act: Act, site: SiteServer) -> None:
    site.route("/answer", lambda hit: Response.html(f"<!doctype html><p>{hit.method} {hit.body.decode()}</p>"))
    site.route("/form", Response.html("<!doctype html><form method=post action=/answer><input name=q></form>"))
    snapshot = await act("/form", Fill("input", "x y"), Press("Enter"))
    assert "<p>POST q=x+y</p>" in html_of(snapshot)


async def test_a_file_that_an_action_starts_belongs_to_the_visit(act: Act, site: SiteServer) -> None:
    site.route("/data.csv", delayed(attachment(b"a,b\n", "data.csv", content_type="text/csv"), 0.3))
    script = "document.querySelector('button').onclick = () => { location.href = '/data.csv' }"
    site.route("/file-page", page(script, body="<button>save</button>"))
    snapshot = await act("/file-page", Click("button"), RunScript("document.title"))
    assert [(file.url, file.state) for file in snapshot.downloads] == [(site.url("/data.csv"), "complete")]
    assert snapshot.final_url == site.url("/file-page")
    assert [outcome.ok for outcome in snapshot.actions] == [True, True]


# --- scripts


async def test_a_scripts_value_is_json_and_its_arguments_are_never_part_of_its_text(act: Act, site: SiteServer) -> None:
    policy = (("Content-Security-Policy", "script-src 'self'"),)
    site.route("/scripts", Response.html("<!doctype html><title>t</title><p>p</p>", headers=policy))
    hostile = "`); document.title = 'pasted'; (`"
    snapshot = await act(
        "/scripts",
        RunScript("0"),
        RunScript("''"),
        RunScript("null"),
        RunScript("undefined"),
        RunScript("(a, b) => ({ a, b })", (hostile, [None, 0, {"x": ""}])),
        RunScript("async () => (await new Promise(done => setTimeout(done, 30, 'waited'))) // a comment"),
        RunScript("NaN"),
        RunScript(r"'\ud800x'"),
        RunScript("document.title"),
    )
    assert [outcome.value for outcome in snapshot.actions] == [
        *(0, "", None, None),
        {"a": hostile, "b": [None, 0, {"x": ""}]},
        *("waited", None, "\ufffdx", "t"),
    ]
    assert Snapshot.model_validate_json(snapshot.model_dump_json()) == snapshot


async def test_a_script_that_raises_or_gives_no_json_says_so(act: Act) -> None:
    for script, said in (
        ("nonsense.at.all", "nonsense is not defined"),
        ("() => { const ring = {}; ring.ring = ring; return ring }", "circular structure"),
        ("if (1) {", "Unexpected token"),
        ("() => { let deep = 1; for (let i = 0; i < 200; i++) deep = [deep]; return deep }", "nested more than 100"),
    ):
        with pytest.raises(ActionFailed, match=said) as caught:
            await act("/status/200", RunScript(script))
        assert "status 200" in html_of(caught.value.snapshot)


# --- failures


async def test_a_failed_action_names_itself_its_selector_and_the_state_of_the_page(act: Act, site: SiteServer) -> None:
    body = (
        "<p>kept</p><b hidden>b</b><button disabled>no</button><i>covered</i><div style='position:fixed;inset:0'></div>"
    )
    site.route("/failing", page(ADD, body=body))
    for target, state in (
        ("#never", "nothing found"),
        ("b", "1 found, none visible"),
        ("button", "1 found, disabled"),
        ("i", '1 found, covered by <div style="position:fixed;inset:0"></div>'),
    ):
        with pytest.raises(ActionTimeout) as caught:
            await act("/failing", RunScript("add('before')"), Click(target, timeout=0.4), RunScript("add('after')"))
        error = caught.value
        where = f"the page is {site.url('/failing')} (complete)"
        assert error.message == f"click {target!r} (action 2): not done within 0.4 s: {state}; {where}"
        assert error.phase == "perform"
        assert "<p>before</p>" in html_of(error.snapshot)
        assert "<p>after</p>" not in html_of(error.snapshot)
        assert error.snapshot is not None
        assert [(outcome.ok, outcome.error) for outcome in error.snapshot.actions] == [
            (True, None),
            (False, error.message),
        ]


async def test_what_was_to_be_typed_is_in_no_message(act: Act, site: SiteServer) -> None:
    site.route("/secretive", page(ADD, body="<p id=none>no input</p>"))
    for action in (Fill("#none", "hunter2", timeout=0.4), Type("#never", "hunter2", timeout=0.4)):
        assert "hunter2" not in repr(action)
        with pytest.raises((ActionFailed, ActionTimeout)) as caught:
            await act("/secretive", action)
        assert "hunter2" not in str(caught.value)
        assert caught.value.snapshot is not None
        assert "hunter2" not in caught.value.snapshot.model_dump_json()


async def test_what_is_waited_for_and_does_not_come_is_a_failure(act: Act) -> None:
    never = Predicate(script="false", timeout=0.3)
    with pytest.raises(ActionFailed, match=r"wait_for \(action 1\): not within 0.3 s"):
        await act("/status/200", WaitFor(never))


async def test_a_file_that_is_not_there_is_the_users_fault(act: Act, site: SiteServer, tmp_path: Path) -> None:
    site.route("/upload-page", page(ADD, body="<input type=file>"))
    with pytest.raises(ActionFailed, match="there is no file") as caught:
        await act("/upload-page", Upload("input", tmp_path / "none.txt"))
    assert caught.value.blame == "user"


async def test_actions_end_in_time_for_the_page_to_be_read(act: Act, site: SiteServer) -> None:
    site.route("/waiting", page(ADD + "setTimeout(add, 300, 'late')", body="<p>kept</p>"))
    with pytest.raises(ActionTimeout, match="click '#never'") as caught:
        await act("/waiting", Click("#never", timeout=60), timeout=4)
    assert "<p>late</p>" in html_of(caught.value.snapshot)


async def test_a_page_that_hangs_in_an_action_is_kept_as_it_was(act: Act, site: SiteServer) -> None:
    site.route("/loop", page(ADD + "document.querySelector('b').onclick = () => { for (;;); }", body="<b>loop</b>"))
    with pytest.raises(ActionTimeout) as caught:
        await act("/loop", Click("b", timeout=0.3))
    assert "<b>loop</b>" in html_of(caught.value.snapshot)


async def test_actions_are_not_begun_on_an_error_page(act: Act) -> None:
    snapshot = await act("/status/404", Click("#never"))
    assert (snapshot.status, snapshot.actions) == (404, ())
