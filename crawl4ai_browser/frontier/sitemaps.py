"""Sitemaps: the URLs that a site lists itself, read as the bytes come. No tree is built, so memory does not grow.

Takes what https://www.sitemaps.org/protocol.html allows (urlset, index, RSS, Atom and plain text, with or without
gzip), and what sites make of it: bare ampersands, wrong namespaces, dates of many forms, documents that end too early.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal, NamedTuple

from lxml import etree

from crawl4ai_browser import urls
from crawl4ai_browser.errors import ExtractError

MAX_BYTES = 4 * 50 * 2**20
"""Of one sitemap, unpacked. The protocol's limit is 50 MiB; four times that is no sitemap but a trap."""

_PIECE = 2**16
_GZIP = 31
"""`wbits` of zlib for gzip with the largest window."""
_MAX_TEXT = 4 * urls.MAX_URL_LENGTH
"""Characters kept of one element: no URL is longer, and an endless text must not fill the memory."""


class SitemapEntry(NamedTuple):
    """A URL of a sitemap, absolute."""

    url: str
    kind: Literal["page", "sitemap"] = "page"
    """`sitemap`: another one, listed by an index."""
    modified: datetime | None = None
    """When the page changed last, as the site says; UTC where it names no zone."""
    alternates: tuple[str, ...] = ()
    """The page in other languages."""


def read_sitemap(chunks: Iterable[bytes], *, base_url: str) -> Iterator[SitemapEntry]:
    """The entries of a sitemap in document order, each as soon as its bytes have come.

    `base_url` is the sitemap's own, which relative URLs are held against. What is no sitemap (an HTML page that says
    "not found") has no entries. URLs that are none, or not of the web, are left out.

    Raises:
        ExtractError: it is packed and cannot be unpacked, or larger than `MAX_BYTES`. The entries before were given.
    """
    pieces = _limited(_unpacked(chunks))
    start = b""
    for piece in pieces:
        start += piece
        if len(start.lstrip(_BLANK)) >= len(_UTF_16[0]):
            break
    found = _entries_of_xml if _looks_like_xml(start) else _entries_of_text
    for entry in found(_again(start, pieces)):
        url = urls.join(base_url, entry.url)
        if url is not None and urls.is_web(url):
            yield entry._replace(url=url)


# --- bytes

_BLANK = b" \t\r\n\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def _looks_like_xml(start: bytes) -> bool:
    return start.startswith(_UTF_16) or start.lstrip(_BLANK).startswith(b"<")


