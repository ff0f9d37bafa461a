"""SessionEntry: the way into a session. Each visit passes it: is the session open, has it room, is it signed in?"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import anyio

from crawl4ai_browser.browser.sessions.gate import SessionGate
from crawl4ai_browser.config import SessionLimits
from crawl4ai_browser.errors import FetchError, SessionEnded, SignInFailed

if TYPE_CHECKING:
    from crawl4ai_browser.browser.background import Start
    from crawl4ai_browser.browser.sessions.signing_in import SigningIn
    from crawl4ai_browser.clock import Clock

NO_LIMITS = SessionLimits()


def reached_limit(limits: SessionLimits, *, age: float, idle: float, visits: int) -> str | None:
    """What has come of the session's limits: the reason for which it ends, or None. `idle` is 0 while it is in use."""
    if limits.max_pages is not None and visits >= limits.max_pages:
        return f"it has visited its {limits.max_pages} pages"
    if limits.max_age is not None and age >= limits.max_age:
        return f"it is {limits.max_age:g} s old"
    if limits.max_idle is not None and idle >= limits.max_idle:
        return f"it was not used for {limits.max_idle:g} s"
    return None


@dataclass
class _RunningSignIn:
    """A sign-in under way, and who waits for it."""

    ended: anyio.Event = field(default_factory=anyio.Event)
    has_begun: bool = False
    """Whether it is alone in the session: what is inside then is its own."""
    error: FetchError | None = None
    """What kept it from being done. Not that the session has ended with it."""


