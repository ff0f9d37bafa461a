"""Actions as values, and from files: what is wrong is said where it was written, before anything starts."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import JsonValue, TypeAdapter, ValidationError

from crawl4ai_browser.action_outcome import ActionOutcome, may_be_repeated
from crawl4ai_browser.actions import (
    Action,
    AnswerDialogs,
    Check,
    Click,
    Collect,
    DismissConsent,
    DoubleClick,
    Drag,
    Fill,
    Hover,
    IfPresent,
    Press,
    RemoveOverlays,
    Repeat,
    RunScript,
    Scroll,
    Select,
    Type,
    Upload,
    WaitFor,
    selector_of,
)
from crawl4ai_browser.actions_file import read_actions
from crawl4ai_browser.cli.config_flags import VISIT_FLAGS, config_of
from crawl4ai_browser.cli.exit_codes import ExitCode
from crawl4ai_browser.cli.main import run
from crawl4ai_browser.config import ContextConfig, CrawlConfig
from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.ready import Delay, Predicate, Quiet, Selector
from crawl4ai_browser.request import Request

ACTIONS: TypeAdapter[tuple[Action, ...]] = TypeAdapter(tuple[Action, ...])

EVERY: tuple[Action, ...] = (
    Click("#more", button="right", modifiers=("Shift",), frames=("#outer", "iframe"), timeout=3),
    DoubleClick("//a[1]"),
    Hover("text=Menu"),
    Fill('role=textbox[name="User name"]', "alice"),
    Type("#q", "words", pause=0.05),
    Press("Control+A"),
    Press("Enter", "#q"),
    Select("select", "one"),
    Select("select", ("one", "two")),
    Check("#box", checked=False),
    Upload("input", Path("a.txt")),
    Drag("#card", '.tray:has-text("here"):visible'),
    Scroll(),
    Scroll("end", times=3, within="#list"),
    WaitFor("#done"),
    WaitFor(Quiet(stillness=1)),
    RunScript("(a, b) => a + b", (0, "")),
    Repeat((Click("#more"),), until="#more", max_rounds=5),
    Repeat((IfPresent("#a", (Click("#a"),)),), until=Predicate(script="done")),
    IfPresent("dialog", (Click("dialog button"),), otherwise=(Press("a"),), wait=1),
    Collect("li", key="a@href", next="#next", within="main", max_items=5),
    DismissConsent("accept", wait=2),
    RemoveOverlays(),
    AnswerDialogs(accept=False),
    AnswerDialogs(text="Ada", timeout=3),
)


def test_every_action_travels_as_json_and_by_pickle() -> None:
    assert {type(action) for action in EVERY} == set(ACTIONS_BY_NAME.values())
    request = Request(url="https://example.com/", actions=EVERY)
    assert Request.model_validate_json(request.model_dump_json()) == request
    assert pickle.loads(pickle.dumps(request)) == request
    config = CrawlConfig(actions=EVERY)
    assert CrawlConfig.model_validate_json(config.model_dump_json()) == config


ACTIONS_BY_NAME = {action.action: type(action) for action in EVERY}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"action": "click", "selector": "p[["}, "not a CSS selector: 'p[['"),
        ({"action": "click", "selector": "a >> b"}, "not a CSS selector: 'a >> b'"),
        ({"action": "click", "selector": ""}, "not a CSS selector: ''"),
        ({"action": "click", "selector": "//a["}, "not an XPath expression"),
        ({"action": "click", "selector": "xpath=//a["}, "not an XPath expression"),
        ({"action": "click", "selector": "role=button[name=]"}, "not a role"),
        ({"action": "click", "selector": "text= "}, "names no text"),
        ({"action": "click", "selector": "a", "frames": ["p[["]}, "not a CSS selector"),
        ({"action": "click", "selector": "a", "times": 2}, "Unexpected keyword argument"),
        ({"action": "click", "selector": "a", "timeout": 0}, "greater than 0"),
        ({"action": "collect", "selector": "li:visible"}, "not a CSS selector"),
        ({"action": "collect", "selector": "li", "key": "data-id"}, "should match pattern"),
        ({"action": "press", "key": "enter"}, "should match pattern"),
        ({"action": "answer_dialogs", "accept": "perhaps"}, "valid boolean"),
        ({"action": "scroll", "times": 0}, "greater than or equal to 1"),
        ({"action": "repeat", "actions": []}, "at least 1 item"),
        ({"action": "repeat", "actions": [{"action": "click", "selector": "p[["}]}, "not a CSS selector"),
        ({"action": "repeat", "actions": [{"action": "press", "key": "a"}], "until": "p[["}, "not a CSS selector"),
        ({"action": "wait_for", "ready": {"kind": "selector", "css": "p[["}}, "not a CSS selector"),
        ({"action": "run_script", "script": " "}, "at least 1 character"),
        ({"action": "shout"}, "does not match any of the expected tags"),
    ],
)
def test_what_is_wrong_is_refused_where_it_is_made(wrong: dict[str, JsonValue], said: str) -> None:
    with pytest.raises(ValidationError, match=said.replace("[", r"\[").replace("(", r"\(")):
        ACTIONS.validate_python([wrong])


@pytest.mark.parametrize(
    "target",
    ["a:modal", ":popover-open", "p:lang(de)", "video:playing", "css=a", "(//a)[1]", "..", "role=row", "text=/a b/"],
)
def test_what_browsers_and_playwright_know_is_a_target(target: str) -> None:
    assert selector_of(Click(target)) == target


def test_text_stands_for_the_condition_that_it_mostly_means() -> None:
    assert WaitFor("#a").condition == Selector(css="#a", state="visible")
    assert Repeat((Press("a"),), until="#a").condition == Selector(css="#a", state="absent")
    assert (WaitFor(Delay(seconds=2)).timeout, WaitFor(Quiet(cap=3)).timeout) == (12, 13)


def test_a_page_whose_scripts_do_not_run_can_not_be_acted_on() -> None:
    with pytest.raises(ValidationError, match="actions need scripts"):
        CrawlConfig(actions=(Scroll(),), context=ContextConfig(java_script=False))


def test_requests_with_other_actions_are_other_requests() -> None:
    plain = Request(url="https://example.com/")
    one, two = (plain.model_copy(update={"actions": (Fill("#q", word),)}) for word in ("one", "two"))
    assert len({plain.fingerprint, one.fingerprint, two.fingerprint}) == 3
    assert plain.model_copy(update={"actions": ()}).fingerprint == plain.fingerprint


def test_what_may_have_changed_something_is_not_to_be_repeated() -> None:
    def outcome(action: str, *inner: ActionOutcome) -> ActionOutcome:
        return ActionOutcome(action=action, place="1", ok=False, seconds=0.1, inner=inner)

    assert may_be_repeated(())
    assert may_be_repeated([outcome("scroll"), outcome("answer_dialogs"), outcome("repeat", outcome("hover"))])
    assert not may_be_repeated([outcome("scroll"), outcome("click")])
    assert not may_be_repeated([outcome("repeat", outcome("if_present", outcome("press")))])


# --- files

LISTED = [
    {"action": "dismiss_consent"},
    {"action": "repeat", "until": "#more", "actions": [{"action": "click", "selector": "#more"}]},
    {"action": "upload", "selector": "input", "files": "notes.txt"},
    {"action": "answer_dialogs", "accept": True, "text": "Ada"},
]

YAML = """
# what is done
- action: dismiss_consent
- action: repeat
  until: "#more"
  actions:
    - action: click
      selector: "#more"
