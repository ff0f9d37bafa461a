from __future__ import annotations

import pytest
from pydantic import ValidationError

from crawl4ai_browser.config import ContextConfig, CrawlConfig
from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.identity import Cookie, Geolocation, HttpCredentials

CANARY = "secret-canary"


@pytest.mark.parametrize("tag", ["de", "de-CH", "zh-Hant-TW", "es-419", "de-CH-1996", "de-CH-u-co-phonebk"])
def test_language_tags_are_taken(tag: str) -> None:
    assert ContextConfig(locale=tag).locale == tag


@pytest.mark.parametrize("tag", ["", "german", "de_CH", "de-", "d", "de-CH ", "de-CHE-x", "i-klingon"])
def test_what_is_no_language_tag_is_refused(tag: str) -> None:
    with pytest.raises(ValidationError, match="no language tag"):
        ContextConfig(locale=tag)


@pytest.mark.parametrize("name", ["Europe/Zurich", "UTC", "America/Argentina/Ushuaia", "Etc/GMT+5"])
def test_zones_are_taken(name: str) -> None:
    assert ContextConfig(timezone=name).timezone == name


@pytest.mark.parametrize("name", ["Mars/Phobos", "", "localtime", "UTC+1", "../etc/passwd"])
def test_what_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="no time zone"):
        ContextConfig(timezone=name)


def test_a_zone_in_another_case_is_refused_with_its_right_name() -> None:
    with pytest.raises(ValidationError, match="such as Europe/Zurich: 'europe/zurich'"):
        ContextConfig(timezone="europe/zurich")


@pytest.mark.parametrize("headers", [{"X-A": "b\r\nX-C: d"}, {"X A": "b"}, {"": "b"}, {"X-A:": "b"}, {"X-A": "\0"}])
def test_headers_that_would_be_two_are_refused(headers: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="header"):
        ContextConfig(headers=headers)


@pytest.mark.parametrize(
    "origin", ["example.com", "https://example.com/path", "ftp://example.com", "https://u@example.com", "https://"]
)
def test_credentials_are_for_an_origin(origin: str) -> None:
    with pytest.raises(ValidationError, match="no origin"):
        HttpCredentials.model_validate({"origin": origin, "username": "ann", "password": CANARY})


def test_an_origin_is_spelled_as_browsers_do() -> None:
    given = {"origin": "HTTPS://Example.COM:443/", "username": "ann", "password": CANARY}
    assert HttpCredentials.model_validate(given).origin == "https://example.com"


def test_a_cookie_belongs_to_a_domain_or_a_url() -> None:
    cookie = Cookie.model_validate({"name": "id", "value": CANARY, "url": "https://example.com/shop/"})
    assert (cookie.host, cookie.is_secure) == ("example.com", True)
    for given in ({}, {"domain": "example.com", "url": "https://example.com/"}, {"url": "example.com"}):
        with pytest.raises(ValidationError, match="the cookie 'id'|the url of the cookie 'id'"):
            Cookie.model_validate({"name": "id", "value": CANARY, **given})


@pytest.mark.parametrize("place", [(91, 0), (0, -181)])
def test_a_place_is_on_earth(place: tuple[float, float]) -> None:
    with pytest.raises(ValidationError):
        Geolocation(latitude=place[0], longitude=place[1])


def secret_context(**changes: object) -> dict[str, object]:
    return {
        "headers": {"Authorization": CANARY},
        "http_credentials": [{"origin": "https://example.com", "username": "ann", "password": CANARY}],
        "cookies": [{"name": "id", "value": CANARY, "domain": "example.com"}],
        "storage_state": {
            "cookies": [{"name": "id", "value": CANARY, "domain": "example.com", "path": "/"}],
            "origins": [{"origin": "https://example.com", "localStorage": [{"name": "token", "value": CANARY}]}],
        },
        "proxy": {"host": "127.0.0.1", "port": 3128, "username": "ann", "password": CANARY},
        **changes,
    }


def test_no_secret_is_printed() -> None:
    config = CrawlConfig.model_validate({"context": secret_context()})
    assert CANARY not in repr(config) + str(config) + str(config.context.storage_state)


@pytest.mark.parametrize(
    "wrong",
    [
        {"headers": {"Authorization": f"{CANARY}\n"}},
        {"http_credentials": [{"origin": "x", "username": "ann", "password": CANARY}]},
        {"cookies": [{"name": "id", "value": CANARY}]},
        {"timezone": "Mars/Phobos"},
        {"storage_state": {"cookies": [{"name": "id", "value": CANARY, "domain": "example.com"}]}},
        {"proxy": {"host": "127.0.0.1", "port": "no", "password": CANARY}},
    ],
)
def test_no_secret_is_in_an_error(wrong: dict[str, object]) -> None:
    with pytest.raises((ValidationError, ConfigError)) as caught:
        CrawlConfig.model_validate({"context": secret_context(**wrong)})
    assert CANARY not in str(caught.value) + repr(caught.value)
