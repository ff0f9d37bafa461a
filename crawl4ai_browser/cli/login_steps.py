"""The two ways to sign a session in from the command line: by a person at a window, by a script."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any, cast

import anyio
import anyio.to_thread

from crawl4ai_browser.browser.sessions.hand_over import hand_over
from crawl4ai_browser.cli.streams import say
from crawl4ai_browser.clock import SYSTEM_CLOCK
from crawl4ai_browser.crawling.session import Session
from crawl4ai_browser.errors import BrowserCrashed, ConfigError, CrawlError

Steps = Callable[[Session], Awaitable[bool]]
"""Signs a session in; whether that has worked, as far as it can be known."""

PageFunction = Callable[[Any], Awaitable[Any]]
"""A function of a script, which gets Playwright's page."""

SAVE_INTERVAL = 2.0
"""Seconds between two looks at what the session remembers: who ends the whole browser has not signed in in vain."""


def by_person(url: str) -> Steps:
    """Sign in by hand."""
    return partial(_by_person, url)


async def _by_person(url: str, session: Session) -> bool:
    done = anyio.Event()
    say(f"sign in in the window at {url}")
    say("then close it" + (", or press Enter here" if sys.stdin.isatty() else ""))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_look_now_and_then, session)
        if sys.stdin.isatty():
            tasks.start_soon(_until_enter, done)
        with suppress(BrowserCrashed):  # closed as a whole: what was seen last stands
            await session.run(partial(hand_over, url=url, done=done))
        tasks.cancel_scope.cancel()
    return True


async def _look_now_and_then(session: Session) -> None:
    while True:
        await SYSTEM_CLOCK.sleep(SAVE_INTERVAL)
        with suppress(CrawlError):
            await session.storage_state()


async def _until_enter(done: anyio.Event) -> None:
    await anyio.to_thread.run_sync(sys.stdin.readline, abandon_on_cancel=True)
    done.set()


def read_script(path: Path, url: str) -> Steps:
    """Sign in by the functions of a Python file, which is run to get them.

    Raises:
        ConfigError: it can't be read, does not run or has no async function `log_in`.
    """
    shown = f"the script {str(path)!r}"
    try:
        names = runpy.run_path(str(path), run_name="login_script")
    except OSError as error:
        raise ConfigError(f"{shown} can't be read: {error.strerror}") from error
    except SyntaxError as error:
        raise ConfigError(f"{shown} is not Python: line {error.lineno}: {error.msg}") from error
    except Exception as error:
        raise ConfigError(f"{shown} does not run: {type(error).__name__}: {error}") from error
    log_in, is_signed_in = names.get("log_in"), names.get("is_signed_in")
    if not iscoroutinefunction(log_in):
        raise ConfigError(f"{shown} has no 'async def log_in(page)'")
    if is_signed_in is not None and not iscoroutinefunction(is_signed_in):
        raise ConfigError(f"{shown} has an 'is_signed_in' that is no 'async def is_signed_in(page)'")
    return by_script(url, cast("PageFunction", log_in), cast("PageFunction | None", is_signed_in))


def by_script(url: str, log_in: PageFunction, is_signed_in: PageFunction | None) -> Steps:
    """Sign in by a function, and have another look at a page of its own whether that has worked."""

    async def at_url(function: PageFunction, page: Any) -> Any:
        await page.goto(url)
        return await function(page)

    async def steps(session: Session) -> bool:
        for name, function in (("log_in", log_in), ("is_signed_in", is_signed_in)):
            if function is None:
                continue
            try:
                verdict = await session.run(partial(at_url, function))
            except CrawlError:
                raise
            except Exception as error:  # noqa: BLE001 - the script's own, reported in one line
                # The first line alone: below it Playwright repeats what was typed.
                text = str(error).strip().split("\n", 1)[0]
                say(f"{name} failed: {type(error).__name__}: {text}")
                return False
            if name == "is_signed_in" and not verdict:
                say("is_signed_in said no: nothing is kept")
                return False
        return True

    return steps
