"""Whether a failed visit is tried again, and when: decided by the error's class and the status, never by its text.

Pure: the dispatcher asks, and acts on the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from crawl4ai_browser import errors
from crawl4ai_browser.action_outcome import ActionOutcome, may_be_repeated
from crawl4ai_browser.config import RetryConfig
from crawl4ai_browser.result import Attempt

THROTTLED_STATUSES = frozenset({429, 503})
"""The host asks for less (RFC 6585, 4; RFC 9110, 15.6.4). It sleeps, in `politeness`; its pages are not to blame."""

MAX_THROTTLED_ATTEMPTS = 10
"""Uncharged answers of that kind for one URL. The host's back-off doubles from a second with each, so the tenth comes
after a quarter of an hour of patience; a host that never relents must not keep a crawl alive for ever."""

MAX_SIGNED_OUT_VISITS = 4
"""Visits of one URL that may show its session signed out. One more than the sign-ins in a row after which a session
ends by default: so pages of a session that can't be signed in say that, and this is for a page that always looks so."""

MAX_PROXY_ATTEMPTS = 10
"""Attempts of one URL that failed with a proxy while its pool had others. The page is not to blame for any of them, and
the pool uses no proxy that has just failed; but a page that ends every proxy's patience must not keep a crawl alive."""

NEVER = 0
"""Retries of an error that would only come again."""


@dataclass(frozen=True)
class Retry:
    """Try again."""

    delay: float
    """Seconds to wait first."""
    charged: bool
    """Whether the failed attempt counts against `RetryConfig.max_attempts`."""
    browser_died: bool
    """Whether it counts against `RetryConfig.max_browser_deaths`."""


@dataclass(frozen=True)
class GiveUp:
    """What the visit yielded is the result."""

    reason: str


@dataclass(frozen=True)
class _Rule:
    retries: int | None
    """At most this many after the first charged attempt; None: as many as `RetryConfig.max_attempts` allows."""
    reason: str


# One row a class; a class without a row follows its nearest ancestor that has one.
_RULES: dict[type[errors.CrawlError], _Rule] = {
    errors.CrawlError: _Rule(NEVER, "nothing known says that another attempt would help"),
    errors.FetchError: _Rule(None, "the visit broke in a way that may pass"),
    errors.NavigationError: _Rule(None, "transfers break by chance: reset, cut short, aborted"),
    errors.NameNotResolved: _Rule(1, "resolvers fail now and then, but a name that is missing twice is missing"),
    errors.ConnectionFailed: _Rule(None, "a server that restarts refuses for a while"),
    errors.TlsError: _Rule(NEVER, "certificates do not heal within a crawl"),
    errors.TooManyRedirects: _Rule(NEVER, "the loop is the site's answer"),
    errors.PageTooLarge: _Rule(NEVER, "it would be as large again, and costs the most of all pages"),
    errors.AddressRefused: _Rule(NEVER, "what is not allowed now is not allowed later"),
    errors.FetchTimeout: _Rule(NEVER, "the whole visit's deadline: a page that hangs costs it in full each time"),
    errors.PoolTimeout: _Rule(None, "the machine was busy"),
    errors.NavigationTimeout: _Rule(1, "may be one slow answer; a slow server costs the deadline each time"),
    errors.HostGivenUp: _Rule(NEVER, "the host has been tried for long enough"),
    errors.ReadyTimeout: _Rule(NEVER, "the page loaded; what it lacks it will lack again"),
    errors.ActionTimeout: _Rule(NEVER, "actions were done already, and may not bear repeating"),
    errors.ActionFailed: _Rule(NEVER, "actions were done already, and may not bear repeating"),
    errors.CaptureFailed: _Rule(NEVER, "the page is there; what could not be had of it can't be had again"),
    errors.HookFailed: _Rule(NEVER, "the user's function would fail again"),
    errors.LaunchFailed: _Rule(NEVER, "no browser: every other page would fail too"),
    errors.PageCrashed: _Rule(None, "renderers also die of the machine's memory; may be the page's doing, so charged"),
    errors.SessionError: _Rule(NEVER, "the session has ended, or cannot be signed in"),
    errors.ProxyError: _Rule(None, "proxies come back, or another takes over"),
    errors.HttpStatusError: _Rule(NEVER, "the status is the site's answer"),
    errors.DownloadError: _Rule(1, "transfers break by chance, but it was continued several times already"),
    errors.DownloadRefused: _Rule(NEVER, "the configuration does not want it, or the disk is full"),
}


