"""`crawl`, done: seeds, scope and output put together and run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import cast

import anyio

from crawl4ai_browser.cli.cassette_flags import asked_cassette, missed
from crawl4ai_browser.cli.config_flags import config_of
from crawl4ai_browser.cli.crawl_command import CONFIG_GROUPS, ORDERS, SCOPE_FLAGS
from crawl4ai_browser.cli.flag_values import moment_of
from crawl4ai_browser.cli.flags import applied
from crawl4ai_browser.cli.output_flags import output_of, verbosity_of
from crawl4ai_browser.cli.preconditions import checked_argument, require_browser_for
from crawl4ai_browser.cli.proxy_table import used_proxies
from crawl4ai_browser.cli.reports import Report, display_for
from crawl4ai_browser.cli.running import PlannedCrawl, Tally, run_crawl
from crawl4ai_browser.cli.seed_file import SeedFile
from crawl4ai_browser.cli.session_use import kept_session
from crawl4ai_browser.cli.streams import Verbosity, say
from crawl4ai_browser.config import CrawlConfig
from crawl4ai_browser.crawling.report_files import make_report_folder, write_report
from crawl4ai_browser.crawling.run_report import ReportBuilder
from crawl4ai_browser.crawling.seeds import checked
from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.frontier.order import Order, breadth_first, depth_first
from crawl4ai_browser.frontier.scope import Scope
from crawl4ai_browser.request import Request
from crawl4ai_browser.sinks.formats import sink_for
from crawl4ai_browser.sinks.output_options import OutputOptions
from crawl4ai_browser.sinks.sink import Sink

_ORDERS: dict[str, Callable[[], Order]] = dict(zip(ORDERS, (breadth_first, depth_first), strict=True))


def run(urls: tuple[str, ...], **values: object) -> int:
    """Crawl as the command line asks; gives the exit code.

    Raises:
        ConfigError: a flag, a URL or a file is wrong; nothing has been started.
        LaunchFailed: there is no browser.
        CrawlError: what stopped the crawl.
    """
    config = config_of(values, CONFIG_GROUPS)
    output = output_of(values, config)
    verbosity = verbosity_of(values)
    tally = Tally()
    folder = None if values["report"] is None else Path(str(values["report"]))
    builder = ReportBuilder()
    with ExitStack() as stack:
        cassette = asked_cassette(values)
        if cassette is not None:
            config = stack.enter_context(cassette).configured(config)
        seeds = _seeds(urls, values.get("seeds"), config, stack)
        planned = PlannedCrawl(
            config=config,
            seeds=seeds,
            scope=applied(Scope(), SCOPE_FLAGS.flags, values),
            order=_ORDERS[str(values["order"])](),
            sinks=_sinks(output, values["also"]),
            observers=(builder,) if folder else (),
            sitemaps=bool(values["sitemaps"]),
            since=_since(values),
            session=kept_session(values["session"]),
        )
        require_browser_for(config)
        if folder is not None:
            make_report_folder(folder)
        display = display_for(verbosity, results_to_terminal=output.path is None and sys.stdout.isatty())
        try:
            anyio.run(run_crawl, planned, Report(verbosity, display), tally)
        finally:
            _summarize(tally, output, verbosity, has_cassette=cassette is not None)
            if folder is not None:
                write_report(builder.report(), folder)
    if isinstance(seeds, SeedFile) and seeds.good_count == 0 and tally.interrupted_by is None:
        raise ConfigError(f"no URL to visit in {seeds.name}")
    return missed(cassette, tally.exit_code)


def _since(values: Mapping[str, object]) -> datetime | None:
    """The day of `--since`.

    Raises:
        ConfigError: it is none, or there are no sitemaps to compare it with.
    """
    since = moment_of("--since", values["since"])
    if since is not None and not values["sitemaps"]:
        raise ConfigError("--since compares the dates of sitemaps: it needs --sitemaps")
    return since


def _sinks(output: OutputOptions, also: object) -> tuple[Sink, ...]:
    """One for the output and one for each further file.

    Raises:
        ConfigError: one has no format, or two are the same.
    """
    paths = [Path(str(path)) for path in cast("tuple[object, ...]", also)]
    named = [path.absolute() for path in (output.path, *paths) if path is not None]
    if len(set(named)) < len(named):
        raise ConfigError("--also names an output that is there already: each result would be in it twice")
    further = [output.model_copy(update={"path": path, "format": None, "leave_out": ()}) for path in paths]
    return tuple(sink_for(options) for options in (output, *further))


def _summarize(tally: Tally, output: OutputOptions, verbosity: Verbosity, *, has_cassette: bool) -> None:
    """Say how it went, also when it was stopped; nothing where nothing had begun."""
    if verbosity != "quiet" and (tally.total or tally.interrupted_by is not None):
        say(f"{tally}{f'; results in {output.path}' if output.path else ''}")
        # A cassette is a proxy too, but none of the user's.
        for line in () if has_cassette else used_proxies(tally.proxies):
            say(line)


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
