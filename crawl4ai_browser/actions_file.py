"""Actions from a file: JSON or YAML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from crawl4ai_browser.actions import Action, Actions, IfPresent, Repeat, Upload
from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.value_file import ValueFile

SUFFIXES = (".json", ".yaml", ".yml")

_ACTIONS: TypeAdapter[Actions] = TypeAdapter(tuple[Action, ...])


def read_actions(path: str | Path) -> Actions:
    """The actions that a `.json`, `.yaml` or `.yml` file lists (YAML needs the extra `yaml`).

        - action: click
          selector: "#more"
        - action: wait_for
          ready: "li:nth-child(20)"

    Raises:
        ConfigError: the file can't be read, is not in its format, or an action is wrong: the message names the line. A
            file to upload is not there.
    """
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise ConfigError(f"{path}: a list of actions is a .json, .yaml or .yml file")
    file = ValueFile.read(path)
    values = file.values
    if not isinstance(values, list) or values == []:
        raise ConfigError(f"{path}, line 1: not a list of actions")
    try:
        actions = _ACTIONS.validate_python(file.values)
    except ValidationError as error:
        raise file.error(error, _reason) from error
    actions = tuple(_in_folder(action, path.parent) for action in actions)
    missing = next((each for each in _uploads(actions) if not each.is_file()), None)
    if missing is not None:
        raise ConfigError(f"{path}: there is no file {str(missing)!r} to upload")
    return actions


def _reason(error: Mapping[str, Any]) -> str:
    """What is wrong, and with which field, for people."""
    context: Mapping[str, Any] = error.get("ctx", {})
    match error["type"]:
        case "union_tag_invalid":
            return f"no action is called {context['tag']!r}; there are {context['expected_tags'].replace(chr(39), '')}"
        case "union_tag_not_found":
            return "an action is an object whose `action` says what is done"
        case _:
            message = str(error["msg"]).removeprefix("Value error, ")
            field = next((part for part in reversed(error["loc"]) if isinstance(part, str)), "")
            return f"{field}: {message[:1].lower()}{message[1:]}"


def _in_folder(action: Action, folder: Path) -> Action:
    """The action with the paths of its uploads below the folder of the file that they stand in."""
    match action:
        case Upload():
            return replace(action, files=tuple(folder / path for path in action.paths))
        case Repeat():
            return replace(action, actions=tuple(_in_folder(each, folder) for each in action.actions))
        case IfPresent():
            return replace(
                action,
                actions=tuple(_in_folder(each, folder) for each in action.actions),
                otherwise=tuple(_in_folder(each, folder) for each in action.otherwise),
            )
        case _:
            return action


def _uploads(actions: Actions) -> Iterator[Path]:
    for action in actions:
        match action:
            case Upload():
                yield from action.paths
            case Repeat():
                yield from _uploads(action.actions)
            case IfPresent():
                yield from _uploads((*action.actions, *action.otherwise))
            case _:
                pass
