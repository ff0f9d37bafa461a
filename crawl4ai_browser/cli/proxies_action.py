"""`proxies check`, done: the proxies of a file asked, and what came of it printed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial

import anyio
import click

from crawl4ai_browser.cli.config_flags import config_of
from crawl4ai_browser.cli.exit_codes import ExitCode
from crawl4ai_browser.cli.lines import plural
from crawl4ai_browser.cli.preconditions import require_browser
from crawl4ai_browser.cli.proxies_command import CONFIG_GROUPS
from crawl4ai_browser.cli.proxy_table import check_table
from crawl4ai_browser.cli.streams import say, visible
from crawl4ai_browser.crawling.proxy_check import ProxyCheck, check_proxies, working
from crawl4ai_browser.proxy_pool import ProxyPool, read_proxies


def run(file: str, url: str, *, timeout: float, at_once: int, as_json: bool, **values: object) -> int:
    """Check as the command line asks; gives the exit code.

    Raises:
        ConfigError: the file, the URL or a flag is wrong; nothing has been started.
        LaunchFailed: there is no browser.
    """
    config = config_of(values, CONFIG_GROUPS)
    pool = ProxyPool(read_proxies(file), health=config.proxies.health)
    require_browser(config.browser)
    checks = anyio.run(partial(check_proxies, pool, url, config=config, timeout=timeout, at_once=at_once))
    if as_json:
        click.echo(json.dumps([check.model_dump(mode="json") for check in checks], indent=1))
    else:
        _print(checks)
    return ExitCode.OK if working(checks) == len(checks) else ExitCode.FAILED


def _print(checks: Sequence[ProxyCheck]) -> None:
    for line in check_table(checks):
        click.echo(visible(line))
    count = len(checks)
    say(f"{working(checks):,} of {plural(count, 'proxy') if count == 1 else f'{count:,} proxies'} work")
