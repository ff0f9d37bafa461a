"""PoliteFetcher: visits a URL only if robots.txt allows it, and when it is its host's turn."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from random import Random

from crawl4ai_browser import urls
from crawl4ai_browser.clock import SYSTEM_CLOCK, Clock
from crawl4ai_browser.config import PolitenessConfig
from crawl4ai_browser.errors import CrawlError, FetchError, RobotsDenied
from crawl4ai_browser.fetcher import BeforePage, Fetcher, OnAnswer, PlainGet
from crawl4ai_browser.politeness.memory import MannersMemory
from crawl4ai_browser.politeness.outcome import outcome_of_answer, outcome_of_error
from crawl4ai_browser.politeness.robots import ALLOW_ALL, RobotsRules
from crawl4ai_browser.politeness.robots_files import RobotsFiles
from crawl4ai_browser.politeness.throttle import Throttle, Turn
from crawl4ai_browser.request import Request
from crawl4ai_browser.snapshot import Snapshot

ExpectPage = Callable[[str | None], None]
"""Told the session of a visit that will want a page as soon as a robots.txt has come."""


def _nothing(session: str | None) -> None:
    del session


class PoliteFetcher:
    """A `Fetcher` that asks robots.txt, waits for a turn of the host, lets `inner` visit, and learns from the answer.

    Waiting holds nothing of `inner`, so a host that must wait takes nothing from the others. Raw html and addresses
    that are not http or https go straight through.
    """

    def __init__(
        self,
        inner: Fetcher,
        plain_get: PlainGet,
        config: PolitenessConfig,
        clock: Clock = SYSTEM_CLOCK,
        *,
        random: Random | None = None,
        expect_page: ExpectPage = _nothing,
    ) -> None:
        """`plain_get` brings the robots.txt files; `random` draws jitter and back-off, None: seeded by the system."""
        self._inner = inner
        self._config = config
        self._clock = clock
        self._expect_page = expect_page
        self.throttle = Throttle(config, clock, random=random)
        """The hosts' slots; its `opens_at` says which hosts are worth a lease."""
        self.robots = RobotsFiles(plain_get, self.throttle, config, clock)
        """The hosts' robots.txt files, with the sitemaps they name."""

    def over(self, inner: Fetcher) -> PoliteFetcher:
        """The same manners for another fetcher: what is known of hosts, and their turns, are shared."""
        other = copy(self)
        other._inner = inner  # noqa: SLF001 - a copy of itself
        return other

    def remember_in(self, memory: MannersMemory | None) -> None:
        """Keep there what is learned from now on, and look there for robots.txt files. None: no more."""
        self.throttle.kept_by = memory
        self.robots.kept_by = memory

    async def fetch(
        self, request: Request, *, on_answer: OnAnswer | None = None, before_page: BeforePage | None = None
    ) -> Snapshot:
        """Visit the URL once, in its turn. `timings` of the snapshot tells the seconds spent on "robots" and "turn".

        Raises:
            RobotsDenied: robots.txt forbids the URL, or its server fails to say what it allows.
            FetchError: the visit failed; or, in phase "robots", no robots.txt could be had, without which nothing of
                the host is visited.
        """
        if request.html is not None or not urls.is_web(request.url):
            if before_page is not None:
                await before_page()
            return await self._inner.fetch(request, on_answer=on_answer)
        asked = self._clock.monotonic()
        rules = await self._allowing_rules(request)
        queued = self._clock.monotonic()
        host = urls.origin(request.url)
        self.throttle.set_crawl_delay(host, rules.crawl_delay)
        if before_page is not None:
            # Not in the turn: those that have a page, or the promise of one, may be waiting for it.
            await before_page()
        async with self.throttle.turn(host) as turn:
            waits = {"robots": queued - asked, "turn": self._clock.monotonic() - queued}
            try:
                snapshot = await self._visit(request, turn, on_answer)
            except FetchError as error:
                error.snapshot = _with_timings(error.snapshot, waits) if error.snapshot else None
                raise
            return _with_timings(snapshot, waits)

    async def _allowing_rules(self, request: Request) -> RobotsRules:
        if not self._config.obey_robots:
            return ALLOW_ALL
        if not self.robots.are_known(request.url):
            self._expect_page(request.session)
        try:
            rules = await self.robots.rules(request.url, session=request.session)
        except FetchError as error:
            raise _as_robots_error(error, request) from error
        if not rules.allows(request.url):
            why = rules.refusal or f"robots.txt forbids this URL to {self._config.user_agent_token}"
            raise RobotsDenied(why, request=request, phase="robots")
        return rules

    async def _visit(self, request: Request, turn: Turn, on_answer: OnAnswer | None) -> Snapshot:
        def answered(seconds: float) -> None:
            turn.answered(seconds)
            if on_answer is not None:
                on_answer(seconds)

        try:
            snapshot = await self._inner.fetch(request, on_answer=answered)
        except CrawlError as error:
            turn.learn(outcome_of_error(error, self._clock.now()))
            raise
        turn.learn(outcome_of_answer(snapshot.status, snapshot.headers, self._clock.now()))
        return snapshot

    def __repr__(self) -> str:
        """Who is treated how."""
        return f"<PoliteFetcher {self.throttle!r}, {self.robots!r}>"


def _with_timings(snapshot: Snapshot, more: dict[str, float]) -> Snapshot:
    return snapshot.model_copy(update={"timings": {**more, **snapshot.timings}})


def _as_robots_error(error: FetchError, request: Request) -> FetchError:
    """The failure of the robots.txt as that of the request: a retry is decided by its class."""
    failure = error.restated(f"no robots.txt, so nothing of this host is visited: {error.message}", phase="robots")
    failure.request = request
    return failure
