"""How tests sign in at the bundled site's login application, and tell who a page is for."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable

from playwright.async_api import Page

from crawl4ai_browser import SignedIn, SignIn
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.testing.site import SiteServer, password_of

LogIn = Callable[[Page], Awaitable[None]]

_MEMBER = re.compile(r'data-member="(\w+)"')


def log_in_as(name: str, site: SiteServer, *, store: str = "cookie") -> LogIn:
    """Fills in the form and clicks, and leaves it at that: what follows is not waited for."""
    path = "/members/login" if store == "cookie" else f"/members/token-login/{store}"

    async def log_in(page: Page) -> None:
        await page.goto(site.url(path))
        await page.get_by_label("Name").fill(name)
        await page.get_by_label("Password").fill(password_of(name))
        await page.get_by_role("button").click()

    return log_in


def member_of(result: CrawlResult) -> str | None:
    """Who the page says is signed in."""
    found = _MEMBER.search(result.html or "")
    return found[1] if found else None


def signs_in(name: str, site: SiteServer, *, store: str = "cookie") -> SignIn:
    """A sign-in that knows by the name on the page whether it has worked."""
    return SignIn(log_in=log_in_as(name, site, store=store), is_signed_in=SignedIn(selector=f'[data-member="{name}"]'))


async def results_of(crawl: AsyncIterator[CrawlResult]) -> list[CrawlResult]:
    """All of them."""
    return [result async for result in crawl]
