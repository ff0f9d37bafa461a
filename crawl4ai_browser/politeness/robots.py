"""Robots: what a robots.txt says to one product token (RFC 9309). Decides; fetches nothing.

Lines and groups are read here, rules are matched by protego. Its own choice of a group differs from the RFC: it takes a
group whose name merely begins like our token (`crawl` for `crawl4ai-browser`), lets a line it does not know end a list
of user agents, and breaks lines where the RFC does not. Its matching was checked against the RFC's and Google's cases:
the longest rule wins, Allow wins a tie, `*` and `$` work, and escapes are compared in one form. Beyond the RFC it does
what Google does: an allowed `/folder/index.html` allows `/folder/` too.
"""

from __future__ import annotations

import math
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

from protego import Protego

from crawl4ai_browser import urls
from crawl4ai_browser.fetcher import PlainResponse

MAX_BYTES = 500 * 1024
"""What is read of a robots.txt: the least that the RFC (2.5) allows, and what Google reads."""

_FIELDS = {
    **dict.fromkeys(("user-agent", "useragent", "user agent"), "user-agent"),
    # The misspellings that Google's parser accepts, seen often enough in the wild to be meant.
    **dict.fromkeys(("disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw"), "disallow"),
    "allow": "allow",
    **dict.fromkeys(("crawl-delay", "crawl delay", "crawldelay"), "crawl-delay"),
    **dict.fromkeys(("sitemap", "site-map"), "sitemap"),
}

_LINE_END = re.compile(r"\r\n|\r|\n")
_WITHOUT_COLON = re.compile(r"(user-agent|disallow|allow)\s+(\S+)", re.IGNORECASE)
# Two words without a colon between them are obviously meant as a line; Google's parser takes them too.

_TOKEN = re.compile(r"[^\s/*;]+")
# A version after the product token ("FooBot/2.1") and whatever follows are not part of it.

_TARGET = re.compile(r"[^:/?#]+://[^/?#]*([^#]*)")


@dataclass(frozen=True, slots=True)
class RobotsRules:
    """What applies to us on one origin."""

    matcher: Protego | None = None
    """None: everything is allowed."""
    rule_count: int = 0
    """Allow and Disallow lines that apply: a measure of the memory this takes."""
    crawl_delay: float = 0.0
    """Seconds asked for between two visits. Not in the RFC, but common."""
    sitemaps: tuple[str, ...] = ()
    """Absolute URLs."""
    refusal: str = ""
    """Why nothing may be visited; empty where the rules decide."""

    def allows(self, url: str) -> bool:
        """Whether the URL of this origin may be visited. `/robots.txt` itself always may (RFC 9309, 2.2.2)."""
        target = _target(url)
        if target == "/robots.txt":
            return True
        if self.refusal:
            return False
        return self.matcher is None or self.matcher.can_fetch(f"http://host{target}", "*")


ALLOW_ALL = RobotsRules()
"""There is no robots.txt, or nothing in it is for us."""


@dataclass(slots=True)
class _Group:
    lines: list[str] = field(default_factory=list[str])
    crawl_delay: float = 0.0


def rules_of_response(response: PlainResponse, token: str) -> RobotsRules | None:
    """What an answer to `GET /robots.txt` means (RFC 9309, 2.3.1); None where the file is unreachable for now.

    Redirects have been followed. A status below 300 is the file, 4xx and a redirect that leads nowhere mean that there
    is none, 5xx that nobody knows. 429 belongs to the latter: the server is there and says "not now", as Google has it.
    """
    if response.status >= 500 or response.status == 429:
        return None
    if response.status >= 300:
        return ALLOW_ALL
    return parse_robots(response.body, token, base_url=response.url)


def parse_robots(body: bytes, token: str, *, base_url: str = "") -> RobotsRules:
    """What the file says to a crawler of this product token, whatever the case it is written in.

    Groups of one name are merged. Where no group names the token, those for `*` apply. A page of html, as many servers
    send for every address, says nothing. Sitemaps are resolved against `base_url`, the file's own address.
    """
    text = _text(body)
    if text.lstrip().startswith("<"):
        return ALLOW_ALL
    groups, sitemaps = _groups(text, {_product_token(token), "*"})
    group = groups.get(_product_token(token)) or groups.get("*") or _Group()
    return RobotsRules(
        matcher=Protego.parse("\n".join(["User-agent: *", *group.lines])) if group.lines else None,
        rule_count=len(group.lines),
        crawl_delay=group.crawl_delay,
        sitemaps=tuple(filter(None, (urls.join(base_url, sitemap) for sitemap in sitemaps))),
    )


def _text(body: bytes) -> str:
    """The readable part. Bytes that are not UTF-8 survive, to be compared as what they are."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body[:MAX_BYTES].decode("utf-16", "replace")
    if len(body) > MAX_BYTES:
        # Without its last, cut line: half of "Disallow: /private" would be "Disallow: /".
        body = body[:MAX_BYTES]
        body = body[: max(body.rfind(b"\n"), body.rfind(b"\r")) + 1]
    return body.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")


def _groups(text: str, wanted: set[str]) -> tuple[dict[str, _Group], list[str]]:
    """The merged groups of the wanted product tokens, and the sitemaps.

    Consecutive user-agent lines name one group, and only a rule ends their list (RFC 9309, 2.2.4: other lines must not
    interfere). Crawl-delay counts as a rule: it stands between "User-agent: *" and the next group on many sites, whose
    rules are not meant for everyone.
    """
    groups: dict[str, _Group] = {}
    sitemaps: list[str] = []
    named: set[str] = set()
    has_rules = False
    for name, value in _records(text):
        if name == "sitemap":
            sitemaps.append(value)
        elif name == "user-agent":
            if has_rules:
                named.clear()
                has_rules = False
            named |= wanted & {_product_token(value)}
            for agent in named:
                groups.setdefault(agent, _Group())
        else:
            has_rules = True
            for agent in named:
                _add_rule(groups[agent], name, value)
    return groups, list(dict.fromkeys(sitemaps))


def _records(text: str) -> Iterator[tuple[str, str]]:
    """The known lines, with their field in one spelling and without comments."""
    for line in _LINE_END.split(text):
        content = line.partition("#")[0].strip()
        name, colon, value = content.partition(":")
        known = _FIELDS.get(name.strip().lower())
        if colon and known:
            yield known, value.strip()
        elif not colon and (match := _WITHOUT_COLON.fullmatch(content)):
            yield _FIELDS[match[1].lower()], match[2]


def _product_token(value: str) -> str:
    """`*` for everyone, else the product token in lower case."""
    if value.startswith("*"):
        return "*"
    match = _TOKEN.match(value)
    return match.group().lower() if match else ""


def _add_rule(group: _Group, name: str, value: str) -> None:
    if name == "crawl-delay":
        # Said twice, the longer one: it satisfies both.
        group.crawl_delay = max(group.crawl_delay, _seconds(value))
    elif value:
        # Escaped, as protego breaks lines at any control or Unicode line separator. An empty rule matches nothing.
        escaped = quote(value, safe=string.punctuation, encoding="utf-8", errors="surrogateescape")
        group.lines.append(f"{name}: {escaped}")


def _seconds(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        return 0.0
    return seconds if math.isfinite(seconds) and seconds > 0 else 0.0


def _target(url: str) -> str:
    """Path and query."""
    match = _TARGET.match(url)
    target = match[1] if match else url
    return target if target.startswith("/") else f"/{target}"


def robots_url(url: str) -> str:
    """Where the robots.txt lies that governs this URL."""
    return f"{urls.origin(url)}/robots.txt"
