"""The seam between the browser and all that stands behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from crawl4ai_browser.frozen import Frozen

if TYPE_CHECKING:
    from crawl4ai_browser.request import Request
    from crawl4ai_browser.snapshot import Snapshot


class Fetcher(Protocol):
    """Turns a request into a snapshot. Politeness, cache and test fakes are fetchers that wrap or replace one another."""

    async def fetch(self, request: Request) -> Snapshot:
        """Visit the URL once.

        A 404 is a snapshot like any other. May be cancelled at any point and then leaves nothing behind.

        Raises:
            FetchError: the visit failed; its `snapshot` holds what was gathered.
            Skipped: the URL was not visited, on purpose.
        """
        ...


class PlainResponse(Frozen):
    """The answer to a plain request: redirects followed, body decoded from its transfer and content encoding."""

    url: str
    """The final URL."""
    status: int
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes


class PlainGet(Protocol):
    """The one way out for what is not a page: robots.txt, sitemaps, files."""

    async def get(self, url: str, *, session: str | None = None, timeout: float = 30.0) -> PlainResponse:
        """GET `url` with the cookies, identity and proxy of the session.

        Raises:
            FetchError: no answer.
        """
        ...
