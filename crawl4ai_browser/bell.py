"""Bell: wakes all who wait for something to change."""

from __future__ import annotations

import anyio


class Bell:
    """Rung, it wakes everybody who waits at that moment; who comes later waits for the next time.

        while not done():
            await bell.wait()       # whoever changes what `done` looks at rings

    An event that each waiter makes anew would wake the last of them alone.
    """

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event: anyio.Event | None = None

    def ring(self) -> None:
        """Wake them. Costs nothing where nobody waits."""
        if self._event is not None:
            self._event.set()
            self._event = None

    async def wait(self) -> None:
        """Wait for the next time that it is rung."""
        if self._event is None:
            self._event = anyio.Event()
        await self._event.wait()

    def __repr__(self) -> str:
        """Whether it is waited for."""
        return f"<Bell {'waited for' if self._event is not None else 'not waited for'}>"
