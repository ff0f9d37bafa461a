"""The seam between the browser and all that stands behind it.

How a delay between two hits of a host is kept. A turn is granted before the visit has a page, and how long the page,
the connection and the proxy then take differs from visit to visit: turns granted a second apart could hit the server
half a second apart. So the interval counts from the moment at which a hit is known to have happened: when its answer
begins. The fetcher that navigates says so by calling `on_answer`, and while a delay is in force the next turn of the
host is granted only a delay after that. No page is ever held to wait, and the server never sees two hits nearer than
asked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from crawl4ai_browser.frozen import Frozen

if TYPE_CHECKING:
    from crawl4ai_browser.request import Request
    from crawl4ai_browser.snapshot import Snapshot


OnAnswer = Callable[[float], None]
"""Told, when the headers of a document's answer have come, how many seconds after the start of its navigation that was.

Called for each document of the main frame, on the event loop; returns at once and raises nothing.
"""


class Fetcher(Protocol):
    """Turns a request into a snapshot. Politeness, cache and test fakes are fetchers that wrap or replace one another.

    A fetcher that hits a server calls `on_answer`; one that wraps another hands it on.
    """

    async def fetch(self, request: Request, *, on_answer: OnAnswer | None = None) -> Snapshot:
        """Visit the URL once.

        A 404 is a snapshot like any other. May be cancelled at any point and then leaves nothing behind.

        Raises:
            FetchError: the visit failed; its `snapshot` holds what was gathered.
            Skipped: the URL was not visited, on purpose.
        """
        ...


BeforePage = Callable[[], Awaitable[None]]
"""Awaited when a visit is allowed and it is its host's turn, so that nothing is wanting but a page: returns when it may
take one."""


class StagedFetcher(Fetcher, Protocol):
    """A `Fetcher` whose visits can be held before they take a page."""

    async def fetch(
        self, request: Request, *, on_answer: OnAnswer | None = None, before_page: BeforePage | None = None
    ) -> Snapshot:
        """As `Fetcher.fetch`. What needs no page (a refusal of robots.txt, an answer of the cache) awaits nothing."""
        ...


class PlainResponse(Frozen):
    """The answer to a plain request: redirects followed, body decoded from its transfer and content encoding."""

    url: str
    """The final URL."""
    status: int
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes


MAX_PLAIN_BYTES = 64 * 2**20
"""Of one plain answer, unless said otherwise: what a sitemap may have (50 MB, https://www.sitemaps.org/protocol.html),
and what sites make of that."""

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class PlainGet(Protocol):
    """The one way out for what is not a page: robots.txt, sitemaps, files."""

    async def get(
        self,
        url: str,
        *,
        session: str | None = None,
        timeout: float = 30.0,
        headers: Mapping[str, str] = NO_HEADERS,
        max_bytes: int = MAX_PLAIN_BYTES,
    ) -> PlainResponse:
        """GET `url` with the cookies, identity and proxy of the session, and with these headers besides.

        Raises:
            PageTooLarge: more than `max_bytes` came, or would come.
            FetchError: no answer.
        """
        ...
