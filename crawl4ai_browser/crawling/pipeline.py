"""From a request to its result: visit, judge, render the content, put together.

`Pipeline` acts; the functions beside it decide what a visit and its content amount to, and are pure.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from crawl4ai_browser import errors, urls
from crawl4ai_browser.clock import Clock
from crawl4ai_browser.config import NO_CONTENT, ContentConfig
from crawl4ai_browser.crawling.content_messages import ContentJob
from crawl4ai_browser.extract.extractor import Extractors
from crawl4ai_browser.fetcher import BeforePage, StagedFetcher
from crawl4ai_browser.page_content import Content, ItemFault
from crawl4ai_browser.request import Request
from crawl4ai_browser.result import Attempt, CrawlResult, ErrorInfo
from crawl4ai_browser.snapshot import Snapshot

_log = logging.getLogger("crawl4ai_browser")

_NO_CONTENT = Content()
_NO_EXTRACTORS = Extractors()


class Renderer(Protocol):
    """Turns html into content, off the event loop."""

    def warm(self) -> None:
        """Get ready in the background, as a job will come soon."""
        ...

    async def render(self, job: ContentJob) -> Content:
        """The content of one document. A cancelled call leaves nothing behind.

        Raises:
            ExtractError: it could not be made, or not in time.
        """
        ...


@dataclass(frozen=True)
class Origin:
    """Where a request stands in its crawl."""

    depth: int = 0
    parent: str | None = None


@dataclass(frozen=True)
class Visit:
    """What one attempt yielded: a snapshot, an error, or both."""

    snapshot: Snapshot | None
    error: errors.CrawlError | None
    started_at: datetime
    seconds: float

    def attempt(self, number: int, *, charged: bool = True) -> Attempt:
        """The record of this attempt, as the `number`th."""
        return Attempt(
            number=number,
            started_at=self.started_at,
            seconds=self.seconds,
            status=self.snapshot.status if self.snapshot else None,
            error=ErrorInfo.from_error(self.error) if self.error else None,
            proxy=self.snapshot.proxy if self.snapshot else None,
            charged=charged,
        )


class Pipeline:
    """Visits requests and makes results of what they yield. Holds nothing about any one of them."""

    def __init__(
        self,
        fetcher: StagedFetcher,
        renderer: Renderer,
        *,
        content: ContentConfig,
        clock: Clock,
        extractors: Extractors = _NO_EXTRACTORS,
    ) -> None:
        self._fetcher = fetcher
        self._renderer = renderer
        self._content = content
        self._clock = clock
        self._extractors = extractors

    def with_links(self) -> Pipeline:
        """The same, with links in every result: what a crawl that follows them needs."""
        content = self._content.model_copy(update={"links": True})
        return Pipeline(self._fetcher, self._renderer, content=content, clock=self._clock, extractors=self._extractors)

    def over(self, fetcher: StagedFetcher) -> Pipeline:
        """The same, with another fetcher."""
        return Pipeline(fetcher, self._renderer, content=self._content, clock=self._clock)

    async def visit(self, request: Request, *, before_page: BeforePage | None = None) -> Visit:
        """One attempt at the request. Errors of the page are part of what comes back, and are not raised.

        `before_page` is awaited before a page is taken.

        Raises:
            LaunchFailed: there is no browser, which is no page's fault.
        """
        self._renderer.warm()
        started_at, started = self._clock.now(), self._clock.monotonic()
        snapshot: Snapshot | None = None
        error: errors.CrawlError | None = None
        try:
            snapshot = await self._fetcher.fetch(request, before_page=before_page)
        except errors.LaunchFailed:
            raise
        except errors.FetchError as failure:
            snapshot, error = failure.snapshot, failure
        except errors.Skipped as outcome:
            error = outcome
        else:
            error = snapshot_error(snapshot, request)
        return Visit(snapshot, error, started_at, self._clock.monotonic() - started)

    async def finish(
        self, request: Request, visit: Visit, *, earlier: Sequence[Attempt] = (), origin: Origin = Origin()
    ) -> CrawlResult:
        """The result of a request whose last attempt was `visit`: renders the content of whatever html there is."""
        started = self._clock.monotonic()
        attempts = (*earlier, visit.attempt(len(earlier) + 1))
        content = _NO_CONTENT
        job = content_job(visit.snapshot, self._content)
        if job is not None:
            try:
                content = await self._renderer.render(job)
            except errors.ExtractError as failure:
                _log.warning("no content of %s: %s", urls.without_credentials(request.url), failure.message)
                visit = replace(visit, error=visit.error or failure)
        if content.item_fault is not None:
            visit = replace(visit, error=visit.error or item_error(content.item_fault, request))
        seconds = self._clock.monotonic() - started
        timings = _timings(visit, content_seconds=seconds if job else None)
        result = assemble(request, visit, content, attempts=attempts, timings=timings, origin=origin)
        return await self._extractors.added_to(result)


def snapshot_error(snapshot: Snapshot, request: Request) -> errors.CrawlError | None:
    """What is wrong with a visit that went well otherwise: its status, or a capture that could not be had."""
    return status_error(snapshot, request) or capture_error(snapshot, request)


def capture_error(snapshot: Snapshot, request: Request) -> errors.CaptureFailed | None:
    """The error of captures that could not be had: the first of them names it."""
    if not snapshot.capture_faults:
        return None
    first, *others = snapshot.capture_faults
    more = f" (and {len(others)} more)" if others else ""
    return errors.CaptureFailed(f"{first}{more}", request=request, phase="capture", blame=first.blame)


def status_error(snapshot: Snapshot, request: Request) -> errors.HttpStatusError | None:
    """The error of a final status of 4xx or 5xx."""
    status = snapshot.status
    if status is None or status < 400:
        return None
    shown = urls.without_credentials(snapshot.final_url)
    error = errors.HttpStatusError(f"{shown} answered {status}", status=status, request=request)
    error.snapshot = snapshot
    return error


def item_error(fault: ItemFault, request: Request) -> errors.ExtractError:
    """The error of a page with items that could not be extracted."""
    cls = errors.ItemInvalid if fault.kind == "ItemInvalid" else errors.SelectorError
    more = f" (and {fault.count - 1} more)" if fault.count > 1 else ""
    return cls(f"{fault.message}{more}", request=request, phase="extract")


def content_job(snapshot: Snapshot | None, config: ContentConfig) -> ContentJob | None:
    """What the content stage has to do for a snapshot; None where there is no html, or nothing is asked for."""
    if snapshot is None or snapshot.html is None or config == NO_CONTENT:
        return None
    return ContentJob(html=snapshot.html, url=snapshot.final_url, base_url=snapshot.base_url, config=config)


def _timings(visit: Visit, *, content_seconds: float | None) -> dict[str, float]:
    timings = dict(visit.snapshot.timings) if visit.snapshot else {}
    if content_seconds is not None:
        timings["content"] = content_seconds
    timings["total"] = visit.seconds + (content_seconds or 0.0)
    return timings


# What a result says in the words of its parts, it takes from them as it is.
_OWN_FIELDS = {"url", "timings"}
_FROM_SNAPSHOT = (CrawlResult.model_fields.keys() & Snapshot.model_fields.keys()) - _OWN_FIELDS
_FROM_CONTENT = (CrawlResult.model_fields.keys() & Content.model_fields.keys()) - _OWN_FIELDS


def assemble(
    request: Request,
    visit: Visit,
    content: Content,
    *,
    attempts: tuple[Attempt, ...],
    timings: dict[str, float],
    origin: Origin,
) -> CrawlResult:
    """The result of a visit and its content. Shares their strings, so that a big page is in memory once."""
    snapshot = visit.snapshot or Snapshot(
        url=request.url, final_url=request.url, status=None, session=request.session, fetched_at=visit.started_at
    )
    fields: dict[str, object] = {name: getattr(snapshot, name) for name in _FROM_SNAPSHOT}
    fields |= {name: getattr(content, name) for name in _FROM_CONTENT}
    return CrawlResult.model_validate(
        {
            **fields,
            "url": request.url,
            "ok": visit.error is None,
            "error": ErrorInfo.from_error(visit.error) if visit.error else None,
            "attempts": attempts,
            "timings": timings,
            "depth": origin.depth,
            "parent": origin.parent,
            "fingerprint": request.fingerprint,
            "request_metadata": request.metadata,
        }
    )
