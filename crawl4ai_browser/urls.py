"""URLs as the browser sees them: parse, join, canonicalize, fingerprint, same host, same site.

Parsing is the WHATWG URL Standard's (https://url.spec.whatwg.org/) by ada-url, the parser of Node.js, so that what we
compare is what Chromium would request. Sites are registrable domains of the Public Suffix List.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from ipaddress import ip_address
from typing import NamedTuple

from ada_url import URL, join_url, normalize_url
from publicsuffixlist import PublicSuffixList

from crawl4ai_browser.errors import ConfigError

MAX_URL_LENGTH = 8192
"""Characters. Longer ones are traps or data; servers commonly refuse them with 414 well before."""

TRACKING_PARAMETERS = re.compile(
    r"utm_[a-z_]+|gclid|gclsrc|dclid|gbraid|wbraid|fbclid|msclkid|yclid|twclid|ttclid|li_fat_id|igshid|mc_cid|mc_eid"
    r"|_hsenc|_hsmi|hsctatracking|mkt_tok|vero_id|oly_anon_id|oly_enc_id|_openstat|wickedid|s_cid|_ga|_gl|srsltid",
    re.IGNORECASE,
)
"""Query keys that say where a visitor came from and never what is shown, as removed by the lists of EasyPrivacy
(`$removeparam`) and Firefox's query stripping."""

WEB_SCHEMES = frozenset({"http:", "https:"})

_HAS_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_HOST_AND_PORT = re.compile(r"[^/:?#\s]+:\d+(?:[/?#]|$)")


def parse_seed(text: str) -> str:
    """The absolute form of a URL that a person typed.

    Raises:
        ConfigError: no scheme, no host, or not a URL; the message names the text and what to write instead.
    """
    text = text.strip()
    if not _HAS_SCHEME.match(text) or _HOST_AND_PORT.match(text):
        raise ConfigError(f"not an absolute URL: {text!r} (write https://{text.lstrip('/')})")
    if len(text) > MAX_URL_LENGTH:
        raise ConfigError(f"URL of {len(text)} characters, at most {MAX_URL_LENGTH}: {text[:60]!r}...")
    try:
        url = URL(text)
    except ValueError:
        raise ConfigError(f"not a URL: {text!r}") from None
    if url.protocol in WEB_SCHEMES and not url.hostname:
        raise ConfigError(f"URL without a host: {text!r}")
    return url.href


def join(base: str, reference: str) -> str | None:
    """`reference` resolved against `base`, or None where a browser would find it invalid."""
    try:
        return join_url(base, reference.strip())
    except ValueError:
        return None


def without_fragment(url: str) -> str:
    """The URL up to its `#`."""
    return url.partition("#")[0]


def without_credentials(url: str) -> str:
    """The URL without user name and password, safe to show."""
    if "@" not in url:
        return url
    try:
        parsed = URL(url)
    except ValueError:
        return url
    if not (parsed.username or parsed.password):
        return url
    parsed.username = ""
    parsed.password = ""
    return parsed.href


def scheme(url: str) -> str:
    """The scheme with its colon, lower case (`"https:"`)."""
    return url.partition(":")[0].lower() + ":"


def is_web(url: str) -> bool:
    """Whether the scheme is http or https."""
    return scheme(url) in WEB_SCHEMES


def host(url: str) -> str:
    """The host name without port, lower case, IDNA encoded; empty where the URL has none."""
    try:
        return URL(url).hostname
    except ValueError:
        return ""


@lru_cache(maxsize=1024)  # asked for five times in a page's course
def origin(url: str) -> str:
    """Scheme, host and port (`"https://example.com:8443"`); the unit of politeness and of credentials."""
    try:
        parsed = URL(url)
    except ValueError:
        return ""
    return f"{parsed.protocol}//{parsed.host}"


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@lru_cache(maxsize=65536)
def site_of_host(host_name: str) -> str:
    """The registrable domain (`"example.co.uk"`), or the host itself for IP addresses and single labels."""
    try:
        ip_address(host_name.strip("[]"))
    except ValueError:
        return _suffixes().privatesuffix(host_name) or host_name
    return host_name


def site(url: str) -> str:
    """The registrable domain of the URL's host."""
    return site_of_host(host(url))


_SESSION_PARAMETER = re.compile(
    r"(?:jsessionid|phpsessid|aspsessionid[a-z]*|cfid|cftoken)=[^&]*|sid=[0-9a-f]{32}", re.IGNORECASE
)
"""Session ids in the query. `sid` is one only with the 32 hex digits of phpBB and PHP; elsewhere it may name content.
The list is that of Heritrix's `StripSessionIDs` rule."""

_PATH_SESSION = re.compile(r";jsessionid=[^/;]*", re.IGNORECASE)
"""What Java servlet containers write into paths for visitors without cookies (Servlet 6.0, 7.1.3)."""


def _sorted_query(search: str, *, keep_tracking: bool) -> str:
    pairs = [pair for pair in search[1:].split("&") if pair]
    if not keep_tracking:
        pairs = [
            pair
            for pair in pairs
            if not (TRACKING_PARAMETERS.fullmatch(pair.partition("=")[0]) or _SESSION_PARAMETER.fullmatch(pair))
        ]
    # Stable by key: the order of equal keys can carry meaning (a=1&a=2), the order of different keys hardly ever.
    pairs.sort(key=lambda pair: pair.partition("=")[0])
    return "?" + "&".join(pairs) if pairs else ""


