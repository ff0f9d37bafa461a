from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.proxy import Proxy
from crawl4ai_browser.proxy_pool import PooledProxy, ProxyPool, read_proxies


def shown(pool: ProxyPool) -> list[str]:
    return [f"{member.proxy or 'direct'} {member.weight:g} {member.tier}" for member in pool.members]


def test_members_are_values_or_texts() -> None:
    proxy = Proxy.parse("http://10.0.0.1:3128")
    pool = ProxyPool([proxy, "10.0.0.2:3128 weight=3", "Direct tier=1", PooledProxy(proxy=proxy, tier=2)])
    assert shown(pool) == [
        "http://10.0.0.1:3128 1 0",
        "http://10.0.0.2:3128 3 0",
        "direct 1 1",
        "http://10.0.0.1:3128 1 2",
    ]
    assert pool.has_tiers


def test_a_pool_is_a_value_like_any_other_configuration() -> None:
    pool = ProxyPool(["10.0.0.1:3128"], rotation="least_used", sticky="host")
    assert ProxyPool.model_validate({"members": ["10.0.0.1:3128"], "rotation": "least_used", "sticky": "host"}) == pool
    assert ProxyPool().members == ()
    with pytest.raises(ValidationError, match="frozen"):
        setattr(pool, "sticky", "never")  # noqa: B010 - type checkers would refuse the plain assignment
    with pytest.raises(ValidationError, match="rotation"):
        ProxyPool([], rotation="sometimes")


def test_a_file_holds_comments_options_and_chains(tmp_path: Path) -> None:
    path = tmp_path / "proxies.txt"
    path.write_text(
        "# bought in May\n\n"
        "http://me:se#cret@10.0.0.1:3128  # the fast one\n"
        "10.0.0.2:3128:me:secret weight=2\n"
        "socks5://10.0.0.3:1080 via http://10.0.0.4:80 tier=1\n"
        "direct 10.0.0.5:80\n",
        encoding="utf-8",
    )
    members = read_proxies(path)
    assert [member.proxy.server if member.proxy else "direct" for member in members] == [
        "http://10.0.0.1:3128",
        "http://10.0.0.2:3128",
        "socks5://10.0.0.3:1080",
        "direct",
        "http://10.0.0.5:80",
    ]
    assert members[0].proxy is not None
    assert members[0].proxy.secret == "se#cret"
    assert members[2].proxy is not None
    assert members[2].proxy.via == Proxy.parse("10.0.0.4:80")
    assert (members[1].weight, members[2].tier) == (2, 1)
    assert ProxyPool.from_file(path, sticky="session").members == members


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("10.0.0.1:3128\n\nme:canary@10.0.0.2\n", "line 3 of"),
        ("10.0.0.1:3128 weight=none", "weight of a proxy"),
        ("10.0.0.1:3128 weight=-1", "weight of a proxy"),
        ("10.0.0.1:3128:me:canary,secret canary2", "line 1 of"),
        ("# nothing", "names no proxy"),
    ],
)
def test_a_wrong_file_is_refused_by_line_and_without_secrets(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "list.txt"
    path.write_text(text)
    with pytest.raises(ConfigError, match=reason) as refusal:
        ProxyPool.from_file(path)
    assert "canary" not in refusal.value.message


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.txt"):
        ProxyPool.from_file(tmp_path / "nowhere.txt")


def test_an_environment_variable_may_hold_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRAWL_PROXIES", "10.0.0.1:3128, me:secret@10.0.0.2:3128\n10.0.0.3:80 via 10.0.0.4:80")
    pool = ProxyPool.from_environment("CRAWL_PROXIES", rotation="random")
    assert [member.proxy.port for member in pool.members if member.proxy] == [3128, 3128, 80]
    assert pool.rotation == "random"
    with pytest.raises(ConfigError, match="CRAWL_NONE names no proxy"):
        ProxyPool.from_environment("CRAWL_NONE")
