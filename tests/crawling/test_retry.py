from datetime import UTC, datetime
from random import Random

import pytest

from crawl4ai_browser import errors
from crawl4ai_browser.config import RetryConfig
from crawl4ai_browser.crawling.retry import (
    MAX_PROXY_ATTEMPTS,
    MAX_SIGNED_OUT_VISITS,
    MAX_THROTTLED_ATTEMPTS,
    GiveUp,
    Retry,
    decide,
)
from crawl4ai_browser.result import Attempt, ErrorInfo


class Always(Random):
    """Draws the given point of every interval."""

    def __init__(self, point: float) -> None:
        super().__init__()
        self._point = point

    def uniform(self, a: float, b: float) -> float:
        return a + self._point * (b - a)


def judge(
    error: errors.CrawlError,
    *,
    attempts: int = 0,
    browser_deaths: int = 0,
    records: tuple[Attempt, ...] = (),
    config: RetryConfig | None = None,
    random: Random | None = None,
) -> Retry | GiveUp:
    return decide(
        error,
        attempts=attempts,
        browser_deaths=browser_deaths,
        records=records,
        config=config or RetryConfig(),
        random=random or Always(1.0),
    )


def status(code: int) -> errors.HttpStatusError:
    return errors.HttpStatusError(f"answered {code}", status=code)


def record(code: int | None, *, charged: bool) -> Attempt:
    return Attempt(number=1, started_at=datetime(2025, 1, 1, tzinfo=UTC), seconds=1.0, status=code, charged=charged)


def visits_until_given_up(error: errors.CrawlError, config: RetryConfig) -> int:
    attempts = 0
    while isinstance(judge(error, attempts=attempts, config=config), Retry):
        attempts += 1
    return attempts + 1


@pytest.mark.parametrize(
    ("cls", "visits"),
    [
        (errors.FetchError, 5),
        (errors.NavigationError, 5),
        (errors.NameNotResolved, 2),
        (errors.ConnectionFailed, 5),
        (errors.TlsError, 1),
        (errors.TooManyRedirects, 1),
        (errors.FetchTimeout, 1),
        (errors.PoolTimeout, 5),
        (errors.NavigationTimeout, 2),
        (errors.HostGivenUp, 1),
        (errors.ReadyTimeout, 1),
        (errors.ActionTimeout, 1),
        (errors.ActionFailed, 1),
        (errors.LaunchFailed, 1),
        (errors.PageCrashed, 5),
        (errors.ProxyError, 5),
        (errors.DownloadError, 2),
        (errors.DownloadRefused, 1),
        (errors.RobotsDenied, 1),
        (errors.OutOfScope, 1),
        (errors.ConfigError, 1),
        (errors.ExtractError, 1),
        # Without rows of their own: as their nearest ancestor that has one.
        (errors.SelectorError, 1),
        (errors.BrowserError, 5),
        (errors.CrawlError, 1),
    ],
)
def test_each_class_is_visited_as_often_as_another_visit_may_help(cls: type[errors.CrawlError], visits: int) -> None:
    assert visits_until_given_up(cls("failed"), RetryConfig(max_attempts=5)) == visits


def test_no_class_is_visited_more_often_than_configured() -> None:
    uncharged = (errors.HttpStatusError, errors.BrowserCrashed, errors.SignedOut)
    plain = [cls for cls in errors.error_classes().values() if cls not in uncharged]
    assert {visits_until_given_up(cls("failed"), RetryConfig(max_attempts=1)) for cls in plain} == {1}


def test_a_signed_out_page_is_visited_again_uncharged_until_it_is_plain_that_it_always_looks_so() -> None:
    seen: list[Attempt] = []
    config = RetryConfig(max_attempts=1)
    while isinstance(
        decision := judge(errors.SignedOut("at the login page"), records=tuple(seen), config=config), Retry
    ):
        assert decision == Retry(delay=0.0, charged=False, browser_died=False)
        error = ErrorInfo.from_error(errors.SignedOut("at the login page"))
        seen.append(record(200, charged=False).model_copy(update={"error": error}))
    assert len(seen) + 1 == MAX_SIGNED_OUT_VISITS


def proxy_error(remedy: errors.ProxyRemedy) -> errors.ProxyError:
    error = errors.ProxyError("refused")
    error.remedy = remedy
    return error


def test_a_page_is_not_charged_for_a_proxy_that_another_takes_over_from() -> None:
    decision = judge(proxy_error("another"), attempts=2, config=RetryConfig(max_attempts=1))
    assert decision == Retry(delay=0.0, charged=False, browser_died=False)


