"""Proxy: a way out, as a value that can be printed without its secret."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Self

from ada_url import URL
from pydantic import ConfigDict, Field, SecretStr, field_validator, model_validator

from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.frozen import Frozen
from crawl4ai_browser.proxy_text import DEFAULT_PORTS, ProxyParts, ProxyScheme, proxy_parts

_VIA = re.compile(r"\s+via\s+", re.IGNORECASE)

_MAX_SOCKS_BYTES = 255
"""Of a user or password: RFC 1929, 2 gives their length in one byte."""

_DOTTED = re.compile(r"\d+\.\d+\.\d+\.\d+")
_ADDRESS = re.compile(r"[\d.]+")


class Proxy(Frozen):
    """A proxy server and the credentials for it. `str(proxy)` is its `id`, which holds no secret.

    `socks5` and `socks5h` are the same: the proxy resolves names, so that no question about them leaves this machine.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    scheme: ProxyScheme = "http"
    host: str
    """A name or an address; one of IPv6 without brackets."""
    port: int = Field(ge=1, le=65535)
    username: str | None = Field(default=None, repr=False)
    password: SecretStr | None = None
    via: Proxy | None = None
    """The proxy through which this one is reached. None: directly."""

    @classmethod
    def parse(cls, text: str) -> Proxy:
        """The proxy that a text names, or the chain: `PROXY via PROXY` is reached through the second.

        Each is written `http://user:password@host:port` (also https, socks5, socks5h), `host:port`,
        `user:password@host:port`, `host:port:user:password` or `http://host:port:user:password`; without a scheme it is
        http, and needs its port. In a URL, user and password may be percent-encoded or, where that leaves one reading
        alone, as they are; in `host:port:user:password` they are as they are.

        Raises:
            ConfigError: none of these, or it can be read in two ways. The message never holds the credentials.
        """
        proxy: Proxy | None = None
        for each in reversed(_VIA.split(text.strip())):
            parts = proxy_parts(each)
            try:
                proxy = cls._of(parts, via=proxy)
            except ValueError as error:
                raise ConfigError(f"not a proxy: {_reason(error)}") from None
        assert proxy is not None, "a text has at least one part"
        return proxy

    @classmethod
    def _of(cls, parts: ProxyParts, *, via: Proxy | None) -> Proxy:
        return cls(
            scheme=parts.scheme,
            host=parts.host,
            port=parts.port or DEFAULT_PORTS[parts.scheme],
            username=parts.username,
            password=SecretStr(parts.password) if parts.password is not None else None,
            via=via,
        )

    @field_validator("host")
    @classmethod
    def _host_is_one(cls, host: str) -> str:
        return checked_host(host)

    @model_validator(mode="after")
    def _credentials_can_be_sent(self) -> Self:
        user, secret = self.username, self.secret
        if user is None:
            if self.password is not None:
                raise ValueError("a password needs a user")
            return self
        if not user or not f"{user}{secret}".isprintable():
            raise ValueError("user and password are printable characters, and a user has some")
        if self.scheme in ("socks5", "socks5h"):
            if not secret or not f"{user}{secret}".isascii() or max(len(user), len(secret)) > _MAX_SOCKS_BYTES:
                raise ValueError(f"SOCKS5 has a user and a password, of 1 to {_MAX_SOCKS_BYTES} ASCII characters each")
        elif ":" in user:
            raise ValueError("HTTP has no users with a colon in their name")  # RFC 7617, 2
        return self

    @property
    def secret(self) -> str:
        """The password; empty where there is none. For connecting, never for showing."""
        return self.password.get_secret_value() if self.password is not None else ""

    @property
    def server(self) -> str:
        """`scheme://host:port`, without user and password."""
        shown_host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{shown_host}:{self.port}"

    @property
    def id(self) -> str:
        """What names it wherever something is shown: its server, and where it has a user, some digits for that user.

        So two users of one server are told apart. The digits tell nothing of the password, and a name only to who
        guesses it.
        """
        user = f"#{sha256(self.username.encode()).hexdigest()[:6]}" if self.username is not None else ""
        return f"{self.server}{user} via {self.via.id}" if self.via is not None else f"{self.server}{user}"

    @property
    def hops(self) -> tuple[Proxy, ...]:
        """The chain, the one that is connected to first of all at its start and this one at its end."""
        return (*self.via.hops, self) if self.via is not None else (self,)

    def __str__(self) -> str:
        """Its id."""
        return self.id

    def __repr__(self) -> str:
        """Its id."""
        return f"Proxy({self.id})"


def checked_host(host: str) -> str:
    """The host as browsers write it: in lower case, without brackets, an international name in its ASCII form.

    Raises:
        ValueError: not a host.
    """
    bare = host.removeprefix("[").removesuffix("]")
    written = f"http://[{bare}]/" if ":" in bare else f"http://{bare}/"
    if not bare or not URL.can_parse(written):
        raise ValueError("not a host")
    url = URL(written)
    # `1` would be read as 0.0.0.1 (WHATWG URL, host parsing), and a slip of the pen as an address.
    if url.pathname != "/" or url.username or (_ADDRESS.fullmatch(bare) and not _DOTTED.fullmatch(bare)):
        raise ValueError("not a host")
    return url.hostname.strip("[]")


def _reason(error: ValueError) -> str:
    """The reason of a validation without what was given, which may hold a secret."""
    errors = getattr(error, "errors", None)
    if errors is None:
        return str(error)
    first = errors(include_url=False, include_input=False, include_context=False)[0]
    return str(first["msg"]).removeprefix("Value error, ")
