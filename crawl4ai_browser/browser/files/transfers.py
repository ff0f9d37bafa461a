"""Transfers: what the browser says of the files it is saving: their names on disk, and how far they have come.

Playwright's download event has no progress and no size, so the DevTools protocol's own events are listened to beside it
(`Browser.downloadWillBegin`, `Browser.downloadProgress`;
https://chromedevtools.github.io/devtools-protocol/tot/Browser/). They come on one session of the whole browser, for the
contexts that were asked for: nothing is sent for pages without files.

Files arrive beside the place where they will go, so that a complete one is moved, not copied, and no other disk than
that one fills up.
"""

from __future__ import annotations

import secrets
import shutil
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
from playwright.async_api import Browser
from playwright.async_api import Error as PlaywrightError

from crawl4ai_browser.browser.devtools import DevTools
from crawl4ai_browser.clock import SYSTEM_CLOCK

if TYPE_CHECKING:
    from crawl4ai_browser.browser.background import Start

PART_FOLDER_PREFIX = ".partial-"
"""Of the folder in which the files of one browser arrive."""

STALE_SECONDS = 24 * 3600.0
"""A folder of that kind in which nothing has changed for so long was left by a process that was killed."""

PART_SUFFIX = ".crdownload"
"""Chromium's, of a file that is not complete."""

ORPHAN_SECONDS = 10.0
"""A transfer for which Playwright has told of no download by then belongs to no page: its frame is gone."""


@dataclass(eq=False)
class Transfer:
    """One file on its way, as far as the browser tells."""

    owner: Transfers
    guid: str = ""
    """Its name in the folder. Empty: the browser has not told yet."""
    received_bytes: int = 0
    """The most there ever was: after a break Chromium may begin anew."""
    total_bytes: int | None = None
    over: anyio.Event = field(default_factory=anyio.Event)
    """Set when the browser says that it is complete or given up."""
    on_progress: Callable[[], None] | None = None
    """Called when more is known. Must not raise."""
    begun: float = field(default_factory=SYSTEM_CLOCK.monotonic)

    @property
    def is_orphan(self) -> bool:
        """Whether it is too old to be claimed."""
        return SYSTEM_CLOCK.monotonic() - self.begun > ORPHAN_SECONDS

    def leave(self) -> None:
        """A user's function has begun it: left to that, and deleted with its context."""
        self.on_progress = _nothing

    @property
    def parts(self) -> tuple[Path, ...]:
        """Where its bytes may lie: incomplete and complete."""
        if not self.guid:
            return ()
        return (self.owner.folder / f"{self.guid}{PART_SUFFIX}", self.owner.folder / self.guid)


def part_folder(folder: Path) -> Path:
    """A new name for the folder in which the files of one browser arrive that will go into `folder`."""
    return folder / f"{PART_FOLDER_PREFIX}{secrets.token_hex(6)}"


