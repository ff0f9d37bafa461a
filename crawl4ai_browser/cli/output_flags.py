"""The flags that say where results go and how much is said meanwhile; shared by the commands that give results."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace

import click

from crawl4ai_browser.cli.flags import SETTINGS_TITLE, Flag, FlagGroup, GroupedOption, applied
from crawl4ai_browser.cli.streams import Verbosity, say
from crawl4ai_browser.config import CrawlConfig
from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.sinks.front_matter import MarkdownForm
from crawl4ai_browser.sinks.output_options import OutputOptions

_PATH = Flag(
    "--output",
    "path",
    "A file, or a folder for Markdown. .gz and .zst compress.",
    metavar="FILE",
    default="standard output",
)
_IF_EXISTS = Flag(
    "--if-exists", "if_exists", "What to do when the output already holds something (with --state: append)."
)

OUTPUT_FLAGS = FlagGroup(
    "Where results go",
    OutputOptions,
    (
        _PATH,
        Flag(
            "--format",
            "format",
            "jsonl: a line a page. json: an array. csv: a row a page, without content. markdown: a file a page."
            " sqlite, parquet: a row a page, with typed columns.",
            metavar="[jsonl|json|csv|markdown|sqlite|parquet]",
            default="by the suffix of --output, else jsonl",
        ),
        _IF_EXISTS,
        Flag(
            "--leave-out",
            "leave_out",
            "A field that JSON goes without, such as html. May be repeated.",
            metavar="FIELD",
        ),
    ),
)

FILE_FLAGS = FlagGroup(
    OUTPUT_FLAGS.title,
    OutputOptions,
    (replace(_PATH, help="A file."), replace(_IF_EXISTS, help="What to do when the file already holds something.")),
)
"""For a command that writes one thing."""


def output_of(values: Mapping[str, object], config: CrawlConfig, group: FlagGroup = OUTPUT_FLAGS) -> OutputOptions:
    """The output that the flags ask for; its Markdown is the most special form that the configuration makes.

    A crawl that keeps its state appends, unless told otherwise: it may be the rest of an earlier one.

    Raises:
        ConfigError: a flag's value is wrong.
    """
    unless_told = OutputOptions(if_exists="append" if config.state_dir else "refuse")
    options = applied(unless_told, group.flags, values)
    return options.model_copy(update={"form": _form(config)})


def _form(config: CrawlConfig) -> MarkdownForm:
    if config.content.main_markdown:
        return "main_markdown"
    return "cited_markdown" if config.content.cited_markdown else "markdown"


def message_options() -> list[click.Option]:
    """The flags that say how much is said."""
    quiet, verbose = "Say nothing but what ends the command.", "Also say retries, refused URLs and browser events."
    return [
        GroupedOption(["--quiet", "-q"], group=SETTINGS_TITLE, is_flag=True, help=quiet),
        GroupedOption(["--verbose", "-v"], group=SETTINGS_TITLE, is_flag=True, help=verbose),
    ]


def verbosity_of(values: Mapping[str, object]) -> Verbosity:
    """How much to say; the package's log is set up for it too.

    Raises:
        ConfigError: quiet and verbose at once.
    """
    if values["quiet"] and values["verbose"]:
        raise ConfigError("--quiet and --verbose exclude each other")
    verbosity: Verbosity = "quiet" if values["quiet"] else "verbose" if values["verbose"] else "normal"
    level = {"quiet": logging.ERROR, "normal": logging.WARNING, "verbose": logging.INFO}[verbosity]
    logging.basicConfig(level=level, handlers=[_LogLines()], format="%(levelname)s %(name)s: %(message)s")
    return verbosity


class _LogLines(logging.Handler):
    """Log records among the other lines: above a live display, with nothing in them that drives the terminal."""

    def emit(self, record: logging.LogRecord) -> None:
        """Say a record."""
        say(self.format(record))
