"""`fetch`: its flags and help. `fetch_action` does it."""

from __future__ import annotations

import click

from crawl4ai_browser.cli.config_flags import (
    BROWSER_FLAGS,
    IDENTITY_FLAGS,
    POLITENESS_FLAGS,
    VISIT_FLAGS,
    config_file_option,
)
from crawl4ai_browser.cli.flags import GroupedCommand, GroupedOption, deferred
from crawl4ai_browser.cli.output_flags import FILE_FLAGS, message_options

CONFIG_GROUPS = (VISIT_FLAGS, IDENTITY_FLAGS, POLITENESS_FLAGS, BROWSER_FLAGS)

FORMS = ("markdown", "main", "cited", "text", "html", "links", "json", "screenshot", "pdf")

_HELP = """Visit one URL and print it.

\b
markdown    the whole page
main        its main content as Markdown
cited       Markdown with its links as numbered references
text        the visible text
html        the rendered DOM
links       the addresses it links to, one a line
json        the whole result
screenshot  a PNG of the full page
pdf         a PDF of it"""

_EPILOG = """\b
Examples:
  crawl4ai-browser fetch https://example.com
  crawl4ai-browser fetch https://example.com --as screenshot --output example.png
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
            group="What is printed",
            type=click.Choice(FORMS),
            default=FORMS[0],
            show_default=True,
            help="The form in which the page is given out.",
        ),
        *(option for group in (FILE_FLAGS, *CONFIG_GROUPS) for option in group.options()),
        config_file_option(),
        *message_options(),
    ],
)
