"""WayFault: why a connection did not come about on the way to a target, and whose fault that is. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crawl4ai_browser.proxy_text import ProxyScheme

FaultKind = Literal["proxy", "locked", "target", "unclear", "name", "egress"]
"""The proxy's; it lets nobody in with these credentials; it did not get through to the target; it or the target; the
target has no address; it may not be connected to."""

FORWARDER_NAME = "crawl4ai-browser"
"""Of the forwarder, where it speaks of itself."""

_LOCKED_STATUSES = frozenset({401, 407})
"""407 is the one for it (RFC 9110, 15.5.8); tinyproxy answers a wrong password with 401."""

_PROXY_STATUSES = frozenset({400, 402, 408, 429})
"""Answers to CONNECT that are about the client: what it sent, owes, or sends too much of."""

_SOCKS_TARGET_CODES = range(1, 9)
"""RFC 1928, 6: from the general failure, that most servers give for an unknown name, to an unsupported address."""


class WayFault(Exception):
    """There is no connection. `text` holds no secret. Never leaves `browser`: `proxy_verdict` makes an error of it."""

    def __init__(self, kind: FaultKind, text: str, *, status: int | None = None) -> None:
        """`status`: of an HTTP proxy's answer, where it gave one."""
        super().__init__(text)
        self.kind: FaultKind = kind
        self.text = text
        self.status = status


def fault_of_refusal(text: str, code: int | None, *, scheme: ProxyScheme, is_last: bool) -> WayFault:
    """What a proxy's refusal means. `code`: the HTTP status or the SOCKS reply, where it came to that.

    `is_last`: whether it was asked for the target itself, and not for the next proxy of a chain.
    """
    if scheme in ("http", "https"):
        kind: FaultKind = _kind_of_status(code)
    elif code is not None:
        kind = "target" if code in _SOCKS_TARGET_CODES else "proxy"
    else:
        # SOCKS has no code for it, and the library no class of its own.
        kind = "locked" if "authentication" in text.lower() else "proxy"
    if kind in ("target", "unclear") and not is_last:
        kind = "proxy"
    return WayFault(kind, f"the proxy refused: {text}", status=code if scheme in ("http", "https") else None)


def locked_answer(head: bytes) -> WayFault | None:
    """The fault, where an answer to a request for a page is the proxy's own refusal of the credentials.

    `head` may be cut off anywhere behind its first line.
    """
    line, _, headers = head.partition(b"\r\n")
    words = line.split(b" ", 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/"):
        return None
    is_tinyproxy = words[1] == b"401" and b"\r\nserver: tinyproxy/" in b"\r\n" + headers[:4096].lower()
    if words[1] != b"407" and not is_tinyproxy:
        return None
    return WayFault("locked", f"the proxy refused: {b' '.join(words[1:]).decode('latin-1')}")


def own_answer(status: int | None, headers: Mapping[str, str]) -> WayFault | None:
    """The fault, where what came for a page is a proxy's own word on why it could not be had.

    `headers` have their names in lower case. Known are RFC 9209 and what squid and tinyproxy send.
    """
    if status is None or status < 400:
        return None
    if status == 407:
        return WayFault("locked", "the proxy answered 407")
    told = headers.get("proxy-status", "")
    if "error=" in told and not is_forwarders(headers):
        return WayFault("target", f"the proxy answered {status}: {told[:200]}")
    squid = headers.get("x-squid-error")
    if squid is not None:
        return WayFault("target", f"the proxy answered {status}: {squid.split(' ')[0]}")
    if headers.get("server", "").startswith("tinyproxy/"):
        return WayFault("target", f"the proxy answered {status}")
    return None


def _kind_of_status(status: int | None) -> FaultKind:
    if status is None:
        return "unclear"  # it hung up, or did not answer in HTTP
    if status in _LOCKED_STATUSES:
        return "locked"
    return "proxy" if status in _PROXY_STATUSES else "target"


def is_forwarders(headers: Mapping[str, str]) -> bool:
    """Whether an answer is the forwarder's own, which remembers why it gave it."""
    return headers.get("proxy-status", "").startswith(f"{FORWARDER_NAME};")
