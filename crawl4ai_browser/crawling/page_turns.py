"""PageTurns: which of a crawl's visits may take a page. Counts and wakes; who comes next is the dispatcher's choice.

A visit whose host is new waits for robots.txt, and then for a page, while visits of other hosts follow one another in
the pages that are on their sites. So a page that has become free goes to its own site's next request, if there is one
(those that wait already first), and else to the visit that has waited longest.

A host that is dead lets its visits wait for half a minute. They hold nothing but a connection, so after a second they
are late, and others may begin in their place.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from enum import Enum, auto
from itertools import takewhile

import anyio

from crawl4ai_browser.clock import Clock
from crawl4ai_browser.crawling.parts import HostOpensAt

LATE_AFTER = 1.0
"""Seconds within which a visit of a host that is well has its robots.txt."""


class _State(Enum):
    PREPARING = auto()
    """Leased; whether it will need a page is not known yet."""
    WAITING = auto()
    GOING = auto()
    """It has a page, or a page is kept for it."""
    OVER = auto()


class PageTurn:
    """One visit's way to its page. Ends with `end`, whatever became of it."""

    def __init__(self, turns: PageTurns, host: str, host_number: int, *, is_granted: bool) -> None:
        """For `PageTurns.begin` alone."""
        self._turns = turns
        self.host = host
        self.host_number = host_number
        self.state = _State.GOING if is_granted else _State.PREPARING
        self.granted = anyio.Event()

    async def wait(self) -> None:
        """Wait for a page, if none is kept for this visit."""
        if self.state is _State.PREPARING:
            self._turns.queue(self)
        if self.state is _State.WAITING:
            await self.granted.wait()

    def end(self) -> None:
        """The page is free again, or was never needed."""
        self._turns.forget(self)


class PageTurns:
    """The visits of one crawl that have not ended."""

    def __init__(self, limit: Callable[[], int], *, changed: Callable[[], None], clock: Clock) -> None:
        """`limit` tells how many may have pages at the moment; `changed` is called when there is one to be granted."""
        self._limit = limit
        self._changed = changed
        self._clock = clock
        self._going: Counter[str] = Counter()
        self._preparing: dict[PageTurn, float] = {}
        self._waiting: list[PageTurn] = []

    @property
    def free(self) -> int:
        """Pages that no visit of this crawl has, nor one is kept for."""
        return max(0, self._limit() - self._going.total())

    @property
    def ahead(self) -> int:
        """Visits that have begun and have no page."""
        return len(self._preparing) + len(self._waiting)

    @property
    def late(self) -> int:
        """Those of them of which it is not known yet, after `LATE_AFTER` seconds, whether they will need a page."""
        began_before = self._clock.monotonic() - LATE_AFTER
        return sum(1 for _ in takewhile(lambda began: began <= began_before, self._preparing.values()))

    @property
    def next_late_at(self) -> float:
        """The monotonic time at which one more will be late, as things are."""
        now = self._clock.monotonic()
        return next((at for began in self._preparing.values() if (at := began + LATE_AFTER) > now), math.inf)

    def begin(self, host: str, host_number: int, *, is_granted: bool) -> PageTurn:
        """A visit of the host begins. `is_granted`: one of the free pages is kept for it."""
        turn = PageTurn(self, host, host_number, is_granted=is_granted)
        if is_granted:
            self._going[host] += 1
        else:
            self._preparing[turn] = self._clock.monotonic()
        return turn

    def opens_at(self, host_opens_at: HostOpensAt) -> float:
        """When, if there is a page, a visit that waits could take it: the earliest time of their hosts."""
        return min((host_opens_at(turn.host, self._going[turn.host]) for turn in self._waiting), default=math.inf)

    def grant_next(self, is_open: Callable[[str, int], bool], *, among: Sequence[int] | None = None) -> bool:
        """Let the visit take a page that has waited longest of those whose hosts are open; False: there is none.

        `among` are numbers of hosts, of which it is to be one.
        """
        for turn in self._waiting:
            if (among is None or turn.host_number in among) and is_open(turn.host, self._going[turn.host]):
                self._waiting.remove(turn)
                turn.state = _State.GOING
                self._going[turn.host] += 1
                turn.granted.set()
                return True
        return False

    def queue(self, turn: PageTurn) -> None:
        """The turn's visit wants nothing but a page."""
        del self._preparing[turn]
        turn.state = _State.WAITING
        self._waiting.append(turn)
        self._changed()

    def forget(self, turn: PageTurn) -> None:
        """The turn is over."""
        match turn.state:
            case _State.PREPARING:
                del self._preparing[turn]
            case _State.WAITING:
                self._waiting.remove(turn)
            case _State.GOING:
                self._going[turn.host] -= 1
                if not self._going[turn.host]:
                    del self._going[turn.host]  # a crawl may see a million hosts
            case _State.OVER:
                return
        turn.state = _State.OVER
        self._changed()

    def __repr__(self) -> str:
        """How many stand where."""
        return (
            f"<PageTurns {self._going.total()} going, {len(self._waiting)} waiting, {len(self._preparing)} preparing>"
        )
