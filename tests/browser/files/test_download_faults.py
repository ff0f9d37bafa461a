"""Files that break off, never end, are too large or unwanted: the true outcome, and nothing left of them."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import anyio
import pytest

from crawl4ai_browser.browser.files import resume
from crawl4ai_browser.browser.pool import BrowserPool
from crawl4ai_browser.config import FileFilter
from crawl4ai_browser.download import DownloadState
from crawl4ai_browser.errors import BrowserCrashed, DownloadError, DownloadRefused
from crawl4ai_browser.events import DownloadFinished, DownloadProgress, DownloadStarted
from crawl4ai_browser.testing.site import (
    Hit,
    Response,
    SiteServer,
    attachment,
    endless,
    ranged,
    reset_after,
    with_headers,
)
from crawl4ai_browser.testing.site_downloads import REPORT
from tests.browser.downloading import Downloading, config_for, opened_pool, page_with

LARGE = bytes(range(251)) * 12_000
"""3 MB: more than what lies in the buffers between server and disk."""


@pytest.fixture(scope="module", autouse=True)
async def shell(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[BrowserPool]:
    async with opened_pool("headless_shell", config_for(tmp_path_factory.mktemp("shell"))) as pool:
        yield pool


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken files are asked for again soon."""
    monkeypatch.setattr(resume, "FIRST_DELAY", 0.05)


@pytest.fixture
def downloading(shell: BrowserPool, site: SiteServer, tmp_path: Path) -> Iterator[Downloading]:
    """With the deadlines of `config_for`; other settings by `with_settings`."""
    made = Downloading(shell, site, config_for(tmp_path / "files"))
    yield made
    assert made.under_way() == 0


def with_settings(downloading: Downloading, **settings: object) -> Downloading:
    return downloading.with_config(config_for(downloading.folder, **settings))


# --- transfers that break


@pytest.mark.parametrize(
    ("path", "state", "received"),
    [("truncated", "truncated", len(REPORT)), ("reset", "truncated", 5000), ("stalled", "timed_out", 5000)],
)
async def test_a_file_that_stops_in_the_middle_is_not_kept(
    downloading: Downloading, path: str, state: DownloadState, received: int
) -> None:
    downloading = with_settings(downloading, timeout=1.5)
    download = await downloading.file(f"/download/{path}")
    assert (download.state, download.size_bytes, download.path) == (state, received, None)
    assert download.status == 200
    assert isinstance(downloading.error, DownloadError)
    assert not isinstance(downloading.error, DownloadRefused)
    assert downloading.left() == set()


async def test_a_file_that_never_ends_is_given_up_at_its_deadline(downloading: Downloading) -> None:
    downloading = with_settings(downloading, timeout=1)
    download = await downloading.file("/download/endless")
    assert (download.state, download.reason) == ("timed_out", "not complete within 1 s")
    assert (download.size_bytes or 0) > 1000
    assert downloading.left() == set()


async def test_a_deadline_passes_while_the_page_is_still_visited(downloading: Downloading, site: SiteServer) -> None:
    script = "document.getElementById('start').click(); setInterval(() => document.body.append('x '), 20)"
    page = f"<!doctype html><body><p>text</p><a id=start href=/download/endless>x</a><script>{script}</script></body>"
    site.route("/restless", Response.html(page))
    downloading = with_settings(downloading, timeout=0.5)
    snapshot = await downloading.fetch("/restless")
    assert snapshot.html is not None
    assert [download.state for download in snapshot.downloads] == ["timed_out"]
    assert downloading.left() == set()


# --- files that are not wanted


async def test_an_announced_size_over_the_cap_is_refused_before_the_bytes_come(
    downloading: Downloading, site: SiteServer
) -> None:
    downloading = with_settings(downloading, max_bytes=2_000_000)
    download = await downloading.file("/download/large?bytes=500000000")
    assert download.state == "too_large"
    assert (download.size_bytes or 0) < 400_000_000
    assert isinstance(downloading.error, DownloadRefused)
    assert downloading.left() == set()


