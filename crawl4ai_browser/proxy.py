"""Proxy: the way out of one context, as a value that can be printed without its secret."""

from __future__ import annotations

from typing import Literal
from urllib.parse import quote, unquote

from ada_url import URL
from pydantic import SecretStr

from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.frozen import Frozen

ProxyScheme = Literal["http", "https", "socks5", "socks5h"]

_DEFAULT_PORTS: dict[ProxyScheme, int] = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}


class Proxy(Frozen):
    """A proxy server and the credentials for it. `str(proxy)` is its URL without user and password."""

    scheme: ProxyScheme = "http"
    host: str
    port: int
    username: str | None = None
    password: SecretStr | None = None

    @classmethod
    def parse(cls, text: str) -> Proxy:
        """The proxy that `scheme://user:password@host:port` names; scheme defaults to http.

        Raises:
            ConfigError: not a proxy URL. The message never holds the credentials.
        """
        try:
            url = URL(text if "://" in text else f"http://{text}")
            scheme = url.protocol.removesuffix(":")
            if scheme not in _DEFAULT_PORTS or not url.hostname:
                raise ValueError
            port = int(url.port or _DEFAULT_PORTS[scheme])
        except ValueError:
            shown = text.rpartition("@")[2]
            raise ConfigError(f"not a proxy: {shown!r} (write http://user:password@host:port)") from None
        return cls(
            scheme=scheme,
            host=url.hostname.strip("[]"),
            port=port,
            username=unquote(url.username) or None,
            password=SecretStr(unquote(url.password)) if url.password else None,
        )

    @property
    def server(self) -> str:
        """`scheme://host:port`, as browsers take it."""
        shown_host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{shown_host}:{self.port}"

    @property
    def url_with_credentials(self) -> str:
        """The whole URL, secret included: for connecting, never for showing."""
        if self.username is None:
            return self.server
        secret = self.password.get_secret_value() if self.password else ""
        head, _, tail = self.server.partition("://")
        return f"{head}://{quote(self.username, safe='')}:{quote(secret, safe='')}@{tail}"

    def __str__(self) -> str:
        """The URL without its secret."""
        return self.server
