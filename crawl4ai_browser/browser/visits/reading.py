"""Ready and read: one script in the page waits, reads the document and its facts, in one round trip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, assert_never

import anyio
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout
from typing_extensions import TypedDict

from crawl4ai_browser.browser.files.under_way import UnderWay
from crawl4ai_browser.browser.playwright_errors import is_interrupted
from crawl4ai_browser.browser.visits.page_script import leave_script, read_script, visit_script
from crawl4ai_browser.clock import SYSTEM_CLOCK
from crawl4ai_browser.ready import Delay, DomContentLoaded, Load, Predicate, Quiet, Ready, Selector
from crawl4ai_browser.snapshot import ReadyReport

if TYPE_CHECKING:
    from crawl4ai_browser.browser.visits.kept_page import KeptPage, VisitRecord
    from crawl4ai_browser.browser.visits.visit_settings import VisitSettings


READ_SECONDS = 1.0
"""Kept of a visit's time for taking the page home: what was waited for until then is given up, not the page."""

MAX_SECONDS = 1e6
"""What stands for a visit without a deadline: the page's script can't be told infinity."""

READ_SHARE = 0.2
"""The same for a short deadline: at most this part of what is left of it."""

COMMIT_SECONDS = 3.0
"""Between the beginning of a document's answer and its taking the page's place. Some milliseconds."""


class _Document(TypedDict):
    """What `read.js` hands back."""

    html: str | None
    too_large: int
    url: str
    base_url: str
    content_type: str
    charset: str
    status: int
    has_fetched: bool


class _Answer(_Document):
    """What `visit.js` hands back."""

    wants_frame: bool
    met: bool
    error: str | None
    detail: str
    parsed: bool
    ready_seconds: float
    read_seconds: float
    under_way: _UnderWay | None


class _UnderWay(TypedDict):
    """What the page still waits for, as `tracker.js` knows it."""

    files: list[str]
    leaving: str | None
    windows: int
    frames: list[str]


class _Collected(TypedDict):
    """Items of a list, to be put into the html."""

    css: str
    within: str | None
    html: str


class _Options(TypedDict, total=False):
    """What `visit.js` is told. Times in milliseconds."""

    kind: str
    limit: float
    time_left: float
    stillness: float
    css: str
    state: str
    navigation_limit: float
    max_html_length: int
    shadow_roots: bool
    frames: bool
    frames_on_demand: bool
    facts_only: bool
    from_now: bool
    collections: list[_Collected]


@dataclass(frozen=True)
class PageReading:
    """The document as it was read."""

    html: str | None
    url: str
    base_url: str
    content_type: str
    charset: str
    status: int | None
    ready: ReadyReport
    parsed: bool
    read_seconds: float
    too_large: int
    has_fetched: bool = True
    under_way: UnderWay = UnderWay()


async def read_when_ready(
    page: KeptPage, visit: VisitRecord, settings: VisitSettings, *, facts_only: bool = False, from_now: bool = False
) -> PageReading:
    """Wait until the page is ready, then read it. A document that is replaced meanwhile is waited for anew.

    `facts_only`: without its html. `from_now`: something has just been done to it, so that it is not still before it
    has been so for a while from now on; a form that is sent, say, shows only a moment later.

    Raises:
        ConfigError: the selector or predicate is not valid.
        PlaywrightError: the page is gone.
    """
    ready = settings.visit.ready
    options = _options(ready, settings)
    if not settings.context.java_script or visit.watch.is_sandboxed:
        return await read_scriptless(page, options, settings)
    script = visit_script(ready.script if isinstance(ready, Predicate) else None)
    options["frames_on_demand"] = page.frames.on_demand
    options["facts_only"] = facts_only
    options["from_now"] = from_now
    if not facts_only:
        options["collections"] = [
            _Collected(css=kept.css, within=kept.within, html=kept.html) for kept in visit.collections
        ]
    while True:
        options["time_left"] = min(_time_left(), MAX_SECONDS) * 1000
        try:
            answer: _Answer = await page.page.evaluate(script, options)
            if not answer["wants_frame"]:
                return _reading(answer, ready)
            await page.frames.give()
        except PlaywrightError as error:
            # The watch counts navigations and fails the visit when they do not end.
            if not is_interrupted(error):
                raise


