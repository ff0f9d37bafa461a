"""`demo`: crawl the bundled JavaScript site on this machine, and check that nothing is missing."""

from __future__ import annotations

from pathlib import Path

import anyio
import click

from crawl4ai_browser.cli.config_flags import BROWSER_FLAGS, CAPACITY_FLAGS, config_file_option, config_of
from crawl4ai_browser.cli.demo_check import DemoCheck
from crawl4ai_browser.cli.exit_codes import ExitCode
from crawl4ai_browser.cli.flags import GroupedCommand, GroupedOption
from crawl4ai_browser.cli.output_flags import message_options, verbosity_of
from crawl4ai_browser.cli.preconditions import require_browser
from crawl4ai_browser.cli.reports import Report, display_for
from crawl4ai_browser.cli.running import PlannedCrawl, Tally, run_crawl
from crawl4ai_browser.cli.streams import say
from crawl4ai_browser.config import CrawlConfig
from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.frontier.order import breadth_first
from crawl4ai_browser.frontier.scope import Scope
from crawl4ai_browser.sinks.jsonl import JsonlSink
from crawl4ai_browser.sinks.output import check_can_open
from crawl4ai_browser.testing.site_fixture import expected_pages, serve_fixture_site

DEFAULT_OUTPUT = "crawl4ai-browser-demo.jsonl"

_SHOWN_PROBLEMS = 20

_SITES = (
    Path(__file__).parents[1] / "bundled_site",  # where the wheel has it
    Path(__file__).parents[2] / "fixtures" / "site",  # where the source has it
)

_HELP = """Crawl the bundled JavaScript site.

It is served on a free loopback port, so nothing leaves this machine. The results are compared with what the site is
known to hold: every page once, with the text that only its scripts can have written. Ends with 0 when nothing is
missing, else with 1.

FOLDER is a site with an expected.json; without it the bundled one is taken."""


def _demo(folder: str | None, output: str, **values: object) -> int:
    site_folder = _site_folder(folder)
    path = Path(output)
    config = _config(config_of(values, (CAPACITY_FLAGS, BROWSER_FLAGS)), path)
    verbosity = verbosity_of(values)
    check_can_open(path, "overwrite")
    require_browser(config.browser)
    with serve_fixture_site(site_folder) as site:
        check = DemoCheck(expected_pages(site_folder), site.origin)
        planned = PlannedCrawl(
            config=config,
            seeds=site.url("/"),
            scope=Scope(),
            order=breadth_first(),
            sinks=[JsonlSink(path, if_exists="overwrite")],
        )
        report = Report(verbosity, display_for(verbosity, results_to_terminal=False))
        if verbosity != "quiet":
            say(f"the bundled site is at {site.origin}")
        tally = anyio.run(run_crawl, planned, report, check.look)
    return _conclusion(tally, check, path)


def _site_folder(named: str | None) -> Path:
    """The folder of the site.

    Raises:
        ConfigError: there is none with an `expected.json`.
    """
    candidates = _SITES if named is None else (Path(named),)
    for folder in candidates:
        if (folder / "expected.json").is_file():
            return folder
    if named is None:
        raise ConfigError("the bundled site is not installed here: name the FOLDER of a site with an expected.json")
    raise ConfigError(f"{named!r} is no site to check: it has no expected.json")


def _config(config: CrawlConfig, output: Path) -> CrawlConfig:
    """Failures are part of the site, so they are not tried again; its files lie beside the results."""
    folder = config.download.folder or output.absolute().with_suffix(".downloads")
    return config.model_copy(
        update={
            "retry": config.retry.model_copy(update={"max_attempts": 1}),
            "download": config.download.model_copy(update={"folder": folder}),
        }
    )


def _conclusion(tally: Tally, check: DemoCheck, path: Path) -> int:
    say(str(tally))
    say(f"results in {path.absolute()}")
    if tally.interrupted_by is not None:
        return tally.exit_code
    problems = check.problems()
    for problem in problems[:_SHOWN_PROBLEMS]:
        say(f"WRONG  {problem}")
    if len(problems) > _SHOWN_PROBLEMS:
        say(f"and {len(problems) - _SHOWN_PROBLEMS} more")
    if problems:
        return ExitCode.FAILED
    say("complete: every page of the site once, with the text that only its scripts write; the failures are its own")
    return ExitCode.OK


command = GroupedCommand(
    "demo",
    callback=_demo,
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
        *(option for group in (CAPACITY_FLAGS, BROWSER_FLAGS) for option in group.options()),
        config_file_option(),
        *message_options(),
    ],
)
