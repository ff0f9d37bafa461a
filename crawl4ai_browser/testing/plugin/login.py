"""SessionFrom: takes over what a browser context of Playwright's remembers, so that a test signs in once."""

from __future__ import annotations

import inspect
from typing import Any, cast

from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.storage_state import StorageState
from crawl4ai_browser.testing.plugin.crawl_test import CrawlTest
from crawl4ai_browser.testing.plugin.visitors import AsyncCrawlSession, CrawlSession


class SessionFrom:
    """The fixture `session_from`.

        def test_members_area(context, page, session_from):
            sign_in(page)
            assert session_from(context).fetch("https://example.com/members").ok

    Cookies, local storage and IndexedDB go along, as they are at this moment; what either does later the other does not
    see.
    """

    def __init__(self, test: CrawlTest) -> None:
        """Nothing is opened."""
        self._test = test

    def __call__(self, context: Any) -> CrawlSession | AsyncCrawlSession:
        """A new session with the state of a context of Playwright's synchronous API, as pytest-playwright gives it.

        An asynchronous context's state is awaited first: `session_from(await context.storage_state())`. A
        `StorageState` will do, too.

        Raises:
            ConfigError: it is neither a context nor a state.
        """
        return self._test.session_with(_state_of(context))


def _state_of(context: Any) -> StorageState:
    if isinstance(context, StorageState):
        return context
    if isinstance(context, dict):
        return StorageState.of(cast("object", context), source="session_from")
    ask = getattr(context, "storage_state", None)
    if ask is None:
        raise ConfigError(f"session_from takes a browser context of Playwright's, not {type(context).__name__}")
    if inspect.iscoroutinefunction(ask):
        raise ConfigError("this context is asynchronous: session_from(await context.storage_state(indexed_db=True))")
    return StorageState.of(ask(indexed_db=True), source="session_from")
