"""Capturing: all that one visit takes beside the html. What fails becomes a fault, and takes nothing else with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import anyio
import anyio.to_thread
from playwright.async_api import Error as PlaywrightError

from crawl4ai_browser.browser.capturing import papers, pictures
from crawl4ai_browser.browser.capturing.filing import Filed, capture_name
from crawl4ai_browser.browser.capturing.har import HarPage, har_text
from crawl4ai_browser.browser.capturing.recorder import Recorder
from crawl4ai_browser.browser.files.names import name_of_answer
from crawl4ai_browser.browser.playwright_errors import is_gone, translate
from crawl4ai_browser.captured import CapturedResponse, CaptureFault, CaptureFile, CaptureKind, Certificate
from crawl4ai_browser.errors import CaptureFailed
from crawl4ai_browser.storage_state import StoredCookie

if TYPE_CHECKING:
    from datetime import datetime

    from crawl4ai_browser.browser.capturing.exchange import Exchange
    from crawl4ai_browser.browser.capturing.filing import CaptureFolders
    from crawl4ai_browser.browser.visits.kept_page import KeptPage
    from crawl4ai_browser.capture_config import CaptureConfig
    from crawl4ai_browser.errors import Blame
    from crawl4ai_browser.request import Request

CAPTURE_SECONDS = 30.0
"""For one capture. A picture of 100,000 rows took 10 on a busy machine; a page whose script is in a loop gives none."""

_SUFFIXES = {"png": ".png", "jpeg": ".jpg", "webp": ".webp"}


class Capturing:
    """The captures of one visit. Begun with it, taken from the ready page, finished when it is over."""

    def __init__(
        self,
        page: KeptPage,
        request: Request,
        config: CaptureConfig,
        *,
        folders: CaptureFolders,
        started_at: datetime,
    ) -> None:
        """Listen to nothing yet."""
        self._page = page
        self._request = request
        self._config = config
        self._folders = folders
        self._started_at = started_at
        self._recorder = Recorder(page.page, config, page.start)
        self._deadline = float("inf")
        self._screenshot: bytes | None = None
        self._pdf: bytes | None = None
        self._mhtml: str | None = None
        self._har: str | None = None
        self._responses: list[CapturedResponse] = []
        self._certificate: Certificate | None = None
        self._cookies: tuple[StoredCookie, ...] = ()
        self._files: list[CaptureFile] = []
        self._faults: list[CaptureFault] = []

    def begin(self) -> None:
        """Record what happens from now on."""
        self._recorder.begin()

    @property
    def takes_anything(self) -> bool:
        """Whether `take` does anything."""
        wanted = self._config
        return wanted.screenshot != "none" or any((wanted.pdf, wanted.mhtml, wanted.certificate, wanted.cookies))

    # --- of the page, while it is there

    async def take(self, url: str, *, deadline: float) -> None:
        """Everything that needs the page, which is at `url`. Each ends by `deadline`, on the event loop's clock.

        Raises:
            PlaywrightError: the page is gone.
        """
        wanted, self._deadline = self._config, deadline
        if wanted.certificate:
            await self._guarded("certificate", partial(self._take_certificate, url))
        if wanted.cookies:
            await self._guarded("cookies", partial(self._take_cookies, url))
        async with self._page.frames.flowing():
            if wanted.screenshot != "none":
                await self._guarded("screenshot", self._take_screenshot)
            if wanted.pdf:
                await self._guarded("pdf", self._take_pdf)
            if wanted.mhtml:
                await self._guarded("mhtml", self._take_mhtml)

    async def _guarded(self, kind: CaptureKind, take: Callable[[], Awaitable[None]]) -> None:
        seconds = min(CAPTURE_SECONDS, self._deadline - anyio.current_time())
        if seconds <= 0:
            self._fail(kind, "the visit's deadline left no time for it")
            return
        try:
            with anyio.fail_after(seconds):
                await take()
        except TimeoutError:
            self._page.is_spoiled = True  # whatever was set up for it may still be there
            self._fail(kind, f"not within {seconds:.3g} s", blame="renderer")
        except CaptureFailed as error:
            self._fail(kind, error.message, blame=error.blame)
        except PlaywrightError as error:
            if is_gone(error):
                raise
            self._fail(kind, translate(error, phase="capture").message, blame="browser")

    def _fail(self, kind: CaptureKind, message: str, *, blame: Blame = "site") -> None:
        self._faults.append(CaptureFault(kind=kind, message=message, blame=blame))

    async def _take_certificate(self, url: str) -> None:
        self._certificate = await self._recorder.certificate(url)

    async def _take_cookies(self, url: str) -> None:
        found = await self._page.context.playwright.cookies([url])
        self._cookies = tuple(StoredCookie.model_validate(cast("dict[str, Any]", cookie)) for cookie in found)

    async def _take_screenshot(self) -> None:
        kind = self._config.picture.format
        data = await pictures.screenshot(self._page, self._config)
        if not await self._file("screenshot", data, _SUFFIXES[kind], pictures.MIME_TYPES[kind]):
            self._screenshot = data

    async def _take_pdf(self) -> None:
        data = await papers.pdf(self._page, self._config.paper)
        if not await self._file("pdf", data, ".pdf", "application/pdf"):
            self._pdf = data

    async def _take_mhtml(self) -> None:
        text = await papers.mhtml(self._page)
        data = text.encode("utf-8", "replace")
        if not await self._file("mhtml", data, ".mhtml", "multipart/related"):
            self._mhtml = text

    # --- of what was recorded, once all is over

    async def finish(self, url: str) -> None:
        """Stop recording, and make what is asked for of it. Also where the visit failed. Never raises."""
        self._recorder.end()
        await self._recorder.gathered()
        for exchange in self._recorder.exchanges:
            if exchange.is_kept:
                self._responses.append(await self._response(exchange))
        if self._config.har:
            await self._take_har(url)

    async def _response(self, exchange: Exchange) -> CapturedResponse:
        response = exchange.response(secrets=self._config.traffic.secrets)
        if response.body is None:
            return response
        name = name_of_answer(exchange.url, response.headers)
        file = await self._written("response", response.body, exchange.url, name, response.mime_type)
        return response.model_copy(update={"body": None, "path": file.path}) if file is not None else response

    async def _take_har(self, url: str) -> None:
        page = HarPage(title=url, started_at=self._started_at, browser_version=self._page.browser.browser.version)
        text = har_text(page, self._recorder.exchanges, secrets=self._config.traffic.secrets)
        if not await self._file("har", text.encode("utf-8", "replace"), ".har", "application/json"):
            self._har = text

    # --- files

    async def _file(self, kind: CaptureKind, data: bytes, suffix: str, mime_type: str) -> bool:
        """Whether it was to be a file, and now is one."""
        name = capture_name(self._request.url, self._request.fingerprint, suffix)
        file = await self._written(kind, data, self._request.url, name, mime_type)
        if file is not None:
            self._files.append(file)
        return file is not None

    async def _written(  # shape: what a file is made of
        self, kind: CaptureKind, data: bytes, url: str, name: str, mime_type: str
    ) -> CaptureFile | None:
        """The file; None: it was not to be one, or could not be, and stays in the result."""
        if self._config.folder is None:
            return None
        filed = Filed(kind, data, url, name, mime_type, self._started_at, is_secret=self._config.traffic.secrets)
        try:
            return await anyio.to_thread.run_sync(self._folders.write, self._config.folder, filed)
        except OSError as error:
            self._fail(kind, f"it could not be written: {error.strerror or error}", blame="machine")
            return None

    def fields(self) -> dict[str, Any]:
        """What there is, by the names that a snapshot has for it."""
        recorder = self._recorder
        return {
            "screenshot": self._screenshot,
            "pdf": self._pdf,
            "mhtml": self._mhtml,
            "har": self._har,
            "responses": tuple(self._responses),
            "certificate": self._certificate,
            "cookies": self._cookies,
            "capture_files": tuple(self._files),
            "capture_faults": tuple(self._faults),
            "console": tuple(recorder.console),
            "requests": tuple(each.record() for each in recorder.exchanges) if self._config.requests else (),
        }

    def __repr__(self) -> str:
        """What it has."""
        return f"<Capturing {self._recorder!r}, {len(self._files)} files, {len(self._faults)} faults>"
