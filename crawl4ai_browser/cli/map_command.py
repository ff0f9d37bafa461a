"""`map`: its flags and help. `map_action` does it."""

from __future__ import annotations

from dataclasses import replace

import click

from crawl4ai_browser.cli.config_flags import BROWSER_FLAGS, IDENTITY_FLAGS, POLITENESS_FLAGS, config_file_option
from crawl4ai_browser.cli.crawl_command import SCOPE_FLAGS, since_option
from crawl4ai_browser.cli.flags import GroupedCommand, GroupedOption, deferred
from crawl4ai_browser.cli.output_flags import FILE_FLAGS, message_options

CONFIG_GROUPS = (IDENTITY_FLAGS, POLITENESS_FLAGS, BROWSER_FLAGS)

_URL_FIELDS = frozenset({"same", "hosts", "include", "exclude", "query_drop"})
LISTED_FLAGS = replace(SCOPE_FLAGS, flags=tuple(flag for flag in SCOPE_FLAGS.flags if flag.field in _URL_FIELDS))
"""The flags of a scope that look at the URL alone."""

FORMS = ("lines", "jsonl")

_HELP = """List the URLs of a site from its sitemaps, without visiting them.

The sitemaps are those that robots.txt names, else /sitemap.xml; an index leads to more. Each URL is given once."""

_EPILOG = """\b
Examples:
  crawl4ai-browser map https://example.com
  crawl4ai-browser map https://example.com --since 2026-01-31 --include '/docs/*' --format jsonl
  crawl4ai-browser map https://example.com | crawl4ai-browser crawl --seeds - --max-depth 0 --output pages.jsonl

\b
Exit codes: 0 URLs were found, 1 none were or a sitemap could not be read, 2 wrong usage or configuration,
3 no browser, 130 interrupted."""


command = GroupedCommand(
    "map",
    callback=deferred("crawl4ai_browser.cli.map_action"),
    help=_HELP,
    epilog=_EPILOG,
    params=[
        click.Argument(["url"]),
        *LISTED_FLAGS.options(),
        since_option(SCOPE_FLAGS.title),
        GroupedOption(
            ["--format", "form"],
            group=FILE_FLAGS.title,
            type=click.Choice(FORMS),
            default=FORMS[0],
            show_default=True,
            help="lines: a URL a line. jsonl: also its date, its translations and its sitemap.",
        ),
        *(option for group in (FILE_FLAGS, *CONFIG_GROUPS) for option in group.options()),
        config_file_option(),
        *message_options(),
    ],
)
