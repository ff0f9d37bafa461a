"""`save`, done: one page visited, and the visit written as a test case."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import anyio

from crawl4ai_browser.cli.config_flags import config_of
from crawl4ai_browser.cli.exit_codes import ExitCode
from crawl4ai_browser.cli.fetch_action import fetched
from crawl4ai_browser.cli.output_flags import verbosity_of
from crawl4ai_browser.cli.preconditions import checked_argument, require_browser
from crawl4ai_browser.cli.reports import Report
from crawl4ai_browser.cli.save_command import CONFIG_GROUPS
from crawl4ai_browser.cli.session_use import kept_session
from crawl4ai_browser.cli.streams import say
from crawl4ai_browser.config import NO_CONTENT
from crawl4ai_browser.testing.saved_visit import save


def run(url: str, folder: str, *, overwrite: bool, **values: object) -> int:
    """Save as the command line asks; gives the exit code.

    Raises:
        ConfigError: a flag or the URL is wrong, or a visit is saved there already.
        LaunchFailed: there is no browser.
        StorageError: it could not be written.
    """
    config = config_of(values, CONFIG_GROUPS)
    request = checked_argument(url, config)
    verbosity = verbosity_of(values)
    session = kept_session(values["session"])
    require_browser(config.browser)
    # The content is made of what was saved, as every later test makes it.
    plain = config.model_copy(update={"content": NO_CONTENT})
    result = anyio.run(partial(fetched, request, plain, report=Report(verbosity, "failures"), session=session))
    if isinstance(result, int):
        return result
    if result.html is None:
        say(f"{result.url} showed no page: nothing is saved")
        return ExitCode.FAILED
    saved = save(result, Path(folder), config.content, overwrite=overwrite)
    if verbosity != "quiet":
        say(f"saved in {folder}: {', '.join(saved.expected_names())}")
    return ExitCode.OK
