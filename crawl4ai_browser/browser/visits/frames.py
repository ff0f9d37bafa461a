"""Frames: when a page paints.

A headless shell started with `FRAMES_ON_DEMAND_ARGS` paints nothing by itself, which saves 20 ms of CPU a page; the
DevTools protocol's `HeadlessExperimental.beginFrame` makes one frame. Without frames, `requestAnimationFrame`,
`IntersectionObserver` and transitions stand still, so a page that uses them is given frames while it becomes ready
(`reading`), and whatever needs a living page (screenshots, input, a user's function) runs while frames flow.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio
from playwright.async_api import Error as PlaywrightError

from crawl4ai_browser.browser.background import Start
from crawl4ai_browser.clock import SYSTEM_CLOCK, call_after

if TYPE_CHECKING:
    from crawl4ai_browser.browser.devtools import DevTools

FRAMES_ON_DEMAND_ARGS = ("--enable-begin-frame-control", "--run-all-compositor-stages-before-draw")
"""Chromium's headless_shell alone knows them (headless/app/headless_shell_switches.cc)."""

FLOW_INTERVAL = 1 / 30
"""Seconds between frames while they flow: fast enough for transitions and for Playwright's actionability checks, which
look at an element in two frames running."""

_FRAME_DEADLINE = 2.0
"""Seconds for one frame. A page whose script is in a loop may not answer before that ends."""

TURN_SECONDS = 1.0
"""For which a page has its browser to itself for a frame that is not answered. It takes milliseconds otherwise."""


@dataclass
class _Asked:
    """A frame that has been asked for."""

    answered: anyio.Event = field(default_factory=anyio.Event)
    error: PlaywrightError | None = None


class Frames:
    """The frames of one page."""

    def __init__(self, devtools: DevTools, start: Start, *, turn: anyio.Semaphore, on_demand: bool) -> None:
        """`on_demand` False: the browser paints by itself, and nothing here does anything.

        `turn` is held while a frame is made; it belongs to the browser. Frames of two pages that overlap kill
        Chromium's GPU process ("Got overlapping IssueExternalBeginFrame": within a second with four pages that paint),
        and the sixth such death kills the browser. It is not held for long: the frame of a page whose script is in a
        loop stays out, and is overlapped without harm. The page is not asked for another one before.
        """
        self._devtools = devtools
        self._start = start
        self._turn = turn
        self._flows = 0
        self._asked: _Asked | None = None
        self.on_demand = on_demand

    async def probe(self) -> bool:
        """Whether frames really are made on demand here. Some builds of the shell lack the method: they just paint."""
        if self.on_demand:
            try:
                await self._devtools.send("HeadlessExperimental.beginFrame")
            except PlaywrightError:
                self.on_demand = False
        return self.on_demand

    async def give(self) -> None:
        """Make one frame; or wait for the one that is being made. Returns without it when it takes too long.

        Raises:
            PlaywrightError: the page is gone.
        """
        asked = self._asked
        if asked is None:
            asked = self._asked = _Asked()
            self._start(self._ask)
        with anyio.move_on_after(_FRAME_DEADLINE):
            await asked.answered.wait()
        if asked.error is not None:
            raise asked.error

    async def _ask(self) -> None:
        # In a task of its own, as only the answer, and no deadline or cancelled visit, says that it is over.
        asked = self._asked
        assert asked is not None, "made by who started this"
        await self._turn.acquire()
        is_over = False

        def end_turn() -> None:
            nonlocal is_over
            if not is_over:
                is_over = True
                self._turn.release()

        call_off = call_after(TURN_SECONDS, end_turn)
        try:
            await self._devtools.send("HeadlessExperimental.beginFrame")
        except PlaywrightError as error:
            asked.error = error
        finally:
            call_off()
            end_turn()
            self._asked = None
            asked.answered.set()

    @asynccontextmanager
    async def flowing(self) -> AsyncGenerator[None]:
        """Make frame after frame as long as the block runs."""
        if not self.on_demand:
            yield
            return
        self._flows += 1
        if self._flows == 1:
            self._start(self._flow)
        try:
            yield
        finally:
            self._flows -= 1

    async def _flow(self) -> None:
        # An error says that the page is gone, which whoever uses it learns by itself.
        with suppress(PlaywrightError):
            while self._flows:
                await self.give()
                await SYSTEM_CLOCK.sleep(FLOW_INTERVAL)

    def __repr__(self) -> str:
        """The mode."""
        return "<Frames on demand>" if self.on_demand else "<Frames as the browser makes them>"
