"""Markdown: a file a page in a folder, or one stream of pages on standard output."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import anyio
from anyio import to_thread

from crawl4ai_browser import urls
from crawl4ai_browser.errors import ConfigError, SinkError
from crawl4ai_browser.sinks.front_matter import MarkdownForm, page_text
from crawl4ai_browser.sinks.output import already_there
from crawl4ai_browser.sinks.record_file import RecordFile

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from crawl4ai_browser.result import CrawlResult
    from crawl4ai_browser.sinks.sink import IfExists

_SLUG_BYTES = 160
"""With the fingerprint it stays below the 255 bytes that file systems allow a name, and leaves room for the folder in
the 260 characters that Windows allows a path."""

_FINGERPRINT_DIGITS = 12
"""48 bits, to tell apart pages whose paths look alike: two of 100,000 such share them in one crawl of 50,000."""

_NOT_IN_NAMES = re.compile(r"[^\w.]+")
"""Everything but letters of any script, digits, underscores and dots."""

_WINDOWS_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)")
"""Names that Windows takes for a device, whatever follows the dot."""


class MarkdownFolderSink:
    """One `.md` file a page: `<host>/<path>-<fingerprint>.md` below a folder, with YAML front matter.

    A page has the same name in every crawl, so a page that comes again replaces its file, in one step. A page that
    failed has a file too, which says why. `overwrite` and `append` both leave other files alone.
    """

    def __init__(self, folder: Path | str, *, form: MarkdownForm = "markdown", if_exists: IfExists = "refuse") -> None:
        """`form` is the field of the result that becomes the text."""
        self.folder = Path(folder)
        self._form: MarkdownForm = form
        self._if_exists: IfExists = if_exists
        self._turn = anyio.Lock()

    async def __aenter__(self) -> Self:
        """Make the folder, but not the one above it.

        Raises:
            ConfigError: it can't be made, is a file, or holds something and may not be touched.
        """
        await to_thread.run_sync(self._open)
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        """Nothing: every file is complete."""

    async def write(self, result: CrawlResult) -> None:
        """Write the page's file.

        Raises:
            SinkError: it could not be written.
        """
        async with self._turn:
            await to_thread.run_sync(self._write, result)

    def _open(self) -> None:
        try:
            if not self.folder.parent.is_dir():
                raise ConfigError(f"the folder of {str(self.folder)!r} does not exist")
            if self.folder.exists() and not self.folder.is_dir():
                raise ConfigError(f"{str(self.folder)!r} is a file; Markdown pages go to a folder")
            self.folder.mkdir(exist_ok=True)
            holds_something = next(self.folder.iterdir(), None) is not None
        except OSError as error:
            raise ConfigError(f"can't write to {str(self.folder)!r}: {error.strerror}") from error
        if holds_something and self._if_exists == "refuse":
            raise already_there(self.folder)

    def _write(self, result: CrawlResult) -> None:
        path = self.folder / page_path(result)
        # Begins with a dot: tools that read the folder meanwhile pass it over.
        unfinished = path.with_name(f".{path.name}.part")
        try:
            path.parent.mkdir(exist_ok=True)
            unfinished.write_text(page_text(result, self._form), encoding="utf-8", newline="\n")
            unfinished.replace(path)
        except OSError as error:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
            raise SinkError(f"can't write {str(path)!r}: {error.strerror}", phase="store") from error

    def __repr__(self) -> str:
        """Where it writes."""
        return f"<MarkdownFolderSink {str(self.folder)}>"


class MarkdownStreamSink:
    """Pages one after the other on standard output, each beginning with its front matter."""

    def __init__(self, *, form: MarkdownForm = "markdown") -> None:
        """`form` is the field of the result that becomes the text."""
        self._form: MarkdownForm = form
        self._file = RecordFile(None)

    async def __aenter__(self) -> Self:
        """Begin."""
        await self._file.open()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        """End; standard output stays open."""
        await self._file.close()

    async def write(self, result: CrawlResult) -> None:
        """Write the page.

        Raises:
            SinkError: it could not be written.
        """
        await self._file.write(partial(_streamed, result, self._form))

    def __repr__(self) -> str:
        """Where it writes."""
        return f"<MarkdownStreamSink {self._file!r}>"


def page_path(result: CrawlResult) -> Path:
    """Where a page lies below the folder: readable, unlike every other page's, and valid on every file system."""
    path = unquote(_path(result.url), errors="replace")
    slug = _name(path).encode("utf-8")[:_SLUG_BYTES].decode("utf-8", "ignore").strip("-.") or "index"
    host = _name(urls.origin(result.url).partition("://")[2]) or "local"
    folder = f"_{host}" if _WINDOWS_DEVICE.match(host) else host
    return Path(folder, f"{slug}-{result.fingerprint[:_FINGERPRINT_DIGITS]}.md")


def _path(url: str) -> str:
    """Between the host and the query."""
    return url.partition("://")[2].partition("#")[0].partition("?")[0].partition("/")[2]


def _name(text: str) -> str:
    return _NOT_IN_NAMES.sub("-", text).strip("-.").lower()


def _streamed(result: CrawlResult, form: MarkdownForm) -> bytes:
    return (page_text(result, form) + "\n").encode("utf-8")
