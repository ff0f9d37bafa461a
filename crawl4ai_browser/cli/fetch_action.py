"""`fetch`, done: one page visited, one form of it given out."""

from __future__ import annotations

import sys
from functools import partial

import anyio

from crawl4ai_browser.cli.config_flags import config_of
from crawl4ai_browser.cli.exit_codes import ExitCode, of_signal
from crawl4ai_browser.cli.fetch_command import CONFIG_GROUPS
from crawl4ai_browser.cli.fetch_forms import DEFAULT_FORM, FORMS, Form
from crawl4ai_browser.cli.interrupts import Interrupts
from crawl4ai_browser.cli.lines import file_line
from crawl4ai_browser.cli.output_flags import FILE_FLAGS, output_of, verbosity_of
from crawl4ai_browser.cli.preconditions import checked_argument, require_browser_for
from crawl4ai_browser.cli.reports import Report
from crawl4ai_browser.cli.session_use import in_kept_session, kept_session
from crawl4ai_browser.cli.streams import say
from crawl4ai_browser.config import CrawlConfig
from crawl4ai_browser.crawling.crawler import Crawler
from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.request import Request
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.sinks.output import FileOutput, StandardOutput, check_can_open
from crawl4ai_browser.sinks.output_options import OutputOptions


def run(url: str, form_name: str | None, **values: object) -> int:
    """Fetch as the command line asks; gives the exit code.

    Raises:
        ConfigError: a flag or the URL is wrong; nothing has been started.
        LaunchFailed: there is no browser.
        SinkError: the page could not be written.
    """
    config = config_of(values, CONFIG_GROUPS)
    form_name = form_name or ("items" if values.get("schema") else DEFAULT_FORM)
    _check_form(form_name, config, has_schema_flag=bool(values.get("schema")))
    form = FORMS[form_name]
    config = form.configured(config)
    output = output_of(values, config, FILE_FLAGS)
    verbosity = verbosity_of(values)
    request = checked_argument(url, config)
    _check_output(output, form, form_name)
    session = kept_session(values["session"])
    require_browser_for(config)
    result = anyio.run(partial(fetched, request, config, report=Report(verbosity, "failures"), session=session))
    if isinstance(result, int):
        return result
    return _written(result, form.give(result), form_name, output)


def _check_form(name: str, config: CrawlConfig, *, has_schema_flag: bool) -> None:
    if name == "items" and config.content.items is None:
        raise ConfigError("--as items needs --schema FILE, which says what an item is")
    if has_schema_flag and name not in {"items", "json"}:
        raise ConfigError(f"--schema makes items, which --as {name} does not show: leave it out, or take json")


def _check_output(output: OutputOptions, form: Form, name: str) -> None:
    if output.path is not None:
        check_can_open(output.path, output.if_exists)
    elif form.is_binary and sys.stdout.isatty():
        raise ConfigError(f"a {name} would garble the terminal: give --output FILE, or redirect standard output")


async def fetched(request: Request, config: CrawlConfig, *, report: Report, session: str | None) -> CrawlResult | int:
    """The result, or the exit code of a signal."""
    interrupts = Interrupts()
    result: CrawlResult | None = None
    with anyio.CancelScope() as scope:
        async with (
            interrupts.watched(lambda _: scope.cancel()),
            Crawler(config, observers=[report]) as crawler,
            in_kept_session(crawler, session, config.context) as visitor,
        ):
            result = await visitor.fetch(request)
    if result is None or interrupts.first is not None:
        assert interrupts.first is not None, "nothing else cancels"
        return of_signal(interrupts.first)
    return result


def _written(result: CrawlResult, data: bytes | None, name: str, output: OutputOptions) -> int:
    if data is not None:
        target = StandardOutput() if output.path is None else FileOutput(output.path, output.if_exists)
        try:
            target.write(data)
        finally:
            target.close()
    elif result.ok and result.html is None and result.downloads:
        for download in result.downloads:  # the URL is a file, and what there is to give out is where it lies
            say(file_line(download))
        return ExitCode.OK
    elif result.ok:
        kind = f" (it is {result.content_type})" if result.content_type else ""
        say(f"{result.url} has no {name}{kind}")
    return ExitCode.OK if result.ok and data is not None else ExitCode.FAILED