async def test_a_cap_holds_while_bytes_arrive_unannounced(downloading: Downloading, site: SiteServer) -> None:
    site.route("/flood.txt", endless(b"flood " * 2000, interval=0.01, headers=attachment(b"", "flood.txt").headers))
    downloading = with_settings(downloading, max_bytes=100_000, timeout=30)
    with anyio.fail_after(10):
        download = await downloading.file("/flood.txt")
    assert download.state == "too_large"
    assert 100_000 < (download.size_bytes or 0) < 5_000_000
    assert downloading.left() == set()


async def test_the_cap_of_the_crawl_counts_all_its_files(downloading: Downloading) -> None:
    downloading = with_settings(downloading, max_crawl_bytes=len(REPORT) + 100)
    states = [(await downloading.file(f"/download/{path}")).state for path in ("attachment", "pdf", "csv")]
    assert states == ["complete", "too_large", "complete"]
    assert downloading.left() == {"report.txt", "csv.csv"}


@pytest.mark.parametrize(
    ("path", "accept", "reason"),
    [
        ("/download/csv", FileFilter(suffixes=("pdf",)), "'csv.csv' has none of the suffixes pdf"),
        ("/download/csv", FileFilter(refused_types=("text/*",)), "files of type text/csv are refused"),
        ("/disguised", FileFilter(types=("application/pdf",)), "text/html is none of the types application/pdf"),
        ("/download/csv", FileFilter(min_bytes=1000), "33 bytes, at least 1000"),
        (
            "/download/endless",
            FileFilter(types=("application/pdf",)),
            "text/plain is none of the types application/pdf",
        ),
    ],
)
async def test_what_the_filter_does_not_want_is_not_kept(
    downloading: Downloading, site: SiteServer, path: str, accept: FileFilter, reason: str
) -> None:
    site.route("/disguised", attachment(b"<!doctype html><title>sign in</title>", "plan.pdf"))
    downloading = with_settings(downloading, accept=accept)
    with anyio.fail_after(10):
        download = await downloading.file(path)
    assert (download.state, download.reason) == ("refused", reason)
    assert isinstance(downloading.error, DownloadRefused)
    assert downloading.left() == set()


async def test_a_file_that_would_leave_too_little_room_is_refused(downloading: Downloading) -> None:
    downloading = with_settings(downloading, min_free_bytes=2**60)
    download = await downloading.file("/download/attachment")
    assert download.state == "disk_full"
    assert downloading.error is not None
    assert downloading.error.blame == "machine"
    assert downloading.left() == set()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], capture_output=True, check=False)
    if mount.returncode:
        pytest.skip(f"no small file system can be mounted here: {mount.stderr.decode().strip()}")
    yield disk
    subprocess.run(["umount", disk], check=True)


@pytest.mark.parametrize("is_announced", [True, False])
async def test_a_full_disk_is_told_from_a_broken_transfer(
    small_disk: Path, site: SiteServer, is_announced: bool
) -> None:
    flood = attachment(b"", "flood.txt").headers
    answer = attachment(LARGE, "large.bin") if is_announced else endless(b"flood " * 5000, headers=flood)
    site.route("/too-much", answer)
    config = config_for(small_disk / "files", resume_attempts=2)
    async with opened_pool("headless_shell", config) as pool:
        downloading = Downloading(pool, site, config)
        # The free space is not asked for, so that the disk really fills up.
        downloading.trust_the_disk()
        download = await downloading.file("/too-much")
        assert download.state == "disk_full", download.reason
        assert downloading.left() == set()
        assert (await downloading.file("/download/attachment")).state == "complete"


# --- ends from outside


