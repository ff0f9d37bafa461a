"""A folder as a site: which file a path means, and the answer for it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from crawl4ai_browser.testing.site_behaviours import ranged
from crawl4ai_browser.testing.site_requests import Hit
from crawl4ai_browser.testing.site_responses import Response

CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".xml": "application/xml",
    ".txt": "text/plain; charset=utf-8",
    ".md": "text/markdown; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".vtt": "text/vtt; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".wasm": "application/wasm",
    ".wav": "audio/wav",
    ".mp3": "audio/mpeg",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".pdf": "application/pdf",
    ".zip": "application/zip",
    ".gz": "application/gzip",
}
"""By suffix. A table of our own: `mimetypes` reads the machine's, and a site must be the same on every machine."""

KEPT_FILE_BYTES = 1024 * 1024
"""Larger files are read anew for each request; a site of pages and scripts stays in memory."""


@dataclass(frozen=True, slots=True)
class _KeptFile:
    """A file's answer, good while the file's time and size are these."""

    path: str
    modified_ns: int
    size_bytes: int
    response: Response


class StaticFolder:
    """Answers paths from the files below `folder`, and nothing outside it. Changed files are noticed."""

    def __init__(self, folder: Path) -> None:
        self._root = folder.resolve(strict=True)
        self._kept: dict[str, _KeptFile] = {}

    def answer(self, hit: Hit) -> Response:
        """The file, its index.html for a folder, 304 when the client's copy is current, else the folder's 404 page."""
        response = self._current(hit.path) or self._find(hit.path)
        if response.status != 200:
            return response
        if hit.headers.get("if-none-match") == response.header("ETag"):
            return Response(status=304, headers=response.headers)
        return ranged(response, hit) if "range" in hit.headers else response

    def not_found(self) -> Response:
        """The folder's own 404.html, or one line of text."""
        page = self._root / "404.html"
        if not page.is_file():
            return Response.text("404 Not Found", status=404)
        return Response(status=404, headers=(("Content-Type", CONTENT_TYPES[".html"]),), body=page.read_bytes())

    def _current(self, url_path: str) -> Response | None:
        kept = self._kept.get(url_path)
        if kept is None:
            return None
        try:
            stat = os.stat(kept.path)
        except OSError:
            return None
        is_current = (stat.st_mtime_ns, stat.st_size) == (kept.modified_ns, kept.size_bytes)
        return kept.response if is_current else None

    def _find(self, url_path: str) -> Response:
        path = self._file_path(unquote(url_path))
        if path is not None and path.is_dir() and not url_path.endswith("/"):
            return Response.redirect(url_path + "/", status=301)
        if path is not None and url_path.endswith("/"):
            path /= "index.html"
        if path is None or not path.is_file():
            return self.not_found()
        return self._read(url_path, path)

    def _file_path(self, url_path: str) -> Path | None:
        segments = url_path.removeprefix("/").removesuffix("/").split("/")
        if segments != [""] and any(_is_unsafe(segment) for segment in segments):
            return None
        path = self._root.joinpath(*segments)
        return path if path.resolve().is_relative_to(self._root) else None  # a symbolic link may lead outside

    def _read(self, url_path: str, path: Path) -> Response:
        stat = path.stat()
        headers = (
            ("Content-Type", CONTENT_TYPES.get(path.suffix.lower(), "application/octet-stream")),
            ("ETag", f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"'),
            ("Accept-Ranges", "bytes"),
            ("Cache-Control", "no-cache"),  # kept, but asked for again each time: tests change files
        )
        response = Response(headers=headers, body=path.read_bytes())
        if stat.st_size <= KEPT_FILE_BYTES:
            self._kept[url_path] = _KeptFile(str(path), stat.st_mtime_ns, stat.st_size, response)
        return response


def _is_unsafe(segment: str) -> bool:
    """Whether a part of a path could lead out of the folder, or be a second spelling of another path."""
    return segment in ("", ".", "..") or any(character in segment for character in "/\\\0")
