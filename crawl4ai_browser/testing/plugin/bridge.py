"""Bridge: calls into the event loop in which the crawlers of a test process live.

That loop runs in a thread of its own. So a crawler outlives the loop of any one test, a test without a loop can use it,
and so can one whose thread has the running loop of Playwright's synchronous API.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from concurrent.futures import Future, wait
from contextlib import AbstractAsyncContextManager, ExitStack
from functools import partial
from typing import Self, TypeVar

import anyio
import anyio.to_thread
from anyio.from_thread import BlockingPortal, start_blocking_portal

T = TypeVar("T")

_SIGNAL_CHECK = 0.5
"""Seconds between two looks for a signal. One that comes just before a lock is waited for does not end that wait."""

_MAX_CALLS = 1000
"""Calls of one process under way at once: each that comes from an event loop holds a waiting thread."""


class Bridge:
    """The loop's thread, and the two ways to call into it. Used with `with`."""

    def __init__(self) -> None:
        """No thread yet."""
        self._stack = ExitStack()
        self._portal: BlockingPortal | None = None
        self._waiters = anyio.CapacityLimiter(_MAX_CALLS)

    def __enter__(self) -> Self:
        """Start the thread."""
        self._portal = self._stack.enter_context(start_blocking_portal(name="crawl4ai-browser-tests"))
        return self

    def __exit__(self, *_error: object) -> None:
        """End it, when all that was opened in it is closed."""
        self._portal = None
        self._stack.close()

    def open(self, manager: AbstractAsyncContextManager[T]) -> Callable[[], None]:
        """Enter an async context manager in the loop; gives the function that leaves it again."""
        stack = ExitStack()
        stack.enter_context(self._running.wrap_async_context_manager(manager))
        return stack.close

    def wait(self, function: Callable[..., Awaitable[T]], *arguments: object) -> T:
        """What the function returns, for a caller without an event loop. An interrupted wait cancels it."""
        future = self._running.start_task_soon(function, *arguments)
        try:
            return _awaited(future)
        except BaseException:
            future.cancel()
            raise

    async def run(self, function: Callable[..., Awaitable[T]], *arguments: object) -> T:
        """What the function returns, for a caller in an event loop of its own: asyncio's or trio's."""
        future = self._running.start_task_soon(function, *arguments)
        try:
            return await anyio.to_thread.run_sync(
                partial(_awaited, future), abandon_on_cancel=True, limiter=self._waiters
            )
        except BaseException:
            future.cancel()
            raise

    @property
    def _running(self) -> BlockingPortal:
        if self._portal is None:
            raise RuntimeError("the crawlers of this test process are closed")
        return self._portal


def _awaited(future: Future[T]) -> T:
    while not wait((future,), timeout=_SIGNAL_CHECK).done:
        pass
    return future.result()
