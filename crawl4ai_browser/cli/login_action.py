"""`login`, done: a person or a script signs in, and the session is kept."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import anyio

from crawl4ai_browser.cli.config_flags import config_of
from crawl4ai_browser.cli.exit_codes import ExitCode, of_signal
from crawl4ai_browser.cli.interrupts import Interrupts
from crawl4ai_browser.cli.login_command import CONFIG_GROUPS
from crawl4ai_browser.cli.login_steps import Steps, by_person, read_script
from crawl4ai_browser.cli.preconditions import checked_argument, require_browser
from crawl4ai_browser.cli.session_action import size_of
from crawl4ai_browser.cli.session_folder import SessionFolder
from crawl4ai_browser.cli.streams import say
from crawl4ai_browser.config import CrawlConfig
from crawl4ai_browser.crawling.crawler import Crawler
from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.storage_state import StorageState


def run(name: str, url: str, script: str | None, **values: object) -> int:
    """Sign in as the command line asks; gives the exit code.

    Raises:
        ConfigError: a flag, the URL, the name or the script is wrong, or there is no display.
        LaunchFailed: there is no browser.
        StorageError: the session could not be kept.
    """
    config = config_of(values, CONFIG_GROUPS)
    folder = SessionFolder.of_user()
    known = folder.get(name).state() if folder.has(name) else None
    request = checked_argument(url, config)
    steps = read_script(Path(script), request.url) if script is not None else by_person(request.url)
    if script is None:
        require_display(os.environ)
        config = config.model_copy(update={"browser": config.browser.model_copy(update={"headless": False})})
    require_browser(config.browser)
    context = config.context.model_copy(update={"storage_state": known, "keep_session_storage": True})
    egress = config.egress.with_allowed(request.url)
    state = anyio.run(_signed_in, name, config.model_copy(update={"context": context, "egress": egress}), steps)
    if isinstance(state, int):
        return state
    kept = folder.put(name, state)
    say(f"session {name!r} is kept in {kept.path}: {size_of(state)}")
    return ExitCode.OK


def require_display(environ: Mapping[str, str], platform: str = sys.platform) -> None:
    """Make sure that a window can be shown.

    Raises:
        ConfigError: there is no display.
    """
    if platform in ("win32", "darwin") or environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"):
        return
    raise ConfigError(
        "login opens a window, and there is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set): sign in by"
        " --script FILE, or log in on another machine and bring the session over by 'session export' and 'import'"
    )


async def _signed_in(name: str, config: CrawlConfig, steps: Steps) -> StorageState | int:
    """What the session remembers when the steps are done; or the exit code of a failure or a signal."""
    interrupts = Interrupts()
    outcome: StorageState | int = ExitCode.FAILED
    with anyio.CancelScope() as scope:
        async with (
            interrupts.watched(lambda _: scope.cancel()),
            Crawler(config) as crawler,
            crawler.session(name) as session,
        ):
            if await steps(session):
                outcome = await session.storage_state(session_storage=True)
    return of_signal(interrupts.first) if interrupts.first is not None else outcome