def _again(start: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield start
    yield from rest


def _unpacked(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The bytes without gzip, which is known by its first two."""
    source = iter(chunks)
    start = b""
    for chunk in source:
        start += chunk
        if len(start) >= 2:
            break
    whole = _again(start, source)
    return _gunzipped(whole) if start.startswith(b"\x1f\x8b") else whole


def _gunzipped(chunks: Iterator[bytes]) -> Iterator[bytes]:
    unpacker = _Unpacker()
    try:
        for chunk in chunks:
            rest = chunk
            while rest:
                piece, rest = unpacker.unpack(rest)
                yield piece
        yield unpacker.flush()
    except zlib.error as error:
        raise ExtractError(f"the sitemap's gzip is broken: {error}", phase="extract", blame="site") from error


class _Unpacker:
    """Undoes gzip, of which a file may be several parts put together (RFC 1952, 2.2)."""

    def __init__(self) -> None:
        self._part = zlib.decompressobj(wbits=_GZIP)

    def unpack(self, data: bytes) -> tuple[bytes, bytes]:
        """What the beginning of `data` unpacks to, and the rest of it."""
        if self._part.eof:
            if not data.strip(b"\0"):
                return b"", b""  # padding
            self._part = zlib.decompressobj(wbits=_GZIP)
        piece = self._part.decompress(data, _PIECE)
        return piece, self._part.unconsumed_tail or self._part.unused_data

    def flush(self) -> bytes:
        """What is still held back at the end."""
        return self._part.flush()


def _limited(pieces: Iterator[bytes]) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > MAX_BYTES:
            raise ExtractError(f"the sitemap has more than {MAX_BYTES} bytes", phase="extract", blame="site")
        yield piece


# --- plain text


def _entries_of_text(pieces: Iterator[bytes]) -> Iterator[SitemapEntry]:
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield from _entry_of_line(line)
        rest = rest[:_MAX_TEXT]
    yield from _entry_of_line(rest)


def _entry_of_line(line: bytes) -> Iterator[SitemapEntry]:
    text = line.decode("utf-8", "replace").strip().lstrip("\ufeff")
    if urls.is_web(text):
        yield SitemapEntry(text)


# --- XML


def _entries_of_xml(pieces: Iterator[bytes]) -> Iterator[SitemapEntry]:
    listener = _Listener()
    target: Any = listener  # lxml asks for each method whether it is there; its stubs want them all
    parser = etree.XMLParser(
        target=target, recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    for piece in _with_ampersands(pieces):
        try:
            parser.feed(piece)
        except etree.XMLSyntaxError:  # beyond recovery; what was understood stands
            return
        yield from listener.take()
        if listener.is_page:
            return


_MARK = re.compile(rb"<!\[CDATA\[|\]\]>|&(?!(?:#[0-9]{1,7}|#x[0-9a-fA-F]{1,6}|amp|lt|gt|quot|apos);)")
_LONGEST_MARK = 12


def _with_ampersands(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Bare ampersands escaped, which libxml2's recovery would cut out of a URL.

    Entities that a document declares itself are taken for such: they become text, and cannot grow.
    """
    is_raw = False

    def mend(mark: re.Match[bytes]) -> bytes:
        nonlocal is_raw
        if mark.group() != b"&":
            is_raw = mark.group() == b"<![CDATA["
            return mark.group()
        return b"&" if is_raw else b"&amp;"

    rest, is_wide = b"", None
    for piece in pieces:
        rest += piece
        if is_wide is None:
            is_wide = rest.startswith(_UTF_16)
        if is_wide:
            yield rest
            rest = b""
            continue
        # A mark may be cut in two: what may be the beginning of one waits for the next piece.
        tail = max(len(rest) - _LONGEST_MARK, 0)
        cut = min((found for found in (rest.find(mark, tail) for mark in (b"&", b"<", b"]")) if found >= 0), default=-1)
        ready, rest = (rest, b"") if cut < 0 else (rest[:cut], rest[cut:])
        yield _MARK.sub(mend, ready)
    yield _MARK.sub(mend, rest)


class _Listener:
    """Hears the parser's events and keeps no more than one entry at a time, and those that are complete."""

    def __init__(self) -> None:
        self.is_page = False
        self._path: list[str] = []
        self._text = ""
        self._url = ""
        self._modified = ""
        self._alternates: list[str] = []
        self._complete: list[SitemapEntry] = []

    def take(self) -> list[SitemapEntry]:
        """The entries that were completed since the last call."""
        complete, self._complete = self._complete, []
        return complete

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        name = _local(tag)
        if not self._path and name == "html":
            self.is_page = True
        self._path.append(name)
        self._text = ""
        if name in _ENTRIES:
            self._url, self._modified, self._alternates = "", "", []
        elif name == "link" and "href" in attributes:
            self._hear_link(attributes)

    def _hear_link(self, attributes: Mapping[str, str]) -> None:
        """`<link rel="alternate" href="...">`: an Atom entry's page, or another language of a urlset's."""
        parent = self._path[-2] if len(self._path) > 1 else ""
        relation = attributes.get("rel", "alternate")
        if parent == "url" and relation == "alternate":
            self._alternates.append(attributes["href"])
        elif parent == "entry" and relation == "alternate" and not self._url:
            self._url = attributes["href"]

    def data(self, text: str) -> None:
        """Text, in pieces."""
        if len(self._text) < _MAX_TEXT:
            self._text += text

    def end(self, tag: str) -> None:
        """An element has ended."""
        name = _local(tag)
        if self._path:
            self._path.pop()
        if self._path and self._path[-1] in _ENTRIES:  # its children alone: an image in an entry has a `loc` of its own
            self._hear_child(name, _ENTRIES[self._path[-1]], self._text.strip())
        elif name in _ENTRIES and self._url:
            kind: Literal["page", "sitemap"] = "sitemap" if name == "sitemap" else "page"
            entry = SitemapEntry(self._url, kind, _moment(self._modified), tuple(self._alternates))
            self._complete.append(entry)
            self._url = ""
        self._text = ""

    def _hear_child(self, name: str, url_name: str, text: str) -> None:
        is_permalink = name == "guid" and text.startswith(("http://", "https://"))
        if name == url_name or (is_permalink and not self._url):
            self._url = text or self._url
        elif name in _DATES:
            self._modified = text or self._modified

    def close(self) -> None:
        """The parser asks for a result; there is none."""


_ENTRIES = {"url": "loc", "sitemap": "loc", "item": "link", "entry": "link"}
"""Elements that are entries, each with the child whose text is the URL."""

_DATES = frozenset({"lastmod", "pubDate", "updated", "date"})


def _local(tag: str) -> str:
    """The name without its namespace, which many sitemaps get wrong."""
    return tag.rpartition("}")[2]


_YEAR_OR_MONTH = re.compile(r"(\d{4})(?:-(\d\d))?")


def _moment(text: str) -> datetime | None:
    """A W3C date and time of any precision, or the date of an RSS item (RFC 822); None where it is neither."""
    if not text:
        return None
    try:
        if short := _YEAR_OR_MONTH.fullmatch(text):
            moment = datetime(int(short[1]), int(short[2] or 1), 1, tzinfo=UTC)
        elif text[0].isdigit() and text[4:5] == "-":
            moment = datetime.fromisoformat(text)
        else:
            moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
