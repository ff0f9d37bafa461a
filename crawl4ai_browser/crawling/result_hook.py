"""Calls `on_result`: a user's function that sees each result and decides which links are followed from it."""

from __future__ import annotations

import logging

from crawl4ai_browser import urls
from crawl4ai_browser.browser.hooks import PHASES, Hooks, call_hook
from crawl4ai_browser.browser.hooks import ResultHook as ResultHook
from crawl4ai_browser.errors import HookFailed
from crawl4ai_browser.page_content import Link
from crawl4ai_browser.result import CrawlResult, ErrorInfo

_log = logging.getLogger("crawl4ai_browser")

Links = tuple[Link, ...]


async def links_chosen(hook: ResultHook, result: CrawlResult, *, timeout: float) -> tuple[CrawlResult, Links | None]:
    """What the hook says to follow; None: the result's own links.

    A hook that fails makes the result one that failed, by the user's doing, and no links are followed from it: what it
    would have vetoed is not known.
    """

    async def choose() -> Links | None:
        chosen = await hook(result)
        return None if chosen is None else tuple(_link(each, result) for each in chosen)

    try:
        return result, await call_hook("on_result", choose, timeout=timeout)
    except HookFailed as error:
        _log.warning("on_result failed for %s", urls.without_credentials(result.url), exc_info=error.__cause__ or error)
        update = {"ok": False, "error": result.error or ErrorInfo.from_error(error)}
        return result.model_copy(update=update), ()


async def seen_by_hook(result: CrawlResult, hooks: Hooks) -> CrawlResult:
    """The result of a page that is fetched alone, from which no links are followed, after the hook has seen it."""
    if hooks.on_result is None:
        return result
    seen, _ = await links_chosen(hooks.on_result, result, timeout=hooks.timeout)
    return seen


def _link(chosen: object, result: CrawlResult) -> Link:
    if isinstance(chosen, Link):
        return chosen
    if not isinstance(chosen, str):
        raise _wrong(f"it returned {chosen!r:.80} where a Link or a URL is expected")
    url = urls.join(result.base_url or result.final_url, chosen)
    if url is None:
        raise _wrong(f"it returned {chosen!r:.200}, which is no URL")
    return Link(url=url, internal=urls.site(url) == urls.site(result.final_url))


def _wrong(reason: str) -> HookFailed:
    return HookFailed(f"on_result failed: {reason}", phase=PHASES["on_result"])
