"""DocumentWatch: what became of the documents a page loads: every hop's status and headers, and what broke.

It tells what Playwright's `goto` does not: the status of an attachment, the hops of meta and script redirects, a body
that was cut short (at once, where `goto` waits for its timeout). `document_interceptor` feeds it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Literal

from crawl4ai_browser.browser.files.rules import is_saved
from crawl4ai_browser.browser.playwright_errors import from_net_error
from crawl4ai_browser.clock import SYSTEM_CLOCK, Clock
from crawl4ai_browser.errors import FetchError, NavigationError, PageTooLarge, TooManyRedirects
from crawl4ai_browser.fetcher import OnAnswer
from crawl4ai_browser.snapshot import Redirect
from crawl4ai_browser.urls import without_fragment

NO_CONTENT = (204, 205)
"""Answers that leave the page as it is (RFC 9110, 15.3.5 and 15.3.6)."""

_CHALLENGES = (401, 407)

MAX_FRAME_HOPS = 500
"""Answers to frames that are remembered in one visit, to know a file by. Adverts alone can make hundreds."""


@dataclass
class Hop:
    """One response of a document."""

    url: str
    status: int
    headers: dict[str, str]
    network_id: str
    """The same for all hops of one request."""
    kind: Literal["http", "client"] = "http"
    """What led on from it: filled in when the next hop comes."""
    method: str = "GET"

    @property
    def is_redirect(self) -> bool:
        """Whether HTTP leads on from here."""
        return 300 <= self.status < 400 and "location" in self.headers


def _nothing() -> None:
    pass


@dataclass
class DocumentWatch:
    """What happened to the main documents of one visit."""

    max_navigations: int
    max_bytes: int
    html: str | None = None
    """Shown instead of the first document."""
    saves_all: bool = False
    """Whether every answer is sent to the downloads, a page too."""
    unshown: Hop | None = None
    """The answer to the request itself, when the browser would not show it: an error where there should be a file."""
    shows_pdf: bool = False
    """Whether PDFs are left to the browser's viewer."""
    frame_hops: list[Hop] = field(default_factory=list["Hop"])
    """The responses of documents in frames."""
    hops: list[Hop] = field(default_factory=list["Hop"])
    lost: dict[str, FetchError] = field(default_factory=dict[str, "FetchError"])
    """Addresses that the page went on to, or wanted a file from, without an answer."""
    carried: Hop | None = None
    """The first of the hops, where it is of a document that was there before the visit began."""
    acted_on: list[Hop] = field(default_factory=list["Hop"])
    """Those of documents on which an action was begun: where it led to is no redirect."""
    navigations: int = 0
    failure: FetchError | None = None
    on_answer: OnAnswer | None = None
    """Told of each response; see `fetcher`."""
    clock: Clock = SYSTEM_CLOCK
    started_at: float = 0.0
    """Monotonic time at which the navigation began."""
    answered_after: float | None = None
    on_hop: Callable[[], None] = _nothing
    """Called at each response."""
    on_failure: Callable[[], None] | None = None
    """Called once, when the document has broken."""

    @property
    def last(self) -> Hop | None:
        """The final response so far."""
        return self.hops[-1] if self.hops else None

    @property
    def is_sandboxed(self) -> bool:
        """Whether the document's own policy keeps its scripts from running (CSP 3, 6.4.2: sandbox)."""
        policy = self.last.headers.get("content-security-policy", "") if self.last else ""
        directives = [words for words in (part.split() for part in policy.lower().split(";")) if words]
        return any(words[0] == "sandbox" and "allow-scripts" not in words for words in directives)

    def document_of(self, url: str | None) -> Hop | None:
        """The response that the page at `url` came with: the last one of that address, else the last one at all.

        They differ when a script led to a file: the page stayed where it was.
        """
        for hop in reversed(self.hops):
            if url is not None and without_fragment(hop.url) == without_fragment(url):
                return hop
        return self.last

    def hops_after(self, url: str, *, known: int) -> list[Hop]:
        """The responses since the document of this address, which was read when so many were `known`.

        A page that loads itself again has the same address: its document is the first one from the last known on.
        """
        for at, hop in enumerate(self.hops[max(0, known - 1) :], start=max(0, known - 1)):
            if without_fragment(hop.url) == without_fragment(url):
                return self.hops[at + 1 :]
        document = self.document_of(url)
        at = next((index for index, hop in enumerate(self.hops) if hop is document), len(self.hops) - 1)
        return self.hops[at + 1 :]

    def page_before(self, chain: list[Hop]) -> str | None:
        """The address of the document that was there when this request was made in the page's own place."""
        before = takewhile(lambda hop: hop is not chain[0], self.hops)
        shown = [hop.url for hop in before if not hop.is_redirect and not is_saved(hop.headers)]
        return shown[-1] if shown and any(hop is chain[0] for hop in self.hops) else None

    def chain_to(self, url: str) -> list[Hop]:
        """The hops of the latest request that ended at this address, in the page or a frame; empty where none did."""
        for hop in (*reversed(self.hops), *reversed(self.frame_hops)):
            if without_fragment(hop.url) == without_fragment(url):
                return self.chain_of(hop)
        return []

    def chain_of(self, final: Hop) -> list[Hop]:
        """The hops of the request that ended with this one."""
        hops = self.hops if any(hop is final for hop in self.hops) else self.frame_hops
        passed = [hop for hop in hops if hop.network_id == final.network_id and hop is not final]
        return [*passed, final] if final.network_id else [final]

    def redirects(self, final: Hop | None) -> tuple[Redirect, ...]:
        """The addresses passed on the way to the final one, the requested one first; empty where there was no hop."""
        passed: list[Redirect] = []
        for hop in self.hops:
            if hop is final:
                break
            if hop is self.carried or any(hop is each for each in self.acted_on):
                continue
            passed.append(Redirect(url=hop.url, status=hop.status if hop.kind == "http" else None, kind=hop.kind))
        return tuple(passed)

    def carry(self, document: Hop | None) -> None:
        """Begin where a visit before has ended: at this document."""
        if document is not None:
            self.carried = replace(document)
            self.hops.append(self.carried)

    def begin_action(self, url: str) -> None:
        """Take what comes now for the doing of an action on the document at `url`: documents are counted anew."""
        document = self.document_of(url)
        if document is not None:
            self.acted_on.append(document)
        self.navigations = 1

    def fail(self, error: FetchError) -> None:
        """Record what broke the document, once, and tell whoever waits for it."""
        if self.failure is None:
            self.failure = error
            if self.on_failure is not None:
                self.on_failure()

    def _tell_answer(self) -> None:
        # The latency of the first answer stands for those of the documents that it led to: when their navigation began
        # is not known here.
        if self.answered_after is None:
            self.answered_after = self.clock.monotonic() - self.started_at
        if self.on_answer is not None:
            self.on_answer(self.answered_after)

    def see_frame_response(self, hop: Hop) -> None:
        """Record a response of a document in a frame."""
        if len(self.frame_hops) < MAX_FRAME_HOPS:
            self.frame_hops.append(hop)
        self.on_hop()

    def _drop_challenge(self, hop: Hop) -> None:
        """Forget the answer that asked for the credentials with which this one was got (RFC 9110, 11.6)."""
        last = self.last
        if last is not None and last.status in _CHALLENGES and last.network_id == hop.network_id:
            self.hops.pop()
            self.navigations -= self.last is None or not self.last.is_redirect

    def see_response(self, hop: Hop) -> bool:
        """Record a response of the main document; False when the visit must not go on with it."""
        self._tell_answer()
        self._drop_challenge(hop)
        previous = self.last
        if previous is not None:
            previous.kind = "http" if previous.is_redirect else "client"
        self.hops.append(hop)
        self.on_hop()
        if previous is None or not previous.is_redirect:
            self.navigations += 1
        if self.navigations > self.max_navigations:
            self.fail(TooManyRedirects(f"{self.max_navigations} documents in one visit, and yet another", phase="goto"))
            return False
        if self.saves_all:
            return True
        length = hop.headers.get("content-length", "")
        if length.isdecimal() and int(length) > self.max_bytes and "html" in hop.headers.get("content-type", ""):
            self.fail(PageTooLarge(f"document of {length} bytes, at most {self.max_bytes}", phase="goto"))
            return False
        return True

    def see_failure(self, reason: str, *, url: str, network_id: str) -> None:
        """Record that a request for a document failed: in the middle of its body, or one made by the page.

        When the requested document itself cannot be had, `goto` raises, and with more detail than is known here.
        """
        last = self.last
        if last is None or last.is_redirect and self.navigations <= 1:
            return
        if last.network_id == network_id and not last.is_redirect:
            if self.saves_all or is_saved(last.headers):
                return  # a file that breaks off: the browser tries again by itself, and tells when it gives up
            self.fail(NavigationError("the document was cut short: its body ended early", phase="goto"))
        elif reason != "Aborted":
            # The page is gone only if it was to be replaced. A file that was asked for leaves it as it is.
            error = self.lost[url] = from_net_error(reason, phase="goto")
            error.led_to = url
            self.on_hop()
