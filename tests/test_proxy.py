from __future__ import annotations

import pickle
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from crawl4ai_browser.config import ContextConfig, CrawlConfig
from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.proxy import Proxy


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:3128", ("http", "127.0.0.1", 3128, None, "")),
        ("http://proxy.example:8080", ("http", "proxy.example", 8080, None, "")),
        ("http://proxy.example:8080/", ("http", "proxy.example", 8080, None, "")),
        ("http://proxy.example", ("http", "proxy.example", 80, None, "")),
        ("https://proxy.example", ("https", "proxy.example", 443, None, "")),
        ("socks5://proxy.example", ("socks5", "proxy.example", 1080, None, "")),
        ("SOCKS5H://Proxy.Example:9050", ("socks5h", "proxy.example", 9050, None, "")),
        ("http://me:secret@proxy.example:8080", ("http", "proxy.example", 8080, "me", "secret")),
        ("me:secret@proxy.example:8080", ("http", "proxy.example", 8080, "me", "secret")),
        ("proxy.example:8080:me:secret", ("http", "proxy.example", 8080, "me", "secret")),
        ("proxy.example:8080:me", ("http", "proxy.example", 8080, "me", "")),
        ("socks5://proxy.example:1080:me:secret", ("socks5", "proxy.example", 1080, "me", "secret")),
        ("http://me@proxy.example:8080", ("http", "proxy.example", 8080, "me", "")),
        ("[2001:db8::1]:3128", ("http", "2001:db8::1", 3128, None, "")),
        ("http://me:secret@[2001:DB8::1]:3128", ("http", "2001:db8::1", 3128, "me", "secret")),
        ("[::1]:3128:me:secret", ("http", "::1", 3128, "me", "secret")),
        ("bücher.example:80", ("http", "xn--bcher-kva.example", 80, None, "")),
        ("  proxy.example:8080  ", ("http", "proxy.example", 8080, None, "")),
    ],
)
def test_every_form_of_a_proxy_is_read(text: str, expected: tuple[object, ...]) -> None:
    proxy = Proxy.parse(text)
    assert (proxy.scheme, proxy.host, proxy.port, proxy.username, proxy.secret) == expected


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("http://me:p%40ss@proxy.example:8080", "p@ss"),
        ("http://me:p@ss@proxy.example:8080", "p@ss"),
        ("http://me:p%3Ass@proxy.example:8080", "p:ss"),
        ("http://me:p:ss@proxy.example:8080", "p:ss"),
        ("http://me:p%2Fss@proxy.example:8080", "p/ss"),
        ("http://me:p/ss@proxy.example:8080", "p/ss"),
        ("http://me:p%25ss@proxy.example:8080", "p%ss"),
        ("http://me:100%@proxy.example:8080", "100%"),
        ("http://me:p@%40@proxy.example:8080", "p@%40"),
        ("proxy.example:8080:me:p%40ss", "p%40ss"),
        ("proxy.example:8080:me:p@ss", "p@ss"),
        ("proxy.example:8080:me:p:s:s", "p:s:s"),
        ("proxy.example:8080:me:pass/", "pass/"),
        ("me:@:/%@proxy.example:8080", "@:/%"),
    ],
)
def test_a_password_with_special_characters_is_read_encoded_or_not(text: str, secret: str) -> None:
    assert Proxy.parse(text).secret == secret


