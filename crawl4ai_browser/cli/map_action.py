"""`map`, done: the URLs of a site written as they are read."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime

import anyio
from anyio import to_thread

from crawl4ai_browser.cli.config_flags import config_of
from crawl4ai_browser.cli.exit_codes import ExitCode, of_signal
from crawl4ai_browser.cli.flag_values import moment_of
from crawl4ai_browser.cli.flags import applied
from crawl4ai_browser.cli.interrupts import Interrupts
from crawl4ai_browser.cli.map_command import CONFIG_GROUPS, LISTED_FLAGS
from crawl4ai_browser.cli.output_flags import FILE_FLAGS, output_of, verbosity_of
from crawl4ai_browser.cli.preconditions import checked_argument, require_browser
from crawl4ai_browser.cli.reports import Report
from crawl4ai_browser.cli.streams import Verbosity, say
from crawl4ai_browser.config import CrawlConfig
from crawl4ai_browser.crawling.crawler import Crawler
from crawl4ai_browser.crawling.site_map import SiteUrl
from crawl4ai_browser.errors import FetchError, LaunchFailed, RobotsDenied
from crawl4ai_browser.events import Event, SitemapRead
from crawl4ai_browser.frontier.scope import Scope
from crawl4ai_browser.sinks.output import FileOutput, Output, StandardOutput

_WRITTEN_AT_ONCE = 1000
"""Lines: a write for each would cost more than reading them."""


@dataclass(frozen=True)
class _Question:
    """Which URLs are asked for, and how they are written."""

    site: str
    scope: Scope
    since: datetime | None
    form: str

    def line(self, page: SiteUrl) -> bytes:
        text = page.model_dump_json() if self.form == "jsonl" else page.url
        return f"{text}\n".encode()


class _Count:
    """What was read, as the events tell it, and what was written."""

    def __init__(self) -> None:
        self.urls = 0
        self.sitemaps = 0
        self.failed_sitemaps = 0

    def __call__(self, event: Event) -> None:
        if isinstance(event, SitemapRead):
            self.sitemaps += 1
            self.failed_sitemaps += event.error is not None

    @property
    def exit_code(self) -> int:
        return ExitCode.FAILED if self.failed_sitemaps or not self.urls else ExitCode.OK

    def __str__(self) -> str:
        if not self.sitemaps:
            return "no sitemap: robots.txt names none, and there is no /sitemap.xml"
        failed = f", {self.failed_sitemaps:,} of them not to the end" if self.failed_sitemaps else ""
        return f"URLs: {self.urls:,}, sitemaps read: {self.sitemaps:,}{failed}"


def run(url: str, form: str, **values: object) -> int:
    """List as the command line asks; gives the exit code.

    Raises:
        ConfigError: a flag or the URL is wrong; nothing has been started.
        LaunchFailed: there is no browser.
        SinkError: the URLs could not be written.
    """
    config = config_of(values, CONFIG_GROUPS)
    output = output_of(values, config, FILE_FLAGS)
    verbosity = verbosity_of(values)
    question = _Question(
        site=checked_argument(url, config.model_copy(update={"allow_files": False})).url,
        scope=applied(Scope(), LISTED_FLAGS.flags, values),
        since=moment_of("--since", values["since"]),
        form=form,
    )
    require_browser(config.browser)
    target = StandardOutput() if output.path is None else FileOutput(output.path, output.if_exists)
    try:
        return anyio.run(_listed, question, config, target, verbosity)
    finally:
        target.close()


async def _listed(question: _Question, config: CrawlConfig, target: Output, verbosity: Verbosity) -> int:
    count = _Count()
    interrupts = Interrupts()
    report = Report(verbosity, "failures")
    with anyio.CancelScope() as scope:
        async with (
            interrupts.watched(lambda _: scope.cancel()),
            Crawler(config, observers=[report, count]) as crawler,
        ):
            try:
                await _write_all(crawler, question, target, count)
            except LaunchFailed:
                raise
            except (FetchError, RobotsDenied) as error:
                say(f"no sitemaps of {question.site}: {error.message}")
                return ExitCode.FAILED
    if interrupts.first is not None:
        return of_signal(interrupts.first)
    if verbosity != "quiet":
        say(str(count))
    return count.exit_code


async def _write_all(crawler: Crawler, question: _Question, target: Output, count: _Count) -> None:
    lines: list[bytes] = []
    async with aclosing(crawler.map(question.site, scope=question.scope, since=question.since)) as pages:
        async for page in pages:
            lines.append(question.line(page))
            count.urls += 1
            if len(lines) >= _WRITTEN_AT_ONCE:
                await to_thread.run_sync(target.write, b"".join(lines))
                lines.clear()
    if lines:
        await to_thread.run_sync(target.write, b"".join(lines))
