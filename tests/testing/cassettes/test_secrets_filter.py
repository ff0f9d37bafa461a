from __future__ import annotations

import pytest
from pydantic import SecretStr

from crawl4ai_browser.config import ContextConfig
from crawl4ai_browser.identity import HttpCredentials
from crawl4ai_browser.testing.cassettes.exchange import Answer, Asked
from crawl4ai_browser.testing.cassettes.secrets_filter import Secrets

URL = "https://site.test/"


def filtered(secrets: Secrets, body: bytes = b"", **headers: str) -> Answer:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return secrets.answer(Asked("GET", URL), Answer(status=200, headers=named, body=body)).answer


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("?q=tents&access_token=abc&page=2", "?q=tents&access_token=masked&page=2"),
        ("?API-Key=abc", "?API-Key=masked"),
        ("?sig=a%20b#top", "?sig=masked#top"),
        ("?password=", "?password="),
        ("?tokens=3&design=x", "?tokens=3&design=x"),
    ],
)
def test_parameters_of_a_url_are_masked_by_their_names(given: str, expected: str) -> None:
    assert Secrets().asked(Asked("GET", URL + given)).url == URL + expected


def test_fields_of_forms_and_json_are_masked() -> None:
    form = Secrets().asked(Asked("POST", URL, b"name=alice&password=ecila&next=/"))
    sent = Secrets().asked(Asked("POST", URL, b'{"name": "alice", "password": "ec\\"ila"}'))
    got = filtered(Secrets(), b'{"accessToken": 1, "access_token": "abc", "id": 7}')

    assert form.body == b"name=alice&password=masked&next=/"
    assert sent.body == b'{"name": "alice", "password": "masked"}'
    assert got.body == b'{"accessToken": 1, "access_token": "masked", "id": 7}'


def test_values_of_cookies_are_masked_and_their_attributes_kept() -> None:
    answer = filtered(Secrets(), Set_Cookie="sid=s3cr3t; Path=/; HttpOnly", Location="/in?token=abc")

    assert answer.headers == (("Set-Cookie", "sid=masked; Path=/; HttpOnly"), ("Location", "/in?token=masked"))


def test_what_the_configuration_keeps_secret_is_masked_wherever_it_stands() -> None:
    context = ContextConfig(
        http_credentials=(HttpCredentials(origin=URL, username="alice", password=SecretStr("pass word")),),
        headers={"Authorization": "Bearer 123456"},
    )
    secrets = Secrets.of([context])

    assert secrets.asked(Asked("GET", f"{URL}?echo=pass%20word")).url == f"{URL}?echo=masked"
    assert filtered(secrets, b"you sent Bearer 123456 and pass word", X_Echo="Bearer 123456").body == (
        b"you sent masked and masked"
    )


def test_names_of_the_users_are_masked_too() -> None:
    secrets = Secrets(["X-Session", "pin"])

    assert filtered(secrets, b'{"pin": "1234"}', x_session="abc") == Answer(
        status=200, headers=(("x-session", "masked"),), body=b'{"pin": "masked"}'
    )


def test_announced_length_stays_true() -> None:
    body = b'{"password": "a long one"}'
    answer = filtered(Secrets(), body, Content_Length=str(len(body)))

    assert answer.header("Content-Length") == str(len(answer.body))
    assert filtered(Secrets(), b"cut", Content_Length="500").header("Content-Length") == "500"


def test_bodies_that_are_no_text_are_left_as_they_are() -> None:
    body = b'\xff\xfe "password": "x"'

    assert filtered(Secrets(values=["password"]), body).body == body
