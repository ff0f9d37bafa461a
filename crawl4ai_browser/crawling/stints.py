"""Stints: hosts that are visited again right after a visit of theirs, while a page of the pool is still on their site.

A browser starts a renderer for each site that a page goes to, which costs 120 ms of CPU, three times what the page
itself does; a page that stays on its site keeps its renderer. So a host whose visit has just ended goes before others
that are queued equally early, for a stint of some visits, and then the others have their turn. Decides; pure.
"""

from __future__ import annotations

from collections import deque

LENGTH = 16
"""Visits of one stint: the renderer's start is a sixth of what they cost, and no host keeps a page from others long."""


class Stints:
    """Which hosts have just been visited, the latest first."""

    def __init__(self, max_kept: int) -> None:
        """`max_kept` hosts at most: as many as there are pages."""
        self._ended: deque[tuple[int, int]] = deque(maxlen=max_kept)

    @property
    def hosts(self) -> list[int]:
        """By their numbers: those to lease from next, if their requests are as early as any."""
        return [host for host, _ in reversed(self._ended)]

    def begin(self, host: int) -> int:
        """A request of the host was leased: which visit of a stint it is, from 1."""
        for entry in reversed(self._ended):
            if entry[0] == host:
                self._ended.remove(entry)
                return entry[1] + 1
        return 1

    def end(self, host: int, visit: int) -> None:
        """That visit has ended, and its page is free."""
        if visit < LENGTH:
            self._ended.append((host, visit))
