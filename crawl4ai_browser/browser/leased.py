"""What the pool hands out for the time of one attempt."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from playwright.async_api import APIRequestContext

    from crawl4ai_browser.browser.proxies.turn import ProxyTurn
    from crawl4ai_browser.browser.sessions.open_context import OpenContext
    from crawl4ai_browser.browser.sessions.session import BrowserSession
    from crawl4ai_browser.browser.visits.kept_page import KeptPage


class LeasedPage(NamedTuple):
    """A page, the session it belongs to, and the turn of the proxy it goes out through."""

    page: KeptPage
    session: BrowserSession
    turn: ProxyTurn


class PlainWay(NamedTuple):
    """A client for plain requests, the context it belongs to, and the turn of the proxy it goes out through."""

    requests: APIRequestContext
    context: OpenContext
    turn: ProxyTurn