def _rule(error: errors.CrawlError) -> _Rule:
    return next(_RULES[cls] for cls in type(error).__mro__ if cls in _RULES)


def _full_jitter(attempts: int, config: RetryConfig, random: Random) -> float:
    """A wait below a bound that doubles: spreads retries best ("Exponential Backoff and Jitter", AWS, 2015)."""
    # The exponent is bounded so that no configuration overflows a float.
    bound = min(config.max_delay, config.first_delay * 2.0 ** min(attempts - 1, 62))
    return random.uniform(0.0, bound)


def _throttled_count(records: Sequence[Attempt]) -> int:
    return sum(record.status in THROTTLED_STATUSES and not record.charged for record in records)


def decide(
    error: errors.CrawlError,
    *,
    attempts: int,
    browser_deaths: int,
    records: Sequence[Attempt],
    config: RetryConfig,
    random: Random,
) -> Retry | GiveUp:
    """What to do about a visit that failed with `error` (`HttpStatusError` for a final status of 4xx or 5xx).

    `attempts` and `browser_deaths` are those charged before this visit, `records` all attempts before it.
    """
    if not (config.repeat_actions or may_be_repeated(_performed(error))):
        return GiveUp("its actions were begun, and may not bear repeating")
    if isinstance(error, errors.BrowserCrashed):
        if browser_deaths + 1 >= config.max_browser_deaths:
            return GiveUp(f"{browser_deaths + 1} browsers died on it")
        return Retry(delay=0.0, charged=False, browser_died=True)
    if isinstance(error, errors.SignedOut):
        return _decide_signed_out(records)
    if isinstance(error, errors.ProxyError) and error.remedy != "wait":
        return _decide_proxy(error, records)
    if isinstance(error, errors.HttpStatusError):
        return _decide_status(error.status, attempts=attempts, records=records, config=config, random=random)
    rule = _rule(error)
    allowed = config.max_attempts if rule.retries is None else min(config.max_attempts, 1 + rule.retries)
    return _charge(attempts + 1, allowed, rule.reason, config=config, random=random)


def _performed(error: errors.CrawlError) -> Sequence[ActionOutcome]:
    snapshot = error.snapshot if isinstance(error, errors.FetchError) else None
    return snapshot.actions if snapshot is not None else ()


def _decide_signed_out(records: Sequence[Attempt]) -> Retry | GiveUp:
    visits = 1 + sum(record.error is not None and record.error.kind == errors.SignedOut.__name__ for record in records)
    if visits >= MAX_SIGNED_OUT_VISITS:
        return GiveUp(f"signed out in {visits} visits, though the session was signed in between")
    # The session signs in before its next visit, whichever page that is for.
    return Retry(delay=0.0, charged=False, browser_died=False)


def _decide_proxy(error: errors.ProxyError, records: Sequence[Attempt]) -> Retry | GiveUp:
    if error.remedy == "none":
        return GiveUp("there was no proxy to be had for as long as may be waited")
    failures = 1 + sum(_failed_with_proxy(record) for record in records)
    if failures >= MAX_PROXY_ATTEMPTS:
        return GiveUp(f"{failures} attempts failed with a proxy")
    # The pool itself waits, where all of its proxies have to.
    return Retry(delay=0.0, charged=False, browser_died=False)


def _failed_with_proxy(record: Attempt) -> bool:
    return record.error is not None and record.error.kind == errors.ProxyError.__name__


def _decide_status(
    status: int, *, attempts: int, records: Sequence[Attempt], config: RetryConfig, random: Random
) -> Retry | GiveUp:
    if status not in config.statuses:
        return GiveUp("the status is the site's answer")
    throttled = _throttled_count(records)
    if status in THROTTLED_STATUSES and throttled < MAX_THROTTLED_ATTEMPTS and config.max_attempts > 1:
        # Beside the host's own sleep, which is usually longer, so that its pages do not come back all at once.
        delay = _full_jitter(throttled + 1, config, random)
        return Retry(delay=delay, charged=False, browser_died=False)
    return _charge(attempts + 1, config.max_attempts, f"status {status}", config=config, random=random)


def _charge(attempts: int, allowed: int, reason: str, *, config: RetryConfig, random: Random) -> Retry | GiveUp:
    if attempts >= allowed:
        return GiveUp(f"{attempts} of {allowed} attempts: {reason}")
    return Retry(delay=_full_jitter(attempts, config, random), charged=True, browser_died=False)
