"""`demo`: its flags and help. `demo_action` does it."""

from __future__ import annotations

import click

from crawl4ai_browser.cli.config_flags import BROWSER_FLAGS, CAPACITY_FLAGS, config_file_option
from crawl4ai_browser.cli.flags import GroupedCommand, GroupedOption, deferred
from crawl4ai_browser.cli.output_flags import message_options

DEFAULT_OUTPUT = "crawl4ai-browser-demo.jsonl"

CONFIG_GROUPS = (CAPACITY_FLAGS, BROWSER_FLAGS)

_HELP = """Crawl the bundled JavaScript site.

It is served on a free loopback port, so nothing leaves this machine. The results are compared with what the site is
known to hold: every page once, with the text that only its scripts can have written. Ends with 0 when nothing is
missing, else with 1.

FOLDER is a site with an expected.json; without it the bundled one is taken."""


command = GroupedCommand(
    "demo",
    callback=deferred("crawl4ai_browser.cli.demo_action"),
    help=_HELP,
    params=[
        click.Argument(["folder"], required=False),
        GroupedOption(
            ["--output"],
            group="Where results go",
            metavar="FILE",
            default=DEFAULT_OUTPUT,
            show_default=True,
            help="JSON lines; an existing file is overwritten.",
        ),
        *(option for group in CONFIG_GROUPS for option in group.options()),
        config_file_option(),
        *message_options(),
    ],
)