class SessionEntry:
    """Lets visits into one session. Holds its gate, what it has been used for, and how it ended."""

    def __init__(self, name: str | None, clock: Clock, *, start: Start, limits: SessionLimits = NO_LIMITS) -> None:
        """Open from now on. `start` runs sign-ins in the background."""
        self.name = name
        self._start = start
        self.signing_in: SigningIn | None = None
        self.after_sign_in: Callable[[], None] | None = None
        """Called when a sign-in has been done, before any visit goes on."""
        self.on_end: Callable[[], None] | None = None
        """Called once, when the session ends by itself: nothing new comes in, visits that are inside go on."""
        self._limits = limits
        self._clock = clock
        self._gate = SessionGate()
        self._room = anyio.CapacityLimiter(limits.max_pages_at_once) if limits.max_pages_at_once else None
        self._opened_at = self._used_at = clock.monotonic()
        self._visits = 0
        self._users = 0
        self._sign_in: _RunningSignIn | None = None
        self._ended: tuple[type[FetchError], str] | None = None
        self._is_closed = False

    # --- in and out

    @asynccontextmanager
    async def visit(self) -> AsyncGenerator[None]:
        """Inside for one visit, beside others; signed in, where the session knows how to.

        Raises:
            SessionEnded: it has ended, or its last visit was the one before.
            SignInFailed: it can't be signed in, and has ended.
            BrowserCrashed, LaunchFailed: there is no browser to sign in with.
        """
        self.check_open()
        async with AsyncExitStack() as stack:
            if self._room is not None and not self._gate.is_inside:
                await stack.enter_async_context(self._room)
            await stack.enter_async_context(self._signed_in())
            self.check_open()
            self._visits += 1
            stack.enter_context(self.in_use())
            yield

    @asynccontextmanager
    async def alone(self) -> AsyncGenerator[None]:
        """Inside with nobody else; visits that this task begins in here go ahead.

        Raises:
            SessionEnded, SignInFailed: it has ended.
            ConfigError: from inside a visit.
        """
        self.check_open()
        async with self._gate.alone():
            self.check_open()
            with self.in_use():
                yield

    @contextmanager
    def in_use(self) -> Generator[None]:
        """Used as long as the block runs, so that it is not idle."""
        self._users += 1
        try:
            yield
        finally:
            self._users -= 1
            self._used_at = self._clock.monotonic()

    @asynccontextmanager
    async def _signed_in(self) -> AsyncGenerator[None]:
        while True:
            await self._sign_in_when_due()
            async with self._gate.shared():
                if not self._is_due:  # not asked for by another visit, while this one waited at the gate
                    yield
                    return

    @property
    def _is_due(self) -> bool:
        """Whether there has to be a sign-in first. Not for what a sign-in or a visit does itself."""
        if self.signing_in is None or not self.signing_in.record.is_due or self._gate.is_inside_visit:
            return False
        return self._sign_in is None or not (self._sign_in.has_begun and self._gate.is_inside)

    async def _sign_in_when_due(self) -> None:
        """Wait for the sign-in that serves all; begin it, where nobody has yet."""
        if not self._is_due:
            return
        running = self._sign_in
        if running is None:
            running = self._sign_in = _RunningSignIn()
            self._start(partial(self._run_sign_in, running))
        await running.ended.wait()
        if running.error is not None:
            # Another one for each who waited: an exception that is raised twice would gather the tracebacks of both.
            raise type(running.error)(running.error.message, phase="page", blame=running.error.blame)
        self.check_open()

    async def _run_sign_in(self, running: _RunningSignIn) -> None:
        """One sign-in, in a task of its own: whoever waited first may be cancelled, and the others go on waiting."""
        try:
            async with self._gate.alone():
                running.has_begun = True
                await self._sign_in_alone()
        except SignInFailed as error:
            self.end(SignInFailed, error.message)
        except FetchError as error:
            running.error = error
        finally:
            self._sign_in = None
            running.ended.set()

    async def _sign_in_alone(self) -> None:
        if self.signing_in is None or self._ended is not None:
            return
        await self.signing_in.run()
        if self.after_sign_in is not None:
            self.after_sign_in()

    # --- the end

    def check_open(self) -> None:
        """Nothing, while the session is open.

        Raises:
            SessionEnded, SignInFailed: it has ended, or ends now.
        """
        self._end_when_due()
        if self._ended is not None:
            cls, reason = self._ended
            raise cls(f"session {self.name!r} has ended: {reason}", phase="page")

    @property
    def is_open(self) -> bool:
        """Whether it may be used."""
        return self._ended is None

    def end(self, cls: type[FetchError], reason: str) -> None:
        """Let nothing in any more. Whoever comes is told so by an error of this class."""
        if self._ended is None:
            self._ended = cls, reason
            if self.on_end is not None:
                self.on_end()

    def close(self) -> None:
        """Let nothing go on any more, either."""
        self.end(SessionEnded, "it was closed")
        self._is_closed = True
        if self._sign_in is not None:
            self._sign_in.ended.set()  # it may never have come to run

    def check_not_closed(self) -> None:
        """Nothing, while what is inside may go on.

        Raises:
            SessionEnded, SignInFailed: the session was closed.
        """
        if self._is_closed:
            self.check_open()

    async def emptied(self) -> None:
        """Wait until nothing is inside."""
        await self._gate.emptied()

    async def watch_limits(self) -> None:
        """End the session when its time has come, though nobody comes to be told. Returns when it has ended."""
        while self._ended is None:
            seconds = self._seconds_left
            if seconds is None:
                return
            await self._clock.sleep(seconds)
            self._end_when_due()

    @property
    def _seconds_left(self) -> float | None:
        """Until a limit may be reached."""
        now, limits = self._clock.monotonic(), self._limits
        idle_since = now if self._users else self._used_at
        ends = [
            start + limit
            for start, limit in ((self._opened_at, limits.max_age), (idle_since, limits.max_idle))
            if limit is not None
        ]
        return max(0.0, min(ends) - now) if ends else None

    def _end_when_due(self) -> None:
        now = self._clock.monotonic()
        idle = 0.0 if self._users else now - self._used_at
        reason = reached_limit(self._limits, age=now - self._opened_at, idle=idle, visits=self._visits)
        if reason is not None:
            self.end(SessionEnded, reason)

    def __repr__(self) -> str:
        """Whether it is open, and who is inside."""
        state = "open" if self._ended is None else "ended"
        return f"<SessionEntry {self.name or 'anonymous'} {state}, {self._visits} visits, {self._gate!r}>"
