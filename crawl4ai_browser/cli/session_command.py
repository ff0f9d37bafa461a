"""`session`: its subcommands, flags and help. `session_action` does them."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

import click

from crawl4ai_browser.cli.flags import GroupedCommand, GroupedOption

_TITLE = "Files"

_HELP = """Keep sessions: who crawls are signed in as.

A session is a file with cookies and storage, readable by its owner alone. `login` makes one, `crawl --session NAME` and
`fetch --session NAME` go out as it, and keep what sites changed in it. The environment variable
CRAWL4AI_BROWSER_SESSIONS names another folder for them."""

_EPILOG = """\b
Examples:
  crawl4ai-browser login alice https://example.com/login
  crawl4ai-browser session list
  crawl4ai-browser crawl https://example.com/account --session alice --output account.jsonl
  crawl4ai-browser session export alice alice.json"""


def _deferred(name: str) -> Callable[..., int]:
    """A function of the acting module, which is imported when it is called."""

    def call(**values: object) -> int:
        function: Callable[..., int] = getattr(import_module("crawl4ai_browser.cli.session_action"), name)
        return function(**values)

    return call


def _command(name: str, text: str, *parameters: click.Parameter) -> click.Command:
    return GroupedCommand(name, callback=_deferred(f"{name}_session"), help=text, params=list(parameters))


def _overwrite(text: str) -> GroupedOption:
    return GroupedOption(["--overwrite"], group=_TITLE, is_flag=True, help=text)


def _argument(name: str) -> click.Argument:
    return click.Argument([name])


command = click.Group(
    "session",
    help=_HELP,
    epilog=_EPILOG,
    commands={
        "list": _command("list", "List the sessions that are kept, and how much each remembers."),
        "show": _command("show", "Show what a session remembers: names and places, and no values.", _argument("name")),
        "delete": _command("delete", "Forget a session.", _argument("name")),
        "export": _command(
            "export",
            "Write a session to a file (- is standard output) as Playwright has it. Whoever has it is signed in.",
            _argument("name"),
            _argument("file"),
            _overwrite("Replace the file when it is there."),
        ),
        "import": _command(
            "import",
            "Keep the session in a file (- is standard input), such as Playwright's storage state.",
            _argument("name"),
            _argument("file"),
            _overwrite("Replace the session when one of that name is kept."),
        ),
    },
)
