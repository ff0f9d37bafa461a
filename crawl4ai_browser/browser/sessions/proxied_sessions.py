"""ProxiedSessions: the anonymous sessions of a proxy pool, one for each proxy that is in use."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crawl4ai_browser.browser.background import Start
    from crawl4ai_browser.browser.proxies.turn import ProxyTurn
    from crawl4ai_browser.browser.sessions.session import BrowserSession
    from crawl4ai_browser.proxy import Proxy

MIN_KEPT = 16
"""Contexts that are kept for the next visit through the same proxy. Each costs some megabytes with its pages."""


@dataclass(eq=False)
class _Kept:
    session: BrowserSession
    users: int = 0


class ProxiedSessions:
    """Keeps the sessions that were used last, as a proxy that comes round again finds its context and pages."""

    def __init__(self, make: Callable[[], BrowserSession], start: Start, *, max_kept: int) -> None:
        """`make`: a new anonymous session. `max_kept`: how many are kept that nobody uses, at least `MIN_KEPT`."""
        self._make = make
        self._start = start
        self._max_kept = max(MIN_KEPT, max_kept)
        self._kept: OrderedDict[Proxy | None, _Kept] = OrderedDict()

    @asynccontextmanager
    async def place(
        self, named: BrowserSession, turn: ProxyTurn, *, fresh: bool = False
    ) -> AsyncGenerator[BrowserSession]:
        """Where a request is done that belongs to a session, while the block runs.

        That is the session itself, but for the anonymous one with the proxies of a pool: it has a context for each.
        `fresh`: one for this request alone.
        """
        if fresh:
            session = self._make()
            try:
                yield session
            finally:
                self._start(session.close)
        elif named.name is not None or not turn.is_pooled:
            yield named
        else:
            with self._used(turn.proxy) as session:
                yield session

    @contextmanager
    def _used(self, proxy: Proxy | None) -> Generator[BrowserSession]:
        kept = self._kept.get(proxy)
        if kept is None:
            kept = self._kept[proxy] = _Kept(self._make())
        self._kept.move_to_end(proxy)
        kept.users += 1
        try:
            yield kept.session
        finally:
            kept.users -= 1
            self._close_surplus()

    def _close_surplus(self) -> None:
        idle = [proxy for proxy, kept in self._kept.items() if not kept.users]
        for proxy in idle[: max(0, len(idle) - self._max_kept)]:
            self._start(self._kept.pop(proxy).session.close)

    def clear(self) -> None:
        """Forget all; whoever closes their browsers closes them."""
        self._kept.clear()

    def __iter__(self) -> Iterator[BrowserSession]:
        """All of them."""
        return iter([kept.session for kept in self._kept.values()])

    def __repr__(self) -> str:
        """How many there are."""
        return f"<ProxiedSessions {len(self._kept)}>"
