"""Playwright's and Chromium's texts, matched in one table and nowhere else.

Chromium's `net::` names are those of its net_error_list.h.
"""

from __future__ import annotations

import re

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from crawl4ai_browser.errors import (
    BrowserCrashed,
    ConnectionFailed,
    FetchError,
    FetchTimeout,
    NameNotResolved,
    NavigationError,
    NavigationTimeout,
    PageCrashed,
    Phase,
    ProxyError,
    TlsError,
    TooManyRedirects,
)

_TABLE: tuple[tuple[re.Pattern[str], type[FetchError]], ...] = tuple(
    (re.compile(pattern), error)
    for pattern, error in (
        (r"ERR_NAME_NOT_RESOLVED|ERR_NAME_RESOLUTION_FAILED|ERR_DNS_", NameNotResolved),
        (r"ERR_PROXY|ERR_TUNNEL|ERR_SOCKS|ERR_MANDATORY_PROXY|ERR_NO_SUPPORTED_PROXIES", ProxyError),
        (r"ERR_CERT_|ERR_SSL_|ERR_BAD_SSL|ERR_ECH_", TlsError),
        (r"ERR_TOO_MANY_REDIRECTS|Max redirect count exceeded", TooManyRedirects),
        (r"ERR_CONNECTION_TIMED_OUT|ERR_TIMED_OUT", NavigationTimeout),
        (
            r"ERR_CONNECTION_|ERR_EMPTY_RESPONSE|ERR_ADDRESS_|ERR_INTERNET_DISCONNECTED|ERR_NETWORK_"
            r"|ERR_UNSAFE_PORT|ERR_SOCKET_",
            ConnectionFailed,
        ),
        (r"Page crashed|Target crashed", PageCrashed),
        (
            r"has been closed|Target closed|Browser closed|browser has disconnected|Connection closed"
            r"|pipe closed|Transport closed",
            BrowserCrashed,
        ),
        (r"net::|NS_ERROR|Navigation failed", NavigationError),
    )
)

_INTERRUPTED = re.compile(
    r"Execution context was destroyed|Cannot find context|interrupted by another navigation|frame was detached"
    r"|Frame was detached|navigating and changing the content"
)
# The last one: a full Chromium shows nothing for a 401 that nobody has credentials for, where the shell shows its page.
_NO_DOCUMENT = re.compile(r"Download is starting|ERR_ABORTED|ERR_INVALID_AUTH_CREDENTIALS")
_NET_NAME = re.compile(r"net::(ERR_\w+)")


def translate(error: PlaywrightError, *, phase: Phase, fallback: type[FetchError] = NavigationError) -> FetchError:
    """Our error for one of Playwright's: the class by its text, the message its first line.

    Call logs are dropped: they repeat the URL and may hold what was typed into a form.
    """
    message = error.message.strip().split("\n", 1)[0] if error.message else type(error).__name__
    if isinstance(error, PlaywrightTimeout):
        cls: type[FetchError] = NavigationTimeout if phase == "goto" else FetchTimeout
        return cls(message, phase=phase)
    return _classify(message, fallback)(_shown(message), phase=phase)


def from_net_error(reason: str, *, phase: Phase) -> FetchError:
    """Our error for the reason the DevTools protocol gives for a failed document (`Network.ErrorReason`)."""
    cls = _REASONS.get(reason, NavigationError)
    return cls(f"the document failed to load: {reason}", phase=phase)


_REASONS: dict[str, type[FetchError]] = {
    "NameNotResolved": NameNotResolved,
    "ConnectionClosed": ConnectionFailed,
    "ConnectionReset": ConnectionFailed,
    "ConnectionRefused": ConnectionFailed,
    "ConnectionAborted": ConnectionFailed,
    "ConnectionFailed": ConnectionFailed,
    "InternetDisconnected": ConnectionFailed,
    "AddressUnreachable": ConnectionFailed,
    "TimedOut": NavigationTimeout,
}


def _classify(message: str, fallback: type[FetchError]) -> type[FetchError]:
    for pattern, cls in _TABLE:
        if pattern.search(message):
            return cls
    return fallback


def _shown(message: str) -> str:
    name = _NET_NAME.search(message)
    return name.group(1) if name else message


def is_gone(error: PlaywrightError) -> bool:
    """Whether the page, its context, the browser or the driver is there no more."""
    return _classify(error.message or "", NavigationError) in (BrowserCrashed, PageCrashed)


def is_interrupted(error: PlaywrightError) -> bool:
    """Whether a navigation took the document away from under the call; it can be made again on the new one."""
    return bool(_INTERRUPTED.search(error.message or ""))


def may_be_no_page(error: PlaywrightError) -> bool:
    """Whether a failed navigation may have become a download, or an answer without a document (204, a bare 401)."""
    return bool(_NO_DOCUMENT.search(error.message or ""))
