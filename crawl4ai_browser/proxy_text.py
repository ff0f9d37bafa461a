"""The ways in which users and providers write a proxy, taken apart. Pure; `Proxy.parse` makes the value.

A text is read in every way it can be. Where one alone makes sense, that is the one; a password with `@`, `:` or `/` in
it needs no encoding as long as that holds.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple
from urllib.parse import unquote

from crawl4ai_browser.errors import ConfigError

ProxyScheme = Literal["http", "https", "socks5", "socks5h"]

DEFAULT_PORTS: dict[ProxyScheme, int] = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
"""Those of `http:` and `https:` URLs (RFC 9110, 4.2), and 1080 (RFC 1928, 3)."""

_SCHEMES: dict[str, ProxyScheme] = {scheme: scheme for scheme in DEFAULT_PORTS}

FORMS = "http://user:password@host:port, user:password@host:port, host:port:user:password or host:port"

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://(.*)", re.IGNORECASE | re.DOTALL)
# A host as it may be followed by its port: an address of IPv6 has brackets, or its colons could be anything.
_SERVER = re.compile(r"(\[[0-9a-f:.]+\]|[^\s:@/?#\[\]\\%]+)(?::(\d{1,5}))?", re.IGNORECASE)
_ENCODED = re.compile(r"%[0-9a-f]{2}", re.IGNORECASE)
_UNENCODABLE = re.compile(r"[@/?#\[\]\\ ]")


class ProxyParts(NamedTuple):
    """What a text names. `port` None: not written."""

    scheme: ProxyScheme
    host: str
    port: int | None
    username: str | None = None
    password: str | None = None


def proxy_parts(text: str) -> ProxyParts:
    """The parts of one proxy as written.

    Raises:
        ConfigError: it has no reading, or two. The message shows no more of it than can't hold a secret.
    """
    given = _SCHEME.fullmatch(text.strip())
    written = given[1].lower() if given else "http"
    scheme = _SCHEMES.get(written)
    if scheme is None:
        raise ConfigError(f"not a proxy: {written}:// is not one of {', '.join(DEFAULT_PORTS)}")
    rest = given[2] if given else text.strip()
    readings = _readings(scheme, rest, is_url=given is not None)
    if len(readings) == 1:
        return readings[0]
    if readings:
        raise ConfigError(
            "a proxy that can be read in two ways: write http://user:password@host:port, and in user and password"
            " %40 for @, %3A for :, %2F for / and %25 for %"
        )
    raise ConfigError(f"not a proxy{_shown(rest)}: write {FORMS}")


def _readings(scheme: ProxyScheme, rest: str, *, is_url: bool) -> list[ProxyParts]:
    """Every way to read what follows the scheme; a URL alone may leave out its port."""
    bare = _server(rest.rstrip("/"))
    if bare is not None:
        return [ProxyParts(scheme, *bare)] if is_url or bare[1] is not None else []
    found = (_credentials_first(scheme, rest, is_url=is_url), _server_first(scheme, rest))
    return [reading for reading in found if reading is not None]


def _credentials_first(scheme: ProxyScheme, rest: str, *, is_url: bool) -> ProxyParts | None:
    """`user:password@host:port`; the last `@` is the one that parts them, as no host holds one."""
    credentials, at, server = rest.rpartition("@")
    found = _server(server.rstrip("/"))
    if not at or found is None or (found[1] is None and not is_url):
        return None
    username, colon, password = credentials.partition(":")
    if not username:
        return None
    if not _is_encoded(credentials):
        return ProxyParts(scheme, *found, username, password if colon else None)
    return ProxyParts(scheme, *found, unquote(username), unquote(password) if colon else None)


def _server_first(scheme: ProxyScheme, rest: str) -> ProxyParts | None:
    """`host:port:user:password`, as lists of providers have it; all after the third colon is the password."""
    split = re.fullmatch(r"(\[[^\]]*\]|[^:]*):(\d{1,5}):([^:]+)(?::(.*))?", rest, re.DOTALL)
    if split is None:
        return None
    found = _server(f"{split[1]}:{split[2]}")
    return ProxyParts(scheme, *found, split[3], split[4]) if found is not None else None


def _server(text: str) -> tuple[str, int | None] | None:
    match = _SERVER.fullmatch(text)
    if match is None:
        return None
    port = int(match[2]) if match[2] else None
    return (match[1], port) if port is None or 0 < port < 65536 else None


def _is_encoded(credentials: str) -> bool:
    """Whether `%40` means `@`: not where something stands there that an encoder would have encoded."""
    if _UNENCODABLE.search(credentials):
        return False
    return credentials.count("%") == len(_ENCODED.findall(credentials)) > 0


def _shown(rest: str) -> str:
    """A text that has no place for a secret, to be shown; nothing of any other."""
    host, _, port = rest.partition(":")
    return f": {rest!r}" if "@" not in rest and port.isdecimal() and host.isprintable() else ""
