"""`proxies`: its subcommand, flags and help. `proxies_action` does it."""

from __future__ import annotations

import click

from crawl4ai_browser.cli.config_flags import BROWSER_FLAGS, config_file_option
from crawl4ai_browser.cli.flags import GroupedCommand, GroupedOption, deferred

CONFIG_GROUPS = (BROWSER_FLAGS,)

DEFAULT_URL = "https://example.com/"
"""Reserved for such uses (RFC 2606, 3), and asked by https: a proxy that opens no tunnels is of little use."""

_TITLE = "The check"

_HELP = """Ask for a URL once through each proxy of a list, as a crawl would, and say which of them work.

FILE is what --proxy-file takes: a proxy a line, with user and password where it needs them, 'direct' for none, weight=2
and tier=1; # begins a comment. Proxies are named without their secrets."""

_EPILOG = """\b
Verdicts: works; blocked (the site answered 403 or 429, or what the configuration says);
failed (the proxy did); no answer (the proxy works and did not get to the site, or it can't be told).

\b
Exit codes: 0 all of them work, 1 some do not, 2 wrong usage or configuration, 3 no browser, 130 interrupted."""

check = GroupedCommand(
    "check",
    callback=deferred("crawl4ai_browser.cli.proxies_action"),
    help=_HELP,
    epilog=_EPILOG,
    params=[
        click.Argument(["file"]),
        GroupedOption(
            ["--url"],
            group=_TITLE,
            metavar="URL",
            default=DEFAULT_URL,
            show_default=True,
            help="What is asked for.",
        ),
        GroupedOption(
            ["--timeout", "timeout"],
            group=_TITLE,
            metavar="SECONDS",
            type=click.FloatRange(min=0, min_open=True),
            default=30.0,
            show_default=True,
            help="The deadline for each proxy.",
        ),
        GroupedOption(
            ["--at-once", "at_once"],
            group=_TITLE,
            metavar="N",
            type=click.IntRange(min=1),
            default=8,
            show_default=True,
            help="Proxies that are asked at a time.",
        ),
        GroupedOption(["--json", "as_json"], group=_TITLE, is_flag=True, help="Print a JSON array instead of a table."),
        *BROWSER_FLAGS.options(),
        config_file_option(),
    ],
)

command = click.Group("proxies", help="Check whether the proxies of a list work.", commands={"check": check})
