"""`login`: its flags and help. `login_action` does it."""

from __future__ import annotations

import click

from crawl4ai_browser.cli.config_flags import BROWSER_FLAGS, IDENTITY_FLAGS, config_file_option
from crawl4ai_browser.cli.flags import GroupedCommand, GroupedOption, deferred

CONFIG_GROUPS = (IDENTITY_FLAGS, BROWSER_FLAGS)

_TITLE = "How to sign in"

_HELP = """Sign in, and keep the session under a name.

Opens a browser's window at the URL for a person to sign in; closing it, or Enter in the terminal, keeps the session.
With a script nobody is needed, nor a display. A session of that name is renewed."""

_EPILOG = """\b
Examples:
  crawl4ai-browser login alice https://example.com/login
  crawl4ai-browser login alice https://example.com/login --script sign_in.py
  crawl4ai-browser crawl https://example.com/account --session alice

\b
A script is Python with an async function that gets Playwright's page, which is at the URL:
  async def log_in(page):
      await page.get_by_label("Name").fill("alice")
      await page.get_by_label("Password").fill(os.environ["PASSWORD"])
      await page.get_by_role("button").click()
It may also have `async def is_signed_in(page)`, which then has to be true.

\b
Exit codes: 0 kept, 1 not signed in, 2 wrong usage or configuration (no display, too), 3 no browser,
130 interrupted."""


command = GroupedCommand(
    "login",
    callback=deferred("crawl4ai_browser.cli.login_action"),
    help=_HELP,
    epilog=_EPILOG,
    params=[
        click.Argument(["name"]),
        click.Argument(["url"]),
        GroupedOption(
            ["--script"],
            group=_TITLE,
            metavar="FILE",
            help="Sign in by the function `log_in` of a Python file, without a window.",
        ),
        *(option for group in CONFIG_GROUPS for option in group.options()),
        config_file_option(),
    ],
)
