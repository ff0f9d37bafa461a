"""Decides what a file is called and where below the folder it goes. Pure.

Servers and pages choose names, so a name is hostile until shown to be harmless. What is kept of it is what every file
system can hold: Windows' reserved characters and device names
(https://learn.microsoft.com/windows/win32/fileio/naming-a-file), POSIX's slash and NUL, and 255 bytes.
"""

from __future__ import annotations

import mimetypes
import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from email.message import Message
from pathlib import PurePosixPath
from string import Formatter
from typing import NamedTuple
from urllib.parse import unquote

from crawl4ai_browser import urls
from crawl4ai_browser.frozen import well_formed

MAX_NAME_BYTES = 255
"""Of one name: NAME_MAX of ext4, XFS, Btrfs, APFS and tmpfs; NTFS takes 255 UTF-16 units, never more than bytes."""

MAX_FOLDERS = 20
"""Folders that a layout may make of one URL. Real paths have five; endless ones are traps."""

MAX_PATH_BYTES = 1024
"""Of the whole path below the folder. PATH_MAX is 4096 on Linux and 1024 on macOS."""

NAMELESS = "download"
"""The name of a file of whose name nothing is left. Chromium's own word for it."""

_MAX_SUFFIX_BYTES = 32
"""A longer suffix is no suffix: it is cut with the name."""

_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*]')
# Invisible, and able to show `exe.txt` for a name that ends in .exe (Unicode TR 36, 2.5).
_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]")
_DEVICE = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?", re.IGNORECASE)
# `.tar.gz` is one suffix. One that begins with a digit is a version (`report 2.1`).
_SUFFIX = re.compile(r"(?:\.tar)?\.[A-Za-z][A-Za-z0-9_+~-]*", re.IGNORECASE)


MAX_DISPOSITION_LENGTH = 4096
"""Characters of a Content-Disposition that are read, as reading takes the square of them. Names have 255 at most."""


class FileFacts(NamedTuple):
    """All that a layout may use."""

    url: str
    name: str
    session: str | None
    sha256: str
    mime_type: str
    day: datetime


def safe_name(name: str) -> str:
    """The name as every file system can hold it: one visible, ordinary name of at most 255 bytes. Unicode is kept."""
    name = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode("utf-8"))
    name = _UNSAFE.sub("_", _INVISIBLE.sub("", name)).strip().rstrip(". ")
    if name.startswith((".", "-", "~")):  # hidden, taken for an option, or for a home folder
        name = f"_{name[1:]}"
    if not name.strip("_"):
        name = NAMELESS
    if _DEVICE.fullmatch(name):
        name = f"_{name}"
    return with_mark(name, "")


def with_mark(name: str, mark: str) -> str:
    """The name with a mark before its suffix, shortened where needed: `report.pdf`, ` (2)` -> `report (2).pdf`."""
    stem, suffix = split_suffix(name)
    room = MAX_NAME_BYTES - len(mark.encode()) - len(suffix.encode())
    return _cut(stem, room) + mark + suffix


def split_suffix(name: str) -> tuple[str, str]:
    """The name as stem and suffix; `.tar.gz` is one suffix, and what is unlike one stays with the stem."""
    for start in _suffix_starts(name):
        suffix = name[start:]
        if start > 0 and _SUFFIX.fullmatch(suffix) and len(suffix) <= _MAX_SUFFIX_BYTES:
            return name[:start], suffix
    return name, ""


def _suffix_starts(name: str) -> Iterator[int]:
    last = name.rfind(".")
    if last > 0 and name[:last].lower().endswith(".tar"):
        yield last - len(".tar")
    if last > 0:
        yield last


def _cut(text: str, max_bytes: int) -> str:
    encoded = text.encode()
    if len(encoded) <= max_bytes:
        return text
    return encoded[:max_bytes].decode("utf-8", "ignore").rstrip(". ")


def name_of_answer(url: str, headers: dict[str, str]) -> str:
    """What the answer to a plain request suggests: by Content-Disposition (RFC 6266), else by the URL's path.

    A path without a suffix is given that of the media type, as browsers do.
    """
    message = Message()
    disposition = headers.get("content-disposition", "")[:MAX_DISPOSITION_LENGTH]
    message["Content-Disposition"] = well_formed(disposition)
    named = message.get_filename()  # decodes RFC 5987's filename* too, and prefers nothing: browsers write both alike
    if named:
        return named
    address = urls.take_apart(url)
    last = address.path.rstrip("/").rpartition("/")[2] if address else ""
    name = unquote(last) or NAMELESS
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    return name if split_suffix(name)[1] else f"{name}{mimetypes.guess_extension(content_type) or ''}"


def relative_path(layout: str, facts: FileFacts) -> PurePosixPath:
    """Where the file goes below the folder. Every part of it is a safe name, so it never leads out of the folder."""
    values = _layout_values(facts)
    parts = [part for part in _filled(layout, values).split("/") if part]
    safe = [safe_name(part) for part in parts] or [safe_name(facts.name)]
    folders, name = safe[:-1][:MAX_FOLDERS], safe[-1]
    while folders and len("/".join((*folders, name)).encode()) > MAX_PATH_BYTES:
        folders.pop()
    return PurePosixPath(*folders, name)


def _filled(layout: str, values: dict[str, str]) -> str:
    pieces: list[str] = []
    for literal, field, _, _ in Formatter().parse(layout):
        pieces.append(literal)
        if field is not None:
            pieces.append(values[field])
    return "".join(pieces)


def _layout_values(facts: FileFacts) -> dict[str, str]:
    name = safe_name(facts.name)
    stem, suffix = split_suffix(name)
    address = urls.take_apart(facts.url)
    host = address.host if address and address.scheme in urls.WEB_SCHEMES else urls.scheme(facts.url).rstrip(":")
    segments = address.path.split("/") if address and address.scheme in urls.WEB_SCHEMES else []
    path = "/".join(safe_name(unquote(segment)) for segment in segments if segment)
    return {
        "host": safe_name(host),
        "path": path if path and segments[-1] != "" else f"{path}/{name}".lstrip("/"),
        "name": name,
        "stem": stem,
        "suffix": suffix,
        "session": safe_name(facts.session) if facts.session else "anonymous",
        "date": facts.day.date().isoformat(),
        "sha256": facts.sha256,
        "type": safe_name(facts.mime_type.partition("/")[0] or "unknown"),
    }


def taken_names(name: str, sha256: str, *, when_taken: str) -> Iterator[str]:
    """The names to try when `name` lies there already, in order, without end."""
    if when_taken == "hash":
        yield with_mark(name, f"-{sha256[:8]}")
        yield with_mark(name, f"-{sha256}")
    number = 2
    while True:
        yield with_mark(name, f" ({number})")
        number += 1
