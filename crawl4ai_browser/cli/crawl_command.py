"""`crawl`: its flags and help. `crawl_action` does it."""

from __future__ import annotations

import click

from crawl4ai_browser.cli.capture_flags import CAPTURE_FLAGS
from crawl4ai_browser.cli.config_flags import (
    BROWSER_FLAGS,
    CACHE_FLAGS,
    CAPACITY_FLAGS,
    CONTENT_FLAGS,
    DOWNLOAD_FLAGS,
    IDENTITY_FLAGS,
    LIMIT_FLAGS,
    POLITENESS_FLAGS,
    STATE_FLAGS,
    VISIT_FLAGS,
    config_file_option,
    session_option,
)
from crawl4ai_browser.cli.flags import Flag, FlagGroup, GroupedCommand, GroupedOption, deferred
from crawl4ai_browser.cli.output_flags import OUTPUT_FLAGS, message_options
from crawl4ai_browser.frontier.scope import Scope

SCOPE_FLAGS = FlagGroup(
    "What is visited",
    Scope,
    (
        Flag(
            "--max-depth",
            "max_depth",
            "Links followed from a seed, one after the other. 0: the seeds alone.",
            metavar="N",
            default="no limit",
        ),
        Flag("--max-pages", "max_pages", "Pages in all.", metavar="N", default="no limit"),
        Flag(
            "--same", "same", "How near a page must be to its seed: the same host and port, the same site, or anywhere."
        ),
        Flag(
            "--host",
            "hosts",
            "A further host to visit: example.org, *.example.org, localhost:8000. May be repeated.",
            metavar="HOST",
        ),
        Flag(
            "--include",
            "include",
            "Visit only URLs that match one of these: a glob (/docs/*, *.html) or re:REGEX. May be repeated.",
            metavar="PATTERN",
        ),
        Flag("--exclude", "exclude", "Do not visit URLs that match. May be repeated.", metavar="PATTERN"),
        Flag(
            "--drop-parameter",
            "query_drop",
            "A query parameter to take off URLs that are found. May be repeated.",
            metavar="NAME",
        ),
        Flag("--obey-nofollow", "obey_nofollow", "Do not follow links with rel=nofollow.", sets=True),
        Flag(
            "--max-per-host",
            "traps.max_pages_per_host",
            "URLs of one host in all.",
            metavar="N",
            default="no limit",
        ),
    ),
)

CONFIG_GROUPS = (
    LIMIT_FLAGS,
    VISIT_FLAGS,
    IDENTITY_FLAGS,
    POLITENESS_FLAGS,
    CAPACITY_FLAGS,
    CONTENT_FLAGS,
    CAPTURE_FLAGS,
    DOWNLOAD_FLAGS,
    CACHE_FLAGS,
    BROWSER_FLAGS,
    STATE_FLAGS,
)


def since_option(group: str) -> GroupedOption:
    """The flag that leaves out what has not changed."""
    return GroupedOption(
        ["--since"],
        group=group,
        metavar="DATE",
        help="Of the URLs in sitemaps, leave out what the site says has not changed since then: 2026-01-31, or with a"
        " time in UTC, 2026-01-31T12:00.",
    )


def sitemap_options() -> list[click.Option]:
    """The flags for URLs that sites list themselves."""
    sitemaps = GroupedOption(
        ["--sitemaps"],
        group=SCOPE_FLAGS.title,
        is_flag=True,
        help="Also visit the URLs in scope that the sites of the given URLs list in their sitemaps.",
    )
    return [sitemaps, since_option(SCOPE_FLAGS.title)]


def cassette_options() -> list[click.Option]:
    """The flags that record what sites answer, and crawl from that."""
    title = "Record and replay"
    record = "Also write all that sites answer into this file, without secrets. An existing file is overwritten."
    replay = "Crawl from such a file, without network. What is not in it fails, and is named with the nearest that is."
    return [
        GroupedOption(["--record"], group=title, metavar="FILE", help=record),
        GroupedOption(["--replay"], group=title, metavar="FILE", help=replay),
    ]


ORDERS = ("breadth-first", "depth-first")

_HELP = """Visit URLs, and the pages that they link to as far as the scope goes. One result a page.

A URL has its scheme: https://example.com. Without limits all pages of its host are visited that links lead to."""

_EPILOG = """\b
Examples:
  Two hops from a page, into a file of JSON lines:
    crawl4ai-browser crawl https://example.com --max-depth 2 --output pages.jsonl
  The documentation alone, as one Markdown file a page:
    crawl4ai-browser crawl https://example.com/docs/ --include '/docs/*' --main --output docs/
  The pages of a list and no others, at most one a second from each host:
    crawl4ai-browser crawl --seeds urls.txt --max-depth 0 --delay 1 --output pages.jsonl.gz
  The PDFs that a site links to, with what its pages say:
    crawl4ai-browser crawl https://example.com --download '*.pdf' --output pages.jsonl
  Once from the network, then from what it answered:
    crawl4ai-browser crawl https://example.com --max-pages 5 --record site.json --output first.jsonl
    crawl4ai-browser crawl https://example.com --max-pages 5 --replay site.json --output second.jsonl
  Titles while it runs:
    crawl4ai-browser crawl https://example.com --quiet | jq -r .metadata.title

\b
Ctrl-C lets the pages under way finish; a second one stops at once. SIGUSR1 prints how the crawl stands.
Exit codes: 0 all pages ok, 1 some failed, 2 wrong usage or configuration, 3 no browser, 4 a limit on time,
bytes or failures was reached, 130 interrupted (143 by SIGTERM), 141 the reader of standard output has gone."""


def _parameters() -> list[click.Parameter]:
    order = GroupedOption(
        ["--order"],
        group=SCOPE_FLAGS.title,
        type=click.Choice(ORDERS),
        default=ORDERS[0],
        show_default=True,
        help="Which pages come first.",
    )
    seeds = GroupedOption(
        ["--seeds"],
        group=SCOPE_FLAGS.title,
        metavar="FILE",
        help="Read URLs from a file, one a line; - is standard input. A line may also be a Request as JSON.",
    )
    also = GroupedOption(
        ["--also"],
        group=OUTPUT_FLAGS.title,
        metavar="FILE",
        multiple=True,
        help="Write the results into this file or folder too, in the format of its suffix. May be repeated.",
    )
    report = GroupedOption(
        ["--report"],
        group=OUTPUT_FLAGS.title,
        metavar="FOLDER",
        help="Also write how the crawl went, into report.json and report.html of this folder.",
    )
    groups = [option for group in (OUTPUT_FLAGS, *CONFIG_GROUPS) for option in group.options()]
    return [
        click.Argument(["urls"], nargs=-1, metavar="[URL]..."),
        seeds,
        *sitemap_options(),
        *SCOPE_FLAGS.options(),
        order,
        also,
        report,
        *groups,
        *cassette_options(),
        session_option(),
        config_file_option(),
        *message_options(),
    ]


command = GroupedCommand(
    "crawl", callback=deferred("crawl4ai_browser.cli.crawl_action"), help=_HELP, epilog=_EPILOG, params=_parameters()
)
