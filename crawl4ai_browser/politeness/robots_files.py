"""RobotsFiles: the robots.txt of every origin, asked for once, however many wait for it."""

from __future__ import annotations

import math
from typing import NamedTuple

import anyio

from crawl4ai_browser import urls
from crawl4ai_browser.clock import SYSTEM_CLOCK, Clock
from crawl4ai_browser.config import PolitenessConfig
from crawl4ai_browser.errors import FetchError, TooManyRedirects
from crawl4ai_browser.fetcher import PlainGet, PlainResponse
from crawl4ai_browser.politeness.memory import KeptRobots, MannersMemory
from crawl4ai_browser.politeness.outcome import outcome_of_answer, outcome_of_error
from crawl4ai_browser.politeness.robots import ALLOW_ALL, RobotsRules, robots_url, rules_of_response
from crawl4ai_browser.politeness.throttle import Throttle

LIFE = 24 * 3600.0
"""Seconds for which a file is believed (RFC 9309, 2.4: not longer than a day)."""

UNREACHABLE_LIFE = 300.0
"""Seconds for which "unreachable" is believed: an overloaded server recovers within minutes, and a crawl goes on."""

MAX_FILE_BYTES = 8 * 2**20
"""Of a file. Its first 500 KiB are read; what is larger than this is no robots.txt, and nobody knows what it says."""

_TRIES = 3
_FIRST_WAIT = 1.0
# Seconds between the tries of a file whose server answers 5xx, doubling: a visit that is refused for it is not tried
# again, so one bad moment must not cost the whole host.

_PATIENCE = 60.0
# Seconds. A server that asks to be left alone for longer makes its file unreachable at once.

_MAX_RULES = 200_000
# Rules kept of all origins together. One takes about 320 bytes, so this is some 64 MB.

_RULES_OF_AN_ENTRY = 4
# What an origin costs without any rule, in rules.

_BIG_BODY_BYTES = 32 * 1024
# A larger file is read in a thread: 500 KiB of rules take a good 0.2 s.


class _Entry:
    """What is known of one origin. `line` lets one visitor at a time ask; who waited uses what that one brought."""

    __slots__ = ("expires", "failed_session", "failure", "failure_count", "line", "rules", "user_count")

    def __init__(self) -> None:
        self.line = anyio.Lock()
        self.rules: RobotsRules | None = None
        self.expires = -math.inf
        self.failure: FetchError | None = None
        self.failed_session: str | None = None
        self.failure_count = 0
        self.user_count = 0

    @property
    def size(self) -> int:
        return _RULES_OF_AN_ENTRY + (self.rules.rule_count if self.rules else 0)

    def rules_at(self, now: float) -> RobotsRules | None:
        """What is still believed."""
        return self.rules if now < self.expires else None


class _Found(NamedTuple):
    rules: RobotsRules
    response: PlainResponse | None = None
    """Of which they were made."""


