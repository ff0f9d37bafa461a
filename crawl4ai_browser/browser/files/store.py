"""FileStore: the folder that files end up in. All of it blocks: call it in a thread.

A file arrives under another name beside its place and is moved there when it is complete, by a hard link, which never
takes the place of what lies there already.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import sys
import threading
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

from crawl4ai_browser.browser.files.names import FileFacts, relative_path, split_suffix, taken_names, with_mark
from crawl4ai_browser.browser.files.types import HEAD_BYTES, type_of
from crawl4ai_browser.config import DownloadConfig
from crawl4ai_browser.download import Download

DEFAULT_FOLDER = Path("downloads")
"""Where files go when nothing is said, in the current folder."""

MANIFEST_NAME = "downloads.jsonl"
"""The list of all records, one a line."""

_MAX_NUMBER = 100_000
"""Equal names in one folder before giving up: each is a look at the disk."""

_SHORT_STEM_DIGITS = 32
"""Of a name that its file system finds too long (some encrypting ones take 143 bytes): digits of the content's hash."""


class Examined(NamedTuple):
    """What a complete file is."""

    size_bytes: int
    sha256: str
    mime_type: str


def examine(part: Path, *, content_type: str, name: str) -> Examined:
    """Read the file once.

    Raises:
        OSError: it can't be read.
    """
    with part.open("rb") as file:
        head = file.read(HEAD_BYTES)
        file.seek(0)
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        size_bytes = file.tell()
    return Examined(size_bytes, sha256, type_of(head, content_type=content_type, name=name))


def download_folder(config: DownloadConfig) -> Path:
    """The folder that files go into, absolute. It need not be there."""
    return (config.folder or DEFAULT_FOLDER).absolute()


def free_bytes(folder: Path) -> int:
    """What may still be written to the disk that holds the folder, or will hold it; any amount, where none is told."""
    try:
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        return shutil.disk_usage(folder).free
    except OSError:
        return sys.maxsize


def remove(*parts: Path) -> None:
    """Delete what is there of these."""
    for part in parts:
        with suppress(OSError):
            part.unlink(missing_ok=True)


class FileStore:
    """Puts complete files in their places, and lists all records. Used from several threads at once."""

    def __init__(self, config: DownloadConfig) -> None:
        """The folder is made when it is needed."""
        self.folder = download_folder(config)
        self._names = config.names
        self._lock = threading.Lock()
        self._places: dict[tuple[str, str], Path] = {}
        self._manifest_lock = threading.Lock()

    def keep(self, part: Path, facts: FileFacts) -> Path:
        """Move the file into its place, and say where that is.

        The same bytes from the same address are kept once: a page whose visit was repeated brings them again.

        Raises:
            OSError: it can't be moved; the part still lies where it was.
        """
        with self._lock:
            known = self._places.get(self._identity(facts))
            if known is not None and known.is_file():
                part.unlink()
                return known
            place = self._move(part, facts)
            self._places[self._identity(facts)] = place
            return place

    def _identity(self, facts: FileFacts) -> tuple[str, str]:
        return ("" if self._names.one_copy else facts.url, facts.sha256)

    def _move(self, part: Path, facts: FileFacts) -> Path:
        relative = relative_path(self._names.layout, facts)
        folder = _make_folders(self.folder, relative.parts[:-1])
        try:
            return self._move_as(relative.name, part, facts, folder=folder)
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:
                raise
        short = facts.sha256[:_SHORT_STEM_DIGITS] + split_suffix(relative.name)[1]
        return self._move_as(short, part, facts, folder=folder)

    def _move_as(self, name: str, part: Path, facts: FileFacts, *, folder: Path) -> Path:
        taken = islice(taken_names(name, facts.sha256, when_taken=self._names.when_taken), _MAX_NUMBER)
        for candidate in chain((name,), taken):
            place = folder / candidate
            if self._may_overwrite(place, part, facts):
                part.replace(place)
                return place
            with suppress(FileExistsError):
                _move_to_free_place(part, place)
                return place
        raise OSError(errno.EEXIST, "too many files of that name", name)

    def _may_overwrite(self, place: Path, part: Path, facts: FileFacts) -> bool:
        if self._names.when_taken != "overwrite_identical" or place.is_symlink() or not place.is_file():
            return False
        if place.stat().st_size != part.stat().st_size:
            return False
        with place.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == facts.sha256

    def list(self, record: Download) -> None:
        """Add the record to the manifest.

        Raises:
            OSError: it can't be written.
        """
        line = record.model_dump_json() + "\n"
        with self._manifest_lock:
            self.folder.mkdir(parents=True, exist_ok=True)
            # In one write at the end of the file, so that two crawls may share a folder.
            with (self.folder / MANIFEST_NAME).open("ab", buffering=0) as file:
                file.write(line.encode("utf-8", "replace"))

    def __repr__(self) -> str:
        """The folder."""
        return f"<FileStore {self.folder}, {len(self._places)} files>"


def _make_folders(root: Path, names: tuple[str, ...]) -> Path:
    """The folder below the root, made where it is missing. Where a file has its name, the folder is numbered."""
    root.mkdir(parents=True, exist_ok=True)
    folder = root
    for name in names:
        number = 1
        inner = folder / name
        while (inner.exists() or inner.is_symlink()) and (inner.is_symlink() or not inner.is_dir()):
            number += 1
            inner = folder / with_mark(name, f" ({number})")
        inner.mkdir(exist_ok=True)
        folder = inner
    return folder


def _move_to_free_place(part: Path, place: Path) -> None:
    """Move without ever replacing.

    Raises:
        FileExistsError: something lies there.
    """
    try:
        os.link(part, place)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV):
            raise
        # No hard links here (FAT, some network drives): an empty file holds the place first.
        os.close(os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        try:
            shutil.move(part, place)
        except OSError:
            remove(place)
            raise
    else:
        part.unlink()
