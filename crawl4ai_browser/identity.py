"""What makes up the identity that a site sees, as values: place, credentials, cookies, language, time zone."""

from __future__ import annotations

import re
from functools import cache
from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

from ada_url import URL
from pydantic import AfterValidator, ConfigDict, Field, SecretStr, field_validator, model_validator

from crawl4ai_browser.frozen import Frozen

# Language, script, region, variants and extensions (RFC 5646, 2.1), without what Chromium refuses: the registered
# irregular tags (i-klingon) and languages of four letters and more, which the registry has none of.
_LANGUAGE_TAG = re.compile(
    r"[a-z]{2,3}"
    r"(-[a-z]{4})?"
    r"(-([a-z]{2}|\d{3}))?"
    r"(-([a-z0-9]{5,8}|\d[a-z0-9]{3}))*"
    r"(-[a-wyz0-9](-[a-z0-9]{2,8})+)*",
    re.IGNORECASE,
)

# RFC 9110, 5.6.2 (names) and 5.5 (values): a line break in one would begin another header.
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_BREAKS = re.compile(r"[\r\n\0]")

_NOT_A_ZONE = frozenset({"localtime"})
"""In the zone database of most systems, but a name for this machine's zone, which Chromium doesn't know."""

Permission = Literal[
    "accelerometer",
    "ambient-light-sensor",
    "background-sync",
    "camera",
    "clipboard-read",
    "clipboard-write",
    "geolocation",
    "gyroscope",
    "local-fonts",
    "local-network-access",
    "magnetometer",
    "microphone",
    "midi",
    "midi-sysex",
    "notifications",
    "payment-handler",
    "screen-wake-lock",
    "storage-access",
]
"""What a page may be allowed without asking: those that Chromium knows by Playwright's names."""


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones()) - _NOT_A_ZONE


def checked_language_tag(tag: str) -> str:
    """The tag.

    Raises:
        ValueError: not well-formed (RFC 5646).
    """
    if _LANGUAGE_TAG.fullmatch(tag) is None:
        raise ValueError(f"no language tag (BCP 47), such as de-CH: {tag!r}")
    return tag


def checked_timezone(name: str) -> str:
    """The name. Where this machine has no zone database at all, any name passes and the browser decides.

    Raises:
        ValueError: no zone of the IANA database.
    """
    zones = _zones()
    if zones and name not in zones:
        near = next((zone for zone in zones if zone.lower() == name.lower()), "Europe/Zurich")
        raise ValueError(f"no time zone (IANA), such as {near}: {name!r}")
    return name


def checked_headers(headers: dict[str, str]) -> dict[str, str]:
    """The headers.

    Raises:
        ValueError: one that HTTP does not allow. The message names it, and never shows its value.
    """
    for name, value in headers.items():
        if _HEADER_NAME.fullmatch(name) is None:
            raise ValueError(f"no name of a header: {name!r}")
        if _HEADER_BREAKS.search(value) is not None:
            raise ValueError(f"the value of the header {name!r} has a line break")
    return headers


LanguageTag = Annotated[str, AfterValidator(checked_language_tag)]
TimezoneName = Annotated[str, AfterValidator(checked_timezone)]
Headers = Annotated[dict[str, str], AfterValidator(checked_headers)]


class Geolocation(Frozen):
    """Where pages that ask for the place are told they are. Giving one allows them to ask."""

    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    accuracy: float = Field(default=10.0, ge=0)
    """Metres."""


class Network(Frozen):
    """What pages find the network to be like: for trying how a site, or a crawl, bears a bad one.

    Holds for pages and what they ask for, not for plain requests such as that for robots.txt.
    """

    offline: bool = False
    latency: float = Field(default=0.0, ge=0)
    """Seconds that every answer takes longer to begin."""
    download_rate: float | None = Field(default=None, gt=0)
    """Bytes a second, of a page and its frames together. None: no limit."""
    upload_rate: float | None = Field(default=None, gt=0)

    @property
    def is_slow(self) -> bool:
        """Whether it is slower than the machine's own."""
        return bool(self.latency) or self.download_rate is not None or self.upload_rate is not None


class HttpCredentials(Frozen):
    """User and password for HTTP authentication (RFC 9110, 11), for one origin: no other server is ever sent them."""

    model_config = ConfigDict(hide_input_in_errors=True)

    origin: str
    """`https://example.com`, with its port where that is not the scheme's own."""
    username: str
    password: SecretStr

    @field_validator("origin")
    @classmethod
    def _is_an_origin(cls, origin: str) -> str:
        if not URL.can_parse(origin):
            raise ValueError(f"no origin, such as https://example.com: {origin!r}")
        url = URL(origin)
        if url.protocol not in ("http:", "https:") or url.pathname != "/" or url.search or url.username:
            raise ValueError(f"no origin, such as https://example.com: {url.origin!r}")
        return url.origin


class Cookie(Frozen):
    """A cookie that a session begins with."""

    model_config = ConfigDict(hide_input_in_errors=True)

    name: str = Field(min_length=1)
    value: SecretStr
    domain: str = ""
    """`example.com`: this host alone; `.example.com`: its subdomains too. Not needed with a `url`."""
    url: str | None = None
    """In place of domain and `secure`: the page that would have set it."""
    path: str = "/"
    expires: float = -1.0
    """Seconds since 1970; -1: with the session."""
    http_only: bool = False
    secure: bool = False
    same_site: Literal["Strict", "Lax", "None"] = "Lax"

    @model_validator(mode="after")
    def _belongs_somewhere(self) -> Self:
        if bool(self.domain) == (self.url is not None):
            raise ValueError(f"the cookie {self.name!r} needs a domain or a url, not both")
        if self.url is not None and not (URL.can_parse(self.url) and URL(self.url).hostname):
            raise ValueError(f"the url of the cookie {self.name!r} is none")
        return self

    @property
    def host(self) -> str:
        """The domain, or that of the url."""
        return URL(self.url).hostname if self.url is not None else self.domain

    @property
    def is_secure(self) -> bool:
        """Whether it goes out encrypted alone."""
        return self.secure or (self.url is not None and URL(self.url).protocol == "https:")
