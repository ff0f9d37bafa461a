"""Watches the documents a page loads: every hop's status and headers, and what broke.

The DevTools protocol's Fetch domain is asked to pause responses of type Document alone
(https://chromedevtools.github.io/devtools-protocol/tot/Fetch/). That is one message each way for a document (measured:
1 to 4 ms of CPU over the whole process tree), where listening to all requests costs 170 ms on a page of 200. It also
tells what Playwright's `goto` does not: the status of an attachment, the hops of meta and script redirects, a body that
was cut short (at once, where `goto` waits for its timeout). And it sends a PDF to the downloads in a full Chromium too,
whose viewer would swallow it.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Literal

from playwright.async_api import Error as PlaywrightError

from crawl4ai_browser.browser.background import Start
from crawl4ai_browser.browser.devtools import DevTools
from crawl4ai_browser.browser.file_rules import content_type_of, is_attachment, is_saved
from crawl4ai_browser.browser.file_types import PDF
from crawl4ai_browser.browser.page_script import empty_script
from crawl4ai_browser.browser.playwright_errors import from_net_error
from crawl4ai_browser.clock import SYSTEM_CLOCK, Clock
from crawl4ai_browser.errors import FetchError, NavigationError, TooManyRedirects
from crawl4ai_browser.fetcher import OnAnswer
from crawl4ai_browser.snapshot import Redirect
from crawl4ai_browser.urls import without_fragment

if TYPE_CHECKING:
    from crawl4ai_browser.request import Request

_NO_CONTENT = (204, 205)
_CHALLENGES = (401, 407)
_RESPONSES = {"urlPattern": "*", "resourceType": "Document", "requestStage": "Response"}
_REQUESTS = {**_RESPONSES, "requestStage": "Request"}


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

    def hops_after(self, url: str) -> list[Hop]:
        """The responses since the document of this address."""
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
            if hop is self.carried:
                continue
            passed.append(Redirect(url=hop.url, status=hop.status if hop.kind == "http" else None, kind=hop.kind))
        return tuple(passed)

    def carry(self, document: Hop | None) -> None:
        """Begin where a visit before has ended: at this document."""
        if document is not None:
            self.carried = replace(document)
            self.hops.append(self.carried)

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
            self.fail(NavigationError(f"document of {length} bytes, at most {self.max_bytes}", phase="goto"))
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
            self.lost[url] = from_net_error(reason, phase="goto")
            self.on_hop()


class DocumentInterceptor:
    """Feeds the watch of the visit that a page is on. One for each page, for as long as the page lives."""

    def __init__(self, devtools: DevTools, start: Start) -> None:
        """Pause nothing yet."""
        self._devtools = devtools
        self._start = start
        self._watch: DocumentWatch | None = None
        self._main_frame = ""

    async def attach(self) -> None:
        """Begin to pause document responses."""
        tree = await self._devtools.send("Page.getFrameTree")
        self._main_frame = tree["frameTree"]["frame"]["id"]
        self._devtools.on("Fetch.requestPaused", self._on_paused)
        await self._devtools.send("Fetch.enable", patterns=[_RESPONSES])

    async def begin(self, watch: DocumentWatch, request: Request) -> None:
        """Feed this watch from now on."""
        self._watch = watch
        if request.html is not None:
            watch.html = request.html
            await self._devtools.send("Fetch.enable", patterns=[_REQUESTS, _RESPONSES])

    async def end(self) -> None:
        """Feed no watch. Documents that come now are let through unseen."""
        watch, self._watch = self._watch, None
        if watch is not None and watch.html is not None:
            await self._devtools.send("Fetch.enable", patterns=[_RESPONSES])

    def _on_paused(self, event: dict[str, Any]) -> None:
        method, parameters = self._decide(event)
        parameters["requestId"] = event["requestId"]

        self._start(partial(self._send_quietly, method, **parameters))

    async def _send_quietly(self, method: str, **parameters: Any) -> None:
        # An error says that what it was for is gone, with its page or by a newer navigation.
        with suppress(PlaywrightError):
            await self._devtools.send(method, **parameters)

    def _decide(self, event: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """The method to answer a paused request with, and its parameters."""
        watch = self._watch
        status = event.get("responseStatusCode")
        reason = event.get("responseErrorReason")
        is_main = event["frameId"] == self._main_frame
        if status is None and reason is None:
            return self._decide_request(watch, is_main=is_main)
        network_id = event.get("networkId", "")
        if reason is not None:
            if is_main and watch is not None:
                watch.see_failure(reason, url=event["request"]["url"], network_id=network_id)
            return "Fetch.continueRequest", {}
        return self._decide_response(watch, event, is_main=is_main)

    def _decide_response(
        self, watch: DocumentWatch | None, event: dict[str, Any], *, is_main: bool
    ) -> tuple[str, dict[str, Any]]:
        given = event.get("responseHeaders", [])
        hop = Hop(
            url=event["request"]["url"],
            status=int(event.get("responseStatusCode") or 0),
            headers=_joined(given),
            network_id=event.get("networkId", ""),
            method=event["request"].get("method", "GET"),
        )
        if watch is not None and not is_main:
            watch.see_frame_response(hop)
            if not hop.is_redirect and (hop.status in _NO_CONTENT or is_saved(hop.headers)):
                urls = [passed.url for passed in watch.chain_of(hop)]
                self._start(partial(self._send_quietly, "Runtime.evaluate", expression=empty_script(urls)))
        elif watch is not None and not watch.see_response(hop):
            return "Fetch.failRequest", {"errorReason": "BlockedByClient"}
        if _is_to_be_saved(hop, watch, is_main=is_main):
            return "Fetch.continueResponse", {"responseCode": hop.status, "responseHeaders": _as_attachment(given)}
        return "Fetch.continueRequest", {}

    def _decide_request(self, watch: DocumentWatch | None, *, is_main: bool) -> tuple[str, dict[str, Any]]:
        if watch is None or watch.html is None or not is_main or watch.navigations:
            return "Fetch.continueRequest", {}
        watch.navigations = 1
        body = watch.html.encode("utf-8", "replace")
        headers = [{"name": "Content-Type", "value": "text/html; charset=utf-8"}]
        return "Fetch.fulfillRequest", {
            "responseCode": 200,
            "responseHeaders": headers,
            "body": b64encode(body).decode("ascii"),
        }


def _joined(headers: list[dict[str, str]]) -> dict[str, str]:
    """Header lines as a mapping: names in lower case, equal ones joined as RFC 9110, 5.3 has it."""
    joined: dict[str, str] = {}
    for header in headers:
        name = header["name"].lower()
        separator = "\n" if name == "set-cookie" else ", "
        joined[name] = f"{joined[name]}{separator}{header['value']}" if name in joined else header["value"]
    return joined


def _is_to_be_saved(hop: Hop, watch: DocumentWatch | None, *, is_main: bool) -> bool:
    """Whether the browser must be told to save what it would show."""
    if hop.is_redirect or hop.status in _NO_CONTENT:
        return False
    if watch is not None and watch.saves_all and is_main:
        return not is_attachment(hop.headers)
    is_pdf = content_type_of(hop.headers) == PDF
    return is_pdf and not is_attachment(hop.headers) and not (watch is not None and watch.shows_pdf)


def _as_attachment(headers: list[dict[str, str]]) -> list[dict[str, str]]:
    """The header lines with a Content-Disposition that says so, and keeps the name that was there (RFC 6266)."""
    kept = [header for header in headers if header["name"].lower() != "content-disposition"]
    given = _joined(headers).get("content-disposition", "")
    kind, separator, parameters = given.partition(";")
    if "=" in kind:  # a name alone, which many servers send
        separator, parameters = ";", given
    return [*kept, {"name": "Content-Disposition", "value": f"attachment{separator}{parameters}"}]
