"""The user's cache folder, and the driver's compiled code in it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from crawl4ai_browser.browser.launch import Driver
from crawl4ai_browser.browser.provisioning.user_cache import cache_folder, compiled_in, node_folder


@pytest.mark.parametrize(
    ("platform", "environ", "expected"),
    [
        ("linux", {"XDG_CACHE_HOME": "/caches"}, "/caches/crawl4ai-browser"),
        ("linux", {"HOME": "/home/me"}, "~/.cache/crawl4ai-browser"),
        ("darwin", {}, "~/Library/Caches/crawl4ai-browser"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/crawl4ai-browser"),
        ("win32", {}, "~/AppData/Local/crawl4ai-browser"),
    ],
)
def test_each_system_has_its_place(platform: str, environ: dict[str, str], expected: str) -> None:
    assert cache_folder(environ, platform) == Path(expected).expanduser()


def test_what_node_compiles_is_kept_where_nobody_else_writes(tmp_path: Path) -> None:
    folder = node_folder({"XDG_CACHE_HOME": str(tmp_path)})
    assert folder is not None
    assert folder == tmp_path / "crawl4ai-browser" / "node"
    assert folder.is_dir()
    if sys.platform == "win32":
        return
    assert folder.stat().st_mode & 0o777 == 0o700
    for shared in (folder, folder.parent):
        shared.chmod(0o770)
        assert node_folder({"XDG_CACHE_HOME": str(tmp_path)}) is None
        shared.chmod(0o700)


def test_no_place_for_it_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert node_folder({"XDG_CACHE_HOME": str(tmp_path / "file")}) is None
    environ: dict[str, str] = {}
    with compiled_in(None, environ):
        assert environ == {}


def test_what_the_user_has_set_stands(tmp_path: Path) -> None:
    environ = {"NODE_COMPILE_CACHE": "/mine"}
    with compiled_in(tmp_path, environ):
        assert environ == {"NODE_COMPILE_CACHE": "/mine"}
    assert environ == {"NODE_COMPILE_CACHE": "/mine"}
    del environ["NODE_COMPILE_CACHE"]
    with compiled_in(tmp_path, environ):
        assert environ == {"NODE_COMPILE_CACHE": str(tmp_path)}
    assert environ == {}


@pytest.mark.anyio
async def test_a_driver_keeps_its_compiled_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("NODE_COMPILE_CACHE", raising=False)
    driver = await Driver.start(30.0)
    await driver.stop()
    kept = [path for path in (tmp_path / "crawl4ai-browser" / "node").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in kept) > 100_000