_OTHER_ESCAPE = re.compile(r"%(?:[0-9A-F][a-f]|[a-f][0-9a-fA-F]|2[DE]|3[0-9]|4[1-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE])")
"""Escapes that are not canonical: with a lower-case digit, or of an unreserved character. Of a path in another script
each letter is an escape or more, and nearly all are canonical."""


def _canonical_escape(match: re.Match[str]) -> str:
    character = chr(int(match.group()[1:], 16))
    is_unreserved = character.isascii() and (character.isalnum() or character in "-._~")
    return character if is_unreserved else match.group().upper()


def _canonical_escapes(text: str) -> str:
    """Percent-escapes in upper case, and unreserved characters unescaped (RFC 3986, 6.2.2)."""
    return _OTHER_ESCAPE.sub(_canonical_escape, text) if "%" in text else text


_SERIALIZED = re.compile(r"([a-z][a-z0-9+.-]*:)(?://(?:[^/?#@]*@)?([^/?#]*))?([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL)
"""A URL as the URL Standard serializes it, in which the delimiters stand for themselves alone. Splitting its text costs
a third of asking the parser for each part."""

_PLAIN = re.compile(
    r"(https?:)//((?:(?!xn--)[a-z0-9][a-z0-9-]*\.)*(?!xn--)[a-z][a-z0-9-]*(?::[1-5][0-9]{3,4})?)"
    r"((?:/(?!\.|%2[eE])[A-Za-z0-9!$&'()*+,;=:@_~.%-]*)+)"
    r"(\?[A-Za-z0-9!$&()*+,;=:@_~.%/?\[\]-]*)?(#[A-Za-z0-9!$&'()*+,;=:@_~.%/?-]*)?"
)
"""Web URLs that the parser would give back as they are: a lower-case name as host (none that ends in a number, or is
IDNA encoded), no port that may be a default, no dot segments, nothing to escape. Its groups are those of `_SERIALIZED`.
Nearly all links are such, as they were resolved when they were read; it takes 1 µs where the parser takes 4."""

_ROUTE = re.compile(r"#!?/.+|#![^/].*", re.DOTALL)
"""A fragment that a client-side router takes for a path (`#/users/1`, `#!/users/1`, `#!users`). Bare `#/` and `#!` are
placeholders for "no address"."""


def is_route(fragment: str) -> bool:
    """Whether a fragment, with its `#`, is a path of a client-side router and so another page."""
    return _ROUTE.fullmatch(fragment) is not None


class WebAddress(NamedTuple):
    """A URL taken apart once, for all that must be decided about it."""

    href: str
    """As the browser would request it, without credentials, and without fragment unless that is a client-side route."""
    canonical: str
    """The one spelling of all spellings; see `canonicalize`."""
    origin: str
    """Scheme, host and port, as `origin` gives it."""
    host: str
    """Host name, and port where it is not the scheme's default."""
    path: str
    query: str
    """With its question mark; empty where there is none."""

    @property
    def scheme(self) -> str:
        """With its colon."""
        return self.origin.partition("//")[0]

    @property
    def host_name(self) -> str:
        """The host without its port."""
        return _PORT.sub("", self.host)


_PORT = re.compile(r":\d+$")


def take_apart(url: str, *, keep_tracking: bool = False) -> WebAddress | None:
    """The parts of an absolute URL, or None where it is not a URL."""
    match = _PLAIN.fullmatch(url) or _serialized(url)
    if match is None:
        return None
    protocol, host_and_port, path, query, fragment = match.groups("")
    origin = f"{protocol}//{host_and_port}"
    route = fragment if fragment and is_route(fragment) else ""
    start = origin if match.group(2) is not None else protocol
    href = f"{start}{path}{query}{route}"
    canonical = href
    if query or ";" in path or "%" in path:
        one_path = _canonical_escapes(_PATH_SESSION.sub("", path))
        one_query = _sorted_query(_canonical_escapes(query), keep_tracking=keep_tracking) if query else ""
        canonical = f"{start}{one_path}{one_query}{route}"
    return WebAddress(href, canonical, origin, host_and_port, path, query)


def _serialized(url: str) -> re.Match[str] | None:
    try:
        return _SERIALIZED.fullmatch(normalize_url(url))
    except ValueError:
        return None


def canonicalize(url: str, *, keep_tracking: bool = False) -> str:
    """The one spelling of all spellings of a URL.

    Lower-case scheme and host, no default port, dot segments resolved, escapes in one form, query keys sorted; tracking
    parameters, session ids, credentials and the fragment dropped (a fragment that is a client-side route, `#/users/1`,
    is kept: it is another page). Text that is no URL comes back unchanged.
    """
    address = take_apart(url, keep_tracking=keep_tracking)
    return url if address is None else address.canonical


def digest_of_canonical(canonical: str, *extra: str) -> bytes:
    """The 16 bytes of which `fingerprint` is the hex form, for a URL that is canonical already."""
    texts = "\0".join((canonical, *extra))
    return hashlib.blake2b(texts.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def fingerprint(url: str, *extra: str, keep_tracking: bool = False) -> str:
    """32 hex digits that are equal for all spellings of one URL (BLAKE2b over the canonical form).

    `extra` are further texts that make a request another one, such as its method or body.
    """
    return digest_of_canonical(canonicalize(url, keep_tracking=keep_tracking), *extra).hex()