async def test_a_cancelled_visit_leaves_nothing_of_its_file(downloading: Downloading) -> None:
    arriving = anyio.Event()
    downloading.on_event(lambda event: arriving.set() if isinstance(event, DownloadProgress) else None)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(downloading.fetch, "/download/endless")
        await arriving.wait()
        assert downloading.left() != set()
        tasks.cancel_scope.cancel()
    assert downloading.left() == set()
    assert downloading.under_way() == 0
    assert (await downloading.file("/download/attachment")).state == "complete"


async def test_a_session_that_is_closed_cancels_its_files(downloading: Downloading, shell: BrowserPool) -> None:
    states: list[DownloadState] = []

    async def visit() -> None:
        states.append((await downloading.file("/download/endless", session="brief")).state)

    arriving = anyio.Event()
    downloading.on_event(lambda event: arriving.set() if isinstance(event, DownloadProgress) else None)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(visit)
        await arriving.wait()
        await shell.close_session(shell.session("brief"))
    assert states == ["cancelled"]
    assert downloading.left() == set()


async def test_a_browser_that_dies_under_a_file_is_no_fault_of_the_file(site: SiteServer, tmp_path: Path) -> None:
    config = config_for(tmp_path / "files")
    async with opened_pool("headless_shell", config) as pool:
        downloading = Downloading(pool, site, config)
        arriving = anyio.Event()
        downloading.on_event(lambda event: arriving.set() if isinstance(event, DownloadProgress) else None)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(downloading.fetch, "/download/endless")
            await arriving.wait()
            for process in pool._browsers[0].processes:
                process.kill()
        assert isinstance(downloading.error, BrowserCrashed)
        assert (await downloading.file("/download/attachment")).state == "complete"
    assert downloading.left() == {"report.txt"}


# --- going on where it stopped


def breaking(
    site: SiteServer, path: str, content: bytes, *headers: tuple[str, str], sent_bytes: int = 2_000_000
) -> None:
    """The first GET breaks off; ranges are given to those that come after."""
    whole = with_headers(attachment(content, "large.bin"), ("Accept-Ranges", "bytes"), *headers)

    def answer(hit: Hit) -> Response:
        return reset_after(whole, sent_bytes=sent_bytes) if hit.index == 0 else ranged(whole, hit)

    site.route(path, answer)


async def test_a_broken_file_is_continued_where_it_stopped(downloading: Downloading, site: SiteServer) -> None:
    breaking(site, "/breaking", LARGE, ("ETag", '"v1"'))
    site.reset_hits()
    download = await with_settings(downloading, resume_attempts=1).file("/breaking")
    assert (download.state, download.sha256) == ("complete", hashlib.sha256(LARGE).hexdigest())
    *_, last = site.hits
    start = int(last.headers["range"].removeprefix("bytes=").partition("-")[0])
    assert 0 < start <= 2_000_000
    assert last.headers["if-match"] == '"v1"'
    assert downloading.left() == {"large.bin"}


async def test_without_a_validator_a_broken_file_is_fetched_from_its_beginning(
    downloading: Downloading, site: SiteServer
) -> None:
    breaking(site, "/breaking-blindly", LARGE)
    site.reset_hits()
    download = await with_settings(downloading, resume_attempts=1).file("/breaking-blindly")
    assert (download.state, download.sha256) == ("complete", hashlib.sha256(LARGE).hexdigest())
    assert site.hits[-1].headers["range"].startswith("bytes=0-")


async def test_a_file_that_has_changed_meanwhile_is_not_spliced(downloading: Downloading, site: SiteServer) -> None:
    old, new = (
        with_headers(attachment(LARGE[::step], "x.bin"), ("ETag", f'"v{step}"'), ("Accept-Ranges", "bytes"))
        for step in (1, -1)
    )

    def answer(hit: Hit) -> Response:
        if hit.index == 0:
            return reset_after(old, sent_bytes=2_000_000)
        return Response(status=412) if hit.headers.get("if-match") == '"v1"' else ranged(new, hit)

    site.route("/changing", answer)
    download = await with_settings(downloading, resume_attempts=2).file("/changing")
    assert (download.state, download.sha256) == ("complete", hashlib.sha256(LARGE[::-1]).hexdigest())


