"""Whoever gives up waiting leaves nothing behind, and takes nothing away from the others."""

from __future__ import annotations

from contextlib import suppress
from random import Random

import anyio
from playwright.async_api import BrowserContext, Page

from crawl4ai_browser import Crawler, Session, SignedIn, SignIn
from crawl4ai_browser.errors import CrawlError
from crawl4ai_browser.testing.site import Members, SiteServer
from tests.crawling.members import entry, log_in_as, member_of, signs_in


async def test_a_sign_in_goes_on_for_the_others_when_the_first_to_wait_gives_up(
    crawler: Crawler, site: SiteServer, members: Members
) -> None:
    has_begun = anyio.Event()
    begun: list[int] = []

    async def log_in(page: Page) -> None:
        begun.append(len(begun))
        has_begun.set()
        await log_in_as("alice", site)(page)

    sign_in = SignIn(log_in=log_in, is_signed_in=SignedIn(selector="[data-member]"))
    async with crawler.session("alice", sign_in=sign_in) as alice:
        async with anyio.create_task_group() as impatient:
            impatient.start_soon(alice.fetch, entry(site, 1))
            await has_begun.wait()
            impatient.cancel_scope.cancel()
        assert member_of(await alice.fetch(entry(site, 2))) == "alice"
    assert begun == [0]
    assert members.sign_in_count() == 1


async def a_step(session: Session, site: SiteServer, kind: int) -> None:
    """Something that a user may do with a session."""
    match kind:
        case 0:
            await session.fetch(entry(site, 1))
        case 1:
            await session.run(log_in_as("alice", site))
        case 2:
            async with session.page() as page:
                await page.goto(entry(site, 2))
                await page.run(lambda shown: shown.title())
                await page.result()
        case 3:
            async with session.alone():
                await session.fetch(entry(site, 3))
        case _:
            await session.storage_state()


async def until_closed(context: BrowserContext, page_count: int) -> None:
    """Wait until no more pages are there than so many."""
    with anyio.fail_after(20):
        while len(context.pages) > page_count:  # noqa: ASYNC110 - the browser closes them in its own time
            await anyio.sleep(0.02)


async def test_steps_cancelled_at_any_moment_leave_nothing(
    crawler: Crawler, site: SiteServer, members: Members
) -> None:
    del members
    random = Random(11)
    async with crawler.session("alice", sign_in=signs_in("alice", site)) as alice:

        async def give_up(kind: int, seconds: float) -> None:
            with anyio.move_on_after(seconds), suppress(CrawlError):
                await a_step(alice, site, kind)

        for _ in range(6):
            async with anyio.create_task_group() as tasks:
                for kind in range(5):  # shape: each kind of step at once
                    tasks.start_soon(give_up, kind, random.uniform(0, 0.5))
        with anyio.fail_after(10):
            assert member_of(await alice.fetch(entry(site, 4))) == "alice"
        opened = alice._usable()
        context = await opened.context()
        await until_closed(context, opened.page_count)
        assert "0 pages in use" in repr(opened)
