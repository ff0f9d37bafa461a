"""`crawl`: visit URLs and what they link to, and write a result for each page."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

import anyio
import click

from crawl4ai_browser.cli.config_flags import (
    BROWSER_FLAGS,
    CAPACITY_FLAGS,
    CONTENT_FLAGS,
    IDENTITY_FLAGS,
    POLITENESS_FLAGS,
    STATE_FLAGS,
    VISIT_FLAGS,
    config_file_option,
    config_of,
)
from crawl4ai_browser.cli.flags import Flag, FlagGroup, GroupedCommand, GroupedOption, applied
from crawl4ai_browser.cli.output_flags import OUTPUT_FLAGS, message_options, output_of, verbosity_of
from crawl4ai_browser.cli.preconditions import checked_argument, require_browser
from crawl4ai_browser.cli.reports import Report, display_for
from crawl4ai_browser.cli.running import PlannedCrawl, Tally, run_crawl
from crawl4ai_browser.cli.seed_file import SeedFile
from crawl4ai_browser.cli.streams import say
from crawl4ai_browser.config import CrawlConfig
from crawl4ai_browser.crawling.seeds import checked
from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.frontier.order import Order, breadth_first, depth_first
from crawl4ai_browser.frontier.scope import Scope
from crawl4ai_browser.request import Request
from crawl4ai_browser.sinks.formats import sink_for

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

_CONFIG_GROUPS = (
    VISIT_FLAGS,
    IDENTITY_FLAGS,
    POLITENESS_FLAGS,
    CAPACITY_FLAGS,
    CONTENT_FLAGS,
    BROWSER_FLAGS,
    STATE_FLAGS,
)

_ORDERS: dict[str, Callable[[], Order]] = {"breadth-first": breadth_first, "depth-first": depth_first}

_EPILOG = """\b
Examples:
  Two hops from a page, into a file of JSON lines:
    crawl4ai-browser crawl https://example.com --max-depth 2 --output pages.jsonl
  The documentation alone, as one Markdown file a page:
    crawl4ai-browser crawl https://example.com/docs/ --include '/docs/*' --main --output docs/
  The pages of a list and no others, at most one a second from each host:
    crawl4ai-browser crawl --seeds urls.txt --max-depth 0 --delay 1 --output pages.jsonl.gz
  Titles while it runs:
    crawl4ai-browser crawl https://example.com --quiet | jq -r .metadata.title

\b
Ctrl-C lets the pages under way finish; a second one stops at once.
Exit codes: 0 all pages ok, 1 some failed, 2 wrong usage or configuration, 3 no browser,
130 interrupted (143 by SIGTERM), 141 the reader of standard output has gone."""


def _crawl(urls: tuple[str, ...], **values: object) -> int:
    """Visit URLs, and the pages that they link to as far as the scope goes. One result a page.

    A URL has its scheme: https://example.com. Without limits all pages of its host are visited that links lead to.
    """
    config = config_of(values, _CONFIG_GROUPS)
    output = output_of(values, config)
    verbosity = verbosity_of(values)
    with ExitStack() as stack:
        seeds = _seeds(urls, values.get("seeds"), config, stack)
        planned = PlannedCrawl(
            config=config,
            seeds=seeds,
            scope=applied(Scope(), SCOPE_FLAGS.flags, values),
            order=_ORDERS[str(values["order"])](),
            sinks=(sink_for(output),),
        )
        require_browser(config.browser)
        display = display_for(verbosity, results_to_terminal=output.path is None and sys.stdout.isatty())
        tally = anyio.run(run_crawl, planned, Report(verbosity, display))
    if verbosity != "quiet":
        say(f"{tally}{f'; results in {output.path}' if output.path else ''}")
    return _exit_code(tally, seeds)


def _seeds(
    urls: tuple[str, ...], file: object, config: CrawlConfig, stack: ExitStack
) -> tuple[Request, ...] | SeedFile:
    """The seeds of a call: its arguments, or the lines of the file it names.

    Raises:
        ConfigError: a URL is wrong, the file can't be read, or there are both or neither.
    """
    if file is None:
        if not urls:
            raise ConfigError("nothing to visit: give URLs, or --seeds FILE")
        return tuple(checked_argument(url, config) for url in urls)
    if urls:
        raise ConfigError("give URLs or --seeds, not both")
    check = partial(checked, allow_files=config.allow_files)
    return stack.enter_context(SeedFile(str(file), check=check, report=say))


def _exit_code(tally: Tally, seeds: tuple[Request, ...] | SeedFile) -> int:
    if isinstance(seeds, SeedFile) and seeds.good_count == 0 and tally.interrupted_by is None:
        raise ConfigError(f"no URL to visit in {seeds.name}")
    return tally.exit_code


def _parameters() -> list[click.Parameter]:
    order = GroupedOption(
        ["--order"],
        group=SCOPE_FLAGS.title,
        type=click.Choice(list(_ORDERS)),
        default="breadth-first",
        show_default=True,
        help="Which pages come first.",
    )
    seeds = GroupedOption(
        ["--seeds"],
        group=SCOPE_FLAGS.title,
        metavar="FILE",
        help="Read URLs from a file, one a line; - is standard input. A line may also be a Request as JSON.",
    )
    groups = [option for group in (OUTPUT_FLAGS, *_CONFIG_GROUPS) for option in group.options()]
    return [
        click.Argument(["urls"], nargs=-1, metavar="[URL]..."),
        seeds,
        *SCOPE_FLAGS.options(),
        order,
        *groups,
        config_file_option(),
        *message_options(),
    ]


command = GroupedCommand("crawl", callback=_crawl, help=_crawl.__doc__, epilog=_EPILOG, params=_parameters())
