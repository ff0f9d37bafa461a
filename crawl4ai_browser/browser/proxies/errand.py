"""What a proxy is wanted for, as far as a request tells. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawl4ai_browser.proxy_status import ProxyErrand
from crawl4ai_browser.urls import is_web, origin

if TYPE_CHECKING:
    from crawl4ai_browser.request import Request


def errand_of(request: Request) -> ProxyErrand:
    """The errand of one attempt at a request; those of one request know of one another by its fingerprint."""
    host = origin(request.url) if is_web(request.url) else ""
    return ProxyErrand(host=host, session=request.session, key=request.fingerprint)
