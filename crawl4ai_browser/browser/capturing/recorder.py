"""Recorder: console messages, page errors, requests and answers of one visit, gathered while they happen.

Each listener makes Playwright send every such event to Python, which costs 170 ms on a page of 200 requests; headers
and bodies are a question to the browser each. So only what the configuration asks for is listened to and asked for.
Bodies are read as soon as they are there: the browser forgets them when the page goes on to another document.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import anyio
from playwright.async_api import ConsoleMessage as PlaywrightConsoleMessage
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Request, Response

from crawl4ai_browser import urls
from crawl4ai_browser.bell import Bell
from crawl4ai_browser.browser.capturing.exchange import Exchange, Timing
from crawl4ai_browser.captured import Certificate
from crawl4ai_browser.snapshot import ConsoleMessage
from crawl4ai_browser.url_patterns import compile_pattern

if TYPE_CHECKING:
    from playwright.async_api import Page

    from crawl4ai_browser.browser.background import Start
    from crawl4ai_browser.capture_config import CaptureConfig
    from crawl4ai_browser.url_patterns import UrlTest

MAX_RECORDS = 10_000
"""Records of one visit, of each kind. A page that polls or logs for ever must not fill the memory."""

MAX_ALL_BODIES = 64 * 2**20
"""Bytes of all bodies that one visit keeps, beside the cap for each."""

GATHER_SECONDS = 10.0
"""For all that is asked about one answer. Some milliseconds, unless the browser is gone or never heard of it."""


class Recorder:
    """The listeners of one visit, and what they have heard."""

    def __init__(self, page: Page, config: CaptureConfig, start: Start) -> None:
        """Listen to nothing yet. `start` runs what asks the browser for more."""
        self._page = page
        self._config = config
        self._start = start
        self._tests: tuple[UrlTest, ...] = tuple(compile_pattern(pattern) for pattern in config.response_patterns)
        self._records_requests = config.requests or config.har or bool(self._tests)
        self._open: dict[Request, Exchange] = {}
        self._asking = 0
        self._asked = Bell()
        self._body_bytes = 0
        self._documents: list[Response] = []
        self.console: list[ConsoleMessage] = []
        self.exchanges: list[Exchange] = []
        """In the order of their beginning."""

    def begin(self) -> None:
        """Listen. A request that is under way already is another visit's."""
        page = self._page
        if self._config.console:
            page.on("console", self._on_console)
            page.on("pageerror", self._on_page_error)
        if self._records_requests:
            page.on("request", self._on_request)
            page.on("requestfinished", self._on_finished)
            page.on("requestfailed", self._on_failed)
        if self._config.certificate:
            page.on("response", self._on_response)

    def end(self) -> None:
        """Listen no more."""
        page = self._page
        if self._config.console:
            page.remove_listener("console", self._on_console)
            page.remove_listener("pageerror", self._on_page_error)
        if self._records_requests:
            page.remove_listener("request", self._on_request)
            page.remove_listener("requestfinished", self._on_finished)
            page.remove_listener("requestfailed", self._on_failed)
        if self._config.certificate:
            page.remove_listener("response", self._on_response)
        self._open.clear()

    async def gathered(self) -> None:
        """Wait until what is being asked about answers that have come is known. Bounded."""
        if not self._asking:
            return
        with anyio.move_on_after(GATHER_SECONDS):
            while self._asking:
                await self._asked.wait()

    async def certificate(self, url: str) -> Certificate | None:
        """The certificate that the document of this address came with; None: it came without.

        Raises:
            PlaywrightError: the browser does not say.
        """
        here = urls.without_fragment(url)
        response = next((each for each in reversed(self._documents) if urls.without_fragment(each.url) == here), None)
        details = await response.security_details() if response is not None else None
        if not details:
            return None
        return Certificate(
            subject=details.get("subjectName") or "",
            issuer=details.get("issuer") or "",
            valid_from=datetime.fromtimestamp(details.get("validFrom") or 0, UTC),
            valid_to=datetime.fromtimestamp(details.get("validTo") or 0, UTC),
            protocol=details.get("protocol") or "",
        )

    # --- what is heard: plain appends, as a listener that raises would raise in another page's call

    def _on_console(self, message: PlaywrightConsoleMessage) -> None:
        where = message.location
        record = ConsoleMessage(
            level=message.type, text=message.text, url=where.get("url", ""), line=where.get("lineNumber")
        )
        if len(self.console) < MAX_RECORDS:
            self.console.append(record)

    def _on_page_error(self, error: PlaywrightError) -> None:
        if len(self.console) < MAX_RECORDS:
            self.console.append(ConsoleMessage(level="uncaught", text=error.message))

    def _on_response(self, response: Response) -> None:
        if response.request.is_navigation_request() and len(self._documents) < MAX_RECORDS:
            self._documents.append(response)

    def _on_request(self, request: Request) -> None:
        if len(self.exchanges) < MAX_RECORDS:
            exchange = self._open[request] = Exchange(request.url, request.method, request.resource_type)
            exchange.is_kept = self._is_wanted(request.url)
            exchange.request_headers = list(request.headers.items())
            self.exchanges.append(exchange)

    def _is_wanted(self, url: str) -> bool:
        address = urls.take_apart(url, keep_tracking=True) if self._tests else None
        return address is not None and any(test(address) for test in self._tests)

    def _on_finished(self, request: Request) -> None:
        exchange = self._open.pop(request, None)
        if exchange is not None:
            exchange.failure = None
            self._ask(request, exchange)

    def _on_failed(self, request: Request) -> None:
        exchange = self._open.pop(request, None)
        if exchange is not None:
            exchange.failure = request.failure or "failed"
            self._ask(request, exchange)

    # --- what is asked for then

    def _ask(self, request: Request, exchange: Exchange) -> None:
        exchange.timing, exchange.started_at = _timing(request)
        self._asking += 1
        self._start(partial(self._fill, request, exchange))

    async def _fill(self, request: Request, exchange: Exchange) -> None:
        try:
            # An error says that the page has gone on, or that the answer came from where there are no such facts.
            with anyio.move_on_after(GATHER_SECONDS), suppress(PlaywrightError):
                await self._fill_whole(request, exchange)
        finally:
            self._asking -= 1
            self._asked.ring()

    async def _fill_whole(self, request: Request, exchange: Exchange) -> None:
        if self._config.traffic.secrets and (exchange.is_kept or self._config.har):
            exchange.request_body = request.post_data_buffer
        response = request.existing_response
        if response is None:
            return
        exchange.status, exchange.status_text = response.status, response.status_text
        exchange.mime_type = response.headers.get("content-type", "")
        await _fill_sizes(request, exchange)
        if exchange.is_kept:
            await self._fill_body(response, exchange)
        if self._config.har:
            exchange.request_headers = [(each["name"], each["value"]) for each in await request.headers_array()]
            exchange.http_version = await response.http_version()
            server = await response.server_addr()
            exchange.server_address = server["ipAddress"] if server else ""
        if self._config.har or exchange.is_kept:
            exchange.response_headers = [(each["name"], each["value"]) for each in await response.headers_array()]

    async def _fill_body(self, response: Response, exchange: Exchange) -> None:
        limit = self._config.traffic.max_body_bytes
        if exchange.failure is not None or 300 <= response.status < 400:
            return
        # What is not compressed on the wire is refused before it comes all the way here.
        is_plain = "content-encoding" not in response.headers
        if is_plain and (exchange.body_bytes or 0) > limit:
            exchange.body_fault = f"a body of {exchange.body_bytes} bytes, more than {limit}"
            return
        try:
            body = await response.body()
        except PlaywrightError as error:
            exchange.body_fault = f"the browser no longer has the body: {(error.message or '').splitlines()[0]}"
            return
        if len(body) > limit:
            exchange.body_fault = f"a body of {len(body)} bytes, more than {limit}"
        elif self._body_bytes + len(body) > MAX_ALL_BODIES:
            exchange.body_fault = f"more than {MAX_ALL_BODIES} bytes of bodies in one visit"
        else:
            self._body_bytes += len(body)
            exchange.body = body

    def __repr__(self) -> str:
        """How much was heard."""
        return f"<Recorder {len(self.exchanges)} requests, {len(self.console)} messages>"


async def _fill_sizes(request: Request, exchange: Exchange) -> None:
    sizes = await request.sizes()
    exchange.request_header_bytes = sizes["requestHeadersSize"]
    exchange.request_body_bytes = sizes["requestBodySize"]
    exchange.response_header_bytes = sizes["responseHeadersSize"]
    # Playwright takes the headers' size from that of all that was transferred, which is nothing for a cached answer.
    exchange.from_cache = sizes["responseBodySize"] < 0
    exchange.body_bytes = max(0, sizes["responseBodySize"])


def _timing(request: Request) -> tuple[Timing, datetime]:
    given = request.timing
    timing = Timing(
        dns_start=given["domainLookupStart"],
        dns_end=given["domainLookupEnd"],
        connect_start=given["connectStart"],
        connect_end=given["connectEnd"],
        tls_start=given["secureConnectionStart"],
        request_start=given["requestStart"],
        response_start=given["responseStart"],
        response_end=given["responseEnd"],
    )
    return timing, datetime.fromtimestamp(max(0.0, given["startTime"]) / 1000, UTC)
