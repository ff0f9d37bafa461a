"""One request, from its first attempt to its result, without a frontier."""

from __future__ import annotations

from crawl4ai_browser import events, urls
from crawl4ai_browser.crawling import retry
from crawl4ai_browser.crawling.parts import CrawlParts
from crawl4ai_browser.crawling.pipeline import Visit
from crawl4ai_browser.crawling.result_hook import seen_by_hook
from crawl4ai_browser.errors import CrawlError
from crawl4ai_browser.request import Request
from crawl4ai_browser.result import Attempt, CrawlResult, ErrorInfo


async def fetch_one(request: Request, parts: CrawlParts) -> CrawlResult:
    """The result of a request, after as many attempts as it takes.

    Where the host asks to be left alone for longer than `RetryConfig.max_delay`, the attempt that learned so is the
    last: a crawl does something else meanwhile, but somebody is waiting for this one page.

    Raises:
        LaunchFailed: there is no browser.
    """
    parts.name_seed(request.url)
    records: list[Attempt] = []
    attempts = browser_deaths = 0
    while True:
        number = len(records) + 1
        async with parts.turn_after(browser_deaths):
            visit = await _observed_visit(request, number, parts)
        if visit.error is None:
            break
        decision = retry.decide(
            visit.error,
            attempts=attempts,
            browser_deaths=browser_deaths,
            records=records,
            config=parts.config.retry,
            random=parts.random,
        )
        if isinstance(decision, retry.GiveUp) or _is_closed_for_long(request, parts):
            break
        attempts += decision.charged
        browser_deaths += decision.browser_died
        records.append(visit.attempt(number, charged=decision.charged))
        _tell_of_retry(request, visit.error, decision, number=number, parts=parts)
        await parts.clock.sleep(decision.delay)
    result = await parts.linked.added_to(await parts.pipeline.finish(request, visit, earlier=records))
    result = await seen_by_hook(result, parts.hooks)
    parts.observers(events.PageFinished.of(result, new_links=0))
    return result


async def _observed_visit(request: Request, number: int, parts: CrawlParts) -> Visit:
    parts.observers(events.PageStarted(url=request.url, attempt=number))
    visit = await parts.pipeline.visit(request)
    status = visit.snapshot.status if visit.snapshot else None
    parts.observers(events.PageVisited(url=request.url, attempt=number, status=status, seconds=visit.seconds))
    return visit


def _is_closed_for_long(request: Request, parts: CrawlParts) -> bool:
    wait = parts.opens_at(urls.origin(request.url), 0) - parts.clock.monotonic()
    return wait > parts.config.retry.max_delay


def _tell_of_retry(
    request: Request, error: CrawlError, decision: retry.Retry, *, number: int, parts: CrawlParts
) -> None:
    info = ErrorInfo.from_error(error)
    parts.observers(events.PageRetried(url=request.url, attempt=number, error=info, delay=decision.delay))