@given(
    user=st.text(string.ascii_letters + string.digits + "-_.@/%", min_size=1),
    secret=st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E)),
)
def test_an_encoded_proxy_is_always_read_as_it_was_meant(user: str, secret: str) -> None:
    def encoded(text: str) -> str:
        return "".join(f"%{byte:02X}" for byte in text.encode())

    proxy = Proxy.parse(f"socks5://{encoded(user)}:{encoded(secret) or 'x'}@[::1]:1080")
    assert (proxy.username, proxy.secret) == (user, secret or "x")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "write http://user:password@host:port"),
        ("proxy.example", "write http://user:password@host:port"),
        ("ftp://proxy.example:21", "ftp:// is not one of http, https, socks5, socks5h"),
        ("proxy.example:99999", "'proxy.example:99999'"),
        ("proxy.example:0", "'proxy.example:0'"),
        ("1:80", "not a host"),
        ("::1:8080", "write http"),
        ("127.0.0.1:8080:me:p@ss:80", "two ways"),
        ("http://me:8080:secret@proxy.example:3128", "two ways"),
        ("http://:secret@proxy.example:80", "write http"),
        ("socks5://me@proxy.example", "SOCKS5 has a user and a password"),
        (f"socks5://me:{'x' * 256}@proxy.example", "1 to 255"),
        ("socks5://me:pässword@proxy.example", "ASCII"),
        ("http://m%3Ae:secret@proxy.example:80", "no users with a colon"),
        ("http://me:sec%0Aret@proxy.example:80", "printable"),
        ("proxy.example:80 via nothing", "write http"),
    ],
)
def test_what_is_no_proxy_is_refused_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason.replace("(", r"\(")):
        Proxy.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "http://canary-user:canary-secret@proxy.example:99999",
        "proxy.example:99999:canary-user:canary-secret",
        "canary-secret@",
        "ftp://canary-user:canary-secret@proxy.example:1",
        "canary-user:80:canary-secret@proxy.example:3128",
        "socks5://canary-user:canary-secrét@proxy.example",
        "http://canary-user:canary-secret%00@proxy.example:1",
        "proxy.example:1 via canary-user:canary-secret",
    ],
)
def test_a_refusal_shows_no_credentials(text: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        Proxy.parse(text)
    assert "canary" not in str(refusal.value)
    assert refusal.value.__cause__ is None


def test_nothing_that_is_printed_holds_the_secret() -> None:
    proxy = Proxy.parse("http://canary-user:canary-secret@127.0.0.1:3128 via socks5://me:canary-other@127.0.0.1:1080")
    config = CrawlConfig(context=ContextConfig(proxy=proxy))
    shown = [str(proxy), repr(proxy), f"{proxy}", proxy.id, proxy.server, str(config), repr(config)]
    assert not [text for text in shown if "canary" in text]
    assert "canary-secret" not in config.model_dump_json()


def test_a_wrong_value_is_not_repeated() -> None:
    with pytest.raises(ValidationError) as refusal:
        Proxy(host="proxy.example", port=0, username="me", password=SecretStr("canary"))
    assert "canary" not in str(refusal.value)


def test_the_id_names_the_server_and_tells_users_apart() -> None:
    alone = Proxy.parse("http://127.0.0.1:3128")
    alice = Proxy.parse("http://alice:one@127.0.0.1:3128")
    bob = Proxy.parse("http://bob:one@127.0.0.1:3128")
    assert alone.id == "http://127.0.0.1:3128"
    assert alice.id.startswith("http://127.0.0.1:3128#")
    assert len({alone.id, alice.id, bob.id}) == 3
    assert Proxy.parse("http://alice:two@127.0.0.1:3128").id == alice.id


def test_a_chain_is_connected_to_from_its_far_end() -> None:
    chain = Proxy.parse("http://one:1 via socks5://two:2 VIA three:3")
    assert [hop.server for hop in chain.hops] == ["http://three:3", "socks5://two:2", "http://one:1"]
    assert chain.id == "http://one:1 via socks5://two:2 via http://three:3"


def test_equal_proxies_are_equal_and_travel() -> None:
    proxy = Proxy.parse("http://me:secret@127.0.0.1:3128 via [::1]:80")
    assert proxy == Proxy.parse("127.0.0.1:3128:me:secret via http://[::1]:80")
    assert pickle.loads(pickle.dumps(proxy)) == proxy
    assert proxy != Proxy.parse("http://me:other@127.0.0.1:3128 via [::1]:80")
    assert hash(proxy) == hash(Proxy.parse("127.0.0.1:3128:me:secret via http://[::1]:80"))
