"""ProxyPool: proxies that take turns, and how."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, Self, cast

from pydantic import Field, ValidationError, field_validator

from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.frozen import Frozen
from crawl4ai_browser.proxy import Proxy
from crawl4ai_browser.proxy_status import DIRECT, ProxyChooser

ProxyRotation = Literal["round_robin", "random", "least_used", "weighted"]
"""Who is next: each in turn; any; the one with the fewest attempts under way; in turn, but as often as its weight."""

_COMMENT = re.compile(r"(^|\s)#.*$", re.MULTILINE)
_OPTION = re.compile(r"(weight|tier)=(\S+)", re.IGNORECASE)


class PooledProxy(Frozen):
    """A proxy's place in a pool."""

    proxy: Proxy | None
    """None: no proxy, a direct connection."""
    weight: float = Field(default=1.0, gt=0)
    """How often it is taken compared with others, where `rotation` is `weighted`."""
    tier: int = Field(default=0, ge=0)
    """A proxy of a higher tier is used for a host only where none of a lower one can be."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """A proxy as `Proxy.parse` has it, or `direct`; `weight=2` and `tier=1` may follow.

        Raises:
            ConfigError: not a proxy. The message holds no credentials.
        """
        words = text.split()
        options = [match for word in words if (match := _OPTION.fullmatch(word)) is not None]
        server = " ".join(word for word in words if _OPTION.fullmatch(word) is None)
        proxy = None if server.lower() == DIRECT else Proxy.parse(server)
        try:
            return cls.model_validate({"proxy": proxy, **{match[1].lower(): match[2] for match in options}})
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]
            raise ConfigError(f"{fault['loc'][0]} of a proxy: {fault['msg']}") from None


class ProxyHealth(Frozen):
    """When a proxy is left alone, and for how long."""

    first_rest: float = Field(default=5.0, gt=0)
    """Seconds for which a proxy that can't be reached, or lets nobody in, is not used. Doubles each time it fails the
    one attempt that then tries it out."""
    max_rest: float = Field(default=600.0, gt=0)
    host_failures: int = Field(default=2, ge=1)
    """Attempts in a row that end badly for one host, by a block page, a refused tunnel, a reset or a timeout, until the
    proxy rests for that host."""
    failures: int = Field(default=5, ge=1)
    """Such attempts in a row, of whatever hosts, until it rests as a whole."""
    block_statuses: frozenset[int] = frozenset({403, 429})
    """Statuses by which sites turn away whom they take for a robot. A page that answers so through two proxies is
    believed."""
    block_signs: tuple[str, ...] = ()
    """Texts that only a block page has in its html, in any case of letters."""
    connect_timeout: float = Field(default=10.0, gt=0)
    """Seconds for a connection through the proxy; after as many more it is known whether the proxy hangs, or the site.
    Both together stay below a page's own deadline."""
    max_wait: float = Field(default=60.0, ge=0)
    """How long pages of a host wait when no proxy can be used for it. Then they fail, until one works again."""


class ProxyPool(Frozen):
    """Proxies that take turns: every attempt at a page has one, and a retry another.

        ProxyPool(["http://user:password@10.0.0.1:3128", "socks5://10.0.0.2:1080"], sticky="host")
        ProxyPool.from_file("proxies.txt", rotation="least_used")
        ProxyPool(["direct", "http://cheap.example:3128 tier=1", "http://dear.example:3128 tier=2"])

    A member is a `Proxy`, a `PooledProxy`, a text as `PooledProxy.parse` has it, or a list of these. Without members
    there is no pool, and everything goes out directly.
    """

    members: tuple[PooledProxy, ...] = ()
    rotation: ProxyRotation = "round_robin"
    chooser: ProxyChooser | None = Field(default=None, exclude=True)
    """Chooses in place of `rotation`."""
    sticky: Literal["never", "session", "host"] = "never"
    """Who keeps its proxy as long as that can be used: nobody; each session, the anonymous one too; each host. A named
    session always does, as an identity that comes from everywhere at once is none."""
    sticky_ttl: float | None = Field(default=None, gt=0)
    """Seconds after which it takes the next one. None: never."""
    health: ProxyHealth = ProxyHealth()

    def __init__(self, members: Iterable[PooledProxy | Proxy | str] = (), **options: Any) -> None:
        """`options` are the other fields.

        Raises:
            ConfigError: a member is not a proxy. The message holds no credentials.
            ValidationError: a field has a wrong value.
        """
        super().__init__(**{"members": members, **options})

    @field_validator("members", mode="before")
    @classmethod
    def _members_of_texts(cls, members: object) -> object:
        if isinstance(members, str):
            return tuple(parse_proxies(members))
        if not isinstance(members, Iterable):
            return members
        return tuple(member for each in cast("Iterable[object]", members) for member in _members_of(each))

    @classmethod
    def from_file(cls, path: str | Path, **options: Any) -> Self:
        """The proxies of a file: see `read_proxies`. `options` are the other fields.

        Raises:
            ConfigError: it can't be read, names no proxy, or a line is wrong; the message tells which.
        """
        return cls(read_proxies(path), **options)

    @classmethod
    def from_environment(cls, variable: str, **options: Any) -> Self:
        """The proxies that an environment variable names, parted by white space, commas or line breaks.

        Raises:
            ConfigError: it is not set, names no proxy, or one is wrong.
        """
        text = os.environ.get(variable, "")
        try:
            members = tuple(parse_proxies(text.replace(",", " ")))
        except ConfigError as error:
            raise ConfigError(f"the environment variable {variable}: {error.message}") from None
        if not members:
            raise ConfigError(f"the environment variable {variable} names no proxy")
        return cls(members, **options)

    @property
    def has_tiers(self) -> bool:
        """Whether there is something to escalate to."""
        return len({member.tier for member in self.members}) > 1


def read_proxies(path: str | Path) -> tuple[PooledProxy, ...]:
    """The proxies of a file, one or more a line, as `PooledProxy.parse` has them; `#` begins a comment.

    Raises:
        ConfigError: it can't be read, names no proxy, or a line is wrong; the message tells which.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the list of proxies {str(path)!r} can't be read: {error}") from None
    members: list[PooledProxy] = []
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            members.extend(parse_proxies(line))
        except ConfigError as error:
            raise ConfigError(f"line {number} of {str(path)!r}: {error.message}") from None
    if not members:
        raise ConfigError(f"{str(path)!r} names no proxy")
    return tuple(members)


def parse_proxies(text: str) -> Iterator[PooledProxy]:
    """The proxies of a text, parted by white space; `#` begins a comment.

    Raises:
        ConfigError: one is wrong. The message holds no credentials.
    """
    entry: list[str] = []
    for word in _COMMENT.sub("", text).split():
        continues = word.lower() == "via" or (entry and entry[-1].lower() == "via") or _OPTION.fullmatch(word)
        if entry and not continues:
            yield PooledProxy.parse(" ".join(entry))
            entry = []
        entry.append(word)
    if entry:
        yield PooledProxy.parse(" ".join(entry))


def _members_of(given: object) -> Iterator[object]:
    """A member as it may be given; a list of a file's members stands for all of them."""
    if isinstance(given, list | tuple):
        for each in cast("Iterable[object]", given):
            yield from _members_of(each)
    elif isinstance(given, str):
        yield PooledProxy.parse(given)
    else:
        yield PooledProxy(proxy=given) if isinstance(given, Proxy) else given
