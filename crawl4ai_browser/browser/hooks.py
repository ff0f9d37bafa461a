"""Hooks: a user's own functions in the course of every visit, for what values can't say; and how they are called.

Each gets its arguments and nothing else, and runs beside the hooks of other visits: what it shares with them is its own
affair. What one raises, or that it takes too long, is the failure of its own page alone, as a `HookFailed` that blames
the user.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Literal, TypeVar

import anyio
from playwright.async_api import BrowserContext, Page
from playwright.async_api import Error as PlaywrightError

from crawl4ai_browser.browser.playwright_errors import is_gone, translate
from crawl4ai_browser.errors import ConfigError, HookFailed, Phase
from crawl4ai_browser.page_content import Link
from crawl4ai_browser.request import Request
from crawl4ai_browser.result import CrawlResult

T = TypeVar("T")

ContextHook = Callable[[BrowserContext, str | None], Awaitable[None]]
"""Gets Playwright's context and the name of its session; None: the crawl's anonymous one."""

PageHook = Callable[[Page, Request], Awaitable[None]]
"""Gets Playwright's page and what it is visited for."""

ResultHook = Callable[[CrawlResult], Awaitable[Iterable[Link | str] | None]]
"""Called once with each result, before it is written and given out. What it returns is followed in place of
`result.links`: links, or URLs (relative ones are held against the page's base). None: the page's own links. All of it
is judged by the scope, as every link is. It runs beside other visits, so it may await."""

PageHookName = Literal["before_goto", "after_ready", "before_read"]

HookName = Literal[PageHookName, "on_context", "on_result"]

PHASES: dict[HookName, Phase] = {
    "on_context": "page",
    "before_goto": "goto",
    "after_ready": "perform",
    "before_read": "read",
    "on_result": "extract",
}
"""The stop of a URL's path at which each is called."""


@dataclass(frozen=True)
class Hooks:
    """Async functions that are called with Playwright's own objects, in this order.

        async def accept(page, request):
            await page.add_locator_handler(page.locator("#cookies"), lambda: page.click("#cookies button"))

        async with Crawler(hooks=Hooks(before_goto=accept)) as crawler: ...

    A page that a hook has had is not used again, as it may have left anything behind in it, which costs 70 ms of CPU a
    visit. `on_context` and `on_result` cost nothing.
    """

    on_context: ContextHook | None = None
    """A context was opened: once for each session, again when its browser has gone, and for every URL with
    `CrawlConfig.fresh_contexts`. Nothing has been visited in it."""
    before_goto: PageHook | None = None
    """The page is about to go to the URL. What it asks for now is not part of the visit."""
    after_ready: PageHook | None = None
    """The page is ready, and nothing has been done on it. Afterwards it is waited for again."""
    before_read: PageHook | None = None
    """The page is ready, actions are done, and it is read next, as the hook leaves it."""
    on_result: ResultHook | None = None
    """There is a result. A crawl's own `on_result` takes its place."""
    timeout: float = 30.0
    """Seconds for one call of one hook, within the visit's own deadline."""

    def __post_init__(self) -> None:
        """Check what can be checked before anything starts.

        Raises:
            ConfigError: a hook is no function, or its deadline is none.
        """
        for name in PHASES:
            hook = getattr(self, name)
            if hook is not None and not callable(hook):
                raise ConfigError(f"the hook {name} is {hook!r:.80}, not an async function")
        if not self.timeout > 0:
            raise ConfigError(f"the deadline of hooks is {self.timeout!r}, not a number of seconds")

    @property
    def need_browsers(self) -> bool:
        """Whether one of them is never called where pages come from a fetcher of the user's."""
        return any(getattr(self, name) is not None for name in PHASES if name != "on_result")


NO_HOOKS = Hooks()


async def call_hook(name: HookName, call: Callable[[], Awaitable[T]], *, timeout: float) -> T:
    """What the hook returns.

    Raises:
        HookFailed: it raised, took too long, or is not async.
        PlaywrightError: the page it was given is gone, or its browser.
    """
    phase = PHASES[name]
    with anyio.move_on_after(timeout) as scope:
        try:
            called = call()
            if not inspect.isawaitable(called):
                raise HookFailed(f"{name} is not an async function", phase=phase)
            return await called
        except (HookFailed, PlaywrightError) as error:
            if isinstance(error, HookFailed) or is_gone(error):
                raise
            # The first line alone: the call log below it holds what was typed.
            raise HookFailed(f"{name} failed: {translate(error, phase=phase).message}", phase=phase) from error
        except Exception as error:
            text = str(error).strip().split("\n", 1)[0]
            raise HookFailed(f"{name} failed: {type(error).__name__}: {text}"[:500], phase=phase) from error
    assert scope.cancelled_caught, "all else has been returned or raised"
    raise HookFailed(f"{name} took longer than {timeout:g} s", phase=phase)
