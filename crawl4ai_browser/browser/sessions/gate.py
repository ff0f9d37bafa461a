"""SessionGate: visits of a session go side by side; a step that must be alone waits for them, and they for it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

import anyio

from crawl4ai_browser.bell import Bell
from crawl4ai_browser.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Generator

_held: ContextVar[frozenset[object]] = ContextVar("passes of the session gates that this task is in")


class SessionGate:
    """A lock with two ways in. First come, first served: a step that waits to be alone lets no new visit past.

    What is begun inside, by the same task or one that it starts, is inside too and need not wait: a step that is alone
    may fetch pages of its own session.
    """

    def __init__(self) -> None:
        self._door = anyio.Lock(fast_acquire=True)  # free nearly always, and asked for at each visit
        self._shared: set[object] = set()
        self._alone: object | None = None
        self._emptied = Bell()

    @asynccontextmanager
    async def shared(self) -> AsyncGenerator[None]:
        """Inside together with others; not while something is alone."""
        if self.is_inside:
            yield
            return
        async with self._door:
            key = object()
            self._shared.add(key)
        try:
            with _holding(key):
                yield
        finally:
            self._shared.discard(key)
            if not self._shared:
                self._emptied.ring()

    @asynccontextmanager
    async def alone(self) -> AsyncGenerator[None]:
        """Inside with nobody else.

        Raises:
            ConfigError: from inside a visit, which would wait for itself.
        """
        held = _held.get(frozenset())
        if self._alone is not None and self._alone in held:
            yield
            return
        if held & self._shared:
            raise ConfigError("a step that must be alone in its session can't begin inside one of its visits")
        async with self._door:
            await self._until_no_visit()
            self._alone = key = object()
            try:
                with _holding(key):
                    yield
            finally:
                self._alone = None

    async def emptied(self) -> None:
        """Wait until nobody is inside. For whoever is not, though it may have been started by somebody who is."""
        async with self._door:
            await self._until_no_visit()

    async def _until_no_visit(self) -> None:
        while self._shared:
            await self._emptied.wait()

    @property
    def is_inside(self) -> bool:
        """Whether this task is inside, by itself or with the one that started it."""
        return self.is_inside_visit or (self._alone is not None and self._alone in _held.get(frozenset()))

    @property
    def is_inside_visit(self) -> bool:
        """Whether it is inside beside others."""
        return bool(_held.get(frozenset()) & self._shared)

    def __repr__(self) -> str:
        """Who is inside."""
        inside = "a step alone" if self._alone is not None else f"{len(self._shared)} visits"
        return f"<SessionGate {inside}, {self._door.statistics().tasks_waiting} waiting>"


@contextmanager
def _holding(key: object) -> Generator[None]:
    _held.set(_held.get(frozenset()) | {key})
    try:
        yield
    finally:
        # Not by the token: an async generator may be closed in another context than it was begun in.
        _held.set(_held.get(frozenset()) - {key})
