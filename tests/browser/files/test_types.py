"""What a file is, by its first bytes."""

from __future__ import annotations

import io
import tarfile
import zipfile

import pytest

from crawl4ai_browser.browser.files.types import HEAD_BYTES, sniffed, type_of
from crawl4ai_browser.testing.site_downloads import pdf_file

OOXML = "application/vnd.openxmlformats-officedocument"


def zip_of(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return buffer.getvalue()[:HEAD_BYTES]


def tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.txt"))
    return buffer.getvalue()[:HEAD_BYTES]


@pytest.mark.parametrize(
    ("head", "mime_type"),
    [
        (pdf_file("x"), "application/pdf"),
        (b"\x89PNG\r\n\x1a\n\0\0", "image/png"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
        (b"GIF89a\x01\0", "image/gif"),
        (b"RIFF\x24\0\0\0WEBPVP8 ", "image/webp"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "audio/wav"),
        (b"\0\0\0\x20ftypavif\0\0", "image/avif"),
        (b"\0\0\0\x18ftypmp42\0\0", "video/mp4"),
        (b"\x1f\x8b\x08\0", "application/gzip"),
        (b"7z\xbc\xaf\x27\x1c\0", "application/x-7z-compressed"),
        (b"BM\x36\0\0\0", "image/bmp"),
        (b"MZ\x90\0\x03\0", "application/vnd.microsoft.portable-executable"),
        (b"ID3\x04\0\0", "audio/mpeg"),
        (tar(), "application/x-tar"),
        (zip_of("readme.txt"), "application/zip"),
        (zip_of("[Content_Types].xml", "word/document.xml"), f"{OOXML}.wordprocessingml.document"),
        (zip_of("[Content_Types].xml", "xl/workbook.xml"), f"{OOXML}.spreadsheetml.sheet"),
        (b"\xef\xbb\xbf<!DOCTYPE html><title>x</title>", "text/html"),
        (b"\n <HTML lang=de>", "text/html"),
        (b"<?xml version='1.0'?><feed/>", "text/xml"),
        (b"<?xml version='1.0'?><svg xmlns='x'/>", "image/svg+xml"),
        (b"name,metres\nHollow,610\n", ""),
        (b"BMW,Munich\n", ""),
        (b"MZ is a code", ""),
        (b"", ""),
    ],
)
def test_the_first_bytes_tell_the_type(head: bytes, mime_type: str) -> None:
    assert sniffed(head) == mime_type


@pytest.mark.parametrize(
    ("head", "content_type", "name", "mime_type"),
    [
        (b"%PDF-1.7", "text/html", "x.html", "application/pdf"),
        (b"%PDF-1.7", "application/octet-stream", "x", "application/pdf"),
        (b"a,b\n1,2\n", "text/csv", "x", "text/csv"),
        (b"a,b\n1,2\n", "application/octet-stream", "x.csv", "text/csv"),
        (b"a,b\n1,2\n", "", "x", "text/plain"),
        (b"\0\1\2\3", "", "x", "application/octet-stream"),
        (b"", "", "x", "application/octet-stream"),
        (b"", "text/plain", "x", "text/plain"),
        (b"<html>sign in", "application/pdf", "x.pdf", "text/html"),
        (b"PK\x03\x04", "application/epub+zip", "x", "application/epub+zip"),
        (b"PK\x03\x04", "", "x.apk", "application/vnd.android.package-archive"),
        (b"PK\x03\x04", "text/html", "x.html", "application/zip"),
        (b"<?xml version='1.0'?><rss/>", "application/rss+xml", "x", "application/rss+xml"),
    ],
)
def test_bytes_come_before_the_header_and_the_header_before_the_name(
    head: bytes, content_type: str, name: str, mime_type: str
) -> None:
    assert type_of(head, content_type=content_type, name=name) == mime_type