class RobotsFiles:
    """Fetches robots.txt through the asking session, in a turn of the host, and keeps what it says."""

    def __init__(
        self, plain_get: PlainGet, throttle: Throttle, config: PolitenessConfig, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self._plain_get = plain_get
        self._throttle = throttle
        self._token = config.user_agent_token
        self._clock = clock
        self._entries: dict[str, _Entry] = {}
        self._size = 0
        self.kept_by: MannersMemory | None = None
        """Where files are kept that were read, and looked for before they are asked for."""

    def are_known(self, url: str) -> bool:
        """Whether `rules` need not ask."""
        entry = self._entries.get(urls.origin(url))
        return entry is not None and entry.rules_at(self._clock.monotonic()) is not None

    async def rules(self, url: str, *, session: str | None = None) -> RobotsRules:
        """What the robots.txt that governs `url` says to us.

        However many ask at once, one of them fetches; if that one is cancelled, the next does. A server that answers
        5xx or 429 is asked three times, then everything is refused for five minutes, unless an older file is known.

        Raises:
            FetchError: no answer. That forbids the visit as a refusal does (RFC 9309, 2.3.1.4), but is worth a retry;
                the class says why, for instance `NameNotResolved`. Only those who waited for it share it.
        """
        entry = self._use(urls.origin(url))
        try:
            known = entry.rules_at(self._clock.monotonic())
            if known is not None:
                return known
            failures_before = entry.failure_count
            async with entry.line:
                known = entry.rules_at(self._clock.monotonic())
                if known is not None:
                    return known
                # Another session may have another proxy, so only its own failure is one's own.
                if entry.failure and entry.failure_count > failures_before and entry.failed_session == session:
                    raise entry.failure.restated(entry.failure.message, phase=entry.failure.phase)
                return await self._refresh(entry, robots_url(url), session)
        finally:
            entry.user_count -= 1
            self._evict()

    async def _refresh(self, entry: _Entry, url: str, session: str | None) -> RobotsRules:
        """Ask, and remember. What was known before outlives a server that is down (RFC 9309, 2.4)."""
        older = entry.rules if entry.rules and not entry.rules.refusal else None
        if entry.rules is None:
            kept = await self._recalled(url)
            if kept is not None:
                return self._known(entry, *kept)
        try:
            found = await self._fetch(url, session)
        except FetchError as error:
            if older is None:
                entry.failure, entry.failed_session = error, session
                entry.failure_count += 1
                raise
            return self._known(entry, older, UNREACHABLE_LIFE)
        if found.rules.refusal and older is not None:
            return self._known(entry, older, UNREACHABLE_LIFE)
        life = UNREACHABLE_LIFE if found.rules.refusal else LIFE
        await self._keep(url, found, life)
        return self._known(entry, found.rules, life)

    def _known(self, entry: _Entry, rules: RobotsRules, life: float) -> RobotsRules:
        self._size -= entry.size
        entry.rules = rules
        entry.expires = self._clock.monotonic() + life
        self._size += entry.size
        return rules

    async def _recalled(self, url: str) -> tuple[RobotsRules, float] | None:
        """What another process has found, and for how many seconds it is still believed."""
        kept = None if self.kept_by is None else await self.kept_by.robots(urls.origin(url))
        if kept is None:
            return None
        life = min(kept.expires - self._clock.now().timestamp(), LIFE)
        if kept.response is None:
            return RobotsRules(refusal=kept.refusal), life
        rules = await self._read(kept.response)
        return None if rules is None else (rules, life)

    async def _keep(self, url: str, found: _Found, life: float) -> None:
        if self.kept_by is not None:
            expires = self._clock.now().timestamp() + life
            kept = KeptRobots(expires=expires, response=found.response, refusal=found.rules.refusal)
            await self.kept_by.keep_robots(urls.origin(url), kept)

    async def _fetch(self, url: str, session: str | None) -> _Found:
        """The rules, or the refusal that stands for a file nobody could read."""
        status = 0
        for attempt in range(_TRIES):
            if attempt > 0:
                await self._clock.sleep(_FIRST_WAIT * 2 ** (attempt - 1))
            try:
                response = await self._get(url, session)
            except TooManyRedirects:
                # RFC 9309, 2.3.1.2: may be taken as having none.
                return _Found(ALLOW_ALL, PlainResponse(url=url, status=404, headers={}, body=b""))
            rules = await self._read(response)
            if rules is not None:
                return _Found(rules, response)
            status = response.status
            if self._throttle.opens_at(urls.origin(url), 0) - self._clock.monotonic() > _PATIENCE:
                break
        return _Found(RobotsRules(refusal=f"{url} answers {status}, which forbids all visits until it can be read"))

    async def _get(self, url: str, session: str | None) -> PlainResponse:
        async with self._throttle.turn(urls.origin(url)) as turn:
            try:
                response = await self._plain_get.get(url, session=session, max_bytes=MAX_FILE_BYTES)
            except FetchError as error:
                turn.learn(outcome_of_error(error, self._clock.now()))
                raise
            turn.answered(None)  # The first may have waited for a browser to start: no measure of the host.
            turn.learn(outcome_of_answer(response.status, response.headers, self._clock.now()))
            return response

    async def _read(self, response: PlainResponse) -> RobotsRules | None:
        if len(response.body) < _BIG_BODY_BYTES:
            return rules_of_response(response, self._token)
        return await anyio.to_thread.run_sync(rules_of_response, response, self._token)

    def _use(self, origin: str) -> _Entry:
        entry = self._entries.pop(origin, None)
        if entry is None:
            entry = _Entry()
            self._size += entry.size
        self._entries[origin] = entry  # Last in the order: the most recently used.
        entry.user_count += 1
        return entry

    def _evict(self) -> None:
        """Forget the least recently used down to three quarters once there is too much, so that it is seldom done."""
        if self._size <= _MAX_RULES:
            return
        for origin in [origin for origin, entry in self._entries.items() if entry.user_count == 0]:
            self._size -= self._entries.pop(origin).size
            if self._size <= _MAX_RULES * 3 // 4:
                return

    def __repr__(self) -> str:
        """How much is known."""
        rule_count = sum(entry.rules.rule_count for entry in self._entries.values() if entry.rules)
        return f"<RobotsFiles {len(self._entries)} origins, {rule_count} rules>"
