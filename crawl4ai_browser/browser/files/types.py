"""Tells a file's media type by its first bytes. Pure.

The signatures are those of the WHATWG's MIME Sniffing Standard (https://mimesniff.spec.whatwg.org/, sections 6 and 7)
and, for what that leaves out, of the formats' own specifications. What has no signature (plain text, CSV) is believed
to be what the server calls it.
"""

from __future__ import annotations

import mimetypes
import re
from typing import NamedTuple

PDF = "application/pdf"

HEAD_BYTES = 4096
"""How much of a file is looked at. The longest offset is tar's, 257; a zip's telling names lie within its first KiB."""

UNTOLD_TYPES = frozenset(
    {
        "",
        "application/octet-stream",
        "binary/octet-stream",
        "application/x-download",
        "application/force-download",
        "application/download",
        "application/unknown",
        "unknown/unknown",
    }
)
"""What servers send when they do not know, or want a file to be saved: says nothing about what it is."""


class _Signature(NamedTuple):
    mime_type: str
    start: bytes
    offset: int = 0


_SIGNATURES = (
    _Signature(PDF, b"%PDF-"),
    _Signature("application/postscript", b"%!PS-Adobe-"),
    _Signature("image/png", b"\x89PNG\r\n\x1a\n"),
    _Signature("image/jpeg", b"\xff\xd8\xff"),
    _Signature("image/gif", b"GIF87a"),
    _Signature("image/gif", b"GIF89a"),
    _Signature("image/bmp", b"BM"),
    _Signature("image/tiff", b"II*\x00"),
    _Signature("image/tiff", b"MM\x00*"),
    _Signature("image/x-icon", b"\x00\x00\x01\x00"),
    _Signature("image/vnd.adobe.photoshop", b"8BPS"),
    _Signature("image/jxl", b"\x00\x00\x00\x0cJXL \r\n\x87\n"),
    _Signature("audio/mpeg", b"ID3"),
    _Signature("audio/flac", b"fLaC"),
    _Signature("audio/midi", b"MThd\x00\x00\x00\x06"),
    _Signature("application/ogg", b"OggS\x00"),
    _Signature("video/webm", b"\x1aE\xdf\xa3"),
    _Signature("video/x-flv", b"FLV\x01"),
    _Signature("video/mpeg", b"\x00\x00\x01\xba"),
    _Signature("application/gzip", b"\x1f\x8b\x08"),
    _Signature("application/zstd", b"\x28\xb5\x2f\xfd"),
    _Signature("application/x-bzip2", b"BZh"),
    _Signature("application/x-xz", b"\xfd7zXZ\x00"),
    _Signature("application/x-7z-compressed", b"7z\xbc\xaf\x27\x1c"),
    _Signature("application/vnd.rar", b"Rar!\x1a\x07"),
    _Signature("application/x-tar", b"ustar", 257),
    _Signature("font/woff", b"wOFF"),
    _Signature("font/woff2", b"wOF2"),
    _Signature("font/otf", b"OTTO"),
    _Signature("font/ttf", b"\x00\x01\x00\x00\x00"),
    _Signature("application/vnd.sqlite3", b"SQLite format 3\x00"),
    _Signature("application/vnd.apache.parquet", b"PAR1"),
    _Signature("application/x-hdf5", b"\x89HDF\r\n\x1a\n"),
    _Signature("application/wasm", b"\x00asm"),
    _Signature("application/x-elf", b"\x7fELF"),
    _Signature("application/vnd.microsoft.portable-executable", b"MZ"),
    _Signature("application/x-ole-storage", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    _Signature("application/rtf", b"{\\rtf"),
    _Signature("application/epub+zip", b"mimetypeapplication/epub+zip", 30),
    _Signature("application/vnd.oasis.opendocument.text", b"mimetypeapplication/vnd.oasis.opendocument.text", 30),
    _Signature(
        "application/vnd.oasis.opendocument.spreadsheet", b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet", 30
    ),
    _Signature(
        "application/vnd.oasis.opendocument.presentation",
        b"mimetypeapplication/vnd.oasis.opendocument.presentation",
        30,
    ),
)

_OOXML = "application/vnd.openxmlformats-officedocument"
_ZIP_MEMBERS = (
    (b"word/", f"{_OOXML}.wordprocessingml.document"),
    (b"xl/", f"{_OOXML}.spreadsheetml.sheet"),
    (b"ppt/", f"{_OOXML}.presentationml.presentation"),
    (b"META-INF/MANIFEST.MF", "application/java-archive"),
)
_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")

_CONTAINERS = frozenset({"application/zip", "application/x-ole-storage", "text/xml"})
"""Formats that others are made of (office documents, feeds): the server or the name may know which."""

_BRANDS = {b"avif": "image/avif", b"heic": "image/heic", b"mif1": "image/heif", b"qt  ": "video/quicktime"}
"""Of ISO base media files (ISO/IEC 14496-12, 4.3); every other is taken for MP4."""

_RIFF_FORMS = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}

_HTML = re.compile(rb"\s*(?:<!doctype\s+html|<html|<head|<body)\b", re.IGNORECASE)
_XML = re.compile(rb"\s*<\?xml\b")
_SVG = re.compile(rb"<svg[\s>]")

# Text files with a signature of their own type's kind would be mistaken otherwise: "BM", "MZ" and "ID3" are words too.
_WORDS = frozenset({b"BM", b"MZ", b"ID3", b"BZh", b"PAR1"})
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
"""Bytes that no text has (MIME Sniffing, 3.2: binary data bytes)."""


def type_of(head: bytes, *, content_type: str, name: str) -> str:
    """The media type: by the first bytes, else what the server says, else what the name's suffix stands for.

    `content_type` is without parameters. Never empty: `application/octet-stream` where nothing is known.
    """
    told = content_type if content_type not in UNTOLD_TYPES else ""
    found = sniffed(head)
    guessed = mimetypes.guess_type(name, strict=False)[0]
    if found in _CONTAINERS and told not in ("text/html", "text/plain"):
        return told or guessed or found
    if found:
        return found
    fallback = "text/plain" if head and not _BINARY.search(head) else "application/octet-stream"
    return told or guessed or fallback


def sniffed(head: bytes) -> str:
    """The media type that the first bytes tell, or nothing."""
    if head.startswith(_ZIP_STARTS):
        return _zip_type(head)
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "video/mp4")
    if head.startswith(b"RIFF"):
        return _RIFF_FORMS.get(head[8:12], "")
    for signature in _SIGNATURES:
        if head.startswith(signature.start, signature.offset) and _is_meant(signature, head):
            return signature.mime_type
    return _markup_type(head)


def _is_meant(signature: _Signature, head: bytes) -> bool:
    return signature.start not in _WORDS or bool(_BINARY.search(head))


def _zip_type(head: bytes) -> str:
    for signature in _SIGNATURES:
        if signature.offset == 30 and head.startswith(signature.start, 30):
            return signature.mime_type
    return next((mime_type for member, mime_type in _ZIP_MEMBERS if member in head), "application/zip")


def _markup_type(head: bytes) -> str:
    text = head.removeprefix(b"\xef\xbb\xbf")
    if _HTML.match(text):
        return "text/html"
    if _SVG.search(text) and text.lstrip().startswith(b"<"):
        return "image/svg+xml"
    return "text/xml" if _XML.match(text) else ""
