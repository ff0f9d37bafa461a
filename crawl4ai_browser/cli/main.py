"""The entry point: finds the command, runs it, and turns its end into an exit code and at most one message.

Commands are imported when they are called, so that `--help` and `version` answer at once.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

import click

from crawl4ai_browser.cli.exit_codes import ExitCode
from crawl4ai_browser.cli.streams import PROGRAM, abandon_output, say, use_utf8
from crawl4ai_browser.errors import ConfigError, CrawlError, LaunchFailed

_COMMANDS = {
    "crawl": "Visit URLs, and follow their links as far as the scope goes.",
    "fetch": "Visit one URL and print it as Markdown, html, JSON, links, text, screenshot or PDF.",
    "save": "Visit one URL and save the visit in a folder, as a test case for pytest.",
    "login": "Sign in, by hand or by a script, and keep the session under a name.",
    "session": "List, show, delete, export and import the sessions that are kept.",
    "proxies": "Check whether the proxies of a list work.",
    "map": "List the URLs of a site from its sitemaps, without visiting them.",
    "demo": "Crawl the bundled JavaScript site and check that nothing is missing.",
    "install": "Find a browser, or provide one.",
    "doctor": "Check that this machine can crawl, and say what to do when not.",
    "version": "Print the versions that matter in a report.",
}
"""Each lives in its own module, `<name>_command`, as `command`."""

_EPILOG = """\b
Examples:
  crawl4ai-browser crawl https://example.com --max-depth 2 --output pages.jsonl
  crawl4ai-browser fetch https://example.com --as main
  crawl4ai-browser crawl --seeds urls.txt --format markdown --output pages/

\b
Exit codes: 0 all pages ok, 1 some failed, 2 wrong usage or configuration,
3 no browser, 130 interrupted (143 by SIGTERM)."""


class _LazyGroup(click.Group):
    """The commands of the table, each imported only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of the table."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"crawl4ai_browser.cli.{cmd_name}_command").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table, without importing what is in it."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


group = _LazyGroup(
    PROGRAM,
    help="Crawl web sites with a real browser: pages are rendered, then written as typed results.",
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


def main() -> NoReturn:
    """Run the command that the process was started with, and exit with its code."""
    use_utf8()
    gc.disable()  # until the command is loaded: the collector would take a sixth of that time, and find no garbage
    # Looking for plugins of pydantic takes 40 ms of every start, and there is no code of a user's here to observe.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run a command; gives its exit code. What went wrong has been said on standard error, in one line if possible."""
    try:
        code: int | None = group.main(list(arguments), PROGRAM, standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        say(error.format_message())
        return ExitCode.USAGE
    except click.UsageError as error:
        return _refused(error)
    except click.ClickException as error:
        return _ended(ExitCode.USAGE, error.format_message())
    except ConfigError as error:
        return _ended(ExitCode.USAGE, error.message)
    except LaunchFailed as error:
        return _ended(ExitCode.NO_BROWSER, error.message)
    except CrawlError as error:
        if isinstance(error.__cause__, BrokenPipeError):
            return _abandoned()
        return _ended(ExitCode.FAILED, f"stopped: {error.message}")
    except BrokenPipeError:
        return _abandoned()
    except (KeyboardInterrupt, click.Abort):
        return ExitCode.INTERRUPTED
    return code or ExitCode.OK


def _refused(error: click.UsageError) -> int:
    message = error.format_message()
    if not message or error.ctx is None:
        return _ended(ExitCode.USAGE, message)
    return _ended(ExitCode.USAGE, f"{message.rstrip('.')} (see {error.ctx.command_path} --help)")


def _ended(code: ExitCode, message: str) -> int:
    if message:
        say(f"{PROGRAM}: {message}")
    return code


def _abandoned() -> int:
    abandon_output()
    return ExitCode.BROKEN_PIPE