async def read_scriptless(page: KeptPage, options: _Options, settings: VisitSettings) -> PageReading:
    """Read a page whose scripts do not run, and in which therefore nothing can wait: once there, it does not change.

    A selector is looked for once, a predicate evaluated once, when the document is parsed.
    """
    ready = settings.visit.ready
    started = SYSTEM_CLOCK.monotonic()
    state: Literal["domcontentloaded", "load"] = "load" if isinstance(ready, Load) else "domcontentloaded"
    parsed = met = await _reaches(page, state, min(settings.visit.navigation_timeout, _time_left()))
    match ready:
        case Selector() if parsed:
            found = await page.page.evaluate("(css) => !!document.querySelector(css)", ready.css)
            met = found == (ready.state != "absent")
        case Predicate() if parsed:
            met = bool(await page.page.evaluate(ready.script))
        case Delay() if parsed:
            await SYSTEM_CLOCK.sleep(min(ready.seconds, _time_left()))
        case _:
            pass
    document: _Document = await page.page.evaluate(read_script(), options)
    seconds = SYSTEM_CLOCK.monotonic() - started
    answer = _Answer(
        **document,
        wants_frame=False,
        met=met,
        error=None,
        detail="",
        parsed=parsed,
        ready_seconds=seconds,
        read_seconds=0.0,
        under_way=None,
    )
    return _reading(answer, ready)


async def is_replaced(page: KeptPage) -> bool:
    """Whether the document gives way to the one it was leaving for, whose answer has begun."""
    try:
        return bool(await page.page.evaluate(leave_script(), COMMIT_SECONDS * 1000))
    except PlaywrightError as error:
        if not is_interrupted(error):
            raise
        return True


def _time_left() -> float:
    """Seconds for which the visit may still wait, so that what is there by then is read before its deadline."""
    left = anyio.current_effective_deadline() - anyio.current_time()
    return max(0.0, left - min(READ_SECONDS, left * READ_SHARE))


async def _reaches(page: KeptPage, state: Literal["domcontentloaded", "load"], timeout: float) -> bool:
    try:
        await page.page.wait_for_load_state(state, timeout=timeout * 1000)
    except PlaywrightTimeout:
        return False
    return True


def _options(ready: Ready, settings: VisitSettings) -> _Options:
    options = _Options(
        kind=ready.kind,
        navigation_limit=settings.visit.navigation_timeout * 1000,
        max_html_length=settings.visit.max_html_bytes,
        shadow_roots=settings.visit.shadow_roots,
        frames=settings.visit.frames,
    )
    match ready:
        case Quiet():
            options["limit"] = ready.cap * 1000
            options["stillness"] = ready.stillness * 1000
        case Selector():
            options["limit"] = ready.timeout * 1000
            options["css"] = ready.css
            options["state"] = ready.state
        case Predicate() | Load():
            options["limit"] = ready.timeout * 1000
        case Delay():
            options["limit"] = ready.seconds * 1000
        case DomContentLoaded():
            options["limit"] = 0
        case _:
            assert_never(ready)
    return options


def _reading(answer: _Answer, ready: Ready) -> PageReading:
    detail = _detail(ready, answer)
    return PageReading(
        html=answer["html"],
        url=answer["url"],
        base_url=answer["base_url"],
        content_type=answer["content_type"],
        charset=answer["charset"],
        status=answer["status"] or None,
        ready=ReadyReport(kind=ready.kind, met=answer["met"], seconds=answer["ready_seconds"], detail=detail),
        parsed=answer["parsed"],
        read_seconds=answer["read_seconds"],
        too_large=answer["too_large"],
        has_fetched=answer["has_fetched"],
        under_way=_under_way(answer["under_way"]),
    )


def _under_way(told: _UnderWay | None) -> UnderWay:
    if told is None:
        return UnderWay()
    return UnderWay(
        files=tuple(told["files"]),
        leaving=told["leaving"],
        windows=told["windows"],
        frames=tuple(told["frames"]),
    )


def _detail(ready: Ready, answer: _Answer) -> str:
    if answer["error"]:
        return answer["error"]
    if answer["met"]:
        return ""
    match ready:
        case Quiet():
            return f"still waiting for {answer['detail']}" if answer["detail"] else "the document kept changing"
        case Selector():
            return f"{ready.css!r} was not {ready.state} within {ready.timeout:g} s"
        case Predicate() | Load():
            return f"not within {ready.timeout:g} s"
        case _:
            return ""
