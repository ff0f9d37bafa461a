"""`save`: its flags and help. `save_action` does it."""

from __future__ import annotations

import click

from crawl4ai_browser.cli.config_flags import (
    BROWSER_FLAGS,
    CONTENT_FLAGS,
    IDENTITY_FLAGS,
    POLITENESS_FLAGS,
    VISIT_FLAGS,
    config_file_option,
    session_option,
)
from crawl4ai_browser.cli.flags import GroupedCommand, GroupedOption, deferred
from crawl4ai_browser.cli.output_flags import OUTPUT_FLAGS, message_options

CONFIG_GROUPS = (CONTENT_FLAGS, VISIT_FLAGS, IDENTITY_FLAGS, POLITENESS_FLAGS, BROWSER_FLAGS)

_HELP = """Visit one URL and save the visit in a folder, with what is made of it: a test case.

pytest collects the folder as one test for each field of the result, which needs no browser and no network."""

_EPILOG = """\b
Examples:
  crawl4ai-browser save https://example.com tests/pages/example
  crawl4ai-browser save https://example.com/shop tests/pages/shop --schema products.toml --main

\b
Exit codes: 0 saved, 1 there was no page to save, 2 wrong usage or configuration, 3 no browser, 130 interrupted."""


command = GroupedCommand(
    "save",
    callback=deferred("crawl4ai_browser.cli.save_action"),
    help=_HELP,
    epilog=_EPILOG,
    params=[
        click.Argument(["url"]),
        click.Argument(["folder"]),
        GroupedOption(
            ["--overwrite"],
            group=OUTPUT_FLAGS.title,
            is_flag=True,
            help="Replace a visit that is saved in the folder.",
        ),
        *(option for group in CONFIG_GROUPS for option in group.options()),
        session_option(),
        config_file_option(),
        *message_options(),
    ],
)
