"""KeptPage: one Playwright page, kept from URL to URL of its session, and the visit it is on.

A page costs 70 ms of CPU to make and a kept one nothing, and within a session it is the same identity. What must not
carry over is attributed by visit: its listeners hand everything to the visit that is on, and there is none between two
visits.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import anyio
from playwright.async_api import Dialog, Page
from playwright.async_api import Download as PlaywrightDownload
from playwright.async_api import Error as PlaywrightError

from crawl4ai_browser.action_outcome import ActionOutcome
from crawl4ai_browser.actions import AnswerDialogs
from crawl4ai_browser.browser.acting.collection import Collection
from crawl4ai_browser.browser.background import Start
from crawl4ai_browser.browser.devtools import DevTools
from crawl4ai_browser.browser.files.downloads import VisitDownloads, discard
from crawl4ai_browser.browser.user_agent import client_hints, navigator_platform
from crawl4ai_browser.browser.visits.document_interceptor import DocumentInterceptor
from crawl4ai_browser.browser.visits.document_watch import DocumentWatch
from crawl4ai_browser.browser.visits.frames import Frames
from crawl4ai_browser.errors import FetchTimeout, PageCrashed
from crawl4ai_browser.request import Request
from crawl4ai_browser.urls import site

if TYPE_CHECKING:
    from crawl4ai_browser.browser.sessions.open_context import OpenContext
    from crawl4ai_browser.identity import Network

MAX_DIALOGS = 10
"""Dialogs that are dismissed in one visit. A page that opens more is in a loop and would last to the deadline."""

MAX_POPUPS = 5
"""Windows of one visit that may live at once; a storm of them is closed at birth."""


VISITS_PER_SWEEP = 50
"""Visits after which the page's renderer collects its garbage. Left to itself, it keeps about 1 MB a visit of an
ordinary page until it has 150 MB: with four pages twice the memory of all else. A collection takes some 20 ms."""

SWEEP_DEADLINE = 2.0
"""Seconds for that. A page that is in a loop never answers; it is gone with the next document."""


@dataclass
class VisitRecord:
    """What a visit has gathered so far. Belongs to one visit and is thrown away with it."""

    request: Request
    watch: DocumentWatch
    files: VisitDownloads
    popups: list[Page] = field(default_factory=list[Page])
    popup_urls: list[str] = field(default_factory=list[str])
    """Of windows that are closed already."""
    dialogs: list[str] = field(default_factory=list[str])
    answer: AnswerDialogs | None = None
    """What dialogs are told from now on. None: nobody has said it."""
    actions: list[ActionOutcome] = field(default_factory=list[ActionOutcome])
    collections: list[Collection] = field(default_factory=list[Collection])
    """Items of lists that are put into the html when it is read."""
    timings: dict[str, float] = field(default_factory=dict[str, float])

    def window_count(self) -> int:
        """Windows that have been opened so far."""
        return len(self.popups) + len(self.popup_urls)


class KeptPage:
    """A page and its DevTools session. Made by `open`, given up by `close`."""

    def __init__(self, page: Page, devtools: DevTools, context: OpenContext, start: Start) -> None:
        """Use `KeptPage.open`."""
        self.page = page
        self.context = context
        self.browser = browser = context.browser
        self.devtools = devtools
        self.documents = DocumentInterceptor(devtools, start)
        self.frames = Frames(devtools, start, turn=browser.frame_turn, on_demand=browser.frames_on_demand)
        self.visit: VisitRecord | None = None
        self.visits = 0
        self.is_spoiled = False
        """Whether something happened after which it must not be used again."""
        self.is_watched = False
        """Whether it takes visits."""
        self.start = start
        """Runs something in the background."""

    @classmethod
    async def open(cls, context: OpenContext, start: Start, *, is_watched: bool = True) -> KeptPage:
        """A new page of the context. One that is not watched takes no visit: it is for a user's function alone."""
        page = await context.playwright.new_page()
        kept = cls(page, await DevTools.of_page(page), context, start)
        if is_watched:
            await kept._watch()
        return kept

    async def _watch(self) -> None:
        self.is_watched = True
        await self.documents.attach()
        # A listener that raises would raise in the next call of any page of this driver, so each is a plain append or
        # guarded by itself.
        self.page.on("dialog", self._on_dialog)
        self.page.on("popup", self._on_popup)
        self.page.on("crash", self._on_crash)

    async def identify(self, user_agent: str, *, language: str | None) -> None:
        """Send this user agent, with client hints that agree: those of Playwright's override name a headless one."""
        override: dict[str, object] = {"userAgent": user_agent, "platform": navigator_platform(user_agent)}
        hints = client_hints(user_agent, browser_version=self.browser.browser.version)
        if hints is not None:
            override["userAgentMetadata"] = hints
        if language is not None:
            override["acceptLanguage"] = language
        await self.devtools.send("Emulation.setUserAgentOverride", **override)

    async def slow_down(self, network: Network) -> None:
        """Give the page this network, where it is slower than the real one. -1 is no limit."""
        if network.is_slow:
            await self.devtools.send(
                "Network.emulateNetworkConditions",
                offline=False,
                latency=network.latency * 1000,
                downloadThroughput=network.download_rate or -1,
                uploadThroughput=network.upload_rate or -1,
            )

    async def begin(self, visit: VisitRecord) -> None:
        """From now on everything that happens belongs to this visit."""
        if self.visits > 0 and self.visits % VISITS_PER_SWEEP == 0:
            with anyio.move_on_after(SWEEP_DEADLINE), suppress(PlaywrightError):
                await self.page.request_gc()
        self.visits += 1
        self.visit = visit
        await self.documents.begin(visit.watch, visit.request)

    async def end(self) -> None:
        """The visit is over. Its popups are closed; what comes now belongs to nobody."""
        visit, self.visit = self.visit, None
        if visit is None:
            return
        await self.documents.end()
        for popup in visit.popups:
            visit.popup_urls.append(popup.url)
            self.start(partial(_close_quietly, popup))

    @property
    def site(self) -> str:
        """Of the document it shows, which has a renderer of its own."""
        return site(self.page.url)

    async def close(self) -> None:
        """Close the page. May hang: bound it."""
        await self.page.close()

    def answer_dialogs(self, answer: AnswerDialogs) -> None:
        """Answer so what opens from now on in this visit."""
        if self.visit is not None:
            self.visit.answer = answer

    def _on_dialog(self, dialog: Dialog) -> None:
        visit = self.visit
        self.start(partial(_answer_quietly, dialog, visit.answer if visit is not None else None))
        if visit is not None and dialog.type != "beforeunload":
            visit.dialogs.append(dialog.message)
            if len(visit.dialogs) > MAX_DIALOGS:
                self.is_spoiled = True
                visit.watch.fail(FetchTimeout(f"the page opened more than {MAX_DIALOGS} dialogs", phase="ready"))

    def _on_popup(self, popup: Page) -> None:
        visit = self.visit
        if visit is None or len(visit.popups) >= MAX_POPUPS:
            if visit is not None:
                visit.popup_urls.append(popup.url)
            self.start(partial(_close_quietly, popup))
        else:
            visit.popups.append(popup)
        if visit is not None:
            visit.files.tell_news()

    def owns(self, page: Page) -> bool:
        """Whether what this page does belongs to the visit: it is the page, or a window of it."""
        return page is self.page or (self.visit is not None and page in self.visit.popups)

    def take_download(self, download: PlaywrightDownload) -> None:
        """A file has begun, in this page or in a window of it."""
        transfers = self.browser.transfers
        assert transfers is not None, "the pool opens them with the browser"
        transfer = transfers.claim(download.url, download.suggested_filename)
        if self.visit is not None:
            self.visit.files.begin(download, transfer)
        else:
            self.start(partial(discard, download, transfer))

    def _on_crash(self, _page: Page) -> None:
        self.is_spoiled = True
        if self.visit is not None:
            self.visit.watch.fail(PageCrashed("the page's renderer died", phase="ready"))

    def __repr__(self) -> str:
        """Where it is."""
        state = "spoiled" if self.is_spoiled else "visiting" if self.visit else "idle"
        return f"<KeptPage {state}, {self.visits} visits>"


async def _close_quietly(page: Page) -> None:
    with suppress(PlaywrightError):  # it is gone already
        await page.close()


async def _answer_quietly(dialog: Dialog, answer: AnswerDialogs | None) -> None:
    # Whether it may be left: where nobody has said otherwise, it is, as a kept page has to go to its next URL.
    accepts = answer.accept if answer is not None else dialog.type == "beforeunload"
    with suppress(PlaywrightError):  # its page is gone
        if accepts:
            text = answer.text if answer is not None else None
            await dialog.accept(dialog.default_value if text is None else text)
        else:
            await dialog.dismiss()
