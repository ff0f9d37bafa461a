"""The README's tables of flags say what the commands take: no more, no less."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import click
import pytest

from crawl4ai_browser.cli.main import group

README = Path(__file__).parents[2] / "README.md"
COMMANDS = group.list_commands(click.Context(group))


def flags_of(name: str) -> set[str]:
    command: click.Command = import_module(f"crawl4ai_browser.cli.{name}_command").command
    commands = [command, *(command.commands.values() if isinstance(command, click.Group) else ())]
    return {
        option
        for each in commands
        for parameter in each.params
        if isinstance(parameter, click.Option)
        for option in parameter.opts
        if option.startswith("--")
    }


def section() -> str:
    """The README's part under the heading that holds the words "command line", with its own smaller headings."""
    text = README.read_text(encoding="utf-8")
    match = re.search(
        r"^(#+) [^\n]*command line[^\n]*$(.*?)(?=^#{1,2} |\Z)", text, re.MULTILINE | re.DOTALL | re.IGNORECASE
    )
    assert match, "README.md has no heading with the words 'command line'"
    return match[2]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_flag_of_a_command_is_in_the_readme(name: str) -> None:
    documented = set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", section()))
    assert flags_of(name) - documented == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_readme(name: str) -> None:
    assert f"crawl4ai-browser {name}" in section()


def test_the_readme_names_no_flag_that_does_not_exist() -> None:
    documented = set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", section()))
    assert documented - {"--help"} <= set().union(*(flags_of(name) for name in COMMANDS))
