"""Interrupts: Ctrl-C and its kin, turned into a stop in two steps."""

from __future__ import annotations

import signal
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import anyio
from anyio.abc import TaskStatus

from crawl4ai_browser.crawling.run_host import sole_error

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""A person, a supervisor, or a terminal that is closed asks for an end."""

Drain = Callable[[signal.Signals], None]


class Interrupts:
    """The signals that come while something runs. The first asks it to come to an end, the second stops it."""

    def __init__(self) -> None:
        self.first: signal.Signals | None = None
        """The signal that came first; None: none has."""

    @asynccontextmanager
    async def watched(self, drain: Drain) -> AsyncGenerator[None]:
        """While the block runs, the first signal calls `drain` and the second cancels the block.

        A third has its usual effect again, for when even the clean-up hangs. Where the event loop can't receive signals
        (Windows), Ctrl-C raises `KeyboardInterrupt` as ever, which ends the block in good order at once.
        """
        try:
            async with anyio.create_task_group() as tasks:
                await tasks.start(self._receive, drain, tasks.cancel_scope)
                yield
                tasks.cancel_scope.cancel()
        except ExceptionGroup as group:  # made of the block's own exception by the task group
            error = sole_error(group)
            raise error from error.__cause__

    async def _receive(self, drain: Drain, block: anyio.CancelScope, *, task_status: TaskStatus[None]) -> None:
        receiver = anyio.open_signal_receiver(*_SIGNALS)
        try:
            signals = receiver.__enter__()
        except NotImplementedError:
            task_status.started()
            return
        try:
            task_status.started()
            async for number in signals:
                if self.first is not None:
                    block.cancel()
                    return
                self.first = number
                drain(number)
        finally:
            receiver.__exit__(None, None, None)

    def __repr__(self) -> str:
        """What came."""
        return f"<Interrupts {self.first.name if self.first else 'none'}>"
