"""`fetch`: its flags and help. `fetch_action` does it."""

from __future__ import annotations

from dataclasses import replace

import click

from crawl4ai_browser.cli.capture_flags import CAPTURE_FLAGS
from crawl4ai_browser.cli.config_flags import (
    BROWSER_FLAGS,
    CACHE_FLAGS,
    IDENTITY_FLAGS,
    POLITENESS_FLAGS,
    SCHEMA_FLAG,
    VISIT_FLAGS,
    config_file_option,
    session_option,
)
from crawl4ai_browser.cli.fetch_forms import DEFAULT_FORM, FORMS
from crawl4ai_browser.cli.flags import FlagGroup, GroupedCommand, GroupedOption, deferred
from crawl4ai_browser.cli.output_flags import FILE_FLAGS, message_options
from crawl4ai_browser.config import CrawlConfig

PRINTED_TITLE = "What is printed"
EXTRACT_FLAGS = FlagGroup(
    PRINTED_TITLE,
    CrawlConfig,
    (replace(SCHEMA_FLAG, help="Extract items, as a schema in a .toml, .json or .yaml file says."),),
)

CONFIG_GROUPS = (
    EXTRACT_FLAGS,
    VISIT_FLAGS,
    CAPTURE_FLAGS,
    IDENTITY_FLAGS,
    POLITENESS_FLAGS,
    CACHE_FLAGS,
    BROWSER_FLAGS,
)

_HELP = "Visit one URL and print it.\n\n\b\n" + "\n".join(
    f"{name:<11} {form.description}" for name, form in FORMS.items()
)

_EPILOG = """\b
Examples:
  crawl4ai-browser fetch https://example.com
  crawl4ai-browser fetch https://example.com --as screenshot --output example.png
  crawl4ai-browser fetch https://example.com/shop --schema products.toml
  crawl4ai-browser fetch https://example.com/app --ready css:.loaded --as json | jq .metadata

\b
Exit codes: 0 the page is ok, 1 it failed (what could be had is given out all the same),
2 wrong usage or configuration, 3 no browser, 130 interrupted."""


command = GroupedCommand(
    "fetch",
    callback=deferred("crawl4ai_browser.cli.fetch_action"),
    help=_HELP,
    epilog=_EPILOG,
    params=[
        click.Argument(["url"]),
        GroupedOption(
            ["--as", "form_name"],
            group=PRINTED_TITLE,
            type=click.Choice(list(FORMS)),
            help=f"The form in which the page is given out. [default: {DEFAULT_FORM}; with --schema: items]",
        ),
        *(option for group in (FILE_FLAGS, *CONFIG_GROUPS) for option in group.options()),
        session_option(),
        config_file_option(),
        *message_options(),
    ],
)
