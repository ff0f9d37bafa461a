"""ResultHook: a user's function that sees each result and decides which links are followed from it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable

from crawl4ai_browser import urls
from crawl4ai_browser.errors import ExtractError
from crawl4ai_browser.page_content import Link
from crawl4ai_browser.result import CrawlResult, ErrorInfo

_log = logging.getLogger("crawl4ai_browser")

ResultHook = Callable[[CrawlResult], Awaitable[Iterable[Link | str] | None]]
"""Called once with each result, before it is written and given out. What it returns is followed in place of
`result.links`: links, or URLs (relative ones are held against the page's base). None: the page's own links. All of it
is judged by the scope, as every link is. It runs beside other visits, so it may await."""

Links = tuple[Link, ...]


async def links_chosen(hook: ResultHook, result: CrawlResult) -> tuple[CrawlResult, Links | None]:
    """What the hook says to follow; None: the result's own links.

    A hook that fails makes the result one that failed, by the user's doing, and no links are followed from it: what it
    would have vetoed is not known.
    """
    try:
        chosen = await hook(result)
        links = None if chosen is None else tuple(_link(each, result) for each in chosen)
    except Exception as error:  # noqa: BLE001 - a user's function; reported in the result
        _log.warning("on_result failed for %s", urls.without_credentials(result.url), exc_info=error)
        text = error.message if isinstance(error, ExtractError) else f"{type(error).__name__}: {error}"
        failure = ExtractError(f"on_result failed: {text}", phase="extract", blame="user")
        update = {"ok": False, "error": result.error or ErrorInfo.from_error(failure)}
        return result.model_copy(update=update), ()
    return result, links


def _link(chosen: object, result: CrawlResult) -> Link:
    if isinstance(chosen, Link):
        return chosen
    if not isinstance(chosen, str):
        raise ExtractError(f"it returned {chosen!r:.80} where a Link or a URL is expected")
    url = urls.join(result.base_url or result.final_url, chosen)
    if url is None:
        raise ExtractError(f"it returned {chosen!r:.200}, which is no URL")
    return Link(url=url, internal=urls.site(url) == urls.site(result.final_url))
