"""Starts and ends Playwright's driver and its browsers, and knows their processes.

Everything here runs to its end once begun: a cancelled start would leave a process that nobody holds (measured: each
cancelled `async_playwright().start()` left a Node driver, 5 of 10 cancelled `new_context()` a context). Ends are
bounded, as a close can hang; what does not end in time is killed by its process id.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
import psutil
from playwright.async_api import APIRequest, Browser, Playwright, async_playwright
from playwright.async_api import Error as PlaywrightError

from crawl4ai_browser.browser.devtools import DevTools
from crawl4ai_browser.browser.files.transfers import Transfers
from crawl4ai_browser.browser.launch_options import (
    PROXIED_ARGS,
    LaunchOptions,
    disarm_handlers,
    launch_options,
    playwright_lists,
)
from crawl4ai_browser.browser.launched_processes import (
    browser_processes,
    child_processes,
    end_processes,
    is_running,
    memory_of,
    remove_folder,
    started_since,
)
from crawl4ai_browser.browser.playwright_errors import translate
from crawl4ai_browser.browser.provisioning.discovery import BrowserExecutable, browser_at, find_browser
from crawl4ai_browser.browser.provisioning.driver import driver_problem
from crawl4ai_browser.browser.provisioning.user_cache import compiled_in, node_folder
from crawl4ai_browser.browser.scratch import Scratch, remove_leftovers
from crawl4ai_browser.browser.shielded import to_the_end
from crawl4ai_browser.browser.visits.frames import FRAMES_ON_DEMAND_ARGS
from crawl4ai_browser.config import BrowserConfig
from crawl4ai_browser.errors import Blame, BrowserCrashed, FetchError, LaunchFailed, PoolTimeout

if TYPE_CHECKING:
    from crawl4ai_browser.browser.background import Start

CLOSE_DEADLINE = 5.0
"""Seconds for a browser or driver to end by itself. They take 0.1 to 0.7 s; what takes longer hangs."""

OPEN_DEADLINE = 30.0
"""Seconds to open a context or a page. It takes 0.1 s; a browser that needs this long is sick."""

PROBE_DEADLINE = 3.0
"""Seconds for a live browser to answer a trivial question, on a machine that is busy."""


@dataclass(eq=False)
class LaunchedBrowser:
    """One running browser. A new one is a new object, so holding it tells which life of the browser is meant."""

    browser: Browser
    options: LaunchOptions
    scratch: Scratch
    processes: tuple[psutil.Process, ...]
    profile_folders: tuple[Path, ...]
    requests: APIRequest
    """Makes clients for plain requests."""
    user_agent: str
    """Its own, with the word "Headless" in it where it is."""
    frames_on_demand: bool
    driver: Driver
    is_proxied: bool = False
    """Whether it connects nowhere by itself, and is for contexts with a way out of their own."""
    frames_probed: bool = False
    frame_turn: anyio.Semaphore = field(default_factory=lambda: anyio.Semaphore(1))
    """Held while one of its pages paints a frame that was asked for."""
    visits: int = 0
    leased: int = 0
    launched_at: float = 0.0
    """By the pool's clock."""
    memory_bytes: int = 0
    """At the last look."""
    lost: str | None = None
    """Why it is of no use any more."""
    lost_to: Blame = "browser"
    """Who died, where it is lost."""
    retiring: bool = False
    transfers: Transfers | None = None
    """The files it is saving. The pool opens them."""
    sessions: set[object] = field(default_factory=set[object])
    _openings: set[anyio.CancelScope] = field(default_factory=set[anyio.CancelScope])

    @property
    def has_pdf_viewer(self) -> bool:
        """Whether it can show a PDF. A headless shell can only save it."""
        return self.options.executable.kind == "full"

    def lose(self, reason: str) -> None:
        """Nothing can be had of it any more. What is being opened in it ends: those calls may never return."""
        if self.lost is None:
            has_driver = self.driver.is_running
            self.lost = reason if has_driver else "Playwright's driver died"
            self.lost_to = "browser" if has_driver else "driver"
            for scope in self._openings:
                scope.cancel()

    @contextmanager
    def opening(self, what: str) -> Generator[None]:
        """Open a context or a page in it, to the end: a cancelled opening may leave one that nobody holds.

        Raises:
            BrowserCrashed: it was lost meanwhile.
            PoolTimeout: it took too long, and is taken for lost.
        """
        with anyio.move_on_after(OPEN_DEADLINE, shield=True) as scope:
            self._openings.add(scope)
            try:
                yield
                return
            finally:
                self._openings.discard(scope)
        if self.lost is not None:
            raise BrowserCrashed(self.lost, phase="page", blame=self.lost_to)
        reason = f"a {what} did not open in {OPEN_DEADLINE:g} s"
        self.lose(reason)
        raise PoolTimeout(reason, phase="page", blame="browser")

    def error_of(self, error: PlaywrightError) -> FetchError:
        """What went wrong when something was opened in it."""
        if self.lost is not None:
            return BrowserCrashed(self.lost, phase="page", blame=self.lost_to)
        return translate(error, phase="page", fallback=BrowserCrashed)

    @property
    def is_in_use(self) -> bool:
        """Whether a page or context of it is in use, or being opened for somebody."""
        return self.leased > 0 or bool(self._openings)

    @property
    def is_usable(self) -> bool:
        """Whether new contexts may be opened in it."""
        return self.lost is None and not self.retiring and self.browser.is_connected()

    async def open_transfers(self, folder: Path, start: Start) -> None:
        """Let it save files into this folder.

        Raises:
            LaunchFailed: it has ended.
        """
        try:
            self.transfers = await Transfers.open(self.browser, folder, start)
        except PlaywrightError as error:
            await self.close()
            raise LaunchFailed(f"the browser ended as soon as it had started: {error.message}") from error

    def measure_memory(self) -> None:
        """Look how much it takes, with its renderers. What several of its processes share counts once. Blocks."""
        tree = set(self.processes)
        for process in self.processes:
            with suppress(psutil.Error):
                tree.update(process.children(recursive=True))
        self.memory_bytes = sum(map(memory_of, tree))

    @property
    def is_dead(self) -> bool:
        """Whether its end, or its driver's, is known. False says little: see `is_alive`."""
        return self.lost is not None or not self.browser.is_connected() or not self.driver.is_running

    async def is_alive(self) -> bool:
        """Whether it answers. A connected browser can be dead: `is_connected` stays True when the driver is killed."""
        with anyio.move_on_after(PROBE_DEADLINE):
            try:
                devtools = await DevTools.of_browser(self.browser)
                await devtools.send("Browser.getVersion")
                await devtools.detach()
            except PlaywrightError:
                return False
            return True
        return False

    async def close(self) -> None:
        """End it, by force if need be, and delete its scratch. Never raises; takes at most twice the deadline."""
        with anyio.CancelScope(shield=True):
            with anyio.move_on_after(CLOSE_DEADLINE), suppress(PlaywrightError):
                await self.browser.close(reason="crawl4ai_browser closed it")
            await anyio.to_thread.run_sync(self._clean_up)

    def _clean_up(self) -> None:
        end_processes(self.processes)
        if self.transfers is not None:
            self.transfers.clean_up()
        self.scratch.remove()
        for folder in self.profile_folders:
            remove_folder(folder)

    def __repr__(self) -> str:
        """Version, state and load."""
        state = f"lost: {self.lost}" if self.lost else "retiring" if self.retiring else "running"
        return f"<LaunchedBrowser {self.browser.version} {state}, {self.leased} pages in use, {self.visits} visits>"


