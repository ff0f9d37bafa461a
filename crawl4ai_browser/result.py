"""CrawlResult: all there is to say about one request."""

from __future__ import annotations

from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, TypeVar, overload

from pydantic import BaseModel, JsonValue

from crawl4ai_browser.action_outcome import ActionOutcome
from crawl4ai_browser.captured import CapturedResponse, CaptureFault, CaptureFile, Certificate
from crawl4ai_browser.download import Download
from crawl4ai_browser.errors import (
    Blame,
    CrawlError,
    FetchError,
    HttpStatusError,
    Phase,
    Skipped,
    error_classes,
)
from crawl4ai_browser.frozen import Frozen, PageText
from crawl4ai_browser.page_content import Link, Media, PageMetadata, Table
from crawl4ai_browser.schema import Css, Schema, XPath
from crawl4ai_browser.snapshot import ConsoleMessage, NetworkRecord, ReadyReport, Redirect
from crawl4ai_browser.storage_state import StoredCookie

if TYPE_CHECKING:
    from typing import Self

    from crawl4ai_browser.things import Article, Product, Thing

Model = TypeVar("Model", bound=BaseModel)


class ErrorInfo(Frozen):
    """An error as data."""

    kind: str
    """Name of the class in `crawl4ai_browser.errors`."""
    message: PageText
    phase: Phase | None = None
    blame: Blame
    status: int | None = None
    """For `HttpStatusError`."""

    @classmethod
    def from_error(cls, error: CrawlError) -> Self:
        """The error without its request and snapshot."""
        return cls(
            kind=type(error).__name__,
            message=error.message,
            phase=error.phase,
            blame=error.blame,
            status=error.status if isinstance(error, HttpStatusError) else None,
        )

    def to_error(self) -> CrawlError:
        """An exception of the class this names."""
        if self.kind == HttpStatusError.__name__:
            return HttpStatusError(self.message, status=self.status or 0)
        cls: type[CrawlError] = error_classes().get(self.kind, FetchError)
        return cls(self.message, phase=self.phase, blame=self.blame)

    @property
    def is_skip(self) -> bool:
        """Whether the page was not visited on purpose: an outcome, not a failure."""
        return issubclass(error_classes().get(self.kind, FetchError), Skipped)

    def __str__(self) -> str:
        """`Kind (phase): message`."""
        return f"{self.kind} ({self.phase}): {self.message}" if self.phase else f"{self.kind}: {self.message}"


class Attempt(Frozen):
    """One try at a request."""

    number: int
    """From 1."""
    started_at: datetime
    seconds: float
    status: int | None = None
    error: ErrorInfo | None = None
    proxy: str | None = None
    charged: bool = True
    """False where our own browser failed and the page's attempts were not touched."""


class CrawlResult(Frozen):
    """What became of one request. A page that failed is a result too, with `error` set and all that could be had.

    `model_validate_json(result.model_dump_json()) == result` holds for every result, and so does pickling.
    """

    url: str
    """As requested."""
    final_url: str
    """The document's address when it was read, after every kind of redirect."""
    redirects: tuple[Redirect, ...] = ()
    """Each address passed on the way, the requested one first where there was any hop."""
    status: int | None = None
    """Of the final document."""
    headers: dict[str, str] = {}
    ok: bool
    """2xx or 3xx (or a page without HTTP, or a file), and nothing failed."""
    error: ErrorInfo | None = None
    html: PageText | None = None
    """The rendered DOM."""
    base_url: str | None = None
    content_type: str = ""
    charset: str = ""
    markdown: str | None = None
    cited_markdown: str | None = None
    main_markdown: str | None = None
    text: str | None = None
    links: tuple[Link, ...] = ()
    media: tuple[Media, ...] = ()
    tables: tuple[Table, ...] = ()
    metadata: PageMetadata = PageMetadata()
    items: tuple[JsonValue, ...] = ()
    downloads: tuple[Download, ...] = ()
    ready: ReadyReport | None = None
    actions: tuple[ActionOutcome, ...] = ()
    """What became of each action that was begun."""
    screenshot: bytes | None = None
    """PNG, JPEG or WebP, as asked for."""
    pdf: bytes | None = None
    mhtml: PageText | None = None
    har: PageText | None = None
    """An HTTP Archive 1.2, as JSON."""
    responses: tuple[CapturedResponse, ...] = ()
    certificate: Certificate | None = None
    cookies: tuple[StoredCookie, ...] = ()
    """Those that the page's address is sent."""
    capture_files: tuple[CaptureFile, ...] = ()
    """The captures that are in files, where `CaptureConfig.folder` has them put there."""
    capture_faults: tuple[CaptureFault, ...] = ()
    """Captures that could not be had. The first of them is the error, where there is no other."""
    console: tuple[ConsoleMessage, ...] = ()
    requests: tuple[NetworkRecord, ...] = ()
    popups: tuple[str, ...] = ()
    dialogs: tuple[PageText, ...] = ()
    session: str | None = None
    proxy: str | None = None
    attempts: tuple[Attempt, ...] = ()
    timings: dict[str, float] = {}
    """Seconds by phase: queue, robots, page, goto, ready, read, capture, content, total."""
    depth: int = 0
    """Hops from the seed."""
    parent: str | None = None
    """The page on which the URL was first found."""
    fingerprint: str
    request_metadata: dict[str, JsonValue] = {}
    """What the request carried in `metadata`."""
    fetched_at: datetime
    from_cache: bool = False

    def raise_for_error(self) -> Self:
        """The result itself, when ok.

        Raises:
            CrawlError: the error it records, as an exception of its class.
        """
        if self.error is not None:
            raise self.error.to_error()
        return self

    @overload
    def extract(self, what: type[Model], *, each: None = None) -> Model: ...

    @overload
    def extract(self, what: type[Model], *, each: Css | XPath | str) -> tuple[Model, ...]: ...

    @overload
    def extract(self, what: Schema) -> tuple[dict[str, JsonValue], ...]: ...

    def extract(self, what: type[BaseModel] | Schema, *, each: Css | XPath | str | None = None) -> object:
        """Typed data out of the html, of any stored result: no browser is needed. About 1 ms for a page of 100 KB.

        A model whose fields carry selectors (see `Schema.of`) gives the page as one object, or with `each`, one for
        each element that selector finds; a `Schema` gives its items as plain values.

        Raises:
            SelectorError: nothing was found of a required field.
            ItemInvalid: what was found does not fit. Both name the URL, the field, its selector and the text found.
            ExtractError: the result has no html.
            ConfigError: the model is not fit for extraction.
        """
        # By name, as what reads html lies above the values, and a crawl's own process does without the parsers.
        return import_module("crawl4ai_browser.extract.of_result").extracted(self, what, each)

    def things(self, *types: str) -> tuple[Thing, ...]:
        """What the page says as data, in JSON-LD, microdata and OpenGraph, in this order: all, or those of a type.

        Raises:
            ExtractError: the result has no html.
        """
        found: tuple[Thing, ...] = import_module("crawl4ai_browser.extract.of_result").things_of(self, types)
        return found

    def products(self) -> tuple[Product, ...]:
        """The products among the page's things, as typed values.

        Raises:
            ExtractError: the result has no html.
        """
        found: tuple[Product, ...] = import_module("crawl4ai_browser.extract.of_result").products_of(self)
        return found

    def articles(self) -> tuple[Article, ...]:
        """The articles among the page's things, as typed values.

        Raises:
            ExtractError: the result has no html.
        """
        found: tuple[Article, ...] = import_module("crawl4ai_browser.extract.of_result").articles_of(self)
        return found
