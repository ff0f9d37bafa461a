"""Scope: which URLs belong to a crawl, as values a user gives."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, cast

from pydantic import BeforeValidator, Field, field_validator

from crawl4ai_browser.frozen import Frozen
from crawl4ai_browser.url_patterns import REGEX_PREFIX, compile_pattern

LinkKind = Literal["anchor", "area", "canonical", "alternate", "next", "prev"]

_BINARY = """
    jpg jpeg png gif webp avif svg svgz ico bmp tif tiff heic psd eps
    mp3 m4a aac ogg oga opus wav flac wma mp4 m4v mov avi mkv webm wmv flv mpg mpeg 3gp m3u8 woff woff2 ttf otf eot
    zip gz tgz bz2 xz zst 7z rar tar jar war whl deb rpm apk msi exe dmg pkg iso img bin dll
    pdf doc docx xls xlsx ppt pptx odt ods odp epub mobi
"""

BINARY_SUFFIXES = frozenset(_BINARY.split())
"""Suffixes of files that are no pages and may be large, much as Scrapy's link extractor leaves them out. Without `js`
and `css`: hardly an anchor leads to a script, while pages are called `/wiki/Node.js`."""


class TrapLimits(Frozen):
    """What keeps a crawl out of places that never end. None: no limit.

    The first three catch what hardly any real page has. The last two count, so they may also cut off real pages of a
    large site; they are for sites with calendars and filters.
    """

    max_url_length: int | None = Field(default=2083, gt=0)
    """Characters. 2083 was the limit of Internet Explorer, so sites keep below it; Scrapy has the same."""
    max_path_segments: int | None = Field(default=20, gt=0)
    """As in Heritrix (`TooManyPathSegmentsDecideRule`)."""
    max_segment_repeats: int | None = Field(default=3, gt=0)
    """Times that one segment may occur in a path: wrong relative links lead to `/a/b/a/b/a/b` without end."""
    max_pages_per_host: int | None = Field(default=None, gt=0)
    """URLs of one host, seeds included."""
    max_query_variants: int | None = Field(default=None, gt=0)
    """URLs that differ by their query alone, as calendars and filters make them without end."""


def _as_text(pattern: Any) -> Any:
    """A compiled regular expression as the text it is kept as."""
    if not isinstance(pattern, re.Pattern):
        return pattern
    compiled = cast("re.Pattern[str]", pattern)
    flags = "".join(letter for letter, flag in (("i", re.I), ("m", re.M), ("s", re.S)) if compiled.flags & flag)
    return f"{REGEX_PREFIX}(?{flags}){compiled.pattern}" if flags else f"{REGEX_PREFIX}{compiled.pattern}"


UrlPattern = Annotated[str | re.Pattern[str], BeforeValidator(_as_text)]
"""A glob (`/docs/*`, `*.html`, `https://example.com/*`) or, after `re:`, a regular expression; see
`crawl4ai_browser.url_patterns`. A compiled `re.Pattern` is taken too, and kept as such a text."""


class Scope(Frozen):
    """Which of the URLs that are found are visited. Seeds always are; their links are judged by what stands here.

    A link is in scope when its host is, any `include` pattern matches it (or none is given), no `exclude` pattern does,
    and no limit is exceeded. Every refusal is reported as a `UrlRefused` event that names the field and its value.
    """

    max_depth: int | None = Field(default=None, ge=0)
    """Hops from the seed. 0: the seeds alone. None: no limit."""
    max_pages: int | None = Field(default=None, ge=1)
    """Results given out, failed ones included, over all runs of the crawl. URLs skipped on purpose (robots.txt) do not
    count. None: no limit."""
    same: Literal["host", "site", "any"] = "host"
    """How near a link must be to the seed that led to it: the same host and port, the same registrable domain
    (`example.co.uk` with all its subdomains), or anything."""
    hosts: tuple[str, ...] = ()
    """Hosts that are in scope besides: `example.org`, `*.example.org` for its subdomains, `localhost:8000`."""
    include: tuple[UrlPattern, ...] = ()
    exclude: tuple[UrlPattern, ...] = ()
    query_keep: frozenset[str] | None = None
    """Query parameters that links keep, the others are taken off. None: all; empty: none."""
    query_drop: frozenset[str] = frozenset()
    """Query parameters that are taken off links."""
    skip_suffixes: frozenset[str] = BINARY_SUFFIXES
    """Suffixes of paths, lower case without the dot, that are not followed. Empty: files are visited and downloaded."""
    link_kinds: frozenset[LinkKind] = frozenset({"anchor", "area", "next", "prev"})
    """Which links are followed. `alternate` adds translations and feeds, `canonical` the page's own other address."""
    obey_nofollow: bool = False
    """Whether links with `rel=nofollow` stay out. It is advice to search engines about ranking, not about access."""
    traps: TrapLimits = TrapLimits()

    @field_validator("include", "exclude")
    @classmethod
    def _patterns_compile(cls, patterns: tuple[UrlPattern, ...]) -> tuple[UrlPattern, ...]:
        for pattern in patterns:
            compile_pattern(str(pattern))
        return patterns

    @field_validator("hosts")
    @classmethod
    def _hosts_are_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        for host in hosts:
            if not host or "/" in host or "*" in host.removeprefix("*."):
                raise ValueError(f"not a host: {host!r} (write example.org, *.example.org or localhost:8000)")
        return tuple(host.lower() for host in hosts)
