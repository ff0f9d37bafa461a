"""A kept session in a crawl: the flag that names it, and the session opened as it and saved again at the end."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import anyio.to_thread

from crawl4ai_browser.cli.session_folder import SessionFolder
from crawl4ai_browser.cli.streams import say
from crawl4ai_browser.config import ContextConfig
from crawl4ai_browser.crawling.crawler import Crawler
from crawl4ai_browser.crawling.session import Session
from crawl4ai_browser.errors import CrawlError

_SAVE_SECONDS = 30.0
"""For the session to be saved at the end, whatever ended it."""


def kept_session(name: object) -> str | None:
    """The name that the flag gives, of a session that is kept; None without it.

    Raises:
        ConfigError: no session of that name is kept.
    """
    return None if name is None else SessionFolder.of_user().get(str(name)).name


@asynccontextmanager
async def in_kept_session(
    crawler: Crawler, name: str | None, context: ContextConfig
) -> AsyncGenerator[Crawler | Session]:
    """The session of that name, open in the crawler; the crawler itself where there is no name.

    What sites have changed in it is saved at the end; where that fails it is said, and what was kept stays.
    """
    if name is None:
        yield crawler
        return
    folder = SessionFolder.of_user()
    state = await anyio.to_thread.run_sync(folder.get(name).state)
    identity = context.model_copy(update={"storage_state": state, "keep_session_storage": True})
    async with crawler.session(name, context=identity) as session:
        try:
            yield session
        finally:
            with anyio.move_on_after(_SAVE_SECONDS, shield=True):
                await _save(session, folder)


async def _save(session: Session, folder: SessionFolder) -> None:
    try:
        state = await session.storage_state(session_storage=True)
        await anyio.to_thread.run_sync(folder.put, session.name, state)
    except CrawlError as error:
        say(f"session {session.name!r} was not saved: {error.message}")
