"""PoliteGet: plain requests that robots.txt allows, made when it is their host's turn."""

from __future__ import annotations

from collections.abc import Mapping

from crawl4ai_browser import urls
from crawl4ai_browser.clock import SYSTEM_CLOCK, Clock
from crawl4ai_browser.config import PolitenessConfig
from crawl4ai_browser.errors import FetchError, RobotsDenied
from crawl4ai_browser.fetcher import MAX_PLAIN_BYTES, NO_HEADERS, PlainGet, PlainResponse
from crawl4ai_browser.politeness.outcome import outcome_of_answer, outcome_of_error
from crawl4ai_browser.politeness.robots import ALLOW_ALL, RobotsRules
from crawl4ai_browser.politeness.robots_files import RobotsFiles
from crawl4ai_browser.politeness.throttle import Throttle


class PoliteGet:
    """A `PlainGet` with the manners of a `PoliteFetcher`, whose turns and robots.txt files it shares.

    A file that the host's robots.txt names as a sitemap is one it invites us to read, whatever its rules say.
    """

    def __init__(
        self,
        inner: PlainGet,
        robots: RobotsFiles,
        throttle: Throttle,
        *,
        config: PolitenessConfig,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._inner = inner
        self._robots = robots
        self._throttle = throttle
        self._config = config
        self._clock = clock

    async def rules(self, url: str, *, session: str | None = None) -> RobotsRules:
        """What the robots.txt that governs `url` says; nothing is asked, and all allowed, where it is not obeyed.

        Raises:
            FetchError: no robots.txt could be had.
        """
        return await self._robots.rules(url, session=session) if self._config.obey_robots else ALLOW_ALL

    async def get(
        self,
        url: str,
        *,
        session: str | None = None,
        timeout: float = 30.0,
        headers: Mapping[str, str] = NO_HEADERS,
        max_bytes: int = MAX_PLAIN_BYTES,
    ) -> PlainResponse:
        """GET in the host's turn, as `PlainGet.get` says. `timeout` counts from the turn.

        Raises:
            RobotsDenied: robots.txt forbids it.
            FetchError: no answer.
        """
        rules = await self.rules(url, session=session)
        if rules.refusal or not (url in rules.sitemaps or rules.allows(url)):
            raise RobotsDenied(rules.refusal or f"robots.txt forbids {urls.without_credentials(url)}", phase="robots")
        self._throttle.set_crawl_delay(urls.origin(url), rules.crawl_delay)
        async with self._throttle.turn(urls.origin(url)) as turn:
            try:
                response = await self._inner.get(
                    url, session=session, timeout=timeout, headers=headers, max_bytes=max_bytes
                )
            except FetchError as error:
                turn.learn(outcome_of_error(error, self._clock.now()))
                raise
            turn.answered(None)  # a whole file: no measure of how fast the host answers
            turn.learn(outcome_of_answer(response.status, response.headers, self._clock.now()))
            return response

    def __repr__(self) -> str:
        """Whose manners it has."""
        return f"<PoliteGet {self._throttle!r}, {self._robots!r}>"
