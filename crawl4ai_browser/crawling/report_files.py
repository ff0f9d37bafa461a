"""The two files of a run report: `report.json` for programs, `report.html` for people."""

from __future__ import annotations

from pathlib import Path

from crawl4ai_browser.crawling.report_page import report_page
from crawl4ai_browser.crawling.run_report import RunReport
from crawl4ai_browser.errors import ConfigError, SinkError

JSON_NAME = "report.json"
HTML_NAME = "report.html"


def make_report_folder(folder: Path) -> None:
    """Make the folder, where it is missing.

    Raises:
        ConfigError: it can't be made, or is a file.
    """
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise ConfigError(f"can't make the report's folder {str(folder)!r}: {error.strerror}") from error


def write_report(report: RunReport, folder: Path) -> None:
    """Write both files into the folder; those of an earlier run are replaced.

    Raises:
        SinkError: they can't be written; the message names the folder.
    """
    files = {JSON_NAME: report.model_dump_json(indent=2) + "\n", HTML_NAME: report_page(report)}
    try:
        for name, text in files.items():
            # What a stranger's URL or message holds beside Unicode is shown escaped.
            (folder / name).write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise SinkError(f"can't write the report into {str(folder)!r}: {error.strerror}", phase="store") from error
