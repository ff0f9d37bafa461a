"""SessionPages: the pages of one session, those that wait for a visit and those that are lent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawl4ai_browser.bell import Bell

if TYPE_CHECKING:
    from playwright.async_api import Page

    from crawl4ai_browser.browser.sessions.open_context import OpenContext
    from crawl4ai_browser.browser.visits.kept_page import KeptPage


class SessionPages:
    """Counts, and opens and closes nothing. The idle ones are of the session's current context."""

    def __init__(self) -> None:
        self._idle: list[KeptPage] = []
        self._lent: dict[KeptPage, OpenContext] = {}
        self._returned = Bell()

    def __len__(self) -> int:
        """All of them."""
        return len(self._idle) + len(self._lent)

    @property
    def are_lent(self) -> bool:
        """Whether any is."""
        return bool(self._lent)

    def keep(self, page: KeptPage) -> None:
        """It waits for the next visit."""
        self._idle.append(page)

    def take_idle(self, wanted_site: str) -> KeptPage | None:
        """A kept page: of that site, whose renderer is there; else the one that has been idle longest."""
        if not self._idle:
            return None
        page = next((page for page in self._idle if page.site == wanted_site), self._idle[0])
        self._idle.remove(page)
        return page

    def drop_idle(self) -> list[KeptPage]:
        """Those that waited, which do no longer."""
        idle, self._idle = self._idle, []
        return idle

    def lend(self, page: KeptPage, context: OpenContext) -> None:
        """A page of the context is in use from now on."""
        self._lent[page] = context
        context.browser.leased += 1

    def take_back(self, page: KeptPage) -> OpenContext:
        """It is in use no longer; the context it is of."""
        context = self._lent.pop(page)
        context.browser.leased -= 1
        self._returned.ring()
        return context

    def context_of(self, page: KeptPage) -> OpenContext | None:
        """The context of a page that is lent."""
        return self._lent.get(page)

    def use(self, context: OpenContext) -> bool:
        """Whether any of that context is lent, or being opened."""
        return context.is_opening or context in self._lent.values()

    def owner_of(self, page: Page) -> KeptPage | None:
        """Which of them this page of Playwright's belongs to: itself, or a window of it."""
        return next((each for each in (*self._lent, *self._idle) if each.owns(page)), None)

    async def all_back(self) -> None:
        """Wait until none is lent."""
        while self._lent:
            await self._returned.wait()

    @property
    def summary(self) -> str:
        """How many there are, for people."""
        return f"{len(self._lent)} pages in use, {len(self._idle)} idle"

    def __repr__(self) -> str:
        """How many there are."""
        return f"<SessionPages {self.summary}>"
