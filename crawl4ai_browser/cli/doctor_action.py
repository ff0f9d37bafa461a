"""`doctor`, done: the diagnosis, printed."""

from __future__ import annotations

import anyio
import click

from crawl4ai_browser.browser.provisioning.doctor import Diagnosis, diagnose
from crawl4ai_browser.cli.config_flags import config_of
from crawl4ai_browser.cli.doctor_command import CONFIG_GROUPS
from crawl4ai_browser.cli.exit_codes import ExitCode


def run(**values: object) -> int:
    """Diagnose and print; gives the exit code.

    Raises:
        ConfigError: a flag is wrong.
    """
    diagnosis = anyio.run(diagnose, config_of(values, CONFIG_GROUPS).browser)
    click.echo("\n".join(_lines(diagnosis)))
    return ExitCode.OK if diagnosis.ok else ExitCode.NO_BROWSER


def _lines(diagnosis: Diagnosis) -> list[str]:
    width = max(len(finding.name) for finding in diagnosis.findings)
    indent = " " * len(f"WRONG  {'':<{width}}  ")
    lines: list[str] = []
    for finding in diagnosis.findings:
        text = finding.text.replace("\n", f"\n{indent}")
        lines.append(f"{'ok' if finding.ok else 'WRONG':<5}  {finding.name:<{width}}  {text}")
        if finding.remedy:
            lines.append(f"{indent}{finding.remedy}")
    return lines