class Driver:
    """Playwright's Node process. Started once; every browser hangs on it."""

    def __init__(self, playwright: Playwright, processes: tuple[psutil.Process, ...]) -> None:
        """Use `Driver.start`."""
        self._playwright = playwright
        self._processes = processes

    @classmethod
    async def start(cls, deadline: float, start: Start | None = None) -> Driver:
        """A running driver. `start` runs in the background what its first launch needs.

        Raises:
            LaunchFailed: it did not start within `deadline` seconds.
        """
        if start is not None:
            start(_read_bundle)
        try:
            return await to_the_end(cls._start(deadline))
        except OSError as error:
            raise _no_room("Playwright's driver", error) from error

    @classmethod
    async def _start(cls, deadline: float) -> Driver:
        await anyio.to_thread.run_sync(remove_leftovers)
        before = await anyio.to_thread.run_sync(child_processes)
        cache = await anyio.to_thread.run_sync(node_folder, os.environ)
        try:
            with anyio.fail_after(deadline), compiled_in(cache):
                playwright = await async_playwright().start()
        except TimeoutError:
            raise LaunchFailed(f"Playwright's driver did not start within {deadline:g} s") from None
        except Exception as error:
            problem = await anyio.to_thread.run_sync(driver_problem)
            raise LaunchFailed(f"Playwright's driver did not start: {problem or error}") from error
        try:
            return cls(playwright, await anyio.to_thread.run_sync(started_since, before, "run-driver"))
        except OSError:
            await playwright.stop()
            raise

    @property
    def is_running(self) -> bool:
        """Whether its process lives."""
        return any(is_running(process) for process in self._processes)

    async def launch(
        self, config: BrowserConfig, *, downloads: Path | None = None, is_proxied: bool = False
    ) -> LaunchedBrowser:
        """A new browser. `downloads` is where it puts files; None: with its scratch. Made with the first of them.

        One that `is_proxied` is for contexts with a way out of their own, and connects nowhere by itself.

        Raises:
            LaunchFailed: no browser was found, or it did not start.
            ConfigError: the configuration asks for what this browser cannot do.
        """
        try:
            return await to_the_end(self._launch_whole(config, downloads, is_proxied=is_proxied))
        except OSError as error:
            raise _no_room("the browser", error) from error

    async def _launch_whole(
        self, config: BrowserConfig, downloads: Path | None, *, is_proxied: bool
    ) -> LaunchedBrowser:
        executable = await anyio.to_thread.run_sync(_executable, config)
        scratch = await anyio.to_thread.run_sync(Scratch.open)
        try:
            return await self._launch_in(scratch, executable, config, downloads=downloads, is_proxied=is_proxied)
        except BaseException as error:
            await anyio.to_thread.run_sync(scratch.remove)
            if isinstance(error, (PlaywrightError, TimeoutError)):
                raise LaunchFailed(_launch_message(executable.path, error)) from error
            raise

    async def _launch_in(
        self,
        scratch: Scratch,
        executable: BrowserExecutable,
        config: BrowserConfig,
        *,
        downloads: Path | None,
        is_proxied: bool,
    ) -> LaunchedBrowser:
        folder = scratch.folder
        await anyio.to_thread.run_sync(disarm_handlers, folder)
        before = await anyio.to_thread.run_sync(child_processes)
        on_demand = config.frames == "auto" and executable.kind == "headless_shell"
        options = launch_options(
            executable,
            headless=config.headless,
            sandbox=config.sandbox,
            extra_args=(
                *config.args,
                *(FRAMES_ON_DEMAND_ARGS if on_demand else ()),
                *(PROXIED_ARGS if is_proxied else ()),
            ),
            temp_folder=folder,
        )
        with anyio.fail_after(config.launch_timeout + CLOSE_DEADLINE):
            browser = await self._playwright.chromium.launch(
                **options.keywords(),
                downloads_path=downloads or folder / "downloads",
                artifacts_dir=folder / "artifacts",
                timeout=config.launch_timeout * 1000,
            )
            user_agent = await _user_agent(browser)
        try:
            started, profiles = await anyio.to_thread.run_sync(browser_processes, before)
        except OSError:
            await browser.close()
            raise
        return LaunchedBrowser(
            browser=browser,
            options=options,
            scratch=scratch,
            processes=started,
            profile_folders=profiles,
            requests=self._playwright.request,
            user_agent=user_agent,
            frames_on_demand=on_demand,
            driver=self,
            is_proxied=is_proxied,
        )

    async def stop(self) -> None:
        """End it, by force if need be. Never raises."""
        with anyio.CancelScope(shield=True):
            with anyio.move_on_after(CLOSE_DEADLINE), suppress(PlaywrightError, OSError):
                await self._playwright.stop()
            await anyio.to_thread.run_sync(end_processes, self._processes)

    def __repr__(self) -> str:
        """Its process ids."""
        return f"<Driver {' '.join(str(process.pid) for process in self._processes)}>"


async def _read_bundle() -> None:
    """Read Playwright's switches while the driver starts, as they are kept once read."""
    await anyio.to_thread.run_sync(playwright_lists)


async def _user_agent(browser: Browser) -> str:
    devtools = await DevTools.of_browser(browser)
    version = await devtools.send("Browser.getVersion")
    await devtools.detach()
    return str(version["userAgent"])


def _executable(config: BrowserConfig) -> BrowserExecutable:
    if config.executable is not None:
        return browser_at(config.executable)
    return find_browser(None if config.headless else "full")


def _no_room(what: str, error: OSError) -> LaunchFailed:
    """The error of a machine that has no more files, memory or disk to give."""
    return LaunchFailed(f"{what} could not be started: {error}")


def _launch_message(path: Path, error: Any) -> str:
    text = str(error).strip() or "no answer in time"
    lines = [line for line in text.splitlines() if line.strip()]
    shown = " | ".join(lines[:1] + [line for line in lines[1:] if "error" in line.lower()][:3])
    return f"{path} did not start: {shown[:600]} (crawl4ai-browser doctor tells more)"
