"""Sign-in: how a session gets signed in, how a page shows that it is not, and when to do what. The deciding half.

`signing_in` acts on what is decided here.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from ada_url import URL
from playwright.async_api import Page

from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.frozen import Frozen
from crawl4ai_browser.urls import without_fragment

PageTest = Callable[[Page], Awaitable[bool]]
"""Looks at a page, and leaves it as it is."""


class SignedIn(Frozen):
    """How a page shows that its session is signed in: everything given here holds for it."""

    selector: str | None = None
    """CSS of what every page has for who is signed in, such as a link to sign out."""
    script: str | None = None
    """A JavaScript expression, or function without arguments, that gives something truthy for who is signed in."""
    login_url: str | None = None
    """Where pages lead who is not: a pattern with `*` for the address without its query, such as `*/login`."""
    statuses: frozenset[int] = frozenset({401, 403})
    """Who is not gets one of these. Without 403 where pages are forbidden to the account itself: each such page would
    cost three sign-ins before it is left as it is."""

    def denial(self, *, url: str, final_url: str, status: int | None) -> str | None:
        """Why this answer is one to somebody who is not signed in; None where it says nothing of the kind."""
        if status in self.statuses:
            return f"status {status}"
        if self.login_url is None or not _leads_to(final_url, self.login_url) or _leads_to(url, self.login_url):
            return None
        return f"led to {_bare(final_url)}"


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """Signs a session in: before its first page, and again when a page shows that it has been signed out.

    One sign-in serves all pages that wait for it, and runs while no page of the session is visited. The pages that
    showed the session signed out are visited again without being charged.
    """

    log_in: Callable[[Page], Awaitable[object]]
    """Gets Playwright's page, blank, and leaves its session signed in. What it has begun is waited for."""
    is_signed_in: SignedIn | PageTest = SignedIn()
    """How a page shows it; a function is asked of every page once it is ready."""
    check_url: str | None = None
    """A page that only those can see who are signed in. With it every sign-in is verified, one with a state from
    before is done only when that has run out, and a page that is merely forbidden costs none."""
    timeout: float = 60.0
    """Seconds for one."""
    max_in_a_row: int = 3
    """After so many without a page that shows the session signed in, it ends; a single page that never does, does not
    count."""

    def __post_init__(self) -> None:
        """Check what is given.

        Raises:
            ConfigError: not what the fields say.
        """
        for name in ("log_in", "is_signed_in"):
            function: object = getattr(self, name)
            if not isinstance(function, SignedIn) and not _is_async(function):
                raise ConfigError(f"SignIn.{name} is an async function that takes Playwright's page, not {function!r}")
        if self.check_url is not None and not URL.can_parse(self.check_url):
            raise ConfigError(f"SignIn.check_url is an absolute URL, not {self.check_url!r}")
        if self.timeout <= 0 or self.max_in_a_row < 1:
            raise ConfigError("SignIn.timeout and SignIn.max_in_a_row are greater than 0")

    def denial(self, *, url: str, final_url: str, status: int | None) -> str | None:
        """Why this answer is one to somebody who is not signed in, as far as the answer alone can say."""
        if not isinstance(self.is_signed_in, SignedIn):
            return None
        return self.is_signed_in.denial(url=url, final_url=final_url, status=status)


@dataclass
class SignInRecord:
    """How a session stands with its sign-ins. Pure."""

    max_in_a_row: int
    is_due: bool
    """Whether the next visit has to wait for one."""
    count: int = 0
    """How often the session has been found or made signed in: visits name it, so that one that began before the
    latest sign-in cannot ask for another."""
    in_a_row: int = 0
    """Sign-ins since a page last showed that one had worked."""
    reason: str = "it has not been signed in yet"
    """Why one is due."""
    has_failed: bool = False
    """Whether the latest sign-in did not come to its end."""
    witnesses: set[str] = field(default_factory=set[str])
    """Addresses that have shown the session signed out since one last showed it signed in."""

    def saw_signed_in(self, count: int) -> None:
        """A page of a visit that began when `count` was this one showed the session signed in."""
        if count == self.count:
            self.in_a_row = 0
            self.witnesses.clear()

    def saw_signed_out(self, count: int, url: str, reason: str) -> None:
        """A page of such a visit showed it signed out."""
        self.witnesses.add(url)
        if count == self.count:
            self.is_due = True
            self.reason = reason

    @property
    def is_hopeless(self) -> bool:
        """Whether another sign-in would only be one more that does not help.

        One page alone is no proof of that: it may look so to everybody. It is given up by itself in the end.
        """
        return self.in_a_row >= self.max_in_a_row and (self.has_failed or len(self.witnesses) != 1)

    def failed(self, reason: str) -> None:
        """A sign-in did not come to its end, or did not help. One that was cancelled, or lost its browser, is none."""
        self.in_a_row += 1
        self.has_failed = True
        self.reason = reason

    def succeeded(self) -> None:
        """A sign-in came to its end: the session is signed in, as far as is known without visiting a page."""
        self.in_a_row += 1
        self.confirmed()

    def confirmed(self) -> None:
        """The session turned out to be signed in."""
        self.is_due = self.has_failed = False
        self.count += 1


def _is_async(function: object) -> bool:
    if not callable(function):
        return False
    # An object with an async `__call__` too. What a lambda or a partial gives is seen when it is called.
    inner = getattr(function, "__call__", None)  # noqa: B004 - asked for what it is, not whether it is there
    return (
        inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(inner) or not inspect.isfunction(function)
    )


def _leads_to(url: str, pattern: str) -> bool:
    return fnmatchcase(_bare(url), pattern)


def _bare(url: str) -> str:
    return without_fragment(url).partition("?")[0]
