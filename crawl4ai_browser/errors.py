"""Every error this package raises, and nothing else.

    CrawlError
    ├── ConfigError              a value the user gave is wrong; raised before any browser starts
    ├── Skipped                  an outcome, not a failure: the URL was not visited, and that was decided
    │   ├── RobotsDenied
    │   ├── OutOfScope
    │   └── NotCached
    ├── FetchError               the visit failed; `snapshot` keeps what had been gathered
    │   ├── NavigationError
    │   │   ├── NameNotResolved
    │   │   ├── ConnectionFailed
    │   │   ├── TlsError
    │   │   ├── TooManyRedirects
    │   │   ├── PageTooLarge
    │   │   └── AddressRefused
    │   ├── FetchTimeout
    │   │   ├── PoolTimeout
    │   │   ├── NavigationTimeout
    │   │   ├── ReadyTimeout
    │   │   └── ActionTimeout
    │   ├── HostGivenUp
    │   ├── BrowserError
    │   │   ├── LaunchFailed
    │   │   ├── BrowserCrashed
    │   │   └── PageCrashed
    │   ├── SessionError
    │   │   ├── SignedOut
    │   │   ├── SignInFailed
    │   │   └── SessionEnded
    │   ├── ProxyError
    │   ├── HttpStatusError
    │   ├── ActionFailed
    │   ├── CaptureFailed
    │   ├── HookFailed
    │   └── DownloadError
    │       └── DownloadRefused
    ├── ExtractError
    │   ├── SelectorError
    │   └── ItemInvalid
    ├── StorageError
    └── SinkError

Each carries the request it happened to, the phase of the visit, and who is to blame. Playwright's texts are matched in
`browser.playwright_errors` alone; a retry is decided by class and status, never by text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    from typing import Self

    from crawl4ai_browser.request import Request
    from crawl4ai_browser.snapshot import Snapshot

Phase = Literal[
    "queue", "robots", "page", "goto", "ready", "perform", "capture", "read", "download", "content", "extract", "store"
]
"""The stop of a URL's path at which something happened."""

Blame = Literal["site", "proxy", "renderer", "browser", "driver", "user", "machine", "us"]
"""Who failed: the remote site, the proxy, the page's renderer, the browser, Playwright's driver, the user's own
code or configuration, the machine (memory, disk), or this package."""


