"""What the tests of downloads share: a fetcher with its own folder on a pool that is there, and what is left in it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
from playwright.async_api import Page

from crawl4ai_browser.browser.browser_fetcher import BrowserFetcher
from crawl4ai_browser.browser.files.rules import FileRules
from crawl4ai_browser.browser.pool import BrowserPool
from crawl4ai_browser.browser.provisioning.discovery import BrowserKind, find_browser
from crawl4ai_browser.config import BrowserConfig, CapacityConfig, CrawlConfig, DownloadConfig, VisitConfig
from crawl4ai_browser.download import Download
from crawl4ai_browser.egress_config import EgressConfig
from crawl4ai_browser.errors import FetchError, LaunchFailed
from crawl4ai_browser.events import Event, Observer, Observers
from crawl4ai_browser.ready import Quiet
from crawl4ai_browser.request import Request
from crawl4ai_browser.snapshot import Snapshot
from crawl4ai_browser.testing.site import Response, SiteServer

VISIT = VisitConfig(timeout=12, navigation_timeout=3, ready=Quiet(cap=3))

CLICK = "document.getElementById('start').click()"


def page_with(script: str, body: str = "") -> Response:
    """A page with text in it, as a page without any is waited for longer."""
    return Response.html(f"<!doctype html><title>page</title><body><p>text</p>{body}<script>{script}</script></body>")


def clicking(element: str) -> Response:
    """A page that clicks its own element as soon as it is there."""
    return page_with(CLICK, element.replace(" ", " id=start ", 1))


def evaluating(script: str) -> Callable[[Page], Awaitable[None]]:
    """A user's function that runs a script in the page."""

    async def evaluate(page: Page) -> None:
        await page.evaluate(script)

    return evaluate


def config_for(folder: Path, **download: object) -> CrawlConfig:
    """Short deadlines, so that what hangs is given up soon; a small disk will do."""
    defaults = {"folder": folder, "timeout": 5, "manifest": False, "resume_attempts": 0, "min_free_bytes": 0}
    return CrawlConfig(
        visit=VISIT,
        capacity=CapacityConfig(max_pages=20),
        egress=EgressConfig(private="allow"),
        download=DownloadConfig.model_validate(defaults | download),
    )


def is_there(kind: BrowserKind) -> bool:
    """Whether this machine has such a browser."""
    try:
        find_browser(kind)
    except LaunchFailed:
        return False
    return True


@asynccontextmanager
async def opened_pool(kind: BrowserKind, config: CrawlConfig) -> AsyncGenerator[BrowserPool]:
    """A pool with a browser of that kind running."""
    config = config.model_copy(update={"browser": BrowserConfig(executable=find_browser(kind).path)})
    async with BrowserPool(config) as pool:
        await pool.session(None).context()
        yield pool


class Downloading:
    """Fetches paths of the site with a fetcher that saves into a folder."""

    def __init__(self, pool: BrowserPool, site: SiteServer, config: CrawlConfig) -> None:
        assert config.download.folder is not None
        self.folder = config.download.folder
        self.events: list[Event] = []
        self.error: FetchError | None = None
        self._pool = pool
        self._site = site
        self._fetcher = BrowserFetcher(pool, config)
        self._observers = Observers((self.events.append,))
        self._fetcher._files._observers = self._observers

    def with_config(self, config: CrawlConfig) -> Downloading:
        """Another one on the same pool."""
        return Downloading(self._pool, self._site, config)

    def on_event(self, observer: Observer) -> None:
        """Tell this one too."""
        self._observers.add(observer)

    def trust_the_disk(self) -> None:
        """Do not ask for its free space, so that it really fills up."""
        config = self._fetcher._files.config.model_copy(update={"min_free_bytes": -(2**60)})
        self._fetcher._files._rules = FileRules(config)

    async def fetch(self, path: str, *, session: str | None = None, as_file: bool = False) -> Snapshot:
        """The snapshot of a visit, failed or not; `error` says whether it was."""
        self.error = None
        request = Request(url=self._site.url(path), session=session, as_file=as_file)
        try:
            return await self._fetcher.fetch(request)
        except FetchError as error:
            self.error = error
        assert self.error.snapshot is not None
        return self.error.snapshot

    async def steps(self, path: str, *scripts: str) -> list[Snapshot]:
        """What one page shows at first and after each script, none of which may take long."""
        async with self._fetcher.open_page(self._pool.session(None)) as page:
            snapshots = [await page.fetch(Request(url=self._site.url(path)))]
            for script in scripts:
                await page.run(evaluating(script))
                with anyio.fail_after(VISIT.navigation_timeout - 0.5):
                    snapshots.append(await page.snapshot())
            return snapshots

    async def file(self, path: str, *, session: str | None = None, as_file: bool = False) -> Download:
        """The only file of a visit."""
        snapshot = await self.fetch(path, session=session, as_file=as_file)
        assert len(snapshot.downloads) == 1, snapshot.downloads
        return snapshot.downloads[0]

    def left(self) -> set[str]:
        """What lies in the folder, below it, and where files arrive; the manifest apart."""
        return {path.name for path in self._everything() if path.is_file() and path.name != "downloads.jsonl"}

    def _everything(self) -> Iterator[Path]:
        yield from self.folder.rglob("*")
        for browser in self._pool._browsers:
            assert browser.transfers is not None
            if browser.transfers.folder.exists():
                yield from browser.transfers.folder.rglob("*")

    def under_way(self) -> int:
        """Transfers that are not dealt with."""
        return sum(len(browser.transfers._by_guid) for browser in self._pool._browsers if browser.transfers)

    def pages(self) -> int:
        """Pages that are open in the pool's browsers."""
        contexts = [context for browser in self._pool._browsers for context in browser.browser.contexts]
        return sum(len(context.pages) for context in contexts)

    async def settled_pages(self) -> int:
        """The same, when those that are being closed are closed."""
        with anyio.move_on_after(3):
            while self.pages() > 1:  # noqa: ASYNC110 - Playwright's pages ring no bell of ours
                await anyio.sleep(0.02)
        return self.pages()
