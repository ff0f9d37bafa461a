"""Values of flags that are more than a number or a word: readiness, headers, sizes."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from crawl4ai_browser.capture_config import Element
from crawl4ai_browser.config import Viewport
from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.identity import Geolocation
from crawl4ai_browser.ready import Delay, DomContentLoaded, Load, Predicate, Quiet, Ready, Selector

_WORDS: dict[str, Ready] = {"quiet": Quiet(), "load": Load(), "domcontentloaded": DomContentLoaded()}

# The characters of a field name (RFC 9110, 5.6.2), and of a value: no line breaks, or the header would be two.
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*)")
_SECONDS = re.compile(r"\d+(\.\d+)?")
_BYTES = re.compile(r"(\d+(?:\.\d+)?) ?(?:([kKMGT])(i)?)?B?")
_PLACE = re.compile(r"(-?\d+(?:\.\d+)?), ?(-?\d+(?:\.\d+)?)")
_SIZE = re.compile(r"(\d+)[x×](\d+)", re.IGNORECASE)


def moment_of(flag: str, given: object) -> datetime | None:
    """The moment that a flag names, in UTC where it has no zone; None where the flag is not given.

    Raises:
        ConfigError: not a date.
    """
    if given is None:
        return None
    try:
        moment = datetime.fromisoformat(str(given))
    except ValueError:
        raise ConfigError(f"{flag} {str(given)!r}: not a date: write 2026-01-31, or 2026-01-31T12:00") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def parse_ready(text: str) -> Ready:
    """The condition that `quiet`, `load`, `domcontentloaded`, a number of seconds, `css:SELECTOR` or `js:SCRIPT` names.

    Raises:
        ConfigError: none of these.
    """
    kind, colon, rest = text.partition(":")
    if text in _WORDS:
        return _WORDS[text]
    if _SECONDS.fullmatch(text):
        return Delay(seconds=float(text))
    if colon and rest.strip() and kind == "css":
        return Selector(css=rest)
    if colon and rest.strip() and kind == "js":
        return Predicate(script=rest)
    raise ConfigError("write quiet, load, domcontentloaded, a number of seconds, css:SELECTOR or js:SCRIPT")


def parse_area(text: str) -> str | Element:
    """What a picture is of: `none`, `viewport`, `full_page` or `css:SELECTOR`.

    Raises:
        ConfigError: none of these, or no selector.
    """
    if text in ("none", "viewport", "full_page"):
        return text
    kind, colon, selector = text.partition(":")
    if not (colon and kind == "css" and selector.strip()):
        raise ConfigError("write none, viewport, full_page or css:SELECTOR")
    return Element(css=selector)


def parse_bytes(text: str) -> int:
    """The bytes that a number names, with or without a unit: `500000`, `20MB` (20 million), `1.5GiB`.

    Raises:
        ConfigError: not a size.
    """
    match = _BYTES.fullmatch(text.strip())
    if match is None:
        raise ConfigError("write a number of bytes, such as 500000, 20MB or 1.5GiB")
    number, prefix, binary = match.groups("")
    unit = (1024.0 if binary else 1000.0) ** " KMGT".index(prefix.upper() or " ")
    return round(float(number) * unit)


def parse_header(text: str) -> tuple[str, str]:
    """Name and value of `Name: value`.

    Raises:
        ConfigError: not a header.
    """
    match = _HEADER.fullmatch(text)
    if match is None:
        raise ConfigError("write 'Name: value'")
    return match[1], match[2].strip()


def parse_place(text: str) -> Geolocation:
    """The place that `LATITUDE,LONGITUDE` names, in degrees.

    Raises:
        ConfigError: not a place.
    """
    match = _PLACE.fullmatch(text.strip())
    if match is None:
        raise ConfigError("write LATITUDE,LONGITUDE in degrees, such as 47.37,8.54")
    return Geolocation(latitude=float(match[1]), longitude=float(match[2]))


def parse_viewport(text: str) -> Viewport:
    """The size that `WIDTHxHEIGHT` names, in CSS pixels.

    Raises:
        ConfigError: not a size.
    """
    match = _SIZE.fullmatch(text)
    if match is None:
        raise ConfigError("write WIDTHxHEIGHT, such as 1280x800")
    return Viewport(width=int(match[1]), height=int(match[2]))