class CrawlError(Exception):
    """Root of every error of this package.

    `request` is the request it happened to (None outside a visit), `phase` the stop of its path, `blame` who failed.
    """

    default_blame: ClassVar[Blame] = "us"

    def __init__(
        self,
        message: str,
        *,
        request: Request | None = None,
        phase: Phase | None = None,
        blame: Blame | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.request = request
        self.phase: Phase | None = phase
        self.blame: Blame = blame or self.default_blame


class ConfigError(CrawlError):
    """A value the user gave is wrong. Names the value; raised before anything starts."""

    default_blame: ClassVar[Blame] = "user"


class Skipped(CrawlError):
    """The URL was not visited, on purpose. Recorded as an outcome; never retried."""

    default_blame: ClassVar[Blame] = "user"


class RobotsDenied(Skipped):
    """The host's robots.txt forbids the URL to our user agent."""

    default_blame: ClassVar[Blame] = "site"


class OutOfScope(Skipped):
    """The crawl's scope refuses the URL; the message gives the rule."""


class NotCached(Skipped):
    """The page is not in the cache, and the crawl is offline."""

    default_blame: ClassVar[Blame] = "user"


class FetchError(CrawlError):
    """The visit failed. `snapshot` holds what had been gathered before, or None."""

    default_blame: ClassVar[Blame] = "site"

    led_to: str | None = None
    """The URL that failed, where a page went on to another by itself."""

    def __init__(
        self,
        message: str,
        *,
        request: Request | None = None,
        phase: Phase | None = None,
        blame: Blame | None = None,
        snapshot: Snapshot | None = None,
    ) -> None:
        super().__init__(message, request=request, phase=phase, blame=blame)
        self.snapshot = snapshot

    def restated(self, message: str, *, phase: Phase | None) -> Self:
        """The same failure as that of another request: an exception raised twice would gather the tracebacks of both.

        It has neither the request nor the snapshot.
        """
        return type(self)(message, phase=phase, blame=self.blame)


class NavigationError(FetchError):
    """The document could not be loaded: the transfer broke, was refused or was aborted."""


class NameNotResolved(NavigationError):
    """The host name has no address."""


class ConnectionFailed(NavigationError):
    """No connection, or it was refused, reset or closed without an answer."""


class TlsError(NavigationError):
    """The TLS handshake or the certificate failed."""


class TooManyRedirects(NavigationError):
    """HTTP, meta or JavaScript redirects did not end."""


class AddressRefused(NavigationError):
    """The page is at an address that is not public, or led to one, and nothing allows that: see `EgressConfig`.

    Nothing was sent there. The message names what the address is (loopback, private, link-local, metadata ...).
    """

    default_blame: ClassVar[Blame] = "user"


class PageTooLarge(NavigationError):
    """What came is larger than it may be, or went on arriving beyond that.

    A document than `VisitConfig.max_html_bytes`; a robots.txt, a sitemap than such files are.
    """


class FetchTimeout(FetchError):
    """A deadline passed. The subclass says which."""


class PoolTimeout(FetchTimeout):
    """No browser page became free in time."""

    default_blame: ClassVar[Blame] = "machine"


class NavigationTimeout(FetchTimeout):
    """The document did not arrive in time."""


class ReadyTimeout(FetchTimeout):
    """The page loaded but what was waited for did not come. The html is kept."""


class ActionTimeout(FetchTimeout):
    """An action on the page did not finish in time. The html is kept."""


class HostGivenUp(FetchError):
    """The host has refused or failed for so long that this page was not asked for: `PolitenessConfig.give_up_after`."""


class BrowserError(FetchError):
    """The browser, not the site, failed. Not charged to the page's attempts."""

    default_blame: ClassVar[Blame] = "browser"


class LaunchFailed(BrowserError):
    """No browser could be started; the message says what to do."""

    default_blame: ClassVar[Blame] = "machine"


class BrowserCrashed(BrowserError):
    """The browser or its driver died during the visit."""


class PageCrashed(BrowserError):
    """The page's renderer died (crash or out of memory)."""

    default_blame: ClassVar[Blame] = "renderer"


class SessionError(FetchError):
    """The session, not the page, is the reason. The subclass says which."""

    default_blame: ClassVar[Blame] = "user"


class SignedOut(SessionError):
    """The page showed that its session is not signed in. Visited again after a sign-in, without being charged.

    The final error of a page that goes on showing so, though the session has been signed in meanwhile.
    """

    default_blame: ClassVar[Blame] = "site"


class SignInFailed(SessionError):
    """The session could not be signed in, and has ended. The pages that were to be visited in it are not."""


class SessionEnded(SessionError):
    """The session was closed, or has expired; nothing more is visited in it."""


ProxyRemedy = Literal["wait", "another", "none"]
"""What may help after a failure of a proxy: the same may come back; its pool has others; or all of them were out of
order for as long as may be waited."""


class ProxyError(FetchError):
    """The proxy refused, failed or could not be reached; or the site turned away who came through it."""

    default_blame: ClassVar[Blame] = "proxy"

    remedy: ProxyRemedy = "wait"

    def restated(self, message: str, *, phase: Phase | None) -> Self:
        """The same with another message, and its remedy."""
        error = super().restated(message, phase=phase)
        error.remedy = self.remedy
        return error


class HttpStatusError(FetchError):
    """The final response was 4xx or 5xx. The page is kept; `status` is the code."""

    def __init__(self, message: str, *, status: int, request: Request | None = None) -> None:
        super().__init__(message, request=request, phase="goto")
        self.status = status

    def restated(self, message: str, *, phase: Phase | None) -> Self:
        """The same with another message, and its status; the phase is always that of the answer."""
        del phase
        return type(self)(message, status=self.status)


class ActionFailed(FetchError):
    """An action on the page could not be done. The html is kept."""


class CaptureFailed(FetchError):
    """A picture or record of the page that was asked for could not be had. The page and its other captures are kept."""


class HookFailed(FetchError):
    """A hook of the user's raised, or took too long."""

    default_blame: ClassVar[Blame] = "user"


class DownloadError(FetchError):
    """The URL was a file, and could not be fetched whole. Its record in the snapshot says what happened."""


class DownloadRefused(DownloadError):
    """The URL was a file that the configuration does not want, or has no room for: too large, of a refused type."""

    default_blame: ClassVar[Blame] = "user"


@dataclass(frozen=True)
class FieldPlace:
    """Where in a page a field of an item was looked for."""

    url: str
    """Of the page; empty for a table's row, as a table does not know its page."""
    field: str
    """Its path in the item: `reviews.2.stars`. Empty: the item as a whole."""
    selector: str = ""
    found: str | None = None
    """The text that was found, cut where it is long. None: nothing."""

    def __str__(self) -> str:
        """As the beginning of a message."""
        parts = [
            f"{self.url}:" if self.url else "",
            self.field or "the item",
            f"({self.selector})" if self.selector else "",
            f"found {self.found!r}" if self.found is not None else "",
        ]
        return " ".join(filter(None, parts))


class ExtractError(CrawlError):
    """Typed data could not be taken from the document. `place` says where it was looked for, if it got that far."""

    default_blame: ClassVar[Blame] = "user"
    place: FieldPlace | None = None

    @classmethod
    def at(cls, place: FieldPlace, reason: str) -> Self:
        """The error of one field, whose message names the place and the reason."""
        error = cls(f"{place}: {reason}", phase="extract")
        error.place = place
        return error


class SelectorError(ExtractError):
    """A selector is invalid or matched nothing where something is required."""


class ItemInvalid(ExtractError):
    """What was found does not fit the model."""


class StorageError(CrawlError):
    """The crawl's database could not be read or written, which stops the crawl; or a session's state not written."""

    default_blame: ClassVar[Blame] = "machine"


class SinkError(CrawlError):
    """A result could not be written. Stops the crawl; the result is not marked as done."""

    default_blame: ClassVar[Blame] = "machine"


def error_classes() -> dict[str, type[CrawlError]]:
    """Each error class by its name, the root included."""
    found: dict[str, type[CrawlError]] = {}
    pending: list[type[CrawlError]] = [CrawlError]
    while pending:
        cls = pending.pop()
        found[cls.__name__] = cls
        pending.extend(cls.__subclasses__())
    return found
