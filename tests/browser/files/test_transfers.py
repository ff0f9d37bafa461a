"""What the browser says of files, matched with what Playwright says; and what is cleaned up after it."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import pytest

from crawl4ai_browser.browser.devtools import DevTools
from crawl4ai_browser.browser.files.transfers import ORPHAN_SECONDS, STALE_SECONDS, Transfers, part_folder

URL = "https://a.test/x"


class FakeDevTools:
    """The browser's end of the protocol."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.listeners: dict[str, Callable[[dict[str, Any]], None]] = {}

    async def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        self.sent.append((method, parameters))
        return {}

    def begins(self, guid: str, *, url: str = URL) -> None:
        self.transfers._on_begin({"guid": guid, "url": url, "suggestedFilename": "x"})

    def progress(self, guid: str, received: int, total: int = 0, state: str = "inProgress") -> None:  # shape: the event
        event = {"guid": guid, "receivedBytes": received, "totalBytes": total, "state": state}
        self.transfers._on_progress(event)

    def serve(self, folder: Path) -> Transfers:
        self.started: list[Callable[[], Awaitable[None]]] = []
        self.transfers = Transfers(cast("DevTools", self), folder, self.started.append)
        return self.transfers


@pytest.fixture
def browser() -> FakeDevTools:
    return FakeDevTools()


@pytest.fixture
def transfers(browser: FakeDevTools, tmp_path: Path) -> Transfers:
    return browser.serve(part_folder(tmp_path))


@pytest.mark.parametrize("browser_is_first", [True, False])
def test_a_download_and_its_transfer_meet_whichever_comes_first(
    browser: FakeDevTools, transfers: Transfers, browser_is_first: bool
) -> None:
    if browser_is_first:
        browser.begins("1")
        transfer = transfers.claim(URL, "x")
    else:
        transfer = transfers.claim(URL, "x")
        assert transfer.parts == ()
        browser.begins("1")
    assert transfer.parts == (transfers.folder / "1.crdownload", transfers.folder / "1")


def test_equal_downloads_meet_their_transfers_in_order(browser: FakeDevTools, transfers: Transfers) -> None:
    first = transfers.claim(URL, "x")
    browser.begins("1")
    browser.begins("2")
    browser.begins("other", url="https://a.test/y")
    assert [first.guid, transfers.claim(URL, "x").guid] == ["1", "2"]


def test_progress_is_the_most_that_ever_came_and_tells_of_the_end(browser: FakeDevTools, transfers: Transfers) -> None:
    browser.begins("1")
    transfer = transfers.claim(URL, "x")
    told: list[int] = []
    transfer.on_progress = lambda: told.append(transfer.received_bytes)
    browser.progress("1", 500, 1000)
    browser.progress("1", 0, 1000)  # it broke, and the browser begins anew
    assert not transfer.over.is_set()
    browser.progress("1", 0, 1000, "canceled")
    assert (told, transfer.total_bytes, transfer.over.is_set()) == ([500, 500, 500], 1000, True)


def test_what_was_dealt_with_is_forgotten(browser: FakeDevTools, transfers: Transfers) -> None:
    claimed, begun = transfers.claim("https://a.test/never", "x"), transfers.claim(URL, "x")
    browser.begins("1")
    transfers.release(claimed)
    transfers.release(begun)
    browser.progress("1", 10)
    assert begun.received_bytes == 0
    assert repr(transfers) == "<Transfers 0 under way>"


async def test_a_transfer_that_belongs_to_nobody_is_given_up(browser: FakeDevTools, transfers: Transfers) -> None:
    browser.begins("1")
    browser.progress("1", 10)
    assert browser.started == []
    transfers._by_guid["1"].begun -= ORPHAN_SECONDS + 1
    browser.progress("1", 20)
    for cancel in browser.started:
        await cancel()
    assert browser.sent == [("Browser.cancelDownload", {"guid": "1"})]
    browser.begins("2")
    assert transfers.claim(URL, "x").guid == "2"


def test_a_transfer_of_a_user_s_function_is_left_alone(browser: FakeDevTools, transfers: Transfers) -> None:
    browser.begins("1")
    transfer = transfers.claim(URL, "x")
    transfer.leave()
    transfer.begun -= ORPHAN_SECONDS + 1
    browser.progress("1", 10)
    assert browser.started == []


def test_cleaning_up_leaves_complete_files_and_what_others_are_still_writing(
    browser: FakeDevTools, tmp_path: Path
) -> None:
    transfers = browser.serve(part_folder(tmp_path))
    complete, own = tmp_path / "complete.txt", transfers.folder / "1.crdownload"
    other, stale = (part_folder(tmp_path) / "2.crdownload" for _ in range(2))
    for path in (complete, own, other, stale):
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    long_ago = stale.stat().st_mtime - STALE_SECONDS - 60
    for path in (stale, stale.parent):
        os.utime(path, (long_ago, long_ago))
    transfers.clean_up()
    assert complete.exists()
    assert other.exists()
    assert not own.parent.exists()
    assert not stale.parent.exists()


@pytest.mark.parametrize("was_there", [True, False])
def test_a_folder_made_for_nothing_is_taken_away_again(browser: FakeDevTools, tmp_path: Path, was_there: bool) -> None:
    folder = tmp_path / "downloads"
    if was_there:
        folder.mkdir()
    transfers = browser.serve(part_folder(folder))
    transfers.folder.mkdir(parents=True)
    transfers.clean_up()
    assert folder.exists() == was_there
