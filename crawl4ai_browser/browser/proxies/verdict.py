"""What the end of an attempt says of its proxy, and what error it is for the page. Decides; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from crawl4ai_browser.browser.proxies.way_fault import own_answer
from crawl4ai_browser.errors import (
    AddressRefused,
    ConnectionFailed,
    FetchError,
    FetchTimeout,
    NameNotResolved,
    NavigationError,
    NavigationTimeout,
    ProxyError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crawl4ai_browser.browser.proxies.forwarder import SeenFault
    from crawl4ai_browser.browser.proxies.roster import Fault
    from crawl4ai_browser.browser.proxies.way_fault import FaultKind
    from crawl4ai_browser.proxy_pool import ProxyHealth

_MAY_BE_THE_WAYS = (ConnectionFailed, NavigationTimeout, ProxyError)
"""Errors of a page that a failure on its way may have made."""

_BEHIND_THE_DOCUMENT = frozenset({"ready", "perform", "capture", "read"})
# Where a visit fails with a document that has come, it is by what that does: a script that leads away, a dead frame.


class Verdict(NamedTuple):
    """`fault` None: nothing is held against the proxy. `error` None: the page's own stands."""

    fault: Fault | None
    reason: str
    error: FetchError | None = None
    answered: bool = False
    """Whether the target has answered, which speaks for the proxy."""


def verdict_of_error(error: FetchError, seen: SeenFault | None, proxy: str) -> Verdict:
    """Of a visit that failed. `seen`: the connection that failed meanwhile; `proxy`: what names it; empty: none."""
    if seen is not None and _may_be_the_ways(error):
        return _verdict_of_fault(seen, error, proxy)
    status = error.snapshot.status if error.snapshot is not None else None
    if status is not None and error.phase in _BEHIND_THE_DOCUMENT:
        return Verdict(None, "", answered=True)
    if isinstance(error, ProxyError) and not proxy:
        return Verdict("unclear", error.message, _made(ConnectionFailed, "no connection", error))
    if isinstance(error, _MAY_BE_THE_WAYS) or type(error) is NavigationError:
        return Verdict("unclear", error.message)
    return Verdict(None, "", answered=status is not None)


def verdict_of_answer(status: int | None, headers: Mapping[str, str], proxy: str) -> Verdict:
    """Of an answer that came, as far as its status and headers tell whose it is."""
    own = own_answer(status, headers)
    if own is None:
        return Verdict(None, "", answered=True)
    kind = _held_against(own.kind)
    return Verdict(kind, own.text, _error_of(kind, f"{proxy}: {own.text}", None))


def sign_of_block(status: int | None, html: str | None, health: ProxyHealth) -> str | None:
    """By what a page shows that the site has turned away whom it takes for a robot; None: it does not."""
    if status in health.block_statuses:
        return f"status {status}"
    text = (html or "").lower() if health.block_signs else ""
    return next((f"the page says {sign!r}" for sign in health.block_signs if sign.lower() in text), None)


def _verdict_of_fault(seen: SeenFault, error: FetchError, proxy: str) -> Verdict:
    text = f"{proxy}: {seen.text}" if proxy else seen.text
    if seen.kind == "egress":
        return Verdict(None, seen.text, _made(AddressRefused, seen.text, error))
    kind = _held_against(seen.kind)
    if seen.kind == "name":
        return Verdict(kind, seen.text, _made(NameNotResolved, seen.text, error))
    return Verdict(kind, seen.text, _error_of(kind, text, error))


def _held_against(kind: FaultKind) -> Fault:
    """What a fault is to the proxy: a name without an address, or one that is closed, is the target's."""
    match kind:
        case "name" | "egress":
            return "target"
        case _:
            return kind


def _may_be_the_ways(error: FetchError) -> bool:
    return isinstance(error, (*_MAY_BE_THE_WAYS, FetchTimeout)) or type(error) is NavigationError


def _error_of(kind: Fault, text: str, error: FetchError | None) -> FetchError:
    """Whose fault it is decides the class: a target that can't be reached is not helped by another proxy."""
    return _made(ConnectionFailed if kind == "target" else ProxyError, text, error)


def _made(cls: type[FetchError], text: str, error: FetchError | None) -> FetchError:
    made = cls(text, phase=error.phase if error is not None else "goto")
    if error is not None:
        made.request, made.snapshot = error.request, error.snapshot
    return made
