"""Content: the rendered parts of a document, as values."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import JsonValue

from crawl4ai_browser.frozen import Frozen


class Link(Frozen):
    """A link of a page. Links to one URL are one `Link`, the first with text giving it."""

    url: str
    """Absolute, as the browser would follow it, fragment included."""
    text: str = ""
    title: str = ""
    rel: tuple[str, ...] = ()
    """The words of `rel`, lower case."""
    internal: bool
    """Whether it leads to the same registrable domain (site) as the page."""
    kind: Literal["anchor", "area", "canonical", "alternate", "next", "prev"] = "anchor"
    """The element, or the relation of a `<link>`."""


class MediaSource(Frozen):
    """One of the files a media element chooses from."""

    url: str
    descriptor: str = ""
    """The `srcset` descriptor (`2x`, `640w`), or the media query of a `<source>`."""
    mime_type: str = ""


class Media(Frozen):
    """An image, video or audio element."""

    kind: Literal["image", "video", "audio"]
    url: str
    """The file to take when there is no choice to make: `src`, else the lazy source, else the largest candidate."""
    alt: str = ""
    title: str = ""
    caption: str = ""
    """Text of the `<figcaption>`."""
    width: int | None = None
    height: int | None = None
    """As declared in attributes, in CSS pixels."""
    poster: str | None = None
    sources: tuple[MediaSource, ...] = ()


class Table(Frozen):
    """A data table with its spans resolved: every row has as many cells as the table has columns."""

    caption: str = ""
    headers: tuple[str, ...] = ()
    """One for each column; empty where the table has no header row. Stacked header rows are joined by a space."""
    rows: tuple[tuple[str, ...], ...] = ()


class PageMetadata(Frozen):
    """What the page says about itself."""

    title: str = ""
    description: str = ""
    language: str = ""
    """BCP 47, from `<html lang>`, else from the OpenGraph locale."""
    canonical: str | None = None
    author: str = ""
    published_at: datetime | None = None
    modified_at: datetime | None = None
    keywords: tuple[str, ...] = ()
    robots: tuple[str, ...] = ()
    """The words of the robots meta element, lower case."""
    image: str | None = None
    """The page's own choice of picture (OpenGraph, else Twitter), absolute."""
    favicon: str | None = None
    open_graph: dict[str, tuple[str, ...]] = {}
    """By property (`og:title`), every value in document order."""
    twitter: dict[str, str] = {}
    meta: dict[str, str] = {}
    """All other named meta elements, names in lower case."""
    json_ld: tuple[JsonValue, ...] = ()
    """Each JSON-LD script, parsed; `@graph` left as it is."""


class Content(Frozen):
    """All that the content stage makes of one document. Parts not asked for are None or empty."""

    markdown: str | None = None
    cited_markdown: str | None = None
    main_markdown: str | None = None
    text: str | None = None
    links: tuple[Link, ...] = ()
    media: tuple[Media, ...] = ()
    tables: tuple[Table, ...] = ()
    metadata: PageMetadata = PageMetadata()
    timings: dict[str, float] = {}
    """Seconds by part."""
