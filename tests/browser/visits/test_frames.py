"""Pages of one browser that all paint at once."""

from __future__ import annotations

import anyio
import pytest
from playwright.async_api import Page

from crawl4ai_browser.browser.pool import BrowserPool
from crawl4ai_browser.browser.visits import frames
from crawl4ai_browser.config import CrawlConfig
from crawl4ai_browser.events import BrowserLost, Event, Observers

PAINT = """() => new Promise((done) => {
    const end = performance.now() + 1200;
    const paint = () => {
        document.body.style.marginTop = `${performance.now() % 50}px`;
        if (performance.now() < end) requestAnimationFrame(paint); else done(true);
    };
    paint();
})"""


async def test_pages_that_paint_at_once_do_not_kill_their_browser() -> None:
    events: list[Event] = []
    painted: list[bool] = []
    async with BrowserPool(CrawlConfig(), Observers((events.append,))) as pool, anyio.create_task_group() as tasks:

        async def paint(page: Page) -> None:
            painted.append(await page.evaluate(PAINT))

        for number in range(4):
            tasks.start_soon(pool.run, pool.session(f"painter {number}"), paint)
    assert painted == [True] * 4
    assert not [event for event in events if isinstance(event, BrowserLost)]


async def test_a_page_in_a_loop_does_not_stop_the_frames_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "TURN_SECONDS", 0.1)
    painted: list[bool] = []
    async with BrowserPool(CrawlConfig()) as pool:

        async def hang(page: Page) -> None:
            await page.evaluate(f"void ({PAINT})()")  # a frame of it is always owed
            await page.evaluate("for (;;);")

        async def paint(page: Page) -> None:
            while len(painted) < 3:
                painted.append(await page.evaluate(PAINT))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(pool.run, pool.session("hangs"), hang)
            await pool.run(pool.session("paints"), paint)
            tasks.cancel_scope.cancel()
    assert painted == [True] * 3