def test_a_page_that_fails_with_every_proxy_is_given_up() -> None:
    seen: list[Attempt] = []
    while isinstance(judge(proxy_error("another"), records=tuple(seen)), Retry):
        error = ErrorInfo.from_error(proxy_error("another"))
        seen.append(record(None, charged=False).model_copy(update={"error": error}))
    assert len(seen) + 1 == MAX_PROXY_ATTEMPTS


def test_the_one_proxy_there_is_may_come_back_and_is_charged() -> None:
    assert judge(proxy_error("wait")) == Retry(delay=1.0, charged=True, browser_died=False)
    assert visits_until_given_up(proxy_error("wait"), RetryConfig()) == 3


def test_a_page_for_which_no_proxy_came_in_time_is_not_tried_again() -> None:
    assert isinstance(judge(proxy_error("none")), GiveUp)


@pytest.mark.parametrize("cls", [errors.SignInFailed, errors.SessionEnded])
def test_a_session_that_has_ended_is_not_tried_again(cls: type[errors.FetchError]) -> None:
    assert isinstance(judge(cls("over")), GiveUp)


@pytest.mark.parametrize("code", [408, 425, 500, 502, 504])
def test_passing_statuses_are_charged_retries(code: int) -> None:
    assert judge(status(code)) == Retry(delay=1.0, charged=True, browser_died=False)
    assert visits_until_given_up(status(code), RetryConfig()) == 3


@pytest.mark.parametrize("code", [400, 401, 403, 404, 410, 451, 501])
def test_other_statuses_are_the_answer(code: int) -> None:
    assert isinstance(judge(status(code)), GiveUp)


def test_configured_statuses_replace_the_default_ones() -> None:
    config = RetryConfig(statuses=frozenset({403}))
    assert isinstance(judge(status(403), config=config), Retry)
    assert isinstance(judge(status(429), config=config), GiveUp)


@pytest.mark.parametrize("code", [429, 503])
def test_a_host_that_asks_for_less_is_not_held_against_its_pages(code: int) -> None:
    decision = judge(status(code), attempts=2)
    assert decision == Retry(delay=1.0, charged=False, browser_died=False)


@pytest.mark.parametrize("code", [429, 503])
def test_a_host_that_never_relents_is_given_up(code: int) -> None:
    records = (record(code, charged=False),) * MAX_THROTTLED_ATTEMPTS
    assert visits_until_given_up_with(records, status(code)) == 3


def visits_until_given_up_with(records: tuple[Attempt, ...], error: errors.CrawlError) -> int:
    attempts = 0
    while isinstance(decision := judge(error, attempts=attempts, records=records), Retry):
        assert decision.charged
        attempts += 1
    return attempts + 1


def test_switched_off_retries_hold_for_a_throttled_page_too() -> None:
    assert isinstance(judge(status(429), config=RetryConfig(max_attempts=1)), GiveUp)


def test_a_dead_browser_is_not_charged_and_repeated_at_once() -> None:
    decision = judge(errors.BrowserCrashed("gone"), attempts=2)
    assert decision == Retry(delay=0.0, charged=False, browser_died=True)


def test_a_page_in_whose_visits_browsers_keep_dying_is_given_up() -> None:
    decision = judge(errors.BrowserCrashed("gone"), browser_deaths=2, config=RetryConfig(max_browser_deaths=3))
    assert decision == GiveUp("3 browsers died on it")


def test_the_bound_of_the_wait_doubles_up_to_its_cap() -> None:
    config = RetryConfig(max_attempts=9, first_delay=1.0, max_delay=10.0)
    bounds: list[float] = []
    for attempts in range(6):
        decision = judge(errors.ConnectionFailed("reset"), attempts=attempts, config=config)
        assert isinstance(decision, Retry)
        bounds.append(decision.delay)
    assert bounds == [1.0, 2.0, 4.0, 8.0, 10.0, 10.0]


def test_the_wait_is_drawn_from_nothing_up_to_its_bound() -> None:
    waits = [judge(errors.ConnectionFailed("reset"), attempts=1, random=Always(point)) for point in (0.0, 0.25, 1.0)]
    assert [wait.delay for wait in waits if isinstance(wait, Retry)] == [0.0, 0.5, 2.0]


def test_the_hundredth_retry_has_a_finite_wait() -> None:
    decision = judge(errors.ConnectionFailed("reset"), attempts=2000, config=RetryConfig(max_attempts=5000))
    assert isinstance(decision, Retry)
    assert decision.delay == 60.0
