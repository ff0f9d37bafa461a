"""SigningIn: does the sign-ins of one session, and asks its pages whether they show it signed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import anyio
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page

from crawl4ai_browser.browser.sessions.sign_in import SignedIn, SignIn, SignInRecord
from crawl4ai_browser.browser.sessions.user_function import UserFunctionFailed, call_user, settle
from crawl4ai_browser.errors import FetchError, SignedOut, SignInFailed

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from crawl4ai_browser.browser.visits.kept_page import KeptPage
    from crawl4ai_browser.clock import Clock

FIRST_PAUSE = 1.0
"""Seconds after a sign-in that failed; doubled with each. A server that just restarts gets a moment, and one that
counts failed sign-ins sees few."""

OpenPage = Callable[[], "AbstractAsyncContextManager[KeptPage]"]
"""Gives a blank page of the session, in which a user's functions may do what they like."""


class SigningIn:
    """The sign-ins of one session. Whoever calls `run` sees to it that nothing else of the session goes on."""

    def __init__(self, sign_in: SignIn, open_page: OpenPage, clock: Clock, *, has_state: bool) -> None:
        """`has_state`: the session begins with what an earlier one left, and may be signed in already."""
        self._sign_in = sign_in
        self._open_page = open_page
        self._clock = clock
        self._may_be_signed_in = has_state
        # A state is taken at its word where nothing can verify it: the first page will tell.
        is_due = not has_state or sign_in.check_url is not None
        self.record = SignInRecord(max_in_a_row=sign_in.max_in_a_row, is_due=is_due)

    async def run(self) -> None:
        """Sign in; at once where `check_url` shows that it is not needed.

        Raises:
            SignInFailed: too many in a row did not help.
            BrowserCrashed, LaunchFailed: there is no browser to do it in.
        """
        record = self.record
        if self._may_be_signed_in and await self._is_verified():
            record.confirmed()
            return
        self._may_be_signed_in = True
        while not record.is_hopeless:
            failure = await self._once()
            if failure is None:
                record.succeeded()
                return
            record.failed(failure)
            if not record.is_hopeless:
                await self._clock.sleep(FIRST_PAUSE * 2 ** (record.in_a_row - 1))
        raise SignInFailed(f"{record.in_a_row} sign-ins in a row did not help: {record.reason}", phase="page")

    def watch(self) -> SignInWatch:
        """What judges the page of one visit that begins now."""
        return SignInWatch(self._sign_in, self.record)

    async def _once(self) -> str | None:
        """One sign-in; why it failed, or None."""
        timeout = self._sign_in.timeout
        try:
            with anyio.fail_after(timeout):
                async with self._open_page() as page:
                    await call_user(page, self._sign_in.log_in, "log_in")
                    await settle(page)
                if self._sign_in.check_url is not None:
                    return await self._check(self._sign_in.check_url)
        except TimeoutError:
            return f"log_in did not end within {timeout:g} s"
        except UserFunctionFailed as error:
            return error.message
        return None

    async def _is_verified(self) -> bool:
        url = self._sign_in.check_url
        if url is None:
            return False
        try:
            with anyio.fail_after(self._sign_in.timeout):
                return await self._check(url) is None
        except TimeoutError:
            return False

    async def _check(self, url: str) -> str | None:
        """Why `check_url` shows the session signed out, or None."""

        async def visit(page: Page) -> int | None:
            response = await page.goto(url, timeout=self._sign_in.timeout * 1000)
            return response.status if response is not None else None

        async with self._open_page() as page:
            try:
                status = await call_user(page, visit, "check_url")
                await settle(page)
            except UserFunctionFailed as error:
                return error.message
            final_url = page.page.url
            found = self._sign_in.denial(url=url, final_url=final_url, status=status)
            return found or await _seen_in(page, self._sign_in)


class SignInWatch:
    """Judges whether the page of one visit shows its session signed in, and remembers it for the session."""

    def __init__(self, sign_in: SignIn, record: SignInRecord) -> None:
        """A visit begins now."""
        self._sign_in = sign_in
        self._record = record
        self._count = record.count

    async def judge(self, page: KeptPage, *, url: str, final_url: str, status: int | None) -> None:
        """Look at a page that is ready.

        Raises:
            SignedOut: it shows that its session is not signed in.
            FetchError: the user's test of it failed.
        """
        refusal = self.refusal(url=url, final_url=final_url, status=status)
        if refusal is not None:
            raise refusal
        reason = await _seen_in(page, self._sign_in)
        if reason is not None:
            raise self._signed_out(url, reason)
        self._record.saw_signed_in(self._count)

    def refusal(self, *, url: str, final_url: str, status: int | None) -> SignedOut | None:
        """The error of an answer to somebody who is not signed in; None where the answer alone doesn't say so."""
        reason = self._sign_in.denial(url=url, final_url=final_url, status=status)
        return self._signed_out(url, reason) if reason is not None else None

    def _signed_out(self, url: str, reason: str) -> SignedOut:
        self._record.saw_signed_out(self._count, url, reason)
        return SignedOut(f"the page shows that its session is not signed in: {reason}", phase="ready")


async def _seen_in(page: KeptPage, sign_in: SignIn) -> str | None:
    test = sign_in.is_signed_in
    try:
        if isinstance(test, SignedIn):
            return await _signs_missing(page.page, test)
        if await call_user(page, test, "is_signed_in"):
            return None
        return "is_signed_in said no"
    except UserFunctionFailed as error:
        raise FetchError(error.message, phase="ready", blame="user") from error


async def _signs_missing(page: Page, signs: SignedIn) -> str | None:
    try:
        if signs.selector is not None and not await page.evaluate(
            "css => !!document.querySelector(css)", signs.selector
        ):
            return f"no {signs.selector!r} in the page"
        if signs.script is not None and not await page.evaluate(signs.script):
            return "the script found the page signed out"
    except PlaywrightError as error:
        message = error.message.strip().split("\n", 1)[0]
        raise UserFunctionFailed(f"is_signed_in failed: {message}") from error
    return None