class Transfers:
    """The files of one browser that are on their way."""

    def __init__(self, devtools: DevTools, folder: Path, start: Start) -> None:
        """Use `Transfers.open`."""
        self.folder = folder
        """Of the files until they are complete. The browser makes it when the first one comes."""
        self._outer = folder.parent
        self._outer_is_ours = not folder.parent.exists()
        self._devtools = devtools
        self.start = start
        """Runs in the background."""
        self._by_guid: dict[str, Transfer] = {}
        self._expected: dict[tuple[str, str], deque[Transfer]] = {}
        self._unclaimed: dict[tuple[str, str], deque[Transfer]] = {}

    @classmethod
    async def open(cls, browser: Browser, folder: Path, start: Start) -> Transfers:
        """Listen, for as long as the browser lives: the end of the session would end the contexts' settings.

        `folder` is the one that the browser was launched with, made by `part_folder`.

        Raises:
            PlaywrightError: the browser is gone.
        """
        devtools = await DevTools.of_browser(browser)
        transfers = cls(devtools, folder, start)
        devtools.on("Browser.downloadWillBegin", transfers._on_begin)
        devtools.on("Browser.downloadProgress", transfers._on_progress)
        return transfers

    async def follow(self, page: DevTools) -> None:
        """Hear of the files of the context that this page is in.

        Raises:
            PlaywrightError: the page or the browser is gone.
        """
        info = await page.send("Target.getTargetInfo")
        # The very settings that Playwright has made for the context, as asking for events means making them again.
        await self._devtools.send(
            "Browser.setDownloadBehavior",
            behavior="allowAndName",
            browserContextId=info["targetInfo"]["browserContextId"],
            downloadPath=str(self.folder),
            eventsEnabled=True,
        )

    def claim(self, url: str, name: str) -> Transfer:
        """The transfer behind a download that Playwright has told of; events of both come in the same order.

        Where the browser's own event is still to come, the transfer is filled in then.
        """
        unclaimed = self._unclaimed.pop((url, name), deque())
        while unclaimed:
            transfer = unclaimed.popleft()
            if transfer.is_orphan:
                continue
            if unclaimed:
                self._unclaimed[url, name] = unclaimed
            return transfer
        transfer = Transfer(self)
        self._expected.setdefault((url, name), deque()).append(transfer)
        return transfer

    def release(self, transfer: Transfer) -> None:
        """The file has been dealt with."""
        self._by_guid.pop(transfer.guid, None)
        for key, expected in list(self._expected.items()):
            with suppress(ValueError):
                expected.remove(transfer)
            if not expected:
                del self._expected[key]

    def clean_up(self) -> None:
        """Delete what is not complete, and what killed processes left. Blocks; the browser must be gone."""
        shutil.rmtree(self.folder, ignore_errors=True)
        horizon = SYSTEM_CLOCK.now().timestamp() - STALE_SECONDS
        for folder in self._outer.glob(f"{PART_FOLDER_PREFIX}*"):
            if _last_change(folder) < horizon:
                shutil.rmtree(folder, ignore_errors=True)
        if self._outer_is_ours:
            with suppress(OSError):  # not empty: there are files
                self._outer.rmdir()

    def _on_begin(self, event: dict[str, Any]) -> None:
        key = (str(event["url"]), str(event["suggestedFilename"]))
        expected = self._expected.get(key)
        if expected:
            transfer = expected.popleft()
            if not expected:
                del self._expected[key]
        else:
            transfer = Transfer(self)
            self._unclaimed.setdefault(key, deque()).append(transfer)
        transfer.guid = str(event["guid"])
        self._by_guid[transfer.guid] = transfer

    def _on_progress(self, event: dict[str, Any]) -> None:
        transfer = self._by_guid.get(str(event["guid"]))
        if transfer is None:
            return
        transfer.received_bytes = max(transfer.received_bytes, int(event["receivedBytes"]))
        transfer.total_bytes = int(event["totalBytes"]) or None
        if event["state"] != "inProgress":
            transfer.over.set()
        if transfer.on_progress is not None:
            transfer.on_progress()
        elif transfer.is_orphan:
            self._give_up_orphan(transfer)

    def _give_up_orphan(self, transfer: Transfer) -> None:
        for key, unclaimed in list(self._unclaimed.items()):
            if transfer not in unclaimed:
                continue
            unclaimed.remove(transfer)
            if not unclaimed:
                del self._unclaimed[key]

            self.start(partial(self._cancel, transfer))
            return

    async def _cancel(self, transfer: Transfer) -> None:
        with suppress(PlaywrightError):  # it is over, or the browser is gone
            await self._devtools.send("Browser.cancelDownload", guid=transfer.guid)

    def __repr__(self) -> str:
        """How many there are."""
        return f"<Transfers {len(self._by_guid)} under way>"


def _nothing() -> None:
    pass


def _last_change(folder: Path) -> float:
    with suppress(OSError):
        return max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
    return SYSTEM_CLOCK.now().timestamp()
