"""Feeds the document watch from the DevTools protocol, and decides what becomes of each answer.

The protocol's Fetch domain is asked to pause responses of type Document alone
(https://chromedevtools.github.io/devtools-protocol/tot/Fetch/). That is one message each way for a document (measured:
1 to 4 ms of CPU over the whole process tree), where listening to all requests costs 170 ms on a page of 200. It also
sends a PDF to the downloads in a full Chromium, whose viewer would swallow it.
"""

from __future__ import annotations

from base64 import b64encode
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from playwright.async_api import Error as PlaywrightError

from crawl4ai_browser.browser.background import Start
from crawl4ai_browser.browser.devtools import DevTools
from crawl4ai_browser.browser.files.rules import content_type_of, is_attachment, is_saved
from crawl4ai_browser.browser.files.types import PDF
from crawl4ai_browser.browser.header_lines import joined
from crawl4ai_browser.browser.visits.document_watch import NO_CONTENT, DocumentWatch, Hop
from crawl4ai_browser.browser.visits.page_script import empty_script

if TYPE_CHECKING:
    from crawl4ai_browser.request import Request

_RESPONSES = {"urlPattern": "*", "resourceType": "Document", "requestStage": "Response"}
_REQUESTS = {**_RESPONSES, "requestStage": "Request"}


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
            if not hop.is_redirect and (hop.status in NO_CONTENT or is_saved(hop.headers)):
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
    return joined((header["name"], header["value"]) for header in headers)


def _is_to_be_saved(hop: Hop, watch: DocumentWatch | None, *, is_main: bool) -> bool:
    """Whether the browser must be told to save what it would show."""
    if hop.is_redirect or hop.status in NO_CONTENT:
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
