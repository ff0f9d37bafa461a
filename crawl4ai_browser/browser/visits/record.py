"""Console messages, page errors and requests of a visit, recorded only when asked.

Each listener makes Playwright send every such event to Python, which costs 170 ms on a page of 200 requests.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from playwright.async_api import ConsoleMessage as PlaywrightConsoleMessage
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page
from playwright.async_api import Request as PlaywrightRequest

from crawl4ai_browser.snapshot import ConsoleMessage, NetworkRecord

if TYPE_CHECKING:
    from crawl4ai_browser.browser.visits.kept_page import VisitRecord
    from crawl4ai_browser.config import CaptureConfig

MAX_RECORDS = 10_000
"""Records of one visit, of each kind. A page that polls or logs for ever must not fill the memory."""


@contextmanager
def listening(page: Page, visit: VisitRecord, config: CaptureConfig) -> Generator[None]:
    """Record into the visit what the configuration asks for, as long as the block runs."""
    recorder = _Recorder(visit)
    if config.console:
        page.on("console", recorder.on_console)
        page.on("pageerror", recorder.on_page_error)
    if config.requests:
        page.on("requestfinished", recorder.on_finished)
        page.on("requestfailed", recorder.on_failed)
    try:
        yield
    finally:
        if config.console:
            page.remove_listener("console", recorder.on_console)
            page.remove_listener("pageerror", recorder.on_page_error)
        if config.requests:
            page.remove_listener("requestfinished", recorder.on_finished)
            page.remove_listener("requestfailed", recorder.on_failed)


class _Recorder:
    """The listeners of one visit."""

    def __init__(self, visit: VisitRecord) -> None:
        self._visit = visit

    def on_console(self, message: PlaywrightConsoleMessage) -> None:
        where = message.location
        record = ConsoleMessage(
            level=message.type, text=message.text, url=where.get("url", ""), line=where.get("lineNumber")
        )
        if len(self._visit.console) < MAX_RECORDS:
            self._visit.console.append(record)

    def on_page_error(self, error: PlaywrightError) -> None:
        if len(self._visit.console) < MAX_RECORDS:
            self._visit.console.append(ConsoleMessage(level="uncaught", text=error.message))

    async def on_finished(self, request: PlaywrightRequest) -> None:
        try:
            response = await request.response()
            sizes = await request.sizes()
        except PlaywrightError:
            self._add(_network_record(request))
            return
        self._add(
            _network_record(request).model_copy(
                update={
                    "status": response.status if response else None,
                    "mime_type": response.headers.get("content-type", "") if response else "",
                    "body_bytes": max(0, sizes["responseBodySize"]),
                }
            )
        )

    def on_failed(self, request: PlaywrightRequest) -> None:
        self._add(_network_record(request).model_copy(update={"failure": request.failure or "failed"}))

    def _add(self, record: NetworkRecord) -> None:
        if len(self._visit.requests) < MAX_RECORDS:
            self._visit.requests.append(record)


def _network_record(request: PlaywrightRequest) -> NetworkRecord:
    end = request.timing["responseEnd"]
    return NetworkRecord(
        url=request.url,
        method=request.method,
        resource_type=request.resource_type,
        seconds=end / 1000 if end >= 0 else None,
    )
