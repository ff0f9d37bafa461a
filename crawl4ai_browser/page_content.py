"""Content: the rendered parts of a document, as values."""

from __future__ import annotations

from datetime import datetime
from importlib import import_module
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, JsonValue

from crawl4ai_browser.errors import ConfigError
from crawl4ai_browser.frozen import Frozen

Model = TypeVar("Model", bound=BaseModel)


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

    def columns(self) -> dict[str, tuple[str, ...]]:
        """The cells by column: what data frames are made of. A header that is empty or taken gets a number."""
        names: list[str] = []
        for number, header in enumerate(self.headers, start=1):
            name = header or f"column {number}"
            names.append(name if name not in names else f"{name} ({number})")
        return {name: tuple(row[number] for row in self.rows) for number, name in enumerate(names)}

    def records(self, model: type[Model]) -> tuple[Model, ...]:
        """The rows as objects of a pydantic model, whose fields take the columns of their names (see `Column`).

        An empty cell is nothing: the field's default, or None where it may be.

        Raises:
            ItemInvalid: a cell does not fit, or a required one is empty; the message names row, column and text.
            ConfigError: a required field has no column.
        """
        # By name, as what transforms texts lies above the values.
        found: tuple[Model, ...] = import_module("crawl4ai_browser.extract.table_rows").records(self, model)
        return found

    def to_pandas(self) -> Any:  # not imported, so there is no type to name
        """The table as a `pandas.DataFrame` of texts.

        Raises:
            ConfigError: pandas is not installed.
        """
        return _library("pandas").DataFrame(self.columns())

    def to_polars(self) -> Any:
        """The table as a `polars.DataFrame` of texts.

        Raises:
            ConfigError: polars is not installed.
        """
        return _library("polars").DataFrame(self.columns())


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise ConfigError(f"{name} is not installed: pip install {name}") from error


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


class ItemFault(Frozen):
    """What was wrong with items of a page, in the words of the first of them."""

    kind: Literal["SelectorError", "ItemInvalid"]
    """The class in `crawl4ai_browser.errors`."""
    message: str
    count: int
    """How many items are wrong; they are left out."""


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
    items: tuple[JsonValue, ...] = ()
    item_fault: ItemFault | None = None
    timings: dict[str, float] = {}
    """Seconds by part."""
