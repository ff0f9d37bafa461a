"""`demo`, done: the bundled site served, crawled and compared with what it is known to hold."""

from __future__ import annotations

from pathlib import Path

import anyio

from crawl4ai_browser.cli.config_flags import config_of
from crawl4ai_browser.cli.demo_check import DemoCheck
from crawl4ai_browser.cli.demo_command import CONFIG_GROUPS
from crawl4ai_browser.cli.exit_codes import ExitCode
from crawl4ai_browser.cli.output_flags import verbosity_of
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

_SHOWN_PROBLEMS = 20

_SITES = (
    Path(__file__).parents[1] / "bundled_site",  # where the wheel has it
    Path(__file__).parents[2] / "fixtures" / "site",  # where the source has it
)


def run(folder: str | None, output: str, **values: object) -> int:
    """Crawl the bundled site and check it; gives the exit code.

    Raises:
        ConfigError: a flag is wrong, or there is no site; nothing has been started.
        LaunchFailed: there is no browser.
        CrawlError: what stopped the crawl.
    """
    site_folder = _site_folder(folder)
    path = Path(output)
    config = _config(config_of(values, CONFIG_GROUPS), path)
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
            sinks=[JsonlSink(path, if_exists="overwrite"), check],
        )
        report = Report(verbosity, display_for(verbosity, results_to_terminal=False))
        if verbosity != "quiet":
            say(f"the bundled site is at {site.origin}")
        tally = Tally()
        anyio.run(run_crawl, planned, report, tally)
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
