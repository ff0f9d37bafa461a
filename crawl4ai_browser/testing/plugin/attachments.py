"""Attachments: what a failed test's visits leave in the report folder: html, console, screenshot, the whole result."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.testing.plugin.crawl_test import CrawlTest
from crawl4ai_browser.testing.plugin.settings import Settings

_MAX_NAME = 200
"""Characters of a test's folder; file systems take 255 bytes."""


def attach(item: pytest.Item, report: pytest.TestReport, test: CrawlTest) -> None:
    """Write what the settings ask for of a test that has just ended, and name the files in its report."""
    settings = Settings.of(item.config)
    if not (report.failed or "on" in (settings.screenshot, settings.tracing)):
        return
    if not test.results and test.tracing is None:
        return
    folder = output_folder(item, settings)
    folder.mkdir(parents=True, exist_ok=True)
    paths = [path for number, result in enumerate(test.results, 1) for path in _written(folder, number, result)]
    if report.failed or settings.tracing == "on":
        paths += test.traces(folder)
    report.user_properties += [("crawl_attachment", str(path)) for path in paths]
    if report.failed:
        lines = [_line(number, result) for number, result in enumerate(test.results, 1)]
        report.sections.append(("What was crawled", "\n".join([*lines, f"saved in {folder}"])))


def output_folder(item: pytest.Item, settings: Settings) -> Path:
    """Where this test's artifacts lie: with those of pytest-playwright, where it is installed."""
    given = getattr(item, "funcargs", {}).get("output_path")
    if given is not None:
        return Path(given)
    name = re.sub(r"[^a-z0-9]+", "-", item.nodeid.lower()).strip("-")
    if len(name) > _MAX_NAME:
        name = f"{name[: _MAX_NAME // 2]}-{hashlib.sha256(name.encode()).hexdigest()[:7]}-{name[-_MAX_NAME // 3 :]}"
    return settings.output / name


def _line(number: int, result: CrawlResult) -> str:
    outcome = "ok" if result.ok else str(result.error)
    return f"{number}. {result.url} {result.status or ''} {outcome}"


def _written(folder: Path, number: int, result: CrawlResult) -> Sequence[Path]:
    """The files of one result."""
    files: dict[str, bytes] = {
        f"crawl-{number}.json": result.model_dump_json(indent=2, exclude={"html", "screenshot", "pdf"}).encode()
    }
    if result.html is not None:
        files[f"crawl-{number}.html"] = result.html.encode()
    if result.console:
        lines = [f"{each.level}: {each.text} ({each.url}:{each.line})" for each in result.console]
        files[f"crawl-{number}-console.txt"] = "\n".join([*lines, ""]).encode()
    if result.screenshot is not None:
        files[f"crawl-{number}.png"] = result.screenshot
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return [folder / name for name in files]