async def test_going_on_carries_the_session_s_cookies(downloading: Downloading, site: SiteServer) -> None:
    whole = with_headers(attachment(LARGE, "x.bin"), ("ETag", '"v1"'), ("Accept-Ranges", "bytes"))

    def answer(hit: Hit) -> Response:
        if hit.cookies().get("who") != "alice":
            return Response.text("who are you?", status=403)
        return reset_after(whole, sent_bytes=2_000_000) if hit.index == 0 else ranged(whole, hit)

    site.route("/private-file", answer)
    downloading = with_settings(downloading, resume_attempts=1)
    await downloading.fetch("/set-cookie?name=who&value=alice", session="alice")
    assert (await downloading.file("/private-file", session="alice")).state == "complete"
    assert (await downloading.fetch("/private-file", session="bob")).status == 403


async def test_a_broken_file_whose_server_gives_no_ranges_is_truncated(
    downloading: Downloading, site: SiteServer
) -> None:
    site.route("/no-ranges", reset_after(attachment(LARGE * 2, "x.bin"), sent_bytes=2_000_000))
    download = await with_settings(downloading, resume_attempts=1).file("/no-ranges")
    assert download.state == "truncated"
    assert downloading.left() == set()


async def test_a_form_s_answer_is_not_asked_for_again(downloading: Downloading, site: SiteServer) -> None:
    site.route("/posted-broken", reset_after(attachment(REPORT, "x.txt"), sent_bytes=5000))
    site.route("/posting", page_with("document.forms[0].submit()", "<form method=post action=/posted-broken></form>"))
    site.reset_hits()
    snapshot = await with_settings(downloading, resume_attempts=1).fetch("/posting")
    assert [download.state for download in snapshot.downloads] == ["truncated"]
    assert {hit.method for hit in site.hits if hit.path == "/posted-broken"} == {"POST"}


# --- records


async def test_every_record_stands_in_the_manifest(downloading: Downloading) -> None:
    downloading = with_settings(downloading, manifest=True, max_bytes=len(REPORT))
    for path in ("attachment", "missing", "large?bytes=100000", "csv"):
        await downloading.fetch(f"/download/{path}")
    lines = (downloading.folder / "downloads.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    assert [record["state"] for record in records] == ["complete", "http_error", "too_large", "complete"]
    assert records[0]["sha256"] == hashlib.sha256(REPORT).hexdigest()


async def test_events_tell_of_a_file_from_start_to_end(downloading: Downloading, site: SiteServer) -> None:
    downloading = with_settings(downloading, timeout=1.6)
    await downloading.fetch("/download/endless")
    first, *progress, last = downloading.events
    assert isinstance(first, DownloadStarted)
    assert first.name == "report.txt"
    received = [event.received_bytes for event in progress if isinstance(event, DownloadProgress)]
    assert len(received) == len(progress) >= 1, "twice a second, where the machine comes to it"
    assert received == sorted(received)
    assert isinstance(last, DownloadFinished)
    assert last.download.state == "timed_out"


async def test_a_visit_that_is_repeated_leaves_one_file(downloading: Downloading) -> None:
    first, second = [await downloading.file("/download/attachment") for _ in range(2)]
    assert first.path == second.path
    assert downloading.left() == {"report.txt"}


async def test_a_folder_that_cannot_be_written_is_said_so(downloading: Downloading, tmp_path: Path) -> None:
    (tmp_path / "a file").write_text("in the way")
    downloading = downloading.with_config(config_for(tmp_path / "a file" / "files"))
    download = await downloading.file("/download/attachment")
    assert download.state == "cancelled"
    assert "could not be stored" in download.reason
    assert downloading.left() == set()
