"""How tests sign in at the bundled site's login application, and tell who a page is for."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable

from playwright.async_api import Page

from crawl4ai_browser import Request, SignedIn, SignIn, VisitConfig
from crawl4ai_browser.ready import Predicate
from crawl4ai_browser.result import CrawlResult
from crawl4ai_browser.testing.site import SiteServer, password_of

LogIn = Callable[[Page], Awaitable[None]]

# A member's name, the way to sign in, or a refusal: what an entry comes to. That its scripts are quiet is no proof of
# it, as nothing tells how long a database takes to open.
SHOWN = VisitConfig(
    timeout=15,
    ready=Predicate(script="!!document.querySelector('[data-member], form') || /alone/.test(document.body.innerText)"),
)

_MEMBER = re.compile(r'data-member="(\w+)"')


def entry(site: SiteServer, number: int = 1, *, store: str = "cookie") -> Request:
    """One page of the application, waited for until it shows who is signed in, or that nobody is."""
    return Request(url=site.url(f"/members/{store}/{number}"), visit=SHOWN)


def entries(site: SiteServer, count: int, *, store: str = "cookie") -> list[Request]:
    """The first ones."""
    return [entry(site, number, store=store) for number in range(count)]


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