- {action: upload, selector: input, files: notes.txt}
- {action: answer_dialogs, accept: true, text: Ada}
"""


@pytest.mark.parametrize(("name", "text"), [("steps.json", json.dumps(LISTED)), ("steps.yaml", YAML)])
def test_a_file_lists_actions_and_its_folder_holds_their_uploads(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="there is no file .*notes.txt' to upload"):
        read_actions(tmp_path / name)
    (tmp_path / "notes.txt").write_text("notes")
    assert read_actions(tmp_path / name) == (
        DismissConsent(),
        Repeat((Click("#more"),), until="#more"),
        Upload("input", (tmp_path / "notes.txt",)),
        AnswerDialogs(text="Ada"),
    )


NESTED_JSON = """[
  {"action": "scroll"},
  {"action": "repeat", "max_rounds": 3,
   "actions": [
     {"action": "click", "selector": "a:has-text('}],{')"},
     {"action": "click",
      "selector": "p[["}
   ]}
]
"""


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.json", "[\n{\n]", "a.json, line 3: "),
        ("a.json", "", "a.json, line 1: expecting value"),
        ("a.json", '{"action": "scroll"}', "a.json, line 1: not a list of actions"),
        ("a.json", "[]", "a.json, line 1: not a list of actions"),
        ("a.json", '[\n\n{"action":\n "clik"}]', "a.json, line 3: no action is called 'clik'; there are click,"),
        (
            "a.json",
            '[{"action": "scroll"},\n{"selector": "a"}]',
            "a.json, line 2: an action is an object whose `action`",
        ),
        ("a.json", '[{"action": "scroll"},\n"scroll"]', "a.json, line 2: "),
        ("a.json", '[\n{"action": "click"}]', "a.json, line 2: selector: field required"),
        ("a.json", NESTED_JSON, "a.json, line 7: selector: not a CSS selector: 'p[['"),
        ("a.json", '[\n {"action": "scroll",\n  "times": 0}]', "a.json, line 3: times: input should be greater"),
        ("a.yaml", "- action: scroll\n- action: [", "a.yaml, line 2: "),
        ("a.yaml", "", "a.yaml, line 1: not a list of actions"),
        ("a.yaml", "- action: scroll\n\n- action: clik\n", "a.yaml, line 3: no action is called 'clik'"),
        ("a.yml", YAML.replace('selector: "#more"', "selector: p[["), "a.yml, line 8: selector: not a CSS selector"),
        ("a.yaml", "- action: press\n  key: enter", "a.yaml, line 2: key: string should match pattern"),
        ("a.toml", "", "a.toml: a list of actions is a .json, .yaml or .yml file"),
    ],
)
def test_errors_of_a_file_name_the_line(tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_actions(tmp_path / name)
    assert caught.value.message.startswith(str(tmp_path / said.partition(",")[0].partition(":")[0]))
    assert said in caught.value.message


def test_a_file_that_can_not_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't read .*none.json': No such file"):
        read_actions(tmp_path / "none.json")
    (tmp_path / "latin.yaml").write_bytes(b"- action: \xe9")
    with pytest.raises(ConfigError, match="not UTF-8"):
        read_actions(tmp_path / "latin.yaml")


def test_the_command_line_refuses_a_wrong_file_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "steps.json"
    file.write_text('[\n {"action": "click",\n  "selector": "p[["}]')
    assert run(["fetch", "http://127.0.0.1:9/", "--actions", str(file)]) == ExitCode.USAGE
    assert "steps.json, line 3: selector: not a CSS selector: 'p[['" in capsys.readouterr().err


def test_files_of_actions_follow_one_another(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.json" for number in (1, 2)]
    for path, times in zip(paths, (3, 4), strict=True):
        path.write_text(f'[{{"action": "scroll", "times": {times}}}]')
    config = config_of({"actions": tuple(map(str, paths))}, [VISIT_FLAGS])
    assert config.actions == (Scroll(times=3), Scroll(times=4))


def test_what_a_callers_variables_are_called_does_not_matter() -> None:
    """Values are built where the first of them is made, of types that are named there by strings."""
    code = """
def make():
    Action = Actions = Selector = Target = int
    from crawl4ai_browser.actions import Click, IfPresent, Repeat
    from crawl4ai_browser.schema import Css
    step = IfPresent("#a", (Click("#b"),), otherwise=(Repeat((Click("#c"),), until="#d"),))
    field = Css("li", fields={"name": "b", "rest": Css("i", fields={"text": "u"})})
    print(step.otherwise[0].actions[0].selector, field.fields["rest"].fields["text"].css)
make()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["#c", "u"]
