"""Feed: reads seeds into the frontier, as fast as it takes them, while the crawl goes on."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

from anyio.abc import TaskGroup

from crawl4ai_browser.crawling.dispatcher import Dispatcher
from crawl4ai_browser.crawling.handover import Delivery
from crawl4ai_browser.crawling.parts import CrawlParts
from crawl4ai_browser.crawling.pipeline import Origin, Visit, assemble
from crawl4ai_browser.crawling.seeds import Seeds, checked, each
from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.events import UrlRefused
from crawl4ai_browser.frontier.frontier import Frontier
from crawl4ai_browser.page_content import Content
from crawl4ai_browser.request import Request
from crawl4ai_browser.result import CrawlResult


class Feed:
    """The way into one crawl's frontier. Any number of sources may be read at once."""

    def __init__(
        self,
        frontier: Frontier,
        parts: CrawlParts,
        *,
        dispatcher: Dispatcher,
        tasks: TaskGroup,
        deliver: Callable[[Delivery], Awaitable[None]],
        session: str | None = None,
    ) -> None:
        """Seeds that can't be visited are given to `deliver` as results. Each source is read in one of the `tasks`.

        `session` is the one that all are visited in; None: each says so itself.
        """
        self._frontier = frontier
        self._parts = parts
        self._dispatcher = dispatcher
        self._tasks = tasks
        self._deliver = deliver
        self._session = session

    def begin(self, seeds: Seeds) -> None:
        """Queue every seed, in the background; the crawl does not end before that is done.

        The task ends with ConfigError when the frontier goes on with a crawl from other seeds.
        """
        self._dispatcher.begin_feed()
        self._tasks.start_soon(self._read, seeds)

    def stop(self) -> None:
        """Leave out what has not been read."""
        self._tasks.cancel_scope.cancel()

    async def _read(self, seeds: Seeds) -> None:
        try:
            async with aclosing(self._good_requests(seeds)) as requests:
                await self._frontier.add_seeds(requests)
        finally:
            self._dispatcher.end_feed()

    async def _good_requests(self, seeds: Seeds) -> AsyncGenerator[Request]:
        """The requests of good seeds. A bad one becomes a result of its own: one bad line does not cost the others."""
        line = 0
        async with aclosing(each(seeds)) as incoming:
            async for seed in incoming:
                line += 1
                try:
                    request = checked(seed, allow_files=self._parts.config.allow_files, session=self._session)
                except ConfigError as error:
                    await self._refuse(seed, error, line)
                    continue
                self._parts.name_seed(request.url)
                yield request

    async def _refuse(self, seed: object, error: ConfigError, line: int) -> None:
        text = seed.url if isinstance(seed, Request) else str(seed)
        self._parts.observers(UrlRefused(url=text, reason=error.message, line=line))
        await self._deliver(Delivery(self._refusal(text, error), lease=None))

    def _refusal(self, text: str, error: ConfigError) -> CrawlResult:
        visit = Visit(snapshot=None, error=error, started_at=self._parts.clock.now(), seconds=0.0)
        return assemble(Request(url=text), visit, Content(), attempts=(), timings={}, origin=Origin())
