"""`doctor`: its flags and help. `doctor_action` does it."""

from __future__ import annotations

from crawl4ai_browser.cli.config_flags import BROWSER_FLAGS, config_file_option
from crawl4ai_browser.cli.flags import GroupedCommand, deferred

CONFIG_GROUPS = (BROWSER_FLAGS,)

_HELP = """Check that this machine can crawl: find the browser, launch it, render a page.

Says what was found, and what to do about what is wrong. Ends with 0 when all is well, else with 3."""

command = GroupedCommand(
    "doctor",
    callback=deferred("crawl4ai_browser.cli.doctor_action"),
    help=_HELP,
    params=[*BROWSER_FLAGS.options(), config_file_option()],
)
