"""`session`, done: the folder of sessions listed, shown and changed."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from crawl4ai_browser.browser.sessions.state_file import read_state, write_state
from crawl4ai_browser.cli.exit_codes import ExitCode
from crawl4ai_browser.cli.lines import plural
from crawl4ai_browser.cli.session_folder import KeptSession, SessionFolder
from crawl4ai_browser.cli.streams import say, visible
from crawl4ai_browser.clock import SYSTEM_CLOCK
from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.storage_state import StorageState, StoredCookie, StoredOrigin

_STANDARD_STREAM = "-"


def list_session() -> int:
    """Print a line for each session.

    Raises:
        ConfigError: the folder can't be read.
    """
    folder = SessionFolder.of_user()
    sessions = folder.all()
    for session in sessions:
        click.echo(_line(session))
    if not sessions:
        say(f"no session is kept in {folder.path}")
    return ExitCode.OK


def show_session(name: str) -> int:
    """Print what a session remembers, without its values.

    Raises:
        ConfigError: there is none, or its file can't be read.
    """
    session = SessionFolder.of_user().get(name)
    state = session.state()
    click.echo(f"{name}, saved {session.saved_at:%Y-%m-%d %H:%M} UTC in {session.path}")
    now = SYSTEM_CLOCK.now().timestamp()
    for cookie in sorted(state.cookies, key=lambda cookie: (cookie.domain, cookie.name)):
        click.echo(visible(_cookie_line(cookie, now)))
    for origin in state.origins:
        for line in _origin_lines(origin):
            click.echo(visible(line))
    return ExitCode.OK


def delete_session(name: str) -> int:
    """Forget a session.

    Raises:
        ConfigError, StorageError: there is none, or it can't be removed.
    """
    SessionFolder.of_user().delete(name)
    say(f"session {name!r} is deleted")
    return ExitCode.OK


def export_session(name: str, file: str, *, overwrite: bool) -> int:
    """Write a session to a file.

    Raises:
        ConfigError: there is none, or the file is there already.
        StorageError: it could not be written.
    """
    state = SessionFolder.of_user().get(name).state()
    if file == _STANDARD_STREAM:
        click.echo(state.to_json())
        return ExitCode.OK
    path = Path(file)
    if path.exists() and not overwrite:
        raise ConfigError(f"{file!r} is already there: give --overwrite to replace it")
    write_state(path, state)
    say(f"session {name!r} is in {file}: whoever has it is signed in")
    return ExitCode.OK


def import_session(name: str, file: str, *, overwrite: bool) -> int:
    """Keep the session in a file.

    Raises:
        ConfigError: the file holds none, or there is a session of that name already.
        StorageError: it could not be written.
    """
    folder = SessionFolder.of_user()
    if folder.has(name) and not overwrite:
        raise ConfigError(f"a session {name!r} is already kept: give --overwrite to replace it")
    if file == _STANDARD_STREAM:
        state = StorageState.parse(sys.stdin.read(), source="standard input")
    else:
        state = read_state(Path(file))
    folder.put(name, state)
    say(f"session {name!r} is kept: {size_of(state)}")
    return ExitCode.OK


def size_of(state: StorageState) -> str:
    """How much a session remembers, in words."""
    return f"{plural(len(state.cookies), 'cookie')}, storage of {plural(len(state.origins), 'origin')}"


def _line(session: KeptSession) -> str:
    try:
        size = size_of(session.state())
    except ConfigError as error:
        size = f"not usable: {error.message}"
    return f"{session.name}  {session.saved_at:%Y-%m-%d %H:%M} UTC  {size}"


def _cookie_line(cookie: StoredCookie, now: float) -> str:
    return f"cookie {cookie.name} of {cookie.domain}{cookie.path}, {_end_of(cookie, now)}"


def _end_of(cookie: StoredCookie, now: float) -> str:
    if cookie.expires < 0:
        return "for the session"
    day = _day_of(cookie.expires)
    return f"{'expired' if cookie.expires <= now else 'until'} {day}"


def _day_of(seconds: float) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"
    except (OverflowError, OSError, ValueError):  # beyond the year 9999: some sites mean "for ever"
        return "for ever"


def _origin_lines(origin: StoredOrigin) -> list[str]:
    kinds = (("local storage", origin.local_storage), ("session storage", origin.session_storage))
    lines = [f"{kind} {item.name} of {origin.origin}" for kind, items in kinds for item in items]
    databases = [database.get("name") for database in origin.indexed_db if isinstance(database, dict)]
    return lines + [f"IndexedDB {name} of {origin.origin}" for name in databases]
