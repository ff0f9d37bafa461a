from __future__ import annotations

import pytest

from crawl4ai_browser.browser.sessions.sign_in import SignedIn, SignInRecord

PAGE = "https://example.com/account?tab=1"


@pytest.mark.parametrize(
    ("shows", "url", "final_url", "status", "denial"),
    [
        (SignedIn(), PAGE, PAGE, 200, None),
        (SignedIn(), PAGE, PAGE, 401, "status 401"),
        (SignedIn(), PAGE, PAGE, 403, "status 403"),
        (SignedIn(statuses=frozenset({401})), PAGE, PAGE, 403, None),
        (SignedIn(), PAGE, PAGE, None, None),
        (SignedIn(login_url="*/login"), PAGE, PAGE, 200, None),
        (SignedIn(login_url="*/login"), PAGE, "https://example.com/login?next=/account#top", 200, "led to {}/login"),
        (SignedIn(login_url="*/login*"), PAGE, "https://example.com/login/step", 200, "led to {}/login/step"),
        (SignedIn(login_url="*/login"), "https://example.com/login", "https://example.com/login", 200, None),
        (SignedIn(login_url="https://id.example.com/*"), PAGE, "https://id.example.com/a", 200, "led to https://id."),
    ],
)
def test_an_answer_may_deny_the_sign_in(
    shows: SignedIn, url: str, final_url: str, status: int | None, denial: str | None
) -> None:
    found = shows.denial(url=url, final_url=final_url, status=status)
    expected = denial and denial.format("https://example.com")
    assert found is expected is None or (found or "").startswith(expected or "nothing")


def signed_in() -> SignInRecord:
    record = SignInRecord(max_in_a_row=3, is_due=True)
    record.succeeded()
    return record


def test_a_sign_in_serves_all_that_waited_for_it() -> None:
    record = signed_in()
    assert (record.is_due, record.count) == (False, 1)
    record.saw_signed_out(1, "a", "status 401")
    assert record.is_due


def test_a_visit_from_before_the_latest_sign_in_asks_for_none() -> None:
    record = signed_in()
    record.saw_signed_out(0, "a", "status 401")
    assert not record.is_due


def test_sign_ins_that_do_not_help_are_hopeless() -> None:
    record = SignInRecord(max_in_a_row=3, is_due=True)
    for _ in range(3):
        assert not record.is_hopeless
        record.succeeded()
        for url in ("a", "b"):
            record.saw_signed_out(record.count, url, "status 401")
    assert record.is_hopeless


def test_a_page_that_shows_it_signed_in_gives_hope() -> None:
    record = SignInRecord(max_in_a_row=3, is_due=True)
    for _ in range(10):
        record.succeeded()
        record.saw_signed_in(record.count)
        for url in ("a", "b"):
            record.saw_signed_out(record.count, url, "status 401")
        assert not record.is_hopeless


def test_one_page_alone_that_always_looks_signed_out_ends_no_session() -> None:
    record = SignInRecord(max_in_a_row=3, is_due=True)
    for _ in range(5):
        record.succeeded()
        record.saw_signed_out(record.count, "a", "status 403")
    assert not record.is_hopeless
    record.saw_signed_out(record.count, "b", "status 403")
    assert record.is_hopeless


def test_a_log_in_that_fails_by_itself_is_hopeless_whatever_pages_show() -> None:
    record = SignInRecord(max_in_a_row=2, is_due=True)
    record.saw_signed_out(0, "a", "status 403")
    for _ in range(2):
        assert not record.is_hopeless
        record.failed("log_in failed")
    assert record.is_hopeless
