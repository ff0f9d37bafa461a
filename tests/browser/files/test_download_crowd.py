"""Many files at once, and a very large one."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import psutil
import pytest

from crawl4ai_browser.browser.pool import BrowserPool
from crawl4ai_browser.download import Download
from crawl4ai_browser.testing.site import Hit, Response, SiteServer, attachment, delayed
from tests.browser.downloading import Downloading, config_for, opened_pool

LARGE_BYTES = 1_000_000_000
MAX_GROWTH_BYTES = 50 * 2**20


@pytest.fixture(scope="module", autouse=True)
async def shell(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[BrowserPool]:
    async with opened_pool("headless_shell", config_for(tmp_path_factory.mktemp("shell"))) as pool:
        yield pool


def content_of(number: int) -> bytes:
    return hashlib.sha256(str(number).encode()).digest() * 3000


async def test_twenty_pages_with_files_of_one_name_each_get_their_own(
    shell: BrowserPool, site: SiteServer, tmp_path: Path
) -> None:
    def answer(hit: Hit) -> Response:
        return delayed(attachment(content_of(int(hit.path.rpartition("/")[2])), "same.bin"), 0.2)

    site.route("/crowd/*", answer)
    downloading = Downloading(shell, site, config_for(tmp_path / "files", timeout=15))
    records: dict[int, Download] = {}

    async def visit(number: int) -> None:
        records[number] = await downloading.file(f"/crowd/{number}")

    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(visit, number)
    for number, record in records.items():
        assert record.path is not None, record
        assert record.path.read_bytes() == content_of(number)
        assert record.sha256 == hashlib.sha256(content_of(number)).hexdigest()
        assert record.url == site.url(f"/crowd/{number}")
    assert downloading.left() == {"same.bin", *(f"same ({number}).bin" for number in range(2, 21))}
    assert downloading.under_way() == 0


@pytest.mark.timeout(60)  # four pages at a time: 3 s where nothing else runs
async def test_one_address_for_twenty_pages_at_once_is_twenty_records(
    shell: BrowserPool, site: SiteServer, tmp_path: Path
) -> None:
    site.route("/turns", lambda hit: delayed(attachment(content_of(hit.index), "same.bin"), 0.1))
    downloading = Downloading(shell, site, config_for(tmp_path / "files", timeout=50))
    records: list[Download] = []

    async def visit() -> None:
        records.append(await downloading.file("/turns"))

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(visit)
    assert [(record.state, record.reason) for record in records] == [("complete", "")] * 20
    contents = [record.path.read_bytes() for record in records if record.path]
    # A browser may ask once more by itself, on a connection that was closed under it.
    assert set(contents) <= {content_of(hit) for hit in range(40)}
    assert len(set(contents)) == 20
    for record, content in zip(records, contents, strict=True):
        assert record.sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.timeout(60)  # a gigabyte over a busy loopback
@pytest.mark.parametrize("as_file", [False, True], ids=["by the page", "by plain requests"])
async def test_a_very_large_file_leaves_memory_flat(
    shell: BrowserPool, site: SiteServer, tmp_path: Path, as_file: bool
) -> None:
    size = LARGE_BYTES if not as_file else LARGE_BYTES // 20
    downloading = Downloading(shell, site, config_for(tmp_path / "files", timeout=60))
    await downloading.file("/download/large?bytes=10000000", as_file=as_file)  # what is allocated once
    process = psutil.Process()
    before = process.memory_info().rss
    peak = before
    is_over = False

    async def watch() -> None:
        nonlocal peak
        while not is_over:
            peak = max(peak, process.memory_info().rss)
            await anyio.sleep(0.02)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(watch)
        record = await downloading.file(f"/download/large?bytes={size}", as_file=as_file)
        is_over = True
        assert (record.state, record.size_bytes) == ("complete", size)
    assert peak - before < MAX_GROWTH_BYTES, f"grew by {(peak - before) / 2**20:.0f} MiB"
