"""Gate: a scope made ready to judge URLs. Pure: what it says depends on its arguments alone."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from crawl4ai_browser import urls
from crawl4ai_browser.frontier.url_rules import url_rules
from crawl4ai_browser.urls import WebAddress

if TYPE_CHECKING:
    from crawl4ai_browser.frontier.scope import Scope
    from crawl4ai_browser.page_content import Link

_FILE = "file:"


class Refusal(NamedTuple):
    """Why a URL stays out."""

    rule: str
    """The field of `Scope` or `TrapLimits` that decided, or `url`, `scheme` or `allow_files`."""
    detail: str

    def __str__(self) -> str:
        """`rule: detail`."""
        return f"{self.rule}: {self.detail}"


_NO_URL = Refusal("url", "not a URL")


@lru_cache(maxsize=4096)
def _site(host: str) -> str:
    return urls.site(f"http://{host}/")


def _host(origin: str) -> str:
    return origin.partition("//")[2]


class Gate:
    """Judges URLs by one scope."""

    def __init__(self, scope: Scope, *, allow_files: bool = False) -> None:
        """`allow_files`: whether `file:` URLs may be seeds, and lead to each other."""
        self.scope = scope
        self._allow_files = allow_files
        self._rules = tuple(url_rules(scope))
        self._max_depth = math.inf if scope.max_depth is None else scope.max_depth
        self._changes_queries = scope.query_keep is not None or bool(scope.query_drop)

    def judge_seed(self, url: str) -> WebAddress | Refusal:
        """The parts of a seed, or why it is not visited. A seed is in scope, whatever that says, but for its scheme."""
        address = urls.take_apart(url)
        if address is None:
            return _NO_URL
        return self._scheme_refusal(address) or address

    def is_too_deep(self, depth: int) -> bool:
        """Whether nothing that is found at this depth is in scope."""
        return depth > self._max_depth

    def judge_link(self, link: Link, *, depth: int, seed: str, page: str | None = None) -> WebAddress | Refusal | None:
        """The parts of the URL to visit for a link, or why it stays out; None: a kind of link that is not followed.

        `depth` is the link's own, `seed` the origin of the seed that led to it, `page` the URL of the page that has it;
        None: the seed's own.
        """
        if link.kind not in self.scope.link_kinds:
            return None
        if self.scope.obey_nofollow and "nofollow" in link.rel:
            return Refusal("obey_nofollow", "the link says rel=nofollow")
        address = urls.take_apart(link.url) if len(link.url) <= urls.MAX_URL_LENGTH else None
        if address is None:
            return _NO_URL
        if self._changes_queries and address.query:
            address = self._without_parameters(address)
        if not address.origin.startswith(("https://", "http://")):
            refusal = self._scheme_refusal(address)
            if refusal is not None:
                return refusal
            if not (seed if page is None else page).startswith(_FILE):
                return Refusal("allow_files", "a page of the web may not lead to a file")
        return self._refusal(address, depth, seed) or address

    def _refusal(self, address: WebAddress, depth: int, seed: str) -> Refusal | None:
        if depth > self._max_depth:
            return Refusal("max_depth", f"{depth} hops from the seed, at most {self.scope.max_depth}")
        if address.origin != seed and not self._is_near(address, seed):
            return Refusal("same", f"{address.host} is another {self.scope.same} than {_host(seed)}")
        for name, rule in self._rules:
            detail = rule(address)
            if detail is not None:
                return Refusal(name, detail)
        return None

    def _scheme_refusal(self, address: WebAddress) -> Refusal | None:
        scheme = address.scheme
        if scheme in urls.WEB_SCHEMES or (scheme == _FILE and self._allow_files):
            return None
        if scheme == _FILE:
            return Refusal("allow_files", "file: URLs are not allowed")
        return Refusal("scheme", f"only http: and https: are visited, not {scheme}")

    def _is_near(self, address: WebAddress, seed: str) -> bool:
        same = self.scope.same
        if same == "any" or address.host == _host(seed):
            return True
        if same == "site" and _site(address.host) == _site(_host(seed)):
            return True
        return any(_is_host(address, host) for host in self.scope.hosts)

    def _without_parameters(self, address: WebAddress) -> WebAddress:
        keep, drop = self.scope.query_keep, self.scope.query_drop
        pairs = [pair for pair in address.query[1:].split("&") if pair]
        names = [pair.partition("=")[0] for pair in pairs]
        stay = [
            pair for pair, name in zip(pairs, names, strict=True) if name not in drop and (keep is None or name in keep)
        ]
        query = "?" + "&".join(stay) if stay else ""
        return urls.take_apart(address.href.replace(address.query, query, 1)) or address


def _is_host(address: WebAddress, host: str) -> bool:
    if host.startswith("*."):
        return address.host_name.endswith(host[1:])
    return host in (address.host, address.host_name)
