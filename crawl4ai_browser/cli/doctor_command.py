"""`doctor`: whether this machine can crawl, and what to do when it can't."""

from __future__ import annotations

import anyio
import click

from crawl4ai_browser.browser.doctor import Diagnosis, diagnose
from crawl4ai_browser.cli.config_flags import BROWSER_FLAGS, config_file_option, config_of
from crawl4ai_browser.cli.exit_codes import ExitCode
from crawl4ai_browser.cli.flags import GroupedCommand


def _doctor(**values: object) -> int:
    """Check that this machine can crawl: find the browser, launch it, render a page.

    Says what was found, and what to do about what is wrong. Ends with 0 when all is well, else with 3.
    """
    diagnosis = anyio.run(diagnose, config_of(values, [BROWSER_FLAGS]).browser)
    click.echo("\n".join(_lines(diagnosis)))
    return ExitCode.OK if diagnosis.ok else ExitCode.NO_BROWSER


def _lines(diagnosis: Diagnosis) -> list[str]:
    width = max(len(finding.name) for finding in diagnosis.findings)
    lines: list[str] = []
    for finding in diagnosis.findings:
        text = finding.text.replace("\n", "\n" + " " * (width + 7))
        lines.append(f"{'ok   ' if finding.ok else 'WRONG'}  {finding.name:<{width}}  {text}")
        if finding.remedy:
            lines.append(f"{'':<{width + 7}}  {finding.remedy}")
    return lines


command = GroupedCommand(
    "doctor", callback=_doctor, help=_doctor.__doc__, params=[config_file_option(), *BROWSER_FLAGS.options()]
)
