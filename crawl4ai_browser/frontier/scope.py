"""Scope: which URLs belong to a crawl, as values a user gives."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator

from crawl4ai_browser.frontier.patterns import REGEX_PREFIX, compile_pattern
from crawl4ai_browser.frozen import Frozen

LinkKind = Literal["anchor", "area", "canonical", "alternate", "next", "prev"]

BINARY_SUFFIXES = frozenset(
    # images, audio, video, fonts (not js and css: pages are called /wiki/Node.js, and no anchor leads to a script)
    "jpg jpeg png gif webp avif svg svgz ico bmp tif tiff heic psd eps mp3 m4a aac ogg oga opus wav flac wma mp4 m4v mov "
    "avi mkv webm wmv flv mpg mpeg 3gp m3u8 woff woff2 ttf otf eot "
    # archives, installers, disk images, data
    "zip gz tgz bz2 xz zst 7z rar tar jar war whl deb rpm apk msi exe dmg pkg iso img bin dll "
    # documents
    "pdf doc docx xls xlsx ppt pptx odt ods odp epub mobi".split()
)
"""Suffixes of files that no page is made of and that can be large."""


class TrapLimits(Frozen):
    """What keeps a crawl out of places that never end. None: no limit."""

    max_url_length: int | None = Field(default=2083, gt=0)
    """Characters. 2083 was Internet Explorer's limit, so sites keep below it (Scrapy has the same)."""
    max_path_segments: int | None = Field(default=20, gt=0)
    """Heritrix' limit (TooManyPathSegmentsDecideRule)."""
    max_segment_repeats: int | None = Field(default=3, gt=0)
    """Times one segment may occur in a path: relative links that climb wrongly make `/a/b/a/b/a/b`."""
    max_pages_per_host: int | None = Field(default=None, gt=0)
    max_query_variants: int | None = Field(default=None, gt=0)
    """URLs of one path that differ by their query alone, as calendars and filters make them without end."""


def _as_text(pattern: object) -> object:
    """A compiled regular expression as the text it is kept as."""
    if not isinstance(pattern, re.Pattern):
        return pattern
    flags = "".join(letter for letter, flag in (("i", re.I), ("s", re.S), ("m", re.M)) if pattern.flags & flag)
    return REGEX_PREFIX + (f"(?{flags})" if flags else "") + str(pattern.pattern)


UrlPattern = Annotated[str, BeforeValidator(_as_text)]
"""A glob (`/docs/*`, `*.pdf`, `https://example.com/*`), or a regular expression after `re:`; see `frontier.patterns`. A
compiled `re.Pattern` is taken too."""


class Scope(Frozen):
    """Which found URLs are visited. Seeds always are; their links are judged by what stands here.

    A URL is in scope when its host is, any `include` pattern matches (or none is given), no `exclude` pattern does, and no
    limit is exceeded. Every refusal is reported as a `UrlRefused` event with the rule and its value.
    """

    max_depth: int | None = Field(default=None, ge=0)
    """Hops from the seed. 0: the seeds alone. None: no limit."""
    max_pages: int | None = Field(default=None, ge=1)
    """Results given out, failed ones included, over all runs of the crawl. URLs skipped on purpose (robots.txt) do not
    count. None: no limit."""
    same: Literal["host", "site", "any"] = "host"
    """How near to the seed that led to it: its host and port, its registrable domain (`example.co.uk`), or anywhere."""
    hosts: tuple[str, ...] = ()
    """Hosts that are in scope beside those of `same`: `example.org`, `*.example.org` (its subdomains), `localhost:8000`."""
    include: tuple[UrlPattern, ...] = ()
    exclude: tuple[UrlPattern, ...] = ()
    query_keep: frozenset[str] | None = None
    """Query parameters that stay in found URLs, all others are taken off; None: all stay, empty: none does."""
    query_drop: frozenset[str] = frozenset()
    """Query parameters that are taken off found URLs."""
    skip_suffixes: frozenset[str] = BINARY_SUFFIXES
    """Suffixes of paths, lower case without the dot, that are not followed. Empty: files are visited, and downloaded."""
    link_kinds: frozenset[LinkKind] = frozenset({"anchor", "area", "next", "prev"})
    obey_nofollow: bool = False
    """Whether links with `rel=nofollow` stay out. It is advice to search engines about ranking, not about access."""
    traps: TrapLimits = TrapLimits()

    @field_validator("include", "exclude")
    @classmethod
    def _patterns_compile(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            compile_pattern(pattern)
        return patterns

    @field_validator("hosts")
    @classmethod
    def _hosts_are_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        for host in hosts:
            if not host or "/" in host or "*" in host.removeprefix("*."):
                raise ValueError(f"not a host: {host!r} (write example.org, *.example.org or localhost:8000)")
        return tuple(host.lower() for host in hosts)
